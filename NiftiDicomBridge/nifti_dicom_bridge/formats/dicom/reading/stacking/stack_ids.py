"""Stacks that one object contains side by side: parallel ones that differ in StackID (PS3.3 C.7.6.16.2.2)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from .....model.voxels.median import median_of
from ..frames.frame_info import FrameInfo
from ..timing.times import is_even, places_of

Frames = list[FrameInfo]
SHARED = 0.5
"""Part of the places of a stack that another may have, too: stacks that share more are times of one image."""


def by_stack(frames: Frames) -> dict[str, Frames]:
    """Return parallel frames by their stack; all in one, named "", where they make one stack or StackID means another thing.

    They make one where all their places are evenly spaced. StackID means another thing where stacks have the same places, as
    times do, or most consist of one slice.
    """
    ids = [frame.times.stack_id if frame.times else "" for frame in frames]
    if len(set(ids)) < 2 or "" in ids:
        return {"": frames}
    parts: dict[str, Frames] = defaultdict(list)
    for name, frame in zip(ids, frames, strict=True):
        parts[name].append(frame)
    return parts if _are_apart(list(parts.values()), places_of(frames)) else {"": frames}


def _are_apart(parts: Sequence[Frames], places: Sequence[Frames]) -> bool:
    own = [places_of(part) for part in parts]
    sizes = [len(part) for part in own]
    shared = sum(sizes) - len(places)
    if median_of(np.array(sizes)) < 2 or shared > SHARED * min(sizes) or not all(map(is_even, own)):
        return False
    return shared > 0 or not is_even(places)
