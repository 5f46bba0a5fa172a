"""Volumes of one image that are at slightly different places: prospective motion correction, TWIST, shifted b = 0."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..frames.frame_info import FrameInfo
from ..frames.tolerances import LARGEST_SHIFT, SEEN_SHIFT, same_place_mm

Frames = list[FrameInfo]


def move_between(a: Frames, b: Frames) -> float | None:
    """Return how far two volumes are apart, mm; None where they are not one image.

    They have the same number of slices, and every slice is nearest to that of its number in the other one, within a part of
    their extent. Where slices coincide with other ones, a volume lacks slices at its ends and did not move.
    """
    if len(a) != len(b):
        return None
    if a[0].kind[:2] == b[0].kind[:2] and all(one.plane is other.plane for one, other in zip(a, b, strict=True)):
        return 0.0
    first, second = _corners(a), _corners(b)
    if first is None or second is None:
        return 0.0
    apart = np.linalg.norm(first - second, axis=-1)
    largest = float(apart.max())
    near = same_place_mm(a[0].spacing_mm, a[0].step_mm)
    if largest <= near:
        return largest
    extent = max(float(np.linalg.norm(first[-1, 0] - first[0, 0])), float(np.linalg.norm(first[0, 0] - first[0, -1])))
    return None if largest > LARGEST_SHIFT * extent or _is_cut(first[:, 0], second[:, 0], near) else largest


def _is_cut(a: np.ndarray, b: np.ndarray, near: float) -> bool:
    """Whether most slices of a volume are at the places of other slices of the other one: both lack slices at their ends."""
    apart = np.linalg.norm(a[:, None] - b[None], axis=-1)
    elsewhere = apart.argmin(axis=1) != np.arange(len(a))
    return bool((elsewhere & (apart.min(axis=1) <= near)).sum() >= len(a) / 2)


def _corners(volume: Frames) -> np.ndarray | None:
    """Return the corners of all slices, shape (slices, 4, 3), LPS, mm; None where slices have no place."""
    planes = [frame.plane for frame in volume if frame.plane is not None]
    if len(planes) < len(volume):
        return None
    rows, columns = volume[0].kind[:2]
    positions = np.array([plane.position for plane in planes])
    orientations = np.array([plane.orientation for plane in planes])
    across = orientations[:, :3] * (planes[0].spacing[1] * columns)
    down = orientations[:, 3:] * (planes[0].spacing[0] * rows)
    return np.stack([positions, positions + across, positions + down, positions + across + down], axis=1)


def shift_note(volumes: Sequence[Frames]) -> list[str]:
    """Note how far volumes are off the first one; nothing if it is the rounding of decimal strings."""
    shifts = [move_between(volumes[0], volume) or 0.0 for volume in volumes[1:]]
    largest = max(shifts, default=0.0)
    first = volumes[0][0]
    if largest <= SEEN_SHIFT * min(*first.spacing_mm, first.step_mm, 1.0):
        return []
    time = shifts.index(largest) + 2
    return [
        f"volumes are up to {largest:.3g} mm off the first one (largest at time {time}), as after prospective motion "
        "correction: the grid is that of the first volume; the sidecar stores every true position"
    ]
