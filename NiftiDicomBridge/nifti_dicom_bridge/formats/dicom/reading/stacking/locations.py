"""SliceLocation and InStackPositionNumber against the positions of slices: of any origin and direction, in the same order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .....model import metadata
from .....model.metadata import Instance
from .....model.voxels.median import median_of
from .....standard.dictionary import describe
from .....standard.tags import Tag
from ..frames.frame_info import FrameInfo
from ..frames.tolerances import SEEN_SHIFT


def doubts_of_locations(instances: Sequence[Instance], frames: Sequence[Sequence[FrameInfo]]) -> list[str]:
    """Return how slice locations contradict the positions of the frames of an image, by time, then by slice."""
    planes = [one.plane for volume in frames for one in volume if one.plane is not None and not one.is_assumed]
    shape = len(frames), len(frames[0])
    if len(planes) < shape[0] * shape[1] or len(planes) < 2:
        return []
    along = np.array([plane.position for plane in planes]).reshape(*shape, 3) @ planes[0].normal
    step = abs(median_of(np.diff(along[0]))) if shape[1] > 1 else frames[0][0].step_mm
    doubts = []
    for tag, scale in ((Tag.SLICE_LOCATION, 1.0), (Tag.IN_STACK_POSITION_NUMBER, step)):
        read = _location if tag == Tag.SLICE_LOCATION else _number_in_stack
        stated = [[read(instances, one) for one in volume] for volume in frames]
        if not any(None in row for row in stated):
            numbers = scale * np.array(stated, float)
            doubts += [
                *_doubt_of_times(tag, numbers, along, SEEN_SHIFT * step),
                *_doubt_of_order(tag, numbers, SEEN_SHIFT * step),
            ]
    return doubts


def _location(instances: Sequence[Instance], frame: FrameInfo) -> float | None:
    number = metadata.number(instances[frame.instance].elements, Tag.SLICE_LOCATION)
    return number if number is not None and np.isfinite(number) else None


def _number_in_stack(_: Sequence[Instance], frame: FrameInfo) -> float | None:
    return (frame.times.in_stack_position if frame.times else 0) or None


def _doubt_of_times(tag: int, stated: np.ndarray, along: np.ndarray, near: float) -> list[str]:
    """Return that frames at one position, which are taken for times, have different locations.

    Positions that moved while the locations did not are those of motion correction, which is reported elsewhere.
    """
    moved = np.abs(stated - stated[0]) > np.abs(along - along[0]) + near
    if not moved.any():
        return []
    number = max(len(np.unique(column)) for column in stated.T)
    return [
        f"images of one {describe(Tag.IMAGE_POSITION_PATIENT)} have {number} different values of {describe(tag)}: "
        "they are taken for times at one position, not for slices"
    ]


def _doubt_of_order(tag: int, stated: np.ndarray, near: float) -> list[str]:
    """Return that locations go up and down along the positions of slices."""
    steps = np.diff(stated, axis=1)
    if not ((steps > near).any(axis=1) & (steps < -near).any(axis=1)).any():
        return []
    used = describe(Tag.IMAGE_POSITION_PATIENT)
    return [f"{describe(tag)} and {used} order the slices differently: {used} is used"]
