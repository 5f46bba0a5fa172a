"""Stacks whose slices are located between each other, and that only the order of their instances distinguishes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from .....model.voxels.median import median_of
from ..frames.frame_info import FrameInfo
from ..frames.tolerances import SAME_STEP

Frames = list[FrameInfo]
FEWEST = 3
"""Slices of a stack: two have no usual distance."""


def interleaved_stacks(frames: Sequence[FrameInfo], distances: np.ndarray) -> list[Frames]:
    """Return the stacks of frames that are not evenly spaced together, but are so in the order of their instances.

    Two stations of a scan that overlap, or two reconstructions that are shifted, are such; every second slice of one stack,
    whose distance is not the one that the object specifies, is not. Empty without such stacks.

    Parameters
    ----------
    frames : sequence of FrameInfo
        Of one orientation, each at a place of its own.
    distances : numpy.ndarray
        Their positions along the normal, mm.
    """
    order = sorted(range(len(frames)), key=lambda n: frames[n].order)
    if len({frame.order for frame in frames}) < len(frames):
        return []
    along = distances[order]
    steps = np.diff(along)
    usual = median_of(steps)
    ends = np.flatnonzero(np.abs(steps - usual) > SAME_STEP * abs(usual)) + 1
    runs = np.split(np.arange(len(order)), ends)
    if len(runs) < 2 or min(map(len, runs)) < FEWEST or not any(_overlap(along[a], along[b]) for a, b in combinations(runs, 2)):
        return []
    stated, together = frames[0].step_mm, median_of(np.diff(np.sort(distances)))
    if abs(abs(usual) - stated) > abs(together - stated):
        return []
    return [[frames[order[n]] for n in run] for run in runs]


def _overlap(a: np.ndarray, b: np.ndarray) -> bool:
    return bool(max(a.min(), b.min()) < min(a.max(), b.max()))
