"""Frames with a valid position and no valid orientation: a stack along the line that their positions are on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..frames.frame_info import FrameInfo
from ..frames.planes import BY_POSITION, assumed_plane

_UNKNOWN = (
    "positions (ImagePositionPatient (0020,0032)) without an orientation are not on a line, or other images of the series have "
    "one: the place is unknown"
)
_FROM_LINE = 0.01
"""How far positions may be from a line, as a part of its length."""


def with_orientations(frames: Sequence[FrameInfo]) -> list[FrameInfo]:
    """Return frames; those that have a position alone are along the line of all, or without a place if others have one."""
    lone = [frame for frame in frames if BY_POSITION in frame.notes]
    if not lone:
        return list(frames)
    are_placed = any(frame.plane is not None and not frame.is_assumed for frame in frames)
    positions = np.array([frame.plane.position for frame in lone if frame.plane is not None])
    places = None if are_placed else _places_on_line(positions)
    if places is None:
        return [without_lone_position(frame) for frame in frames]
    along = dict(zip((frame.key for frame in lone), places.tolist(), strict=True))
    return [_moved(frame, along[frame.key]) if BY_POSITION in frame.notes else frame for frame in frames]


def _places_on_line(positions: np.ndarray) -> np.ndarray | None:
    """Return the distances of positions, shape (frames, 3), along their line, mm; None where they are not on one."""
    away = positions - positions[0]
    farthest = away[int(np.linalg.norm(away, axis=1).argmax())]
    length = float(np.linalg.norm(farthest))
    if not length:
        return np.zeros(len(positions))
    direction = farthest / length * (1.0 if farthest[int(np.abs(farthest).argmax())] > 0 else -1.0)
    along: np.ndarray = away @ direction
    off = float(np.linalg.norm(away - along[:, None] * direction, axis=1).max())
    return along if off <= _FROM_LINE * length else None


def _moved(frame: FrameInfo, along_mm: float) -> FrameInfo:
    assert frame.plane is not None
    return replace(frame, plane=assumed_plane(along_mm, None, frame.plane.spacing))


def without_lone_position(frame: FrameInfo) -> FrameInfo:
    """Return a frame without a place if only its position is known."""
    if BY_POSITION not in frame.notes:
        return frame
    notes = tuple(_UNKNOWN if note == BY_POSITION else note for note in frame.notes)
    return replace(frame, plane=None, is_assumed=False, notes=notes)
