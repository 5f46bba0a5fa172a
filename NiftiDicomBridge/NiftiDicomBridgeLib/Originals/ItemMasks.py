"""Segments of all items of a segmentation that is browsed with a cine, as planes of one image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nifti_dicom_bridge import BridgeError

from ..Nodes.NodeImages import Mask
from ..Nodes.NodeKinds import displayed_item, sequence_of
from ..Nodes.PixelGrid import pixel_grid_of
from ..Nodes.SegmentMasks import Grid, cropped, masks_of, on_grid, reference_grid
from .DrawnFrames import drawn_frames

OTHER_GRID = (
    "{}: segments on item {} of its sequence are not on the pixels of the image. Choose the image as the source geometry in "
    "the Segment Editor, and convert again."
)


def masks_of_items(node: Any) -> list[Mask]:
    """Return the segments of a segmentation without a position: of all items, as planes, where it is browsed with a cine.

    Raises
    ------
    BridgeError
        If segments are elsewhere than on the pixels of the image.
    """
    sequence = sequence_of(node)
    if sequence is None:
        return masks_of(node)
    if pixel_grid_of(node) is None:
        drawn = drawn_frames(node)
        return masks_of(node) if drawn is None else _masks_of_planes(node, drawn.items, drawn.count, drawn.grid)
    shown = displayed_item(node, sequence)
    items = [node if number == shown else sequence.GetNthDataNode(number) for number in range(sequence.GetNumberOfDataNodes())]
    return _masks_of_planes(node, dict(enumerate(items)), len(items), reference_grid(items[0]))


def _masks_of_planes(node: Any, items: Mapping[int, Any], count: int, grid: Grid | None) -> list[Mask]:
    """Return the segments of items by the numbers of their planes."""
    masks: dict[str, list[np.ndarray | None]] = {}
    values: dict[str, int] = {}
    for number, item in items.items():
        for mask in masks_of(item):
            plane = on_grid(mask, grid) if grid is not None else None
            if plane is None:
                raise BridgeError(OTHER_GRID.format(node.GetName(), number + 1))
            masks.setdefault(mask.segment_id, [None] * count)[number] = plane[0]
            values[mask.segment_id] = mask.value
    assert grid is not None
    return [cropped(Mask(key, _stacked(planes, grid), grid.ijk_to_ras, values[key])) for key, planes in masks.items()]


def _stacked(planes: Sequence[np.ndarray | None], grid: Grid) -> np.ndarray:
    inside = np.zeros((len(planes), *grid.shape[1:]), bool)
    for number, plane in enumerate(planes):
        if plane is not None:
            inside[number] = plane
    return inside
