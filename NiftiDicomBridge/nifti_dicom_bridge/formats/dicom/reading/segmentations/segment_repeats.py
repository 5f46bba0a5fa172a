"""Several frames of one segment at one place, without a time that distinguishes them: only equal ones can be one mask."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from .....errors import DicomReadError
from .....model.metadata import Instance
from ..attributes.coordinates import INSTANCE_NUMBER, TIMES
from ..frames.frame_info import FrameInfo
from ..pixel_data import decode
from ..timing.times import places_of

_TIMES = tuple(n for n, row in enumerate(TIMES) if row.of_attributes and row.name != INSTANCE_NUMBER)
"""Rows of `TIMES` that state a time of a frame; the others count."""


def repeats_of(frames: Sequence[FrameInfo]) -> list[list[FrameInfo]]:
    """Return the frames of each segment and place that has several; empty where these are times, or there are none.

    Times are stated, or each place of a segment has equally many frames, which are counted then.
    """
    places: dict[Any, list[list[FrameInfo]]] = defaultdict(list)
    for place in places_of(frames):
        by_segment: dict[Any, list[FrameInfo]] = defaultdict(list)
        for frame in place:
            by_segment[frame.kind].append(frame)
        for segment, own in by_segment.items():
            places[segment].append(own)
    repeats = [own for of_segment in places.values() for own in of_segment if len(own) > 1]
    are_counted = all(len({len(own) for own in of_segment}) == 1 for of_segment in places.values())
    are_stated = any(len({_stated_times(frame) for frame in own}) > 1 for own in repeats)
    return [] if are_counted or are_stated else repeats


def check_repeats(instances: Sequence[Instance], repeats: Sequence[Sequence[FrameInfo]], are_masks: bool) -> str:
    """Return that frames with equal masks count once.

    Raises
    ------
    DicomReadError
        If their pixels differ, or they are not masks of one segment.
    """
    masks = {n: decode.masks(instances[n], decode.pixel_format(instances[n])) for n in {f.instance for s in repeats for f in s}}
    for first, *others in repeats:
        for other in others:
            mine, theirs = (np.asarray(masks[frame.instance][frame.frame]) for frame in (first, other))
            if not are_masks or not np.array_equal(mine, theirs):
                raise DicomReadError(_contradiction(first, other))
    return f"{sum(map(len, repeats)) - len(repeats)} frame(s) repeat the mask of a segment at its place: they count once"


def _contradiction(first: FrameInfo, other: FrameInfo) -> str:
    segment = first.labels.get("segment")
    owner = f"segment {segment}" if segment else "one image"
    position = "\\".join(f"{x:g}" for x in first.plane.position) if first.plane else "unknown"
    return (
        f"frames {first.frame + 1} and {other.frame + 1} are both of {owner}, at one place (ImagePositionPatient (0020,0032) "
        f"{position}) without a time: which one is valid is unknown. Correct the segment numbers or positions in the program "
        "that wrote the object."
    )


def _stated_times(frame: FrameInfo) -> tuple[Any, ...]:
    return tuple(frame.times[n] for n in _TIMES) if frame.times else ()
