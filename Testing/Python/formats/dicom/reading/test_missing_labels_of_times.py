"""Slices and times of a series that lack an attribute which distinguishes images: they are of the image that they complete."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from timed_series import SLICES, TIMES, expected, images, numbers, series


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
