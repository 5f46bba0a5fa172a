"""Evenly spaced slices that are several stacks, moved by a part of the slice distance that the object states.

Two volumes that moved by half a slice between times look like one volume of twice as many slices. Only statements show what
they are: a number of the time, or SpacingBetweenSlices (0018,0088), if it is a multiple of the distance of their positions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from .....model.voxels.median import median_of
from .....standard.dictionary import describe
from .....standard.tags import Tag
from ..attributes.coordinates import INSTANCE_NUMBER, TIMES, Time
from ..frames.frame_info import FrameInfo

Frames = list[FrameInfo]
SAME_DISTANCE = 0.05
"""Part of the stated distance by which that of slices may differ from it."""


def stacks_stated(frames: Sequence[FrameInfo], along: np.ndarray, start: int) -> tuple[int, list[Frames]] | None:
    """Return the row of `TIMES` that distinguishes the stacks, and the frames of each; None for one stack.

    Parameters
    ----------
    frames : sequence of FrameInfo
        In the order of their positions, which differ by about the same distance.
    along : numpy.ndarray, shape (n,)
        Their positions along the normal, mm.
    start : int
        First row that may distinguish them.
    """
    step = _step(along)
    if len(frames) < 4 or not step:
        return None
    count = stacks_by_distance(frames, step)
    stated = frames[0].stated_step_mm if count else frames[0].step_mm
    for n in range(start, len(TIMES)):
        if not _may_distinguish(TIMES[n], bool(count)):
            continue
        stacks = _stacks_by(frames, along, n)
        if len(stacks) == (count or round(stated / step)) > 1 and all(_is_stack(along[own], stated) for own in stacks):
            return n, [[frames[k] for k in own] for own in stacks]
    return None


def _may_distinguish(row: Time, is_stated: bool) -> bool:
    """Whether an attribute may distinguish stacks: more of them may where SpacingBetweenSlices states several."""
    return row.counts_times or (is_stated and (row.moves or row.name == INSTANCE_NUMBER))


def _stacks_by(frames: Sequence[FrameInfo], along: np.ndarray, n: int) -> list[list[int]]:
    """Return the frames of each stack, by numbers, that one row of `TIMES` distinguishes; none where a frame states nothing."""
    if frames[0].times is None or frames[0].times[n] is None:  # often, and cheap
        return []
    numbers = [frame.times[n] if frame.times else None for frame in frames]
    if None in numbers:
        return []
    return _runs(numbers, along) if TIMES[n].name == INSTANCE_NUMBER else _equal(numbers)


def stacks_by_distance(frames: Sequence[FrameInfo], step: float) -> int:
    """Return how many times the distance of positions is in SpacingBetweenSlices; 0 where it is so once, or not stated."""
    stated = frames[0].stated_step_mm
    count = round(stated / step)
    return count if count > 1 and abs(count * step - stated) <= SAME_DISTANCE * stated else 0


def doubt_of_distance(frames: Sequence[FrameInfo], along: np.ndarray) -> list[str]:
    """Return that SpacingBetweenSlices is a multiple of the distance of slices, at positions (n,) `along` the normal, mm."""
    step = _step(along)
    if len(frames) < 4 or not step or not stacks_by_distance(frames, step):
        return []
    stated = f"{describe(Tag.SPACING_BETWEEN_SLICES)} is {frames[0].stated_step_mm:.4g}"
    return [
        f"slices are {step:.4g} mm apart, and {stated}: if these are several volumes that moved by a part of a slice, "
        "nothing distinguishes them"
    ]


def _step(along: np.ndarray) -> float:
    return float(median_of(np.diff(along))) if len(along) > 1 else 0.0


def _equal(numbers: Sequence[Any]) -> list[list[int]]:
    """Return the places of equal numbers."""
    places: dict[Any, list[int]] = defaultdict(list)
    for place, number in enumerate(numbers):
        places[number].append(place)
    return list(places.values())


def _runs(numbers: Sequence[Any], along: np.ndarray) -> list[list[int]]:
    """Return places in the order of their numbers, from one turn back to the next."""
    order = sorted(range(len(numbers)), key=numbers.__getitem__)
    steps = np.sign(np.diff(along[order]))
    forwards = np.sign(steps.sum())
    ends = [0, *(np.flatnonzero(steps != forwards) + 1).tolist(), len(order)]
    return [sorted(order[low:high]) for low, high in pairwise(ends)]


def _is_stack(along: np.ndarray, stated: float) -> bool:
    return len(along) > 1 and bool(np.abs(np.diff(along) - stated).max() <= SAME_DISTANCE * stated)
