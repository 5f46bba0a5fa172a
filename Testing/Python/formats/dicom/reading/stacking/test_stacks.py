"""Which frames make one grid: stacks side by side, concatenations, slices whose position is not known."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset

from nifti_dicom_bridge.formats.dicom.reading.read import read
from nifti_dicom_bridge.model.volume import UNPLACED, Volume
from phantoms import dynamic
from phantoms.base import CT, ENHANCED_MR, MR, SEGMENTATION, ramp, save, slices, uid
from phantoms.multiframe import enhanced, group
from support.round_trip import RoundTrip


def stacks(*stacks: tuple[str, list[float]]) -> Dataset:
    """Return an object of frames at these distances, by StackID; their order in the file is not that of their places."""
    frames = [(name, place) for name, places in stacks for place in places]
    ds = enhanced(1, len(frames))
    for groups, (name, place) in zip(ds.PerFrameFunctionalGroupsSequence, frames, strict=True):
        groups.FrameContentSequence[0].StackID = name
        groups.PlanePositionSequence[0].ImagePositionPatient = [0, 0, place]
        del groups.FrameContentSequence[0].DimensionIndexValues
    return ds


def sizes(folder: Path, ds: Dataset) -> list[tuple[int, int]]:
    """Return times and slices of the volumes of an object."""
    save(folder, [ds])
    return sorted(volume.voxels.shape[:2] for volume in read([folder]))


@pytest.mark.parametrize("second", [[30, 35, 40], [10.5, 13.5, 16.5], [9, 12, 15]])
def test_stacks_side_by_side_are_images_of_their_own(second: list[float], tmp_path: Path) -> None:
    assert sizes(tmp_path, stacks(("1", [0, 3, 6, 9]), ("2", second))) == [(1, 3), (1, 4)]


def test_stacks_that_continue_each_other_are_one_image(tmp_path: Path) -> None:
    assert sizes(tmp_path, stacks(("1", [0, 3, 6]), ("2", [9, 12, 15]))) == [(1, 6)]


def test_a_stack_of_every_slice_is_not_an_image(tmp_path: Path) -> None:
    assert sizes(tmp_path, stacks(("1", [0]), ("2", [3]), ("3", [9]))) == [(1, 3)]


def test_names_of_stacks_are_those_of_the_object(tmp_path: Path) -> None:
    save(tmp_path, [stacks(("spine", [0, 3, 6]), ("disc", [30, 32, 34]))])

    assert sorted(volume.name.rpartition("_")[2] for volume in read([tmp_path])) == ["stack-disc", "stack-spine"]


@pytest.mark.parametrize("numbers", [[1, 2, 3, 4, 5, 6], [1, 3, 5, 2, 4, 6], [1, 2, 3, 1, 2, 3]])
@pytest.mark.parametrize("further", [0, 15], ids=["beside", "beyond"])
def test_stations_of_a_series_are_images_of_their_own(numbers: list[int], further: int, tmp_path: Path) -> None:
    """The second station was a time of the first, named incomplete, or both were one sheared volume, or they were refused."""
    found = slices(ramp(6, 4, 5), MR)
    for n, (ds, number) in enumerate(zip(found, numbers, strict=True)):
        ds.InstanceNumber = number
        ds.ImagePositionPatient = [0, 40, 5 * (n % 3) + further] if n > 2 else [0, 0, 5 * n]
    save(tmp_path, found)

    volumes = {tuple(volume.ijk_to_ras[:3, 3]): volume for volume in read([tmp_path])}

    assert {place: volume.voxels[0, :, 0, 0].tolist() for place, volume in volumes.items()} == {
        (0, 0, 0): [ds.pixel_array[0, 0] for ds in found[:3]],
        (0, -40, further): [ds.pixel_array[0, 0] for ds in found[3:]],
    }
    assert all(not volume.warnings for volume in volumes.values())


def test_slices_of_a_tilted_gantry_are_one_image(tmp_path: Path) -> None:
    found = slices(ramp(30, 4, 5), MR)
    for n, ds in enumerate(found):
        ds.ImagePositionPatient = [0, 0.5 * n, 5 * n]
    save(tmp_path, found)

    assert [volume.voxels.shape[:2] for volume in read([tmp_path])] == [(1, 30)]


@pytest.mark.parametrize("kept", [range(9), (0, 1, 4, 8), (0, 7, 8)], ids=["all", "with gaps", "few"])
def test_slices_of_a_tilted_gantry_are_one_image_however_far_apart_they_are(kept: Sequence[int], tmp_path: Path) -> None:
    """Corners of neighbors are further apart than a quarter of the image: they were taken for stations."""
    found = slices(ramp(9, 4, 5), MR)
    for n, ds in enumerate(found):
        ds.ImagePositionPatient = [0, 10.001 * n, 20 * n]
    save(tmp_path, [found[n] for n in kept])

    assert [volume.voxels.shape[:2] for volume in read([tmp_path])] == [(1, len(kept))]


def part(number: int, total: int | None) -> Dataset:
    ds = enhanced(1, 3)
    ds.ConcatenationUID, ds.InConcatenationNumber, ds.ConcatenationFrameOffsetNumber = "1.2.3", number, 3 * (number - 1)
    if total is not None:
        ds.InConcatenationTotalNumber = total
    return ds


@pytest.mark.parametrize(("number", "total", "missing"), [(1, 3, "2, 3"), (2, None, "1"), (2, 2, "1")])
def test_missing_parts_of_a_concatenation_are_reported(
    number: int, total: int | None, missing: str, round_trip: RoundTrip
) -> None:
    save(round_trip.dicom, [part(number, total)])
    warnings = round_trip.forth().entries[0].log.warnings

    assert f"part(s) {missing} of a concatenation are missing: the image lacks their frames" in warnings


def without_position(**attributes: Any) -> list[Dataset]:
    """Return four slices, the third of which has attributes in place of its position."""
    found = slices(ramp(4, 4, 5), MR)
    del found[2].ImagePositionPatient
    for name, value in attributes.items():
        setattr(found[2], name, value)
    return found


def test_a_slice_without_a_position_is_not_put_among_those_with_one(tmp_path: Path) -> None:
    save(tmp_path, without_position(SliceLocation="-25"))

    found = {volume.voxels.shape[1]: volume for volume in read([tmp_path])}

    assert sorted(found) == [1, 3]
    assert found[1].space == UNPLACED
    assert found[3].space != UNPLACED


def lacking(*missing: int, count: int = 8) -> list[Dataset]:
    return [ds for k, ds in enumerate(slices(ramp(count, 4, 5), MR)) if k not in missing]


def step(volume: Volume) -> float:
    return float(np.linalg.norm(volume.ijk_to_ras[:3, 2]))


@pytest.mark.parametrize("missing", [(1,), (1, 2), (3,), (1, 4)])
def test_the_grid_of_a_stack_that_lacks_slices_has_the_distance_of_neighbors(missing: tuple[int, ...], tmp_path: Path) -> None:
    save(tmp_path, lacking(*missing))

    (volume,) = read([tmp_path])

    assert np.isclose(step(volume), 2.5)


def test_a_few_slices_far_from_the_first_have_a_grid_that_begins_right(tmp_path: Path) -> None:
    save(tmp_path, lacking(*range(1, 17), count=20))

    (volume,) = read([tmp_path])
    assert np.isclose(step(volume), 17 * 2.5)
    assert any("slice distances vary from 2.5 to 42.5 mm" in warning for warning in volume.warnings)


def test_three_slices_show_that_one_is_missing(tmp_path: Path) -> None:
    save(tmp_path, lacking(1, count=4))

    (volume,) = read([tmp_path])

    assert any("1 slice(s) missing (after slice 1; step 2.5 mm)" in warning for warning in volume.warnings)


def test_how_far_slices_are_off_the_grid_is_reported(tmp_path: Path) -> None:
    save(tmp_path, lacking(1, 2))

    (volume,) = read([tmp_path])

    assert any("slices are up to 5 mm off the even grid" in warning for warning in volume.warnings)


def test_a_slice_too_near_is_not_a_sign_of_missing_ones(tmp_path: Path) -> None:
    found = slices(ramp(5, 4, 5), MR)
    for ds, place in zip(found, (0, 6, 12, 18, 21), strict=True):
        ds.ImagePositionPatient = [0, 0, place]
    save(tmp_path, found)

    (volume,) = read([tmp_path])

    assert step(volume) == 6


def moved(shift: float, times: int = 3) -> list[Dataset]:
    """Return volumes of 6 slices, 3 mm apart, each moved along the slices; TemporalPositionIdentifier counts them."""
    found = []
    for t in range(times):
        for k, ds in enumerate(slices(ramp(6, 4, 5, start=1000 * t), MR)):
            ds.ImagePositionPatient, ds.SliceThickness = [0, 0, 3 * k + shift * t], "3"
            ds.TemporalPositionIdentifier, ds.InstanceNumber = t + 1, 6 * t + k + 1
            ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid(1, ds.InstanceNumber)
            found.append(ds)
    return found


@pytest.mark.parametrize("times", [2, 3])
@pytest.mark.parametrize("shift", [0.2, 0.5, 1.0, 1.5, 3.0])
def test_volumes_that_moved_are_never_mixed(shift: float, times: int, tmp_path: Path) -> None:
    save(tmp_path, moved(shift, times))

    found = read([tmp_path])

    assert all(volume.voxels.shape[1] == 6 for volume in found)
    assert all(len(set((volume.voxels[t] // 1000).ravel().tolist())) == 1 for volume in found for t in range(volume.times))


def between_each_other(statement: str, stated_mm: float | None) -> list[Dataset]:
    """Return two volumes of 6 slices, the second half a slice behind the first; only one attribute states the time."""
    found = moved(1.5, times=2)
    for ds in found:
        time = ds.TemporalPositionIdentifier
        del ds.TemporalPositionIdentifier
        values = {"AcquisitionNumber": time, "AcquisitionTime": f"10{time:02d}00", "InstanceNumber": ds.InstanceNumber}
        setattr(ds, statement, values[statement])
        if stated_mm:
            ds.SpacingBetweenSlices = stated_mm
    return found


@pytest.mark.parametrize("statement", ["AcquisitionNumber", "AcquisitionTime", "InstanceNumber"])
@pytest.mark.parametrize(("stated_mm", "count"), [(3.0, 2), (1.5, 1), (None, 1)])
def test_the_stated_distance_shows_stacks_between_each_other(
    stated_mm: float | None, count: int, statement: str, tmp_path: Path
) -> None:
    save(tmp_path, between_each_other(statement, stated_mm))

    volumes = [time for volume in read([tmp_path]) for time in volume.voxels]

    assert len(volumes) == count
    assert [sorted(set((voxels // 1000).ravel().tolist())) for voxels in volumes] == ([[0], [1]] if count == 2 else [[0, 1]])


def test_a_stated_distance_that_nothing_explains_is_reported(tmp_path: Path) -> None:
    found = slices(ramp(6, 4, 5), MR)
    for ds in found:
        ds.SpacingBetweenSlices = 5
    save(tmp_path, found)

    (volume,) = read([tmp_path])

    assert "slices are 2.5 mm apart, and SpacingBetweenSlices (0018,0088) is 5" in volume.warnings[0]


def test_a_volume_elsewhere_is_reported_without_a_count_of_slices(tmp_path: Path) -> None:
    save(tmp_path, moved(3.0, times=2))

    warnings = [warning for volume in read([tmp_path]) for warning in volume.warnings]

    assert any("the slices of time 2 are at other positions than those of the others" in warning for warning in warnings)


@pytest.mark.parametrize("sop_class", [SEGMENTATION, ENHANCED_MR])
def test_tiles_of_one_plane_are_reported_as_such(sop_class: str, tmp_path: Path) -> None:
    ds = enhanced(1, 4)
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = sop_class
    ds.TotalPixelMatrixRows, ds.TotalPixelMatrixColumns = 8, 10
    save(tmp_path, [ds])

    warnings = [warning for volume in read([tmp_path]) for warning in volume.warnings]

    assert any("not slices: they were stacked" in warning for warning in warnings)


def _stations(shift: float, thickness: float = 3.0) -> list[Dataset]:
    """Return two stacks of five slices, one after the other; the second begins at some distance from the first."""
    found = slices(np.repeat(np.arange(10, dtype="<i2"), 20).reshape(10, 4, 5), MR)
    for n, ds in enumerate(found):
        ds.ImagePositionPatient, ds.SliceThickness, ds.SpacingBetweenSlices = (
            [0, 0, 3 * (n % 5) + shift * (n // 5)],
            thickness,
            None,
        )
        ds.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        del ds.AcquisitionNumber, ds.AcquisitionTime, ds.ContentTime
    return found


@pytest.mark.parametrize("shift", [0.5, 4.0, 6.7, 10.0])
def test_stacks_between_each_other_are_not_mixed(shift: float, tmp_path: Path) -> None:
    save(tmp_path, _stations(shift))

    volumes = [stack[:, 0, 0].tolist() for volume in read([tmp_path]) for stack in volume.voxels]

    assert sorted(volumes) == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]]


@pytest.mark.parametrize(("shift", "thickness"), [(1.5, 1.5), (1.0, 1.5), (15.0, 3.0), (40.0, 3.0)])
def test_packages_and_stations_that_do_not_overlap_are_one_stack(shift: float, thickness: float, tmp_path: Path) -> None:
    save(tmp_path, _stations(shift, thickness))

    (volume,) = read([tmp_path])

    assert volume.voxels.shape[:2] == (1, 10)


US_VOLUME = "1.2.840.10008.5.1.4.1.1.6.2"
SHUFFLED = [3, 0, 5, 1, 4, 2, 9, 6, 11, 7, 10, 8]


def _without_positions(in_volume: bool) -> Dataset:
    """Return two times of six slices in disorder, with positions in the volume of a transducer, or as numbers only."""
    ds = dynamic.enhanced([0, 1], SHUFFLED)
    if in_volume:
        ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = US_VOLUME
        ds.SharedFunctionalGroupsSequence[0].PlaneOrientationVolumeSequence = [group(ImageOrientationVolume=[1, 0, 0, 0, 1, 0])]
        ds.DimensionIndexSequence[1].DimensionIndexPointer = 0x00209301
    del ds.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence
    for groups in ds.PerFrameFunctionalGroupsSequence:
        place = groups.PlanePositionSequence[0].ImagePositionPatient
        if in_volume:
            groups.PlanePositionVolumeSequence = [group(ImagePositionVolume=list(map(float, place)))]
        else:
            groups.FrameContentSequence[0].InStackPositionNumber = int(place[2] // 3) + 1
        del groups.PlanePositionSequence
    return ds


@pytest.mark.parametrize("in_volume", [True, False])
def test_frames_that_have_no_position_in_the_patient_are_not_mixed(in_volume: bool, tmp_path: Path) -> None:
    save(tmp_path, [_without_positions(in_volume)])

    (volume,) = read([tmp_path])

    assert volume.voxels[:, :, 0, 0].tolist() == [[dynamic.value(t, k) for k in range(6)] for t in range(2)]
    assert volume.space == UNPLACED
    assert np.linalg.norm(volume.ijk_to_ras[:3, 2]) == 3


def test_stacks_without_positions_are_separate(tmp_path: Path) -> None:
    ds = _without_positions(in_volume=False)
    for n, groups in zip(SHUFFLED, ds.PerFrameFunctionalGroupsSequence, strict=True):
        groups.FrameContentSequence[0].StackID = str(n // 6)
        del groups.FrameContentSequence[0].TemporalPositionIndex, groups.FrameContentSequence[0].DimensionIndexValues
    save(tmp_path, [ds])

    volumes = [volume.voxels[:, :, 0, 0].tolist() for volume in read([tmp_path])]

    assert sorted(volumes) == [[[dynamic.value(t, k) for k in range(6)]] for t in range(2)]


@pytest.mark.parametrize(
    ("step", "degrees", "is_reported"),
    [(2.5, 0.05, False), (2.5, 0.5, True), (2.5, 15.0, True), (0.005, 0.5, False), (0.005, 15.0, True)],
)
def test_shear_of_slices_is_in_the_grid_and_reported(step: float, degrees: float, is_reported: bool, tmp_path: Path) -> None:
    shift = float(np.tan(np.radians(degrees)) * step)
    found = slices(ramp(6, 4, 5), CT, spacing=(step, step), step=(0, shift, step))
    for ds in found:
        ds.SliceThickness = str(step)
    save(tmp_path, found)

    (volume,) = read([tmp_path])

    assert np.allclose(volume.ijk_to_ras[:3, 2], [0, -shift, step], atol=1e-5 * step)
    assert any(f"sheared by {degrees:.2f}°" in warning for warning in volume.warnings) == is_reported


def test_packages_side_by_side_are_one_stack_though_acquisitions_count_them(tmp_path: Path) -> None:
    """Each covers a part of the stack only: it is not a time of it."""
    found = _stations(40.0)
    for n, ds in enumerate(found):
        ds.AcquisitionNumber = n // 5 + 1
    save(tmp_path, found)

    (volume,) = read([tmp_path])

    assert volume.voxels[0, :, 0, 0].tolist() == list(range(10))


def test_slices_that_were_acquired_later_are_slices_of_their_stack(tmp_path: Path) -> None:
    found = slices(np.repeat(np.arange(13, dtype="<i2"), 20).reshape(13, 4, 5), MR)
    for k, ds in enumerate(found):
        ds.AcquisitionNumber = {2: 2, 9: 2, 3: 3, 10: 3}.get(k, 1)
        ds.ImagePositionPatient = [0, 0, 3 * k + 0.9 * (ds.AcquisitionNumber > 1)]
        del ds.AcquisitionTime, ds.ContentTime
    save(tmp_path, found)

    (volume,) = read([tmp_path])

    assert volume.voxels[0, :, 0, 0].tolist() == list(range(13))


@pytest.mark.parametrize("is_descending", [False, True])
def test_stacks_that_instance_numbers_go_through_in_either_direction(is_descending: bool, tmp_path: Path) -> None:
    found = between_each_other("InstanceNumber", 3.0)
    for ds in found if is_descending else []:
        ds.InstanceNumber = 13 - ds.InstanceNumber
    save(tmp_path, found)

    times = [frames[:, 0, 0].tolist() for volume in read([tmp_path]) for frames in volume.voxels]

    assert sorted(times) == [[1000 * t + 20 * k for k in range(6)] for t in range(2)]
