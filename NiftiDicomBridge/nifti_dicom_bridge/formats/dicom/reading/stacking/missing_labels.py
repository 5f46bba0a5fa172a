"""Frames that lack an attribute which distinguishes the images of a series, and slices that only such an attribute sets apart.

A file that lost its EchoTime or its ConvolutionKernel does not become an image of its own, if its place or time is one that an
image with all its other attributes lacks.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from .....model.voxels.median import median_of
from .....standard.dictionary import describe
from .....standard.tags import Tag
from ..attributes.coordinates import TIMES
from ..frames.frame_info import FrameInfo
from ..frames.tolerances import SAME_DIRECTION, SAME_STEP
from ..timing.times import distances, is_even, places_of

Frames = list[FrameInfo]
_Slices = list[tuple[int, Any]]
"""Numbers of places, and times."""
MEASURED = {
    "echo": Tag.ECHO_TIME,
    "echonumber": Tag.ECHO_NUMBERS,
    "TR": Tag.REPETITION_TIME,
    "flip": Tag.FLIP_ANGLE,
    "TI": Tag.INVERSION_TIME,
    "kernel": Tag.CONVOLUTION_KERNEL,
    "units": Tag.UNITS,
}
"""Labels whose attribute has a value in every object of an image, and that attribute."""
_MEASURED_WORD = re.compile(r"(flip)?[\d.e+-]+(mm|kV)?")
_OF_WORD = {"mm": Tag.SLICE_THICKNESS, "kV": Tag.KVP, "flip": Tag.FLIP_ANGLE}
"""Unit or beginning of words of such attributes (`frame_attributes.other_words`), and the attribute."""
_MAY_BE_MISSING = frozenset({"TI"})
"""Labels that images without the attribute may lack for a reason: there was no inversion."""
_NEVER_ASSUMED = frozenset({"units"})
"""Labels that specify what values mean: slices without the attribute may have other values than those next to them."""
MOST_KINDS = 64
"""Kinds of images in a series of which each is compared with each other."""


class _Kind(NamedTuple):
    """Frames of one kind, and what distinguishes the kind: measured labels, and everything else."""

    frames: Frames
    measured: Mapping[str, Any]
    rest: tuple[Any, ...]
    positions: frozenset[tuple[float, ...]]
    """ImagePositionPatient of frames that have one: many kinds have the very same, which is cheap to see."""


def with_missing_labels(frames: Sequence[FrameInfo]) -> list[FrameInfo]:
    """Return frames of which those without a measured label have that of the image whose slices they complete, with a note."""
    kinds = _kinds(frames)
    if len({frozenset(kind.measured) for kind in kinds}) < 2:
        return list(frames)
    result = {frame.key: frame for frame in frames}
    for kind in kinds:
        fuller = [other for other in kinds if _is_fuller(other, kind)]
        completed = [other for other in fuller if _is_completed(other, kind)]
        names = {name for other in completed or fuller for name in other.measured.keys() - kind.measured.keys()}
        if not (names if completed else names - _MAY_BE_MISSING):
            continue
        lacking = f"{', '.join(describe(MEASURED[name]) for name in sorted(names))} missing in {len(kind.frames)} image(s)"
        if len(completed) == 1:
            note = f"{lacking}: taken for the value of the others, which they complete"
            first = completed[0].frames[0]
            made = {
                one.key: replace(one, labels=first.labels, kind=first.kind, notes=(*one.notes, note)) for one in kind.frames
            }
        else:
            note = f"{lacking}, unlike others of the series: they are separate images"
            made = {one.key: replace(one, notes=(*one.notes, note)) for one in kind.frames}
        result |= made
    return list(result.values())


def notes_of_complements(groups: Sequence[Frames]) -> list[list[str]]:
    """Return for each group of frames of one kind that it would make an even stack with another, but for a measured label
    or its component.
    """
    notes: list[list[str]] = [[] for _ in groups]
    kinds = [_kinds(group)[0] for group in groups] if len(groups) <= MOST_KINDS else []
    for (n, kind), (m, other) in combinations(enumerate(kinds), 2):
        names = [name for name in MEASURED if kind.measured.get(name) != other.measured.get(name)]
        differences = [describe(MEASURED[name]) for name in names]
        if kind.rest != other.rest:
            if _without_component(kind) != _without_component(other):
                continue
            differences.append("their component (magnitude, phase, real or imaginary)")
        if differences and _are_one_stack(kind, other):
            words = " and ".join(differences)
            note = f"the slices are in two images, which make one even stack together, as they differ in {words}"
            notes[n].append(note)
            notes[m].append(note)
    return notes


def _without_component(kind: _Kind) -> tuple[Any, ...]:
    return tuple(part for part in kind.rest if not (isinstance(part, tuple) and part[:1] == ("component",)))


def with_missing_words(frames: list[FrameInfo]) -> list[FrameInfo]:
    """Return frames of which those that only lack a measured word of their image type have that of the others, with a note.

    Frames at the same places that nothing sets apart as times are images of their own, such as those of all energies.
    """
    groups: dict[tuple[str, ...], Frames] = defaultdict(list)
    for frame in frames:
        groups[frame.words].append(frame)
    counts = {words: len(group) for words, group in groups.items()}
    added = {words: fuller for words in groups if (fuller := _missing_words(words, counts))}
    added = {words: fuller for words, fuller in added.items() if _are_other_times(groups[words], groups[fuller])}
    return [_with_words(frame, added[frame.words], counts[frame.words]) if frame.words in added else frame for frame in frames]


def _missing_words(words: tuple[str, ...], counts: Mapping[tuple[str, ...], int]) -> tuple[str, ...]:
    """Return the only words that have these, and measured ones besides; empty where none or several do."""
    fuller = [other for other in counts if set(words) != set(other) and _only_lack_measured(words, other)]
    return fuller[0] if len(fuller) == 1 else ()


def _are_other_times(few: Sequence[FrameInfo], many: Sequence[FrameInfo]) -> bool:
    """Whether frames state other times than others, or are at other places: else they are other images of the same slices."""
    if _are_apart(few, many):
        return True
    for n, row in enumerate(TIMES):
        if row.moves and row.of_attributes and not row.runs and not row.separates:
            own, others = ({frame.times[n] if frame.times else None for frame in frames} for frames in (few, many))
            if None not in own | others and own.isdisjoint(others):
                return True
    return False


def _with_words(frame: FrameInfo, words: tuple[str, ...], count: int) -> FrameInfo:
    added = sorted(set(words) - set(frame.words))
    names = " and ".join(describe(tag) for word in added if (tag := _attribute_of(word)))
    note = f"{names} missing in {count} image(s): taken for the value of the others of the series, {', '.join(added)}"
    return replace(frame, words=words, notes=(*frame.notes, note))


def _only_lack_measured(words: tuple[str, ...], others: tuple[str, ...]) -> bool:
    """Whether words are all of others, but for measured ones."""
    return set(words) <= set(others) and all(map(_attribute_of, set(others) - set(words)))


def _attribute_of(word: str) -> int:
    """Return the attribute whose measured value a word is; 0 for other words."""
    match = _MEASURED_WORD.fullmatch(word)
    return _OF_WORD.get(match[1] or match[2] or "", 0) if match else 0


def _kinds(frames: Sequence[FrameInfo]) -> list[_Kind]:
    groups: dict[tuple[Any, ...], Frames] = defaultdict(list)
    for frame in frames:
        groups[frame.kind].append(frame)
    kinds = []
    for kind, group in groups.items():
        measured = {name: value for name, value in group[0].labels.items() if name in MEASURED}
        rest = tuple(part for part in kind if part not in measured.items())
        positions = frozenset(tuple(frame.plane.position.tolist()) for frame in group if frame.plane is not None)
        kinds.append(_Kind(group, measured, rest, positions))
    return kinds


def _is_fuller(one: _Kind, other: _Kind) -> bool:
    """Whether a kind has all that another has, further measured labels, and the image types, which maps do not have."""
    if one.rest != other.rest or not other.measured.items() < one.measured.items():
        return False
    full, fewer = ({frame.words for frame in kind.frames} for kind in (one, other))
    return all(any(_only_lack_measured(words, more) for more in full) for words in fewer)


def _is_completed(one: _Kind, other: _Kind) -> bool:
    """Whether a kind is an image whose missing slices or times are those of another, which lacks nothing that may not be
    assumed.
    """
    lacking = one.measured.keys() - other.measured.keys()
    return lacking.isdisjoint(_NEVER_ASSUMED) and (
        _completes(other.frames, one.frames) or _completes_times(other.frames, one.frames)
    )


def _completes(few: Frames, many: Frames) -> bool:
    """Whether frames are where slices are missing in a stack of others, and nowhere between its slices."""
    if not _are_apart(few, many):
        return False
    own, both = places_of(many), places_of([*few, *many])
    if len(own) < 2 or is_even(both):
        return len(own) > 1
    steps = _steps(both) / median_of(_steps(own))
    return bool(np.abs(steps - np.rint(steps)).max() <= SAME_STEP and np.rint(steps).min() >= 1)


def _completes_times(few: Frames, many: Frames) -> bool:
    """Whether frames are slices that times of others lack, or whole times between these."""
    if any(frame.plane is None or frame.times is None for frame in (*few, *many)) or not _are_parallel(few[0], many[0]):
        return False
    place_of = {frame.key: n for n, place in enumerate(places_of([*few, *many])) for frame in place}
    for n, row in enumerate(TIMES):
        if row.moves and row.of_attributes and not row.separates:
            own, others = ([(place_of[frame.key], frame.times[n]) for frame in frames if frame.times] for frames in (few, many))
            if _fill_gaps(own, others) or (row.orders and not row.runs and _are_times_between(own, others)):
                return True
    return False


def _fill_gaps(few: _Slices, many: _Slices) -> bool:
    """Whether each slice is of a time that others have, too, at a place that others have at other times."""
    places, times = map(set, zip(*many, strict=True))
    return (
        None not in times
        and len({*few, *many}) == len(few) + len(many)
        and all(place in places and time in times for place, time in few)
    )


def _are_times_between(few: _Slices, many: _Slices) -> bool:
    """Whether slices are whole volumes whose times are all those that the numbers of others lack."""
    places, times = map(set, zip(*many, strict=True))
    own = {time for _, time in few}
    if None in own | times or not own.isdisjoint(times) or {*few} != {(place, time) for place in places for time in own}:
        return False
    first, last = min(times), max(times)
    return len(few) == len({*few}) and own | times == {first + n for n in range(round(last - first) + 1)}


def _steps(places: Sequence[Frames]) -> np.ndarray:
    """Return the distances of neighboring places, mm, shape (places - 1,)."""
    return np.diff(distances([place[0] for place in places]))


def _are_apart(few: Sequence[FrameInfo], many: Sequence[FrameInfo]) -> bool:
    """Whether frames are parallel to others, and at none of their places."""
    if not {id(frame.plane) for frame in few}.isdisjoint(id(frame.plane) for frame in many):
        return False  # frames at one place often share their plane
    if any(frame.plane is None for frame in (*few, *many)) or not _are_parallel(few[0], many[0]):
        return False
    both = places_of([*few, *many])
    keys = {frame.key for frame in few}
    return all(len({frame.key in keys for frame in place}) == 1 for place in both)


def _are_one_stack(one: _Kind, other: _Kind) -> bool:
    """Whether frames at different places are evenly spaced together."""
    frames = [*one.frames, *other.frames]
    if len(frames) < 3 or not one.positions.isdisjoint(other.positions) or not _are_apart(one.frames, other.frames):
        return False
    both = places_of(frames)
    return len(both) == len(frames) and is_even(both)


def _are_parallel(one: FrameInfo, other: FrameInfo) -> bool:
    assert one.plane is not None
    assert other.plane is not None
    return one.plane.spacing == other.plane.spacing and bool(
        np.abs(one.plane.orientation - other.plane.orientation).max() <= SAME_DIRECTION
    )
