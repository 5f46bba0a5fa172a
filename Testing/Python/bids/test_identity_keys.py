"""Name, birth date and address: only in the lossless record, unless the user wants them as keys, too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pydicom
import pytest

from nifti_dicom_bridge import ConversionOptions, Job, OptionError, Outcome, Target, check_options, convert, read, write
from nifti_dicom_bridge.cli import main
from phantoms import save, vendors
from support.oracles import module
from support.round_trip import KEEP, NEW, RoundTrip, listing

PERSONAL = {"PatientName": "Doe^Jane", "PatientBirthDate": "1970-01-02", "InstitutionAddress": "Street 1"}
"""Of the series in `round_trip`."""
BOTH = pytest.mark.parametrize("identity", [False, True], ids=["without", "with"])


@pytest.fixture
def round_trip(tmp_path: Path) -> RoundTrip:
    round_trip = RoundTrip(tmp_path)
    series = vendors.SERIES["CT of Siemens"]()
    for ds in series:
        ds.PatientName = "Doe^Jane"
    save(round_trip.dicom, series)
    return round_trip


def personal_keys(path: Path) -> dict[str, Any]:
    top = json.loads(path.read_text("utf-8"))
    return {key: value for key, value in top.items() if key in PERSONAL}


@BOTH
def test_keys_of_a_nifti_sidecar(identity: bool, round_trip: RoundTrip) -> None:
    round_trip.forth(identity=identity)
    assert personal_keys(round_trip.sidecar()) == (PERSONAL if identity else {})


@BOTH
def test_keys_of_a_store_and_of_the_file_next_to_it(identity: bool, round_trip: RoundTrip) -> None:
    module("zarr")
    convert(Job([round_trip.dicom], round_trip.nifti, ConversionOptions(Target.ZARR, identity=identity)))
    (store,) = round_trip.nifti.glob("*.zarr")
    inside = json.loads((store / "zarr.json").read_text("utf-8"))["attributes"]

    assert personal_keys(store.with_suffix(".json")) == (PERSONAL if identity else {})
    assert ("PatientName" in json.dumps(inside, default=str)) == identity


@BOTH
@pytest.mark.parametrize("target", [Target.NIFTI, Target.ZARR])
def test_keys_of_a_single_image(target: Target, identity: bool, round_trip: RoundTrip) -> None:
    if target is Target.ZARR:
        module("zarr")
    write(read(round_trip.dicom)[0], round_trip.nifti / "image", ConversionOptions(target, identity=identity))
    assert personal_keys(round_trip.nifti / "image.json") == (PERSONAL if identity else {})


@BOTH
def test_keys_of_a_sidecar_without_a_record(identity: bool, round_trip: RoundTrip) -> None:
    round_trip.forth(identity=identity, record=False)
    assert personal_keys(round_trip.sidecar()) == (PERSONAL if identity else {})


def test_the_command_line_writes_them_only_on_request(round_trip: RoundTrip) -> None:
    for name, more in (("plain", []), ("named", ["--identity"])):
        main(["convert", str(round_trip.dicom), "--to", "nifti", "-o", str(round_trip.folder / name), "-q", *more])
    found = [personal_keys(next((round_trip.folder / name).glob("*.json"))) for name in ("plain", "named")]
    assert found == [{}, PERSONAL]


def test_a_dataset_that_names_the_patient_is_refused() -> None:
    with pytest.raises(OptionError, match="writes sidecars without identity"):
        check_options(ConversionOptions(layout="bids", identity=True))


def test_the_first_line_states_where_the_headers_are(round_trip: RoundTrip, capsys: pytest.CaptureFixture) -> None:
    main(["convert", str(round_trip.dicom), "--to", "nifti", "-o", str(round_trip.nifti)])
    assert (
        "contain the complete headers of images from DICOM, including patient names" in capsys.readouterr().out.splitlines()[0]
    )


@BOTH
def test_the_original_comes_back(identity: bool, round_trip: RoundTrip) -> None:
    round_trip.forth(identity=identity)
    (entry,) = round_trip.home(KEEP).entries
    assert (entry.outcome, listing(round_trip.back)) == (Outcome.RESTORED, listing(round_trip.dicom))


@BOTH
def test_a_name_that_was_added_by_hand_is_an_edit(identity: bool, round_trip: RoundTrip) -> None:
    round_trip.forth(identity=identity)
    round_trip.edit_sidecar(lambda top: top.update(PatientName="Roe^Al"))

    (entry,) = round_trip.home(NEW).entries

    assert [(one.attribute, one.old, one.new) for one in entry.log.changes] == [("PatientName", "Doe^Jane", "Roe^Al")]
    assert {str(ds.PatientName) for ds in round_trip.returned()} == {"Roe^Al"}


@BOTH
def test_the_name_of_the_original_is_no_edit(identity: bool, round_trip: RoundTrip) -> None:
    round_trip.forth(identity=identity)
    round_trip.edit_sidecar(lambda top: top.update(PERSONAL))
    (entry,) = round_trip.home(KEEP).entries
    assert (entry.outcome, listing(round_trip.back)) == (Outcome.RESTORED, listing(round_trip.dicom))


def test_keys_that_were_removed_by_hand_are_in_the_dicom(round_trip: RoundTrip) -> None:
    round_trip.forth(identity=True)
    round_trip.edit_sidecar(lambda top: [top.pop(key) for key in PERSONAL])
    (entry,) = round_trip.home(KEEP).entries
    assert (entry.outcome, listing(round_trip.back)) == (Outcome.RESTORED, listing(round_trip.dicom))


@BOTH
def test_a_store_of_a_nifti_image_has_an_edited_name_and_no_other(identity: bool, round_trip: RoundTrip) -> None:
    module("zarr")
    round_trip.forth(identity=identity)
    round_trip.edit_sidecar(lambda top: top.update(PatientName="Roe^Al"))

    convert(Job([round_trip.nifti], round_trip.folder / "store", ConversionOptions(Target.ZARR)))

    (sidecar,) = (round_trip.folder / "store").glob("*.json")
    assert personal_keys(sidecar) == {"PatientName": "Roe^Al"}
    convert(Job([round_trip.folder / "store"], round_trip.back, NEW))
    assert {str(pydicom.dcmread(path).PatientName) for path in round_trip.back.rglob("*.dcm")} == {"Roe^Al"}
