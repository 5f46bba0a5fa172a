"""Times that are missing are named, wherever they are counted from."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from support.timed_series import SLICES, STATEMENTS, TIMES, expected, images, number, numbers, series


@pytest.mark.parametrize("attribute", ["TemporalPositionIdentifier", "AcquisitionNumber"])
def test_times_that_are_counted_from_0(attribute: str, tmp_path: Path) -> None:
    found = series(number(attribute, 0, 1))
    for ds in found:
        ds.InstanceNumber, ds.NumberOfTemporalPositions = ds.InstanceNumber * 7 % 25, TIMES

    (volume,) = images(tmp_path, found)

    assert numbers(volume) == expected(list(range(TIMES)))
    assert not any("missing" in words for words in volume.warnings)


@pytest.mark.slow
def test_a_whole_time_that_is_missing_is_named(tmp_path: Path) -> None:
    found = series(STATEMENTS["TemporalPositionIdentifier"])

    (volume,) = images(tmp_path, found[:SLICES] + found[2 * SLICES :])

    assert numbers(volume) == expected([0, 2, 3])
    assert "1 time(s) missing: no frame has TemporalPositionIdentifier 2" in volume.warnings


@pytest.mark.parametrize("lost", [None, 1])
def test_times_that_another_image_of_the_series_has_are_not_missing(lost: int | None, tmp_path: Path) -> None:
    def state(ds: Dataset, t: int, k: int) -> None:
        ds.TemporalPositionIdentifier, ds.NumberOfTemporalPositions = t + 1, 4
        ds.ImageType = ["ORIGINAL", "PRIMARY", "MP"[t % 2]]

    found = series(state, times=4)

    volumes = images(tmp_path, [ds for ds in found if ds.TemporalPositionIdentifier != lost])

    missing = [warning for volume in volumes for warning in volume.warnings if "missing" in warning]
    assert len(volumes) == 2
    assert missing == (["1 time(s) missing: no frame has TemporalPositionIdentifier 1"] if lost else [])


@pytest.mark.parametrize(("first", "is_missing"), [(1, False), (SLICES + 1, True)])
def test_times_that_are_counted_from_two_lack_one_where_the_first_instance_is_not_there(
    first: int, is_missing: bool, tmp_path: Path
) -> None:
    found = series(lambda ds, t, k: setattr(ds, "AcquisitionNumber", t + 2))
    for n, ds in enumerate(found):
        ds.InstanceNumber = first + n

    (volume,) = images(tmp_path, found)

    assert ("1 time(s) missing: no frame has AcquisitionNumber 1" in volume.warnings) == is_missing


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize(("count", "missing"), [(TIMES, 0), (TIMES + 1, 1), (2 * TIMES - 1, TIMES - 1), (2 * TIMES, 0)])
def test_times_that_are_missing_at_the_end_are_named(count: int, missing: int, first: int, tmp_path: Path) -> None:
    """As NumberOfTemporalPositions states; twice as many times as there are show that it counts something else."""

    def state(ds: Dataset, t: int, k: int) -> None:
        ds.TemporalPositionIdentifier, ds.NumberOfTemporalPositions = first + t, count

    (volume,) = images(tmp_path, series(state))

    words = f"{missing} time(s) missing: NumberOfTemporalPositions is {count}, the last TemporalPositionIdentifier "
    assert list(volume.warnings) == ([f"{words}{first + TIMES - 1}"] if missing else [])


@pytest.mark.parametrize(
    ("missing", "words"), [((3, 5, 7, 9, 11), "3, 5, 7, 9, 11"), ((3, 5, 7, 9, 11, 13), "3, 5, 7, 9, 11 and 1 more")]
)
def test_of_many_missing_times_some_are_named(missing: tuple[int, ...], words: str, tmp_path: Path) -> None:
    found = [
        ds for ds in series(number("TemporalPositionIdentifier", 1, 1), 20, 1) if ds.TemporalPositionIdentifier not in missing
    ]

    (volume,) = images(tmp_path, found)

    assert f"{len(missing)} time(s) missing: no frame has TemporalPositionIdentifier {words}" in volume.warnings


@pytest.mark.parametrize(("other", "is_reported"), [((4,), True), ((1,), False), ((8,), False), ((2, 4, 6, 8), False)])
def test_a_time_that_is_in_another_image_by_a_difference_of_its_own_is_reported(
    other: tuple[int, ...], is_reported: bool, tmp_path: Path
) -> None:
    """One volume of a run has another SliceThickness; where every second one has, both images are meant to be."""

    def state(ds: Dataset, t: int, k: int) -> None:
        ds.TemporalPositionIdentifier = t + 1
        ds.SliceThickness = 3.25 if t + 1 in other else 3

    volumes = images(tmp_path, series(state, times=8))

    assert len(volumes) == 2
    words = "TemporalPositionIdentifier 4 of the series is not in this image, but in one whose other attributes differ"
    reported = [text for volume in volumes for text in volume.warnings if words in text]
    assert len(reported) == is_reported
