"""Stored → real values where attributes are doubtful, and where another attribute than RescaleSlope specifies them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from nifti_dicom_bridge.formats.dicom.reading.read import read
from nifti_dicom_bridge.model.volume import Volume
from phantoms.base import CT, ENHANCED_MR, MR, PARAMETRIC_MAP, SECONDARY_CAPTURE, image, put_raw, ramp, save, slices, uid
from phantoms.multiframe import enhanced, group
from support.round_trip import NEW, RoundTrip

COMPUTED_RADIOGRAPHY = "1.2.840.10008.5.1.4.1.1.1"
FIRST, LAST = "RealWorldValueFirstValueMapped", "RealWorldValueLastValueMapped"


def volume_of(folder: Path, *found: Dataset) -> Volume:
    """Return the only volume that files become."""
    save(folder, list(found))
    (volume,) = read([folder])
    return volume


def warned(volume: Volume, words: str) -> bool:
    return any(words in warning for warning in volume.warnings)


# --- numbers that are not valid ---------------------------------------------------------------------------------------


def computed_tomography(slope: bytes) -> list[Dataset]:
    found = slices(ramp(3, 4, 5), CT)
    for ds in found:
        put_raw(ds, 0x00281053, "DS", slope)
    return found


def test_digits_with_an_underscore_are_not_a_number(tmp_path: Path) -> None:
    volume = volume_of(tmp_path, *computed_tomography(b"1_5 "))

    assert volume.rescale.slope == 1
    assert warned(volume, "RescaleSlope (0028,1053) is not a number ('1_5')")


def test_several_slopes_are_reported(tmp_path: Path) -> None:
    volume = volume_of(tmp_path, *computed_tomography(b"2\\3 "))

    assert volume.rescale.slope == 2
    assert warned(volume, "RescaleSlope (0028,1053) has 2 values, one is allowed: the first, 2, is used")


def test_an_intercept_without_a_slope_is_reported_as_applied(tmp_path: Path) -> None:
    volume = volume_of(tmp_path, *computed_tomography(b""))

    assert volume.rescale.intercept == -1024
    assert warned(volume, "only the intercept -1024 is applied")


# --- modality LUT -----------------------------------------------------------------------------------------------------


def with_table(count: int, **more: Any) -> list[Dataset]:
    """Return computed radiographs whose modality LUT doubles values from 0 to count − 1."""
    found = slices(ramp(3, 4, 5, dtype="<u2"), COMPUTED_RADIOGRAPHY)
    for ds in found:
        ds.ModalityLUTSequence = [group(ModalityLUTType="OD")]
        ds.ModalityLUTSequence[0].add_new("LUTDescriptor", "US", [count % 65536, 0, 16])
        ds.ModalityLUTSequence[0].add_new("LUTData", "OW", (2 * np.arange(count)).astype("<u2").tobytes())
        ds.BitsStored, ds.HighBit = 12, 11
        for name, value in more.items():
            setattr(ds, name, value)
    return found


def test_values_beyond_the_table_are_reported(tmp_path: Path) -> None:
    assert warned(volume_of(tmp_path, *with_table(50)), "values are 0 to 59, and ModalityLUTSequence (0028,3000) maps 0 to 49")


def test_values_beyond_the_table_are_reported_of_planes_that_are_read_in_turn(round_trip: RoundTrip) -> None:
    save(round_trip.dicom, with_table(50))
    (entry,) = round_trip.forth().entries
    assert any("maps 0 to 49" in warning for warning in entry.log.warnings)


def test_a_short_table_of_all_values_that_occur_is_applied_without_more_words(tmp_path: Path) -> None:
    assert len(volume_of(tmp_path, *with_table(60)).warnings) == 1


def test_a_table_of_all_pixels_is_applied_without_more_words(tmp_path: Path) -> None:
    volume = volume_of(tmp_path, *with_table(4096))

    assert volume.warnings == ("ModalityLUTSequence (0028,3000) is a straight line: applied as slope 2",)


def test_a_table_next_to_a_rescale_is_reported(tmp_path: Path) -> None:
    volume = volume_of(tmp_path, *with_table(4096, RescaleSlope="3", RescaleIntercept="0"))

    assert volume.rescale.slope == 3
    assert warned(volume, "ModalityLUTSequence (0028,3000) was not applied, as the object also has a rescale")


def test_an_edited_image_keeps_what_the_table_made_of_it(round_trip: RoundTrip) -> None:
    save(round_trip.dicom, with_table(4096))
    round_trip.forth()
    round_trip.edit_image(lambda image: nibabel.Nifti1Image((image.get_fdata() + 2).astype("<i2"), image.affine))
    round_trip.home(NEW)

    (volume,) = read([round_trip.back])

    assert volume.real_values().max() == 2 * 59 + 2


# --- Real World Value Mapping -----------------------------------------------------------------------------------------


def mapped(sop_class: str, slope: float | None, intercept: float = -2.0, items: int = 1) -> Dataset:
    """Return an object of 3 frames with a value mapping, with a table instead if the slope is None."""
    ds = enhanced(1, 3)
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = sop_class
    mapping = group(MeasurementUnitsCodeSequence=[group(CodeValue="mm2/s", CodingSchemeDesignator="UCUM", CodeMeaning="x")])
    mapping.LUTExplanation = mapping.LUTLabel = "x"
    mapping.add_new(FIRST, "US", 0)
    mapping.add_new(LAST, "US", 100)
    if slope is None:
        mapping.RealWorldValueLUTData = [float(n) ** 2 for n in range(101)]
    else:
        mapping.RealWorldValueSlope, mapping.RealWorldValueIntercept = slope, intercept
    shared = ds.SharedFunctionalGroupsSequence[0]
    shared.RealWorldValueMappingSequence = [mapping] * items
    shared.PixelValueTransformationSequence = [group(RescaleIntercept="0", RescaleSlope="1", RescaleType="US")]
    return ds


def test_stored_values_of_a_parametric_map_are_mapped(tmp_path: Path) -> None:
    volume = volume_of(tmp_path, mapped(PARAMETRIC_MAP, 0.001))

    assert (volume.rescale.slope, volume.rescale.intercept, volume.rescale.units) == (0.001, -2.0, "mm2/s")


@pytest.mark.parametrize(("last", "is_beyond"), [(59, False), (40, True)])
def test_values_that_a_mapping_does_not_map_are_reported(last: int, is_beyond: bool, tmp_path: Path) -> None:
    ds = mapped(PARAMETRIC_MAP, 0.001)
    ds.SharedFunctionalGroupsSequence[0].RealWorldValueMappingSequence[0][LAST].value = last
    volume = volume_of(tmp_path, ds)

    assert warned(volume, f"RealWorldValueMappingSequence (0040,9096) maps 0 to {last}: others have no real") == is_beyond


def test_the_first_of_several_mappings_is_used_and_named(tmp_path: Path) -> None:
    volume = volume_of(tmp_path, mapped(PARAMETRIC_MAP, 0.001, items=2))

    assert warned(volume, "RealWorldValueMappingSequence (0040,9096) has 2 items: the first (mm2/s) is used")


def another_map(label: str, units: str, quantity: str = "") -> Dataset:
    """Return a further Parametric Map of the series of `mapped`, which shows something else."""
    ds = mapped(PARAMETRIC_MAP, 0.001)
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid(1, 2)
    ds.InstanceNumber = 2
    mapping = ds.SharedFunctionalGroupsSequence[0].RealWorldValueMappingSequence[0]
    mapping.LUTLabel, mapping.MeasurementUnitsCodeSequence[0].CodeValue = label, units
    if quantity:
        mapping.QuantityDefinitionSequence = [group(ConceptCodeSequence=[group(CodeValue="1", CodeMeaning=quantity)])]
    return ds


@pytest.mark.parametrize(("other", "name"), [
    (("x", "ms"), "_quantity-x_ms"),
    (("T1", "mm2/s"), "_quantity-T1_mm2_s"),
    (("x", "mm2/s", "Perfusion"), "_quantity-Perfusion_mm2_s"),
], ids=["units", "label", "quantity"])  # fmt: skip
def test_maps_of_different_quantities_are_separate_images(other: tuple[str, ...], name: str, tmp_path: Path) -> None:
    """They were times of one image."""
    save(tmp_path, [mapped(PARAMETRIC_MAP, 0.001), another_map(*other)])
    volumes = read([tmp_path])
    assert [volume.times for volume in volumes] == [1, 1]
    assert {volume.name for volume in volumes} == {"1_series_1_quantity-x_mm2_s", "1_series_1" + name}
    assert not any(warned(volume, "different units") for volume in volumes)


def test_maps_of_one_quantity_are_times(tmp_path: Path) -> None:
    assert volume_of(tmp_path, mapped(PARAMETRIC_MAP, 0.001), another_map("x", "mm2/s")).times == 2


def test_a_table_of_values_is_reported(tmp_path: Path) -> None:
    assert warned(volume_of(tmp_path, mapped(PARAMETRIC_MAP, None)), "has a table of values (mm2/s), which was not applied")


def test_a_mapping_of_another_object_is_reported(tmp_path: Path) -> None:
    volume = volume_of(tmp_path, mapped(ENHANCED_MR, 0.001))

    assert volume.rescale.slope == 1
    assert warned(volume, "specifies slope 0.001 and intercept -2 (mm2/s): not applied")


def test_a_mapping_that_repeats_the_rescale_is_not_reported(tmp_path: Path) -> None:
    assert not volume_of(tmp_path, mapped(ENHANCED_MR, 1.0, 0.0)).warnings


def edited(round_trip: RoundTrip) -> pydicom.Dataset:
    """Return the mapping of a Parametric Map whose values were all replaced by larger ones."""
    save(round_trip.dicom, [mapped(PARAMETRIC_MAP, 0.001)])
    round_trip.forth()
    round_trip.edit_image(lambda image: nibabel.Nifti1Image(np.float32(image.get_fdata() * 1.37), image.affine))
    round_trip.home(NEW)
    (ds,) = round_trip.returned()
    mappings = [
        groups.RealWorldValueMappingSequence[0]
        for groups in ds.PerFrameFunctionalGroupsSequence
        if "RealWorldValueMappingSequence" in groups
    ] or ds.SharedFunctionalGroupsSequence[0].RealWorldValueMappingSequence
    return mappings[0]


def test_an_edited_parametric_map_has_its_new_scale_in_the_mapping(round_trip: RoundTrip) -> None:
    edited(round_trip)
    (volume,) = read([round_trip.back])
    before = nibabel.load(round_trip.image()).get_fdata()

    assert np.isclose(volume.real_values().min(), before.min(), atol=1e-4)


def test_further_mappings_that_an_edited_parametric_map_lacks_are_reported(round_trip: RoundTrip) -> None:
    save(round_trip.dicom, [mapped(PARAMETRIC_MAP, 0.001, items=2)])
    round_trip.forth()
    round_trip.edit_image(lambda image: nibabel.Nifti1Image(np.float32(image.get_fdata() * 1.37), image.affine))
    (entry,) = round_trip.home(NEW).entries
    assert sum("has only the first item of the original" in note for note in entry.log.notes) == 1


def test_the_mapping_of_an_edited_parametric_map_has_all_stored_values(round_trip: RoundTrip) -> None:
    mapping = edited(round_trip)
    (ds,) = round_trip.returned()

    assert mapping[FIRST].value <= ds.pixel_array.min()
    assert mapping[LAST].value >= ds.pixel_array.max()


def test_retired_color_models_are_reported(tmp_path: Path) -> None:
    ds = image(ramp(4, 5, 3, dtype="u1"), SECONDARY_CAPTURE)
    ds.PhotometricInterpretation = "HSV"

    assert warned(volume_of(tmp_path, ds), "colors of PhotometricInterpretation (0028,0004) HSV are not converted")


@pytest.mark.parametrize(("slope", "reported"), [(2, True), (1, False)])
def test_a_slice_without_a_slope_among_others_is_reported_where_it_matters(slope: int, reported: bool, tmp_path: Path) -> None:
    found = slices(ramp(3, 4, 5), MR)
    for ds in found[:2]:
        ds.RescaleSlope, ds.RescaleIntercept = slope, 0

    volume = volume_of(tmp_path, *found)

    assert (
        warned(volume, "scaled in different ways, so their values may not compare: 1 not at all, 2 by RescaleSlope") == reported
    )


def test_a_slice_without_the_scale_slope_of_philips_is_reported(tmp_path: Path) -> None:
    found = slices(ramp(3, 4, 5), MR)
    for ds in found:
        ds.Manufacturer, ds.RescaleSlope, ds.RescaleIntercept = "Philips", "1.5", 0
    for ds in found[1:]:
        ds.private_block(0x2005, "Philips MR Imaging DD 001", create=True).add_new(0x0E, "FL", 0.002)

    assert warned(volume_of(tmp_path, *found), "2 by Philips Scale Slope (2005,100E), 1 by RescaleSlope (0028,1053)")
