"""Frames of reference and positions that scanners or anonymizers left contradictory or incomplete."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .....standard.dictionary import describe
from .....standard.tags import Tag
from ..frames.frame_info import FrameInfo

SPACE = "space"
FEWEST = 3
"""Objects of which each has a frame of reference of its own, for that to mean nothing."""


def with_common_space(frames: Sequence[FrameInfo]) -> list[FrameInfo]:
    """Return frames without the frames of reference that do not distinguish images, and a note where that is so.

    They do not where every object has one of its own, or where some lack it and all others have the same: a series is in one
    frame of reference at most (PS3.3 figure A.1-1).
    """
    placed = [frame for frame in frames if frame.plane is not None]
    spaces = {frame.labels.get(SPACE) for frame in placed}
    instances = {frame.instance for frame in placed}
    is_missing = len(spaces) == 2 and None in spaces
    if not is_missing and (len(spaces) < FEWEST or len(spaces) != len(instances) or None in spaces):
        return list(frames)
    name = describe(Tag.FRAME_OF_REFERENCE_UID)
    note = (
        f"{name} is missing in some files: it is taken for that of the others"
        if is_missing
        else f"{name} is another one in each of the {len(instances)} files: it is ignored, so that they make one image"
    )
    return [_without_space(frame, note) for frame in frames]


def _without_space(frame: FrameInfo, note: str) -> FrameInfo:
    labels = {name: value for name, value in frame.labels.items() if name != SPACE}
    kind = tuple(part for part in frame.kind if not (isinstance(part, tuple) and part[0] == SPACE))
    return replace(frame, labels=labels, kind=kind, notes=(*frame.notes, note))
