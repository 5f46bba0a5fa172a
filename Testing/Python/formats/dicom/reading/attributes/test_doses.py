"""RT Dose objects of one series: each is a dose of its own, not a time of another one."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest
from pydicom.dataset import Dataset

from nifti_dicom_bridge.formats.dicom.reading.read import read
from nifti_dicom_bridge.standard.sop_classes import RT_DOSE
from phantoms.base import COLUMNS, ROWS, SLICES, ramp, save, slices, uid
from phantoms.multiframe import group
from support.round_trip import RoundTrip


def dose(number: int, summation: str, beams: tuple[int, ...] = (), **attributes: object) -> Dataset:
    """Return a dose grid whose stored values begin at 1000 times its number."""
    ds = slices(ramp(1, SLICES * ROWS, COLUMNS, start=1000 * number, dtype="<u4"), RT_DOSE)[0]
    ds.Modality, ds.Rows, ds.NumberOfFrames, ds.FrameIncrementPointer = "RTDOSE", ROWS, SLICES, 0x3004000C
    ds.GridFrameOffsetVector, ds.DoseGridScaling = ["0", "2.5", "5"], f"{number}e-05"
    ds.DoseUnits, ds.DoseType, ds.DoseSummationType, ds.InstanceNumber = "GY", "PHYSICAL", summation, number
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid(3, number)
    if beams:
        fraction = group(ReferencedBeamSequence=[group(ReferencedBeamNumber=beam) for beam in beams])
        ds.ReferencedRTPlanSequence = [group(ReferencedFractionGroupSequence=[fraction])]
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    return ds


def images(folder: Path, *doses: Dataset) -> dict[str, float]:
    """Return the largest dose of each image that doses become, by the end of its name."""
    save(folder, list(doses))
    volumes = read([folder])
    assert all(volume.times == 1 for volume in volumes)
    return {volume.name.removeprefix("1_series_1"): float(np.max(volume.real_values())) for volume in volumes}


def test_doses_of_plan_and_beams_are_images_of_their_own(tmp_path: Path) -> None:
    """They were times of one image."""
    largest = images(tmp_path, dose(1, "PLAN"), dose(2, "BEAM", (1,)), dose(3, "BEAM", (2,)))
    assert largest.keys() == {"_dose-PLAN", "_dose-BEAM1", "_dose-BEAM2"}
    assert np.isclose(largest["_dose-BEAM2"], 3059 * 3e-5)


@pytest.mark.parametrize(("other", "ending"), [
    ({"DoseType": "EFFECTIVE"}, "_dose-PLAN-EFFECTIVE"),
    ({"DoseUnits": "RELATIVE"}, "_dose-PLAN-RELATIVE"),
])  # fmt: skip
def test_types_and_units_of_doses_are_in_their_names(other: dict[str, str], ending: str, tmp_path: Path) -> None:
    assert images(tmp_path, dose(1, "PLAN"), dose(2, "PLAN", **other)).keys() == {"_dose-PLAN", ending}


@pytest.mark.parametrize("others", [{}, {"DoseSummationType": ""}, {"DoseSummationType": "", "DoseType": "EFFECTIVE"}])
def test_doses_that_nothing_names_are_numbered(others: dict[str, str], tmp_path: Path) -> None:
    found = images(tmp_path, dose(1, others.get("DoseSummationType", "PLAN")), dose(2, "PLAN", **others)).keys()
    assert found == ({"_dose1", "_dose-EFFECTIVE"} if "DoseType" in others else {"_dose1", "_dose2"})


def test_doses_without_units_are_images_of_their_own(tmp_path: Path) -> None:
    found = [dose(n, "PLAN") for n in (1, 2)]
    for ds in found:
        del ds.DoseUnits
    assert images(tmp_path, *found).keys() == {"_dose1", "_dose2"}


def test_slices_of_a_dose_in_files_of_their_own_are_one_image(tmp_path: Path) -> None:
    found = slices(ramp(SLICES, ROWS, COLUMNS, dtype="<u4"), RT_DOSE)
    for ds in found:
        ds.Modality, ds.DoseUnits, ds.DoseGridScaling = "RTDOSE", "GY", "1"
    assert images(tmp_path, *found).keys() == {""}


def test_offsets_of_a_dose_without_a_position_are_the_distances_of_its_slices(tmp_path: Path) -> None:
    ds = dose(1, "PLAN", GridFrameOffsetVector=["0", "4", "8"])
    del ds.ImagePositionPatient
    save(tmp_path, [ds])
    (volume,) = read([tmp_path])
    assert np.isclose(np.linalg.norm(volume.ijk_to_ras[:3, 2]), 4)
    assert any("the position is assumed" in warning for warning in volume.warnings)
    assert not any("ignored" in warning for warning in volume.warnings)


def test_what_was_computed_from_a_dose_is_not_in_the_edited_one(round_trip: RoundTrip) -> None:
    """The largest dose of its histogram was that of the original."""
    ds = dose(1, "PLAN")
    ds.DVHSequence = [group(DVHType="CUMULATIVE", DoseUnits="GY", DVHMaximumDose="3", DVHData=["1", "2"])]
    ds.HistogramSequence = [group(HistogramNumberOfBins=1, HistogramData=[5])]
    save(round_trip.dicom, [ds])
    round_trip.forth()
    round_trip.edit_image(lambda image: nibabel.Nifti1Image(image.get_fdata() * 2, image.affine))

    (entry,) = round_trip.home().entries

    (derived,) = round_trip.returned()
    assert np.isclose(derived.pixel_array.max() * float(derived.DoseGridScaling), 2 * 1059e-5)
    assert "DVHSequence" not in derived
    assert "HistogramSequence" not in derived
    assert any("DVHSequence (3004,0050) was removed" in note for note in entry.log.notes)


@pytest.mark.parametrize(
    ("scaling", "words"), [("-1e-05", "is negative, -1e-05: so are the values"), (["1e-05", "2e-05"], "has 2 values, one is")]
)
def test_a_scaling_that_is_negative_or_has_two_values_is_reported(scaling: object, words: str, tmp_path: Path) -> None:
    save(tmp_path, [dose(1, "PLAN", DoseGridScaling=scaling)])

    (volume,) = read([tmp_path])

    assert any(f"DoseGridScaling (3004,000E) {words}" in warning for warning in volume.warnings)
