"""Files that lack an attribute of their values: what states the same elsewhere is used, the rest is reported."""

from __future__ import annotations

from pathlib import Path

import pydicom
import pytest

from nifti_dicom_bridge.formats.dicom.reading.read import read
from phantoms.base import CT, MR, PARAMETRIC_MAP, PET, image, ramp, slices
from phantoms.multiframe import dose_grid, enhanced, group
from support.incomplete_series import volumes, warned


@pytest.mark.parametrize(("sop_class", "reported"), [(CT, True), (MR, True), (PET, False)])
def test_a_slope_without_an_intercept_is_reported(sop_class: str, reported: bool, tmp_path: Path) -> None:
    found = slices(ramp(3, 4, 5), sop_class)
    for ds in found:
        ds.RescaleSlope, ds.RescaleIntercept = 2, ""

    (volume,) = volumes(tmp_path, found)

    assert warned(volume, "RescaleIntercept (0028,1052) is missing or empty") == reported


def test_a_slice_without_an_intercept_among_others_is_reported(tmp_path: Path) -> None:
    found = slices(ramp(3, 4, 5), CT)
    del found[1].RescaleIntercept

    (volume,) = volumes(tmp_path, found)

    assert warned(volume, "2 by RescaleSlope (0028,1053), 1 by RescaleSlope (0028,1053) without RescaleIntercept (0028,1052)")


def test_values_of_pet_without_units_are_reported(tmp_path: Path) -> None:
    found = slices(ramp(3, 4, 5), PET)
    for ds in found:
        ds.RescaleSlope, ds.RescaleIntercept = "2", "0"

    (volume,) = volumes(tmp_path, found)

    assert warned(volume, "Units (0054,1001) is missing or empty, though required: the unit of the values is unknown")


def test_values_of_a_dose_without_units_are_reported(tmp_path: Path) -> None:
    dose_grid(tmp_path)
    path = next(path for path in tmp_path.rglob("*") if path.is_file())
    ds = pydicom.dcmread(path)
    ds.DoseUnits = ""
    ds.save_as(path)

    (volume,) = read([tmp_path])

    assert warned(volume, "DoseUnits (3004,0002) is missing or empty")


@pytest.mark.parametrize("attribute", ["PixelRepresentation", "BitsStored"])
def test_values_whose_sign_or_bits_are_not_specified_are_reported(attribute: str, tmp_path: Path) -> None:
    found = slices(ramp(3, 4, 5))
    for ds in found:
        delattr(ds, attribute)

    (volume,) = volumes(tmp_path, found)

    assert warned(volume, f"{attribute} (0028,")


def test_colors_whose_samples_may_be_apart_are_reported(tmp_path: Path) -> None:
    ds = image(ramp(4, 5, 3, dtype="u1"), "1.2.840.10008.5.1.4.1.1.7")
    del ds.PlanarConfiguration

    (volume,) = volumes(tmp_path, [ds])

    assert warned(volume, "PlanarConfiguration (0028,0006) is missing")


def test_a_mapping_whose_slope_is_not_a_number_is_not_applied(tmp_path: Path) -> None:
    ds = enhanced(1, 3)
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = PARAMETRIC_MAP
    mapping = group(RealWorldValueSlope=float("nan"), RealWorldValueIntercept=0.0)
    ds.SharedFunctionalGroupsSequence[0].RealWorldValueMappingSequence = [mapping]

    (volume,) = volumes(tmp_path, [ds])

    assert volume.rescale.slope == 1
    assert warned(volume, "slope nan and intercept 0 cannot be used")


def test_scale_slopes_of_philips_count_without_the_manufacturer(tmp_path: Path) -> None:
    found = slices(ramp(3, 4, 5), MR)
    for ds in found:
        ds.Manufacturer, ds.RescaleSlope, ds.RescaleIntercept = "", "2", "0"
        ds.private_block(0x2005, "Philips MR Imaging DD 001", create=True).add_new(0x0E, "FL", 0.25)

    (volume,) = volumes(tmp_path, found)

    assert volume.rescale.slope == 4
