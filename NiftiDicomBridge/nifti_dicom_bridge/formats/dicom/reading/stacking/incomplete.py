"""Volumes of an image that are complete, and which slices others lack."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .....model.voxels.median import median_of
from ..frames.frame_info import FrameInfo
from .moved_volumes import move_between

Frames = list[FrameInfo]


def main_volumes(volumes: Sequence[Frames]) -> list[Frames]:
    """Return the volumes that make one image: all with as many slices as most have, at places that are the same or moved."""
    groups: list[list[Frames]] = []
    for volume in volumes:
        for group in groups:
            if move_between(group[0], volume) is not None:
                group.append(volume)
                break
        else:
            groups.append([volume])
    return max(groups, key=lambda group: (len(group[0]) * (1 if len(group) > 1 else 0.5), len(group)))


def what_it_lacks(volume: Frames, whole: Frames, number: int) -> str:
    """Return which slices a volume lacks, or that they are elsewhere."""
    if len(volume) >= len(whole):
        return f"the slices of time {number} are at other positions than those of the others: it is kept as a volume of its own"
    missing = _missing_slices(volume, whole)
    words = f"slice(s) {', '.join(map(str, missing[:8]))}{', …' if len(missing) > 8 else ''} of {len(whole)}"
    is_part = len(missing) == len(whole) - len(volume)  # else it has slices that the whole one lacks
    lacks = f"lacks {words}" if is_part else f"has {len(volume)} slices, the others {len(whole)}, or other positions"
    return (
        f"only {len(volume)} of {len(whole)} slices were found for time {number}: it {lacks}; it is kept as a volume of its own"
    )


def _missing_slices(volume: Frames, whole: Frames) -> list[int]:
    """Return the slices, counted from 1, of which a volume has none within half a slice distance."""
    planes = [frame.plane for frame in whole if frame.plane is not None]
    own = np.array([frame.plane.position @ planes[0].normal for frame in volume if frame.plane is not None])
    along = np.array([plane.distance for plane in planes])
    step = median_of(np.diff(along)) if len(along) > 1 else whole[0].step_mm
    return [n for n, place in enumerate(along, 1) if np.abs(own - place).min() > step / 2]
