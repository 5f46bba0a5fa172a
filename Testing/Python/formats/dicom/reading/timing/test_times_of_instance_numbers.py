"""Times that only InstanceNumber or the end of UIDs distinguishes, or that nothing states."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from nifti_dicom_bridge import DicomReadError
from support.timed_series import PERIOD, SLICES, TIMES, clock, expected, images, numbers, series


def _of_ge(ds: Dataset, t: int, k: int) -> None:
    ds.Manufacturer, ds.NumberOfTemporalPositions = "GE MEDICAL SYSTEMS", TIMES
    ds.private_block(0x0021, "GEMS_RELA_01", create=True).add_new(0x4F, "SS", SLICES)


@pytest.mark.parametrize("first", [1, 4, SLICES + 2])
def test_volumes_of_ge_begin_after_as_many_instances_as_they_have_slices(first: int, tmp_path: Path) -> None:
    found = series(_of_ge)[first : 3 * SLICES + 2]

    volumes = images(tmp_path, found)

    assert all({number // 100 for number in volume} == {volume[0] // 100} for one in volumes for volume in numbers(one))
    assert sum(volume.voxels.shape[0] * volume.voxels.shape[1] for volume in volumes) == len(found)


@pytest.mark.parametrize(
    ("first", "last"), [(1, 3 * SLICES), (SLICES - 1, 2 * SLICES + 2), (SLICES - 1, 3 * SLICES), (SLICES + 2, 3 * SLICES - 1)]
)
def test_volumes_that_instance_numbers_go_through_one_after_the_other(first: int, last: int, tmp_path: Path) -> None:
    found = series(lambda ds, t, k: None, times=3)[first:last]
    for ds in found:
        ds.InstanceNumber = 2 * int(ds.InstanceNumber)

    volumes = images(tmp_path, found)

    assert all({number // 100 for number in volume} == {volume[0] // 100} for one in volumes for volume in numbers(one))
    assert sum(volume.voxels.shape[0] * volume.voxels.shape[1] for volume in volumes) == len(found)


@pytest.mark.parametrize("is_ge", [False, True])
@pytest.mark.parametrize(
    ("planes", "numbers_of"),
    [(2, lambda t, k: 2 * k + t), (5, lambda t, k: 2 * k + t), (3, lambda t, k: 3 * t + (0, 2, 1)[k]),
     (3, lambda t, k: 3 * t + (1, 0, 2)[k])],
    ids=["times at each of 2 slices", "times at each of 5 slices", "odd slices first", "even slices first"],
)  # fmt: skip
def test_instance_numbers_that_go_through_no_volume_distinguish_times(
    planes: int, numbers_of: Callable[[int, int], int], is_ge: bool, tmp_path: Path
) -> None:
    def state(ds: Dataset, t: int, k: int) -> None:
        ds.InstanceNumber = numbers_of(t, k) + 1
        if is_ge:
            _of_ge(ds, t, k)
            ds[0x0021104F].value = planes

    (volume,) = images(tmp_path, series(state, times=2, planes=planes))

    assert numbers(volume) == expected([0, 1], planes)


@pytest.mark.parametrize("gone", [0, 4, 11, 23])
def test_instance_numbers_that_count_slice_by_slice(gone: int, tmp_path: Path) -> None:
    found = series(lambda ds, t, k: setattr(ds, "InstanceNumber", k * TIMES + t + 1))
    time, plane = divmod(gone, SLICES)
    del found[gone]

    whole, rest = images(tmp_path, found)

    assert numbers(whole) == expected([t for t in range(TIMES) if t != time])
    assert numbers(rest) == expected([time], without=plane)


def _renumbered(found: list[Dataset], seed: int) -> list[Dataset]:
    """Return data sets whose UIDs do not count, with InstanceNumber at random."""
    order = list(range(1, len(found) + 1))
    random.Random(seed).shuffle(order)
    for ds, number in zip(found, order, strict=True):
        ds.InstanceNumber = number
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"2.25.{random.Random(number).getrandbits(100)}"
    return found


def test_frames_that_state_nothing_are_refused(tmp_path: Path) -> None:
    found = series(lambda ds, t, k: setattr(ds, "InstanceNumber", 1))
    del found[8]

    with pytest.raises(DicomReadError, match="nothing states which of them belong to one time"):
        images(tmp_path, found)


@pytest.mark.parametrize("seed", range(5))
def test_instance_numbers_at_random_are_refused_where_nothing_else_is_stated(seed: int, tmp_path: Path) -> None:
    with pytest.raises(DicomReadError, match="24 frames are at 6 positions"):
        images(tmp_path, _renumbered(series(lambda ds, t, k: None), seed))


def test_frames_at_one_position_are_a_time_axis_by_their_instances(tmp_path: Path) -> None:
    (volume,) = images(tmp_path, _renumbered(series(lambda ds, t, k: None, planes=1), 1))

    assert volume.voxels.shape[:2] == (TIMES, 1)


@pytest.mark.parametrize("by_time", [True, False])
def test_uids_that_count_distinguish_times_where_instance_numbers_do_not(by_time: bool, tmp_path: Path) -> None:
    found = series(lambda ds, t, k: None)
    scrambled = [random.Random(t).sample(range(SLICES), SLICES) for t in range(TIMES)]
    for n, ds in enumerate(_renumbered(found, 2)):
        t, k = divmod(n, SLICES)
        count = t * SLICES + scrambled[t][k] if by_time else k * TIMES + t
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.{500 + count}"

    (volume,) = images(tmp_path, found)

    assert numbers(volume) == expected(list(range(TIMES)))
    assert any("the number at the end of SOPInstanceUID distinguishes them" in warning for warning in volume.warnings)


def _downwards(ds: Dataset, t: int, k: int) -> None:
    """Slices are acquired from the last to the first, which is the first of all."""
    ds.AcquisitionTime = clock(t * PERIOD + -k % SLICES * PERIOD / SLICES)


def test_instance_numbers_settle_what_running_times_leave_open(tmp_path: Path) -> None:
    whole, rest = images(tmp_path, series(_downwards)[1:])

    assert numbers(whole) == expected([1, 2, 3])
    assert numbers(rest) == expected([0], without=0)


def test_running_times_that_leave_a_choice_are_reported(tmp_path: Path) -> None:
    found = series(_downwards)[1:]
    for ds in found:
        ds.InstanceNumber = 1

    whole, _ = images(tmp_path, found)

    assert any("AcquisitionDateTime fits two times for slices that lack one" in words for words in whole.warnings)


def test_times_that_only_instance_numbers_distinguish_are_reported(tmp_path: Path) -> None:
    (volume,) = images(tmp_path, series(lambda ds, t, k: None))

    assert list(volume.warnings) == ["No attribute specifies the time of each frame: InstanceNumber distinguishes them"]
