"""Functional groups that are divided between shared and frames, empty, or more than the frames."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from phantoms.dynamic import enhanced
from phantoms.multiframe import group
from support.placed_frames import volumes


def test_functional_groups_of_more_frames_are_reported(tmp_path: Path) -> None:
    ds = enhanced([0])
    ds.PerFrameFunctionalGroupsSequence.append(ds.PerFrameFunctionalGroupsSequence[0])

    (volume,) = volumes(tmp_path, ds)

    assert any("(5200,9230) has 7 items, NumberOfFrames (0028,0008) is 6" in warning for warning in volume.warnings)


@pytest.mark.parametrize("keyword", ["PixelSpacing", "SliceThickness", "SpacingBetweenSlices"])
def test_a_functional_group_may_be_divided_between_shared_and_frames(keyword: str, tmp_path: Path) -> None:
    """PS3.3 C.7.6.16.1.1 forbids it, but there are such objects: each attribute is where it is stated."""
    ds = enhanced([0])
    (whole,) = volumes(tmp_path / "whole", ds)
    shared = ds.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    for groups in ds.PerFrameFunctionalGroupsSequence:
        groups.PixelMeasuresSequence = [group(**{keyword: shared[keyword].value})]
    del shared[keyword]

    (divided,) = volumes(tmp_path / "divided", ds)

    assert np.array_equal(divided.ijk_to_ras, whole.ijk_to_ras)
    assert divided.warnings == whole.warnings


def test_an_empty_attribute_of_frames_leaves_the_shared_one(tmp_path: Path) -> None:
    ds = enhanced([0])
    (whole,) = volumes(tmp_path / "whole", ds)
    for groups in ds.PerFrameFunctionalGroupsSequence:
        groups.PixelMeasuresSequence = [group(PixelSpacing=None)]

    (divided,) = volumes(tmp_path / "divided", ds)

    assert np.array_equal(divided.ijk_to_ras, whole.ijk_to_ras)
    assert divided.warnings == whole.warnings


def test_rescale_divided_between_shared_and_frames_is_applied(tmp_path: Path) -> None:
    ds = enhanced([0])
    ds.SharedFunctionalGroupsSequence[0].PixelValueTransformationSequence = [group(RescaleIntercept="-7", RescaleType="US")]
    for groups in ds.PerFrameFunctionalGroupsSequence:
        groups.PixelValueTransformationSequence = [group(RescaleSlope="3")]

    (volume,) = volumes(tmp_path, ds)

    assert (volume.rescale.slope, volume.rescale.intercept) == (3, -7)
