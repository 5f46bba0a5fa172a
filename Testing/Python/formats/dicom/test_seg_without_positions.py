"""Segmentations of images without a position: what specifies the frame of the image that a mask belongs to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nifti_dicom_bridge import Volume, read
from phantoms.base import save, uid
from phantoms.multiframe import name_sources, segments

COUNT = 9
PLACES = st.lists(st.tuples(st.integers(1, 3), st.integers(0, COUNT - 1)), min_size=2, max_size=12, unique=True)


def _read(folder: Path, lying: list[tuple[int, int]], sources: list[tuple[str, int | None]]) -> list[Volume]:
    """Return the images of masks (segment, frame): each segment is in a row of its own, and the frame is its column."""
    masks = np.zeros((len(lying), 3, COUNT + 1), np.uint8)
    for mask, (number, k) in zip(masks, lying, strict=True):
        mask[number - 1, k] = 1
    ds = segments(masks, lying)
    name_sources(ds, sources)
    save(folder, [ds])
    return read([folder])


@given(PLACES)
def test_masks_are_in_the_slices_that_the_frames_of_the_image_have(
    tmp_path_factory: pytest.TempPathFactory, lying: list[tuple[int, int]]
) -> None:
    volumes = _read(tmp_path_factory.mktemp("seg"), lying, [(uid(8), k + 1) for _, k in lying])

    wanted = np.zeros((1, max(k for _, k in lying) + 1, 3, COUNT + 1), np.uint8)
    for number, k in lying:
        wanted[0, k, number - 1, k] = number
    (volume,) = volumes
    assert np.array_equal(volume.voxels, wanted)
    assert volume.space == "unplaced"


def test_several_segments_of_an_image_of_one_frame_are_one_slice(tmp_path: Path) -> None:
    (volume,) = _read(tmp_path, [(1, 0), (2, 0)], [(uid(8), None)] * 2)

    assert volume.voxels.shape == (1, 1, 3, COUNT + 1)
    assert volume.voxels[0, 0, :2, 0].tolist() == [1, 2]


@pytest.mark.parametrize(
    "sources",
    [[(uid(8), 1), (uid(9), 2)], [(uid(8), 1), (uid(8), 1)], [(uid(8), 1), (uid(8), 10**9)]],
    ids=["two images", "one frame", "no frame"],
)
def test_masks_whose_frame_is_uncertain_are_reported(sources: list[tuple[str, int | None]], tmp_path: Path) -> None:
    volumes = _read(tmp_path, [(1, 0), (1, 1)], sources)

    assert any("which of those a slice belongs to is unknown" in note for volume in volumes for note in volume.warnings)
