"""Slices and times of a series that lack an attribute which distinguishes images: they are of the image that they complete."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from phantoms import dynamic
from phantoms.multiframe import group
from support.timed_series import SLICES, TIMES, expected, images, numbers, series


@pytest.mark.parametrize("attribute", ["EchoTime", "RepetitionTime", "EchoNumbers"])
@pytest.mark.parametrize("lacking", [[SLICES + 1], range(SLICES, 2 * SLICES)], ids=["a slice", "a time"])
def test_what_lacks_an_attribute_is_of_the_image_that_it_completes(
    attribute: str, lacking: Sequence[int], tmp_path: Path
) -> None:
    """It was an image of its own, and the time was torn or missing."""
    found = series(lambda ds, t, k: setattr(ds, "AcquisitionNumber", t + 1))
    for ds in found:
        ds.EchoTime, ds.RepetitionTime, ds.EchoNumbers = 30, 2000, 1
    for n in lacking:
        delattr(found[n], attribute)

    (volume,) = images(tmp_path, found)

    assert numbers(volume) == expected(list(range(TIMES)))
    assert any(f"{attribute} (0018," in words and "which they complete" in words for words in volume.warnings)


@pytest.mark.parametrize("first", [0, 1])
def test_a_time_that_others_have_or_that_is_not_between_them_is_an_image_of_its_own(first: int, tmp_path: Path) -> None:
    """Such as a map that was made of the first time, or a calibration before it."""
    found = series(lambda ds, t, k: setattr(ds, "AcquisitionNumber", max(t, first)))
    for ds in found[SLICES:]:
        ds.EchoTime = 30

    assert [volume.times for volume in images(tmp_path, found)] == [1, TIMES - 1]


@pytest.mark.parametrize(("lacking", "counts"), [(1, [TIMES]), (0, [1, TIMES - 1])], ids=["between", "the first"])
def test_times_of_dimension_indices_that_lack_an_attribute(lacking: int, counts: list[int], tmp_path: Path) -> None:
    """Several dimension indices are not a number: the image failed with an unexpected error."""
    ds = dynamic.enhanced(list(range(TIMES)))
    for frame in ds.PerFrameFunctionalGroupsSequence:
        if frame.FrameContentSequence[0].DimensionIndexValues[2] != lacking + 1:
            frame.MREchoSequence = [group(EffectiveEchoTime=30.0)]

    assert [volume.times for volume in images(tmp_path, [ds])] == counts


def test_numbers_far_from_each_other_are_not_counted_one_by_one(tmp_path: Path) -> None:
    """All numbers between the first and the last one were put into memory."""
    found = series(lambda ds, t, k: setattr(ds, "AcquisitionNumber", [1, 5, 2**31 - 1, 7][t]))
    for n in range(SLICES, 2 * SLICES):
        del found[n].EchoTime
    for ds in (*found[:SLICES], *found[2 * SLICES :]):
        ds.EchoTime = 30

    assert sorted(volume.times for volume in images(tmp_path, found)) == [1, TIMES - 1]
