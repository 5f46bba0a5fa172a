"""Files that lack an attribute which distinguishes images: they are of the image that they complete, or reported."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset

from nifti_dicom_bridge.errors import DicomReadError
from phantoms.base import CT, MR, PET, ramp, slices, uid
from phantoms.multiframe import enhanced, group, label_ramp, segments
from support.incomplete_series import GE, SLICES, dynamic, volumes, warned


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
