"""Files that lack an attribute, or contradict the others: what states the same elsewhere is used, the rest is reported."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from nifti_dicom_bridge.errors import DicomReadError
from nifti_dicom_bridge.formats.dicom.reading.read import read
from nifti_dicom_bridge.model.volume import Volume
from phantoms.base import AXIAL, CT, MR, PARAMETRIC_MAP, PET, image, put_raw, ramp, save, slices, uid
from phantoms.multiframe import csa_header, dose_grid, enhanced, group, label_ramp, segments

SLICES = 4
GE = "GE MEDICAL SYSTEMS"


def volumes(folder: Path, found: list[Dataset]) -> list[Volume]:
    """Return the volumes that files become."""
    save(folder, found)
    return read([folder])


def warned(volume: Volume, words: str) -> bool:
    return any(words in warning for warning in volume.warnings)


def dynamic(times: int, attribute: str = "TemporalPositionIdentifier") -> list[Dataset]:
    """Return a classic MR series of several times, which only this attribute counts."""
    found = []
    for t in range(times):
        for ds in slices(ramp(SLICES, 4, 5, start=100 * t), MR):
            ds.InstanceNumber = len(found) + 1
            ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid(1, len(found) + 1)
            setattr(ds, attribute, t + 1)
            found.append(ds)
    return found


# --- values -----------------------------------------------------------------------------------------------------------


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


# --- series -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [b"01", b"+1.0", b"", b"one "])
def test_a_series_number_that_is_written_differently_or_missing_is_the_same(number: bytes, tmp_path: Path) -> None:
    found = slices(ramp(SLICES, 4, 5))
    put_raw(found[2], 0x00200011, "IS", number + b" " * (len(number) % 2))

    (volume,) = volumes(tmp_path, found)

    assert volume.voxels.shape[:2] == (1, SLICES)
    assert not volume.warnings


def test_series_that_only_their_number_distinguishes_are_reported(tmp_path: Path) -> None:
    found = slices(ramp(SLICES, 4, 5))
    found[-1].SeriesNumber = 7

    assert all(warned(volume, "have 2 values of SeriesNumber (0020,0011)") for volume in volumes(tmp_path, found))


def test_two_studies_whose_objects_have_one_uid_stay_apart(tmp_path: Path) -> None:
    found = slices(ramp(3, 4, 5)) + slices(ramp(3, 4, 5, start=100))
    for n, ds in enumerate(found):
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid(1, 1)
        ds.StudyInstanceUID = uid(900 + n // 3)

    images = volumes(tmp_path, found)

    assert [one.voxels.shape for one in images] == [(1, 3, 4, 5)] * 2
    assert not any(warned(one, "they are taken for one study") for one in images)


def test_a_file_without_series_uid_is_reported(tmp_path: Path) -> None:
    found = slices(ramp(SLICES, 4, 5))
    del found[-1].SeriesInstanceUID

    whole, one = volumes(tmp_path, found)

    assert not warned(whole, "SeriesInstanceUID (0020,000E) is missing")
    assert warned(one, "SeriesInstanceUID (0020,000E) is missing")


# --- what distinguishes images ----------------------------------------------------------------------------------------


def echoes() -> list[Dataset]:
    """Return two echoes of all slices."""
    found = []
    for n in range(2):
        for ds in slices(ramp(SLICES, 4, 5, start=100 * n), MR):
            ds.EchoTime, ds.EchoNumbers, ds.RepetitionTime = 5 * n + 5, n + 1, 900
            ds.InstanceNumber = len(found) + 1
            ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid(1, len(found) + 1)
            found.append(ds)
    return found


@pytest.mark.parametrize("attribute", ["EchoTime", "EchoNumbers", "RepetitionTime"])
def test_a_slice_that_lacks_an_attribute_is_in_the_image_that_lacks_the_slice(attribute: str, tmp_path: Path) -> None:
    found = echoes()
    delattr(found[SLICES], attribute)

    first, second = volumes(tmp_path, found)

    assert first.voxels.shape == second.voxels.shape == (1, SLICES, 4, 5)
    assert warned(second, f"{attribute} (0018,")
    assert not first.warnings


@pytest.mark.parametrize(("place", "is_completed"), [(3.0, True), (4.0, True), (3.5, False), (2.5, False), (3.3, False)])
def test_a_slice_that_lacks_an_attribute_is_in_the_image_only_where_a_slice_is_missing(
    place: float, is_completed: bool, tmp_path: Path
) -> None:
    """Two neighbors are missing, so that the slices are uneven with it, too."""
    found = slices(np.repeat(np.arange(8, dtype="<i2"), 20).reshape(8, 4, 5), MR, origin=(0, 0, 0), step=(0, 0, 2.5))
    for ds in found:
        ds.EchoTime = 5
    one = found[3]
    del found[3:5], one.EchoTime
    one.ImagePositionPatient = [0, 0, 2.5 * place]

    images = [volume.voxels[0, :, 0, 0].tolist() for volume in volumes(tmp_path, [*found, one])]

    assert images == ([[0, 1, 2, 3, 5, 6, 7]] if is_completed else [[0, 1, 2, 5, 6, 7], [3]])


def test_a_slice_of_pet_without_units_is_no_slice_of_the_others(tmp_path: Path) -> None:
    """Its values may be standardized uptake values among activities."""
    found = slices(ramp(5, 4, 5), PET)
    for ds in found:
        ds.Units = "BQML"
    del found[2].Units

    images = volumes(tmp_path, found)

    assert sorted(one.voxels.shape[1] for one in images) == [1, 4]
    assert any(warned(one, "Units (0054,1001) missing in 1 image(s), unlike others") for one in images)


def test_an_image_that_lacks_an_attribute_of_the_others_is_reported(tmp_path: Path) -> None:
    found = echoes()
    for ds in found[SLICES:]:
        del ds.EchoTime, ds.EchoNumbers

    images = volumes(tmp_path, found)

    assert [warned(one, "unlike others of the series") for one in images] == [False, True]


def _of_kernel(count: int, start: float, step: float) -> list[Dataset]:
    found = slices(ramp(count, 4, 5), CT, step=(0, 0, step), origin=(0, 0, start))
    for ds in found:
        ds.ConvolutionKernel, ds.InstanceNumber = "STANDARD", 1000 + int(100 * start) + ds.InstanceNumber
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid(1, ds.InstanceNumber)
    return found


@pytest.mark.parametrize(("start", "is_reported"), [(1.25, True), (25, False)])
def test_slices_that_lack_an_attribute_and_are_between_or_beyond_others_stay_separate(
    start: float, is_reported: bool, tmp_path: Path
) -> None:
    others = _of_kernel(2, start, 7.5)
    for ds in others:
        del ds.ConvolutionKernel
        if not is_reported:  # averaged, so that they are of another kind
            ds.ImageType, ds.SliceThickness = ["DERIVED", "SECONDARY", "REFORMATTED", "AVERAGE"], 5

    images = volumes(tmp_path, _of_kernel(6, 0, 2.5) + others)

    assert [one.voxels.shape[1] for one in images] == [6, 2]
    assert [bool(one.warnings) for one in images] == [False, is_reported]


@pytest.mark.parametrize("attribute", ["SliceThickness", "KVP"])
def test_another_image_of_the_same_slices_is_no_time_as_it_lacks_an_attribute(attribute: str, tmp_path: Path) -> None:
    found = slices(ramp(SLICES, 4, 5))
    for n, ds in enumerate(slices(ramp(SLICES, 4, 5, start=100)), SLICES + 1):
        delattr(ds, attribute)
        ds.InstanceNumber, ds.SOPInstanceUID = n, uid(1, n)
        ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
        found.append(ds)

    assert [one.voxels.shape[:2] for one in volumes(tmp_path, found)] == [(1, SLICES)] * 2


def test_a_map_without_echo_time_in_the_series_of_its_images_is_not_reported(tmp_path: Path) -> None:
    found = echoes()
    for n, ds in enumerate(found):
        ds.ImageType = ["ORIGINAL", "PRIMARY", "T1", "M" if n < SLICES else "T1"]
        ds.EchoTime, ds.EchoNumbers = (5, 1) if n < SLICES else ("", "")

    images = volumes(tmp_path, found)

    assert len(images) == 2
    assert not any(one.warnings for one in images)


@pytest.mark.parametrize("value", [0, None])
def test_an_image_without_inversion_among_others_is_not_reported(value: int | None, tmp_path: Path) -> None:
    found = echoes()
    for n, ds in enumerate(found):
        ds.EchoTime, ds.EchoNumbers, ds.InversionTime = 5, 1, 400 if n < SLICES else value

    assert not any(one.warnings for one in volumes(tmp_path, found))


def test_slices_that_only_an_echo_time_sets_apart_are_reported(tmp_path: Path) -> None:
    found = slices(ramp(SLICES, 4, 5), MR)
    for n, ds in enumerate(found):
        ds.EchoTime = 5 if n < SLICES - 1 else 9

    images = volumes(tmp_path, found)

    assert len(images) == 2
    assert all(warned(one, "make one even stack together, as they differ in EchoTime (0018,0081)") for one in images)


@pytest.mark.parametrize("count", [SLICES, 2])
def test_slices_that_only_their_component_sets_apart_are_reported(count: int, tmp_path: Path) -> None:
    found = slices(ramp(SLICES, 4, 5), MR)
    for n, ds in enumerate(found):
        ds.ImageType = ["ORIGINAL", "PRIMARY", "P" if n == 1 else "M"]

    images = volumes(tmp_path, found[:count])

    assert len(images) == 2
    is_stack = count > 2
    assert all(warned(one, "as they differ in their component") == is_stack for one in images)


def test_a_time_that_lacks_the_slice_thickness_is_one_of_the_image(tmp_path: Path) -> None:
    found = dynamic(2)
    for ds in found[SLICES:]:
        del ds.SliceThickness

    (volume,) = volumes(tmp_path, found)

    assert volume.voxels.shape[0] == 2
    assert warned(volume, "taken for the value of the others of the series, 2.5mm")
    assert warned(volume, f"SliceThickness (0018,0050) missing in {SLICES} image(s)")


def test_the_map_of_a_series_of_ge_is_not_guessed_without_instance_numbers(tmp_path: Path) -> None:
    found = dynamic(2, "NumberOfAverages")
    for ds in found:
        ds.Manufacturer = GE
        ds.private_block(0x19, "GEMS_ACQU_01", create=True).add_new(0x9C, "LO", "B0map")
        ds.private_block(0x21, "GEMS_RELA_01", create=True).add_new(0x4F, "SS", SLICES)
    del found[1].InstanceNumber

    with pytest.raises(DicomReadError, match="InstanceNumber"):
        volumes(tmp_path, found)


def test_a_repeated_slice_without_instance_number_is_refused(tmp_path: Path) -> None:
    found = slices(ramp(SLICES + 1, 4, 5))
    found[-1].ImagePositionPatient = found[0].ImagePositionPatient
    del found[-1].InstanceNumber

    with pytest.raises(DicomReadError, match="nothing states which of them"):
        volumes(tmp_path, found)


def test_times_that_nothing_orders_are_reported(tmp_path: Path) -> None:
    found = dynamic(3, "DiffusionBValue")
    for ds in found:
        del ds.InstanceNumber

    (volume,) = volumes(tmp_path, found)

    assert warned(volume, "no attribute orders all times")


def test_times_are_ordered_by_the_frames_of_their_object(tmp_path: Path) -> None:
    ds = enhanced(1, 3)
    ds.PerFrameFunctionalGroupsSequence = [
        group(
            PlanePositionSequence=[group(ImagePositionPatient=[0, 0, 0])],
            MRDiffusionSequence=[
                group(
                    DiffusionBValue=1000.0,
                    DiffusionDirectionality="DIRECTIONAL",
                    DiffusionGradientDirectionSequence=[group(DiffusionGradientOrientation=list(axis))],
                )
            ],
        )
        for axis in np.eye(3)
    ]

    (volume,) = volumes(tmp_path, [ds])

    assert volume.voxels.shape[:2] == (3, 1)
    assert not warned(volume, "no attribute orders all times")


def test_a_segmentation_without_its_sop_class_is_one(tmp_path: Path) -> None:
    labels = label_ramp()
    ds = segments(np.array([labels[k] == n for n, k in [(1, 2), (2, 2)]], np.uint8), [(1, 2), (2, 2)])
    del ds.SOPClassUID

    (volume,) = volumes(tmp_path, [ds])

    assert np.array_equal(volume.voxels[0, 0], labels[2])


# --- places -----------------------------------------------------------------------------------------------------------


def mosaics() -> list[Dataset]:
    """Return two mosaics of Siemens, of three slices."""
    found = []
    for t in range(2):
        (ds,) = slices(ramp(1, 8, 12, start=100 * t), MR)
        ds.ImageType, ds.AcquisitionMatrix = ["ORIGINAL", "PRIMARY", "M", "MOSAIC"], [0, 6, 4, 0]
        ds.InstanceNumber, ds.Manufacturer, ds.SpacingBetweenSlices = t + 1, "SIEMENS", "3.5"
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid(1, t + 1)
        put_raw(ds, 0x00290010, "LO", b"SIEMENS CSA HEADER")
        put_raw(ds, 0x00291010, "OB", csa_header({"NumberOfImagesInMosaic": ["3"], "SliceNormalVector": ["0", "0", "1"]}))
        found.append(ds)
    return found


def test_a_mosaic_that_lost_its_image_type_is_one_by_its_header(tmp_path: Path) -> None:
    whole = volumes(tmp_path / "whole", mosaics())[0]
    found = mosaics()
    for ds in found:
        del ds.ImageType

    (volume,) = volumes(tmp_path / "lost", found)

    assert np.array_equal(volume.voxels, whole.voxels)
    assert np.array_equal(volume.ijk_to_ras, whole.ijk_to_ras)
    assert warned(volume, "does not have MOSAIC")


def test_slices_that_kept_the_header_of_a_mosaic_are_slices(tmp_path: Path) -> None:
    found = slices(ramp(SLICES, 8, 8), MR)
    for ds in found:
        ds.Manufacturer = "SIEMENS"
        ds.private_block(0x19, "SIEMENS MR HEADER", create=True).add_new(0x0A, "US", 16)

    (volume,) = volumes(tmp_path, found)

    assert volume.voxels.shape == (1, SLICES, 8, 8)
    assert not volume.warnings


def test_a_mosaic_whose_orientation_is_not_valid_is_refused(tmp_path: Path) -> None:
    found = mosaics()
    for ds in found:
        ds.ImageOrientationPatient = [0] * 6

    with pytest.raises(DicomReadError, match=r"ImageOrientationPatient \(0020,0037\)"):
        volumes(tmp_path, found)


def test_rounded_cosines_do_not_change_the_pixels_of_a_mosaic(tmp_path: Path) -> None:
    found = mosaics()
    for ds in found:
        ds.ImageOrientationPatient = [1.02, 0, 0, 0, 1, 0]

    (volume,) = volumes(tmp_path, found)

    assert np.allclose(np.linalg.norm(volume.ijk_to_ras[:3, :3], axis=0), [0.5, 0.75, 3.5])
    assert warned(volume, "only their directions are used")


def test_a_grid_of_united_imaging_is_counted_by_its_slices(tmp_path: Path) -> None:
    ds = image(ramp(8, 10), MR)
    block = ds.private_block(0x65, "Image Private Header", create=True)
    places = [
        group(ImagePositionPatient=[0, 0, 3 * k], ImageOrientationPatient=list(AXIAL), PixelSpacing=[1, 1]) for k in range(3)
    ]
    block.add_new(0x51, "SQ", places)

    (volume,) = volumes(tmp_path, [ds])

    assert volume.voxels.shape == (1, 3, 4, 5)


def _same_positions(found: list[Dataset]) -> None:
    for n, ds in enumerate(found):
        ds.ImagePositionPatient, ds.SliceLocation = found[n // SLICES * SLICES].ImagePositionPatient, 3 * n


def _other_order(found: list[Dataset]) -> None:
    for n, ds in enumerate(found):
        ds.SliceLocation = [0, 6, 3, 9][n % SLICES]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_same_positions, "different values of SliceLocation (0020,1041): they are taken for times"),
        (_other_order, "SliceLocation (0020,1041) and ImagePositionPatient (0020,0032) order the slices differently"),
    ],
)
def test_slice_locations_that_contradict_positions_are_reported(
    change: Callable[[list[Dataset]], None], words: str, tmp_path: Path
) -> None:
    found = dynamic(2)
    change(found)

    assert any(warned(volume, words) for volume in volumes(tmp_path, found))


def test_slice_locations_against_the_positions_are_not_reported(tmp_path: Path) -> None:
    found = dynamic(2)
    for n, ds in enumerate(found):
        ds.SliceLocation = -2.5 * (n % SLICES) + 100

    (volume,) = volumes(tmp_path, found)

    assert not volume.warnings


def test_slice_locations_that_do_not_move_with_the_volumes_are_not_reported(tmp_path: Path) -> None:
    found = dynamic(3)
    for n, ds in enumerate(found):
        x, y, z = ds.ImagePositionPatient
        ds.ImagePositionPatient, ds.SliceLocation = [x, y, z + 0.5 * (n // SLICES)], 2.5 * (n % SLICES)

    (volume,) = volumes(tmp_path, found)

    assert [words for words in volume.warnings if "prospective motion correction" not in words] == []


def test_numbers_of_slices_at_one_position_are_reported(tmp_path: Path) -> None:
    ds = enhanced(1, 3)
    for groups in ds.PerFrameFunctionalGroupsSequence:
        groups.PlanePositionSequence[0].ImagePositionPatient = [0, 0, 0]
        del groups.FrameContentSequence[0].TemporalPositionIndex

    (volume,) = volumes(tmp_path, [ds])

    assert warned(volume, "3 different values of InStackPositionNumber (0020,9057)")


@pytest.mark.parametrize("count", [1, 2])
def test_a_single_slice_without_thickness_is_reported(count: int, tmp_path: Path) -> None:
    found = slices(ramp(count, 4, 5))
    for ds in found:
        del ds.SliceThickness

    (volume,) = volumes(tmp_path, found)

    assert warned(volume, "are missing: 1 mm is assumed") == (count == 1)


def test_an_object_without_the_groups_of_its_frames_is_reported(tmp_path: Path) -> None:
    ds = enhanced(1, 3)
    del ds.PerFrameFunctionalGroupsSequence

    (volume,) = volumes(tmp_path, [ds])

    assert warned(volume, "PerFrameFunctionalGroupsSequence (5200,9230) is missing")


def test_a_gradient_direction_of_which_a_part_is_missing_is_reported(tmp_path: Path) -> None:
    found = dynamic(3)
    for n, ds in enumerate(found):
        ds.Manufacturer = GE
        ds.private_block(0x43, "GEMS_PARM_01", create=True).add_new(0x39, "IS", [1000 * (n >= SLICES), 8, 0, 0])
        block = ds.private_block(0x19, "GEMS_ACQU_01", create=True)
        for number, part in zip((0xBB, 0xBC), (0.6, 0.8), strict=True):
            block.add_new(number, "DS", part if n >= SLICES else 0)

    (volume,) = volumes(tmp_path, found)

    assert warned(volume, "a part of the gradient direction is missing, private element (0019,xxBD)")
