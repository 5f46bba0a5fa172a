"""Units of edited images: values that are not in the unit of the original are not labeled so."""

from __future__ import annotations

from dataclasses import replace

import nibabel
import numpy as np
import pydicom
import pytest

from support.nifti_edits import stored, with_stored
from support.round_trip import NEW, RoundTrip, edit_dicom


def test_edited_pet_has_no_intercept(round_trip: RoundTrip) -> None:
    """PS3.3 C.8.9.4: RescaleIntercept is 0."""
    round_trip.make("pet_slopes").forth()
    round_trip.edit_image(lambda image: nibabel.Nifti1Image(image.get_fdata() - 1000.5, image.affine))
    round_trip.home(NEW)

    assert {float(ds.RescaleIntercept) for ds in round_trip.returned()} == {0.0}


def _scaled(image: nibabel.Nifti1Image, low: float, high: float) -> nibabel.Nifti1Image:
    values = image.get_fdata()
    part = (values - values.min()) / (values.max() - values.min())
    return nibabel.Nifti1Image((low + part * (high - low)).astype(np.float32), image.affine)


HU_RANGES = [(0, 1, "US"), (-3, 3, "US"), (-30000, 90000, "US"), (-1000.5, 2000, "HU"), (-100.5, 300, "HU")]


@pytest.mark.parametrize(("low", "high", "unit"), HU_RANGES)
def test_values_that_are_not_hounsfield_units_are_not_labeled_so(
    low: float, high: float, unit: str, round_trip: RoundTrip
) -> None:
    round_trip.make("classic_ct").forth()
    round_trip.edit_image(lambda image: _scaled(image, low, high))
    (entry,) = round_trip.home(NEW).entries

    assert {ds.RescaleType for ds in round_trip.returned()} == {unit}
    assert any("do not look like Hounsfield units" in text for text in entry.log.warnings) == (unit == "US")


def test_ct_without_a_unit_is_in_hounsfield_units_too(round_trip: RoundTrip) -> None:
    """As PS3.3 C.8.2.1 defines."""
    round_trip.make("classic_ct")
    edit_dicom(round_trip.dicom, RescaleType=None)
    round_trip.forth()
    round_trip.edit_image(lambda image: _scaled(image, 0, 1))
    round_trip.home(NEW)

    assert {ds.RescaleType for ds in round_trip.returned()} == {"US"}


def test_the_unit_is_that_of_the_note_where_the_rescale_stays(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct").forth()
    round_trip.edit_image(lambda image: with_stored(image, stored(image) - 9000))
    (entry,) = round_trip.home(NEW).entries

    assert any("RescaleType is US" in text for text in entry.log.warnings)
    assert {ds.RescaleType for ds in round_trip.returned()} == {"US"}


@pytest.mark.parametrize("slope", [1, 2])
def test_padding_that_an_edited_image_still_has_does_not_make_its_unit_doubtful(slope: int, round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct")
    for path in round_trip.dicom.rglob("*.dcm"):
        ds = pydicom.dcmread(path)
        ds.add_new(0x00280120, "SS", -32768)
        ds.RescaleSlope = slope
        ds.save_as(path)
    round_trip.forth()
    round_trip.edit_image(_with_padding)
    (entry,) = round_trip.home(NEW).entries

    assert {ds.RescaleType for ds in round_trip.returned()} == {"HU"}
    assert not any("do not look like" in text for text in entry.log.warnings)


def _with_padding(image: nibabel.Nifti1Image) -> nibabel.Nifti1Image:
    values = stored(image).copy()
    values[0] = -32768
    return with_stored(image, values)


def test_units_that_are_set_are_not_doubted(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct").forth()
    round_trip.edit_image(lambda image: _scaled(image, 0, 1))
    (entry,) = round_trip.home(replace(NEW, set_values={"RescaleType": "HU"})).entries

    assert {ds.RescaleType for ds in round_trip.returned()} == {"HU"}
    assert not any("do not look like" in text for text in entry.log.warnings)


@pytest.mark.parametrize(("high", "is_doubted"), [(15, True), (20000, False)])
def test_uptake_values_in_the_place_of_activities_are_not_labeled_so(
    high: float, is_doubted: bool, round_trip: RoundTrip
) -> None:
    round_trip.make("pet_slopes")
    edit_dicom(round_trip.dicom, Units="BQML")
    round_trip.forth()
    round_trip.edit_image(lambda image: _scaled(image, 0, high))
    (entry,) = round_trip.home(NEW).entries

    assert any("do not look like Bq/mL" in text for text in entry.log.warnings) == is_doubted
    assert {ds.Units for ds in round_trip.returned()} == {"NONE" if is_doubted else "BQML"}


def test_low_activities_of_a_masked_image_stay_activities(round_trip: RoundTrip) -> None:
    """They are steps of the original, which no scaled values are."""
    round_trip.make("pet_slopes")
    for path in round_trip.dicom.rglob("*.dcm"):
        ds = pydicom.dcmread(path)
        ds.PixelData, ds.Units = (np.arange(20, dtype="<i2") + ds.InstanceNumber).tobytes(), "BQML"
        ds.save_as(path)
    round_trip.forth()
    round_trip.edit_image(
        lambda image: nibabel.Nifti1Image(np.where(image.get_fdata() > 9, 0, image.get_fdata()), image.affine)
    )
    (entry,) = round_trip.home(NEW).entries

    assert not any("do not look like Bq/mL" in text for text in entry.log.warnings)
    assert {ds.Units for ds in round_trip.returned()} == {"BQML"}


def test_activities_of_an_image_whose_bits_hold_only_low_ones_may_be_low(round_trip: RoundTrip) -> None:
    round_trip.make("pet_slopes")
    edit_dicom(round_trip.dicom, Units="BQML", RescaleSlope="0.001")
    round_trip.forth()
    round_trip.edit_image(lambda image: _scaled(image, 0, 15))
    (entry,) = round_trip.home(NEW).entries

    assert not any("do not look like Bq/mL" in text for text in entry.log.warnings)
    assert {ds.Units for ds in round_trip.returned()} == {"BQML"}


@pytest.mark.parametrize("by_sidecar", [True, False])
def test_units_of_uptake_that_are_stated_are_written(by_sidecar: bool, round_trip: RoundTrip) -> None:
    round_trip.make("pet_slopes")
    edit_dicom(round_trip.dicom, Units="BQML")
    round_trip.forth()
    round_trip.edit_image(lambda image: _scaled(image, 0, 15))
    if by_sidecar:
        round_trip.edit_sidecar(lambda top: top.update(Units="g/mL"))
    (entry,) = round_trip.home(NEW if by_sidecar else replace(NEW, set_values={"Units": "GML"})).entries

    assert not any("do not look like Bq/mL" in text for text in entry.log.warnings)
    assert {ds.Units for ds in round_trip.returned()} == {"GML"}
