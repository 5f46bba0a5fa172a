"""Which frames of images the frames of a Segmentation were made from, by its header (PS3.3 C.7.6.16.2.6)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..Host import Database
from ..Host.DicomHeaders import UNREADABLE, data_set_of, header_of

Frame = tuple[str, int]
"""SOP Instance UID, and number of the frame from 0."""
TOTAL_ROWS = "0048,0007"


def is_tiled(path: str | Path) -> bool:
    """Whether the frames of an object are tiles of a slide, whose positions are on the slide."""
    return bool(Database.value_of(path, TOTAL_ROWS))


MOST_EMPTY = 64
"""Frames of a Segmentation that states that nothing was found: one for each segment."""


def is_without_voxels(path: str | Path, frames: int) -> bool:
    """Whether no frame of a Segmentation in a native transfer syntax has a voxel; large ones are not looked at."""
    if frames > MOST_EMPTY:
        return False
    try:
        pixels = data_set_of(path).get("PixelData")
        return pixels is not None and not pixels.strip(b"\0")
    except UNREADABLE:
        return False


def frame_sources(path: str | Path) -> list[Frame]:
    """Return which frame each frame of a Segmentation was made from; nothing where that is not specified for all of them."""
    wanted = "PerFrameFunctionalGroupsSequence"
    try:
        groups = header_of(path, wanted).get(wanted) or []
        sources = [_source_of(group) for group in groups]
    except UNREADABLE:
        return []
    known = [source for source in sources if source is not None]
    return known if len(known) == len(sources) else []


def _source_of(group: Any) -> Frame | None:
    """Return the only frame that a frame was made from; None where there are several, or none."""
    derivations = group.get("DerivationImageSequence") or []
    images = [image for derivation in derivations for image in derivation.get("SourceImageSequence") or []]
    number = images[0].get("ReferencedFrameNumber", 1) if len(images) == 1 else None
    return (str(images[0].get("ReferencedSOPInstanceUID", "")), int(number) - 1) if isinstance(number, int) else None
