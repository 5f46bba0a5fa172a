"""BIDS datasets become the same DICOM again, and the BIDS validator accepts them."""

from __future__ import annotations

import json

import nibabel
import pydicom
import pytest

from nifti_dicom_bridge import (
    BridgeError,
    ConversionOptions,
    Job,
    Layout,
    Outcome,
    Target,
    bids,
    compare,
    convert,
)
from nifti_dicom_bridge.formats import nifti
from nifti_dicom_bridge.formats.dicom.reading.grouping.series import find_series
from nifti_dicom_bridge.formats.dicom.reading.outline import outline
from nifti_dicom_bridge.formats.dicom.reading.plans import plan_all
from nifti_dicom_bridge.formats.dicom.reading.read import load
from phantoms import PHANTOMS
from phantoms.examinations import EPI, pet, series
from support.bids_datasets import ASL_MAP, PET_KEYS, dataset, errors_of, examination, record_of, with_map
from support.nonempty import some
from support.oracles import oracle
from support.paths import SHARED
from support.round_trip import KEY, RoundTrip, listing


@pytest.mark.slow
def test_the_dataset_becomes_the_same_dicom_again(round_trip: RoundTrip) -> None:
    examination(round_trip)
    with_map(round_trip, ASL_MAP)
    report = round_trip.home()

    assert {entry.outcome for entry in report.entries} == {Outcome.RESTORED}
    assert [
        (entry.log.warnings, entry.log.changes) for entry in report.entries if entry.log.warnings or entry.log.changes
    ] == []
    assert listing(round_trip.back) == listing(round_trip.dicom)
    assert compare([round_trip.dicom], [round_trip.back]).same


def test_what_a_person_edits_in_the_dataset_still_reaches_the_dicom(round_trip: RoundTrip) -> None:
    series(round_trip.dicom, 4, "ep2d_bold_rest", 3, **EPI)
    dataset(round_trip)
    (path,) = (round_trip.nifti / "sub-P01").rglob("*_bold.json")
    top = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps({**top, "EchoTime": 0.044}), "utf-8")
    report = round_trip.home()

    assert [change.attribute for change in report.entries[0].log.changes] == ["EchoTime"]
    assert {str(ds.EchoTime) for ds in round_trip.returned()} == {"44"}


@pytest.mark.slow
def test_the_record_has_all_keys_of_the_sidecar(round_trip: RoundTrip) -> None:
    examination(round_trip)
    with_map(round_trip, ASL_MAP)

    for image in some(round_trip.images()):
        top = json.loads(image.with_name(image.name.replace(".nii.gz", ".json")).read_text("utf-8"))
        content = top if KEY in top else record_of(round_trip, image)
        assert {key: value for key, value in top.items() if key != KEY} == content[KEY]["WrittenBidsKeys"]


@pytest.mark.parametrize("phantom", sorted(PHANTOMS))
def test_keys_are_known_before_voxels_are_read(phantom: str, round_trip: RoundTrip) -> None:
    round_trip.make(phantom)
    for plan in some(plan_all(find_series([round_trip.dicom]))):
        known, loaded = outline(plan), load(plan)

        assert known.voxels.shape == loaded.voxels.shape
        assert known.voxels.strides == (0,) * known.voxels.ndim
        assert bids.keys_of(known, nifti.stored_affine(known)) == bids.keys_of(loaded, nifti.stored_affine(loaded))


def test_the_time_step_of_the_image_is_the_repetition_time_of_its_sidecar(round_trip: RoundTrip) -> None:
    round_trip.make("enhanced_mr")
    for path in round_trip.dicom.iterdir():
        ds = pydicom.dcmread(path)
        timing = pydicom.Dataset()
        timing.RepetitionTime = 1500.0
        ds.SharedFunctionalGroupsSequence[0].MRTimingAndRelatedParametersSequence = [timing]
        ds.save_as(path)
    round_trip.forth()

    assert nibabel.load(round_trip.image()).header.get_zooms()[3] == 1.5
    assert json.loads(round_trip.sidecar().read_text("utf-8"))["RepetitionTime"] == 1.5


@pytest.mark.slow
def test_the_bids_validator_finds_no_error(round_trip: RoundTrip) -> None:
    oracle("bids-validator-deno")
    examination(round_trip)
    with_map(round_trip, ASL_MAP)

    assert errors_of(round_trip.nifti) == []


@pytest.mark.slow
def test_the_bids_validator_accepts_pet_with_the_keys_of_the_map(round_trip: RoundTrip) -> None:
    oracle("bids-validator-deno")
    pet(round_trip.dicom)
    with_map(
        round_trip,
        {"descriptions": [{"criteria": {"Modality": "PT"}, "datatype": "pet", "suffix": "pet", "sidecar_changes": PET_KEYS}]},
    )

    assert errors_of(round_trip.nifti) == []


@pytest.mark.slow
def test_the_bids_validator_passes_over_sourcedata(round_trip: RoundTrip) -> None:
    oracle("bids-validator-deno")
    series(round_trip.dicom, 1, "AAHead_Scout")
    series(round_trip.dicom, 2, "t1_mprage")
    dataset(round_trip)
    (round_trip.nifti / "sourcedata" / "sub-P01" / "nonsense_bold.json").write_text("{")

    assert errors_of(round_trip.nifti) == []


@pytest.mark.slow
def test_real_series_make_one_valid_dataset_that_becomes_the_same_dicom(round_trip: RoundTrip) -> None:
    if not SHARED.is_dir():
        pytest.skip("there is no ../shared/data next to the repository")
    round_trip.dicom = SHARED
    forth = dataset(round_trip)
    converted = {str(path) for entry in forth.entries if entry.outcome is Outcome.CONVERTED for path in entry.inputs}
    home = round_trip.home()

    assert {entry.outcome for entry in home.entries} == {Outcome.RESTORED}
    assert [entry.log.changes for entry in home.entries if entry.log.changes] == []
    assert len(set(home.outputs)) == len(converted)
    assert errors_of(round_trip.nifti) == []


@pytest.mark.slow
def test_zarr_stores_that_a_dataset_leaves_out_are_named(round_trip: RoundTrip) -> None:
    series(round_trip.dicom, 1, "t1_mprage")
    convert(Job([round_trip.dicom], round_trip.dicom / "stores", ConversionOptions(Target.ZARR)))

    assert "1 Zarr store(s) were left out: a BIDS dataset is made of DICOM" in dataset(round_trip).notes
    with pytest.raises(BridgeError, match=r"No DICOM images were found in .*, but 1 other image"):
        convert(Job([round_trip.dicom / "stores"], round_trip.nifti, ConversionOptions(Target.NIFTI, layout=Layout.BIDS)))
