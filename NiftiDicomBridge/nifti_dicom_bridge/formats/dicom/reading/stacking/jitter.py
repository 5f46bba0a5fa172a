"""Numbers that distinguish images, less the last digits in which frames of one image differ."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from ..frames.frame_info import FrameInfo
from ..frames.tolerances import SAME_NUMBER, SAME_NUMBER_OF_SLICES

UNITS = {"echo": "ms", "TR": "ms", "TI": "ms", "flip": "°"}
"""Labels that are measured numbers, and their units."""


def without_jitter(frames: Sequence[FrameInfo]) -> list[FrameInfo]:
    """Return frames whose labels are equal where they differ by rounding only; what was made equal is noted.

    A difference of a thousandth never distinguishes images, one of a hundredth does so where both occur at one place: scanners
    repeat such a number from slice to slice with other last digits.
    """
    result = list(frames)
    for name, unit in UNITS.items():
        groups = _groups(result, name)
        if len(groups) < 2:
            continue
        result = _merged(result, groups, name, unit)
    return result


def _groups(frames: Sequence[FrameInfo], name: str) -> dict[float, list[FrameInfo]]:
    groups: dict[float, list[FrameInfo]] = defaultdict(list)
    for frame in frames:
        if name in frame.labels:
            groups[frame.labels[name]].append(frame)
    return dict(sorted(groups.items()))


def _merged(frames: list[FrameInfo], groups: dict[float, list[FrameInfo]], name: str, unit: str) -> list[FrameInfo]:
    sets = [[next(iter(groups))]]
    for smaller, larger in pairwise(groups):
        if _is_jitter(smaller, larger, groups, name):
            sets[-1].append(larger)
        else:
            sets.append([larger])
    usual = {value: Counter({v: len(groups[v]) for v in values}).most_common(1)[0][0] for values in sets for value in values}
    notes = {
        value: f"{name} varies from {values[0]:g} to {values[-1]:g} {unit} within the image"
        for values in sets
        for value in values
        if len(values) > 1
    }
    return [_with_label(frame, name, usual, notes) if frame.labels.get(name) in notes else frame for frame in frames]


def _is_jitter(smaller: float, larger: float, groups: dict[float, list[FrameInfo]], name: str) -> bool:
    difference = larger - smaller
    if difference <= SAME_NUMBER * abs(larger):
        return True
    if difference > SAME_NUMBER_OF_SLICES * abs(larger):
        return False
    places = [{_place(frame, name) for frame in groups[value]} for value in (smaller, larger)]
    return not places[0] & places[1]


def _place(frame: FrameInfo, name: str) -> tuple[Any, ...]:
    """Return where a frame is, and what else distinguishes its image from others."""
    place = () if frame.plane is None else (*frame.plane.position.round(3), *frame.plane.orientation.round(3))
    return (*place, *((key, value) for key, value in frame.labels.items() if key not in (name, "echonumber")))


def _with_label(frame: FrameInfo, name: str, usual: dict[float, float], notes: dict[float, str]) -> FrameInfo:
    value = frame.labels[name]
    kind = tuple((name, usual[value]) if part == (name, value) else part for part in frame.kind)
    return replace(
        frame, kind=kind, labels={**frame.labels, name: usual[value]}, notes=tuple(dict.fromkeys([*frame.notes, notes[value]]))
    )
