"""Frames of one orientation and spacing: only they can be slices of one volume."""

from __future__ import annotations

import numpy as np

from .....model.space.geometry import Plane
from ..frames.frame_info import FrameInfo
from ..frames.tolerances import SAME_DIRECTION, SAME_SPACING

Frames = list[FrameInfo]


def parallel_groups(frames: Frames, cosine: float = SAME_DIRECTION) -> list[Frames]:
    """Return frames that have a place in groups of one orientation and spacing."""
    groups: list[Frames] = []
    for frame in frames:
        for group in groups:
            if _parallel(group[0].plane, frame.plane, cosine):
                group.append(frame)
                break
        else:
            groups.append([frame])
    return groups


def _parallel(a: Plane | None, b: Plane | None, cosine: float) -> bool:
    assert a is not None
    assert b is not None
    if a.orientation is b.orientation and a.spacing == b.spacing:
        return True
    return bool(
        np.abs(a.orientation - b.orientation).max() <= cosine
        and np.abs(np.divide(a.spacing, b.spacing) - 1).max() <= SAME_SPACING
    )
