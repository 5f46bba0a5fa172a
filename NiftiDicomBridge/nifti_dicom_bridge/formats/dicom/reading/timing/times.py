"""Frames of one image → its volumes, one per time: by what the frames state, never by counting them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from .....model.listing import listed
from .....model.voxels.median import median_of
from ..attributes.coordinates import INSTANCE_NUMBER, INSTANCES, TIMES, Time, TimesOfFrames
from ..frames.frame_info import FrameInfo
from ..frames.tolerances import OVERLAP, SAME_STEP, WHOLE, same_place_mm
from ..stacking.interleaved import FEWEST, interleaved_stacks
from .midnight import complete_days
from .running_numbers import times_by_rank, times_of_places, without_drift
from .shifted_stacks import doubt_of_distance, stacks_stated
from .stray_texts import without_strays

Frames = list[FrameInfo]
_ASSUMED = (
    "files are missing, and {} fits two times for slices that lack one: the time that neighboring slices suggest is assumed; "
    "slices of two times may be mixed"
)
_FEWEST_IN_PASS = 4
"""Fewer slices that are interleaved look like passes of which the first begins within a volume."""
_INTERLEAVED = (
    "the slices are {} evenly spaced stacks by the order of InstanceNumber (0020,0013), and unevenly spaced together: each "
    "stack is a volume"
)
_OF_TWO_TIMES = "each slice is there once, but they have {} values of {}, which counts times: they may be of different times"
_REPEATED = (
    "slice(s) {} occur more than once, and no attribute distinguishes them: the first by InstanceNumber (0020,0013) is in the "
    "image, the others are images of their own"
)


@dataclass
class Division:
    """The volumes of one image, in any order, and how they were distinguished.

    Attributes
    ----------
    volumes : list of list of FrameInfo
        Each in order of its places.
    rows : list of int
        Rows of `TIMES` that distinguish them, the most trusted first.
    notes : list of str
        What to know of it.
    notes_on_values : list of str
        What to know of values that were changed in the frames, also where these are divided again.
    is_guessed : bool
        Nothing distinguishes them, so that they may contain frames of each other.
    """

    volumes: list[Frames] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    notes_on_values: list[str] = field(default_factory=list)
    is_guessed: bool = False


def places_of(frames: Sequence[FrameInfo]) -> list[Frames]:
    """Return frames by position along the normal; those of one place in the order of their instances."""
    along = distances(frames)
    order = np.argsort(along, kind="stable")
    nearest = same_place_mm(frames[0].spacing_mm, frames[0].step_mm)
    places: list[Frames] = []
    last = -np.inf
    for n in order.tolist():
        if along[n] - last > nearest:
            places.append([])
            last = along[n]
        places[-1].append(frames[n])
    return [sorted(place, key=lambda frame: frame.order) for place in places]


def distances(frames: Sequence[FrameInfo]) -> np.ndarray:
    """Return positions along the normal of the first frame, mm; zero for frames without a place."""
    normal = frames[0].plane.normal if frames[0].plane else np.zeros(3)
    planes = {id(frame.plane): frame.plane for frame in frames}  # frames at one place often share their plane
    along = {key: float(plane.position @ normal) if plane else 0.0 for key, plane in planes.items()}
    return np.array([along[id(frame.plane)] for frame in frames])


def divide(frames: Sequence[FrameInfo]) -> Division:
    """Return the volumes that parallel frames of one image make."""
    division = Division(notes_on_values=complete_days(frames))
    _divide(list(frames), 0, division)
    division.notes = list(dict.fromkeys([*division.notes_on_values, *division.notes]))
    return division


def _divide(frames: Frames, row: int, division: Division) -> None:
    places = places_of(frames)
    if all(len(place) == 1 for place in places) and (is_even(places) or row == len(TIMES)):
        division.notes += _doubt_of_times(frames, row)
        _add_stacks([place[0] for place in places], row, division)
        return
    for n, is_certain, parts in _possible_parts(places, row, division.notes_on_values):
        if len(parts) > 1:
            division.rows.append(n)
            if not is_certain:
                division.notes.append(_ASSUMED.format(TIMES[n].name))
            if TIMES[n].complete or (TIMES[n].name == INSTANCE_NUMBER and len(places) > 1):
                division.notes.append(f"No attribute specifies the time of each frame: {TIMES[n].name} distinguishes them")
            for part in parts:
                _divide(part, n + 1, division)
            return
    if any(len(place) > 1 for place in places):
        _divide_by_count(places, division)
    else:
        division.notes += _doubt_of_times(frames, row)
        _divide_by_runs([place[0] for place in places], division)


def _doubt_of_times(frames: Frames, row: int) -> list[str]:
    """Return that slices of one volume state several times, where the object states that there are several."""
    for n in range(row, len(TIMES)):
        if not TIMES[n].counts_times or not frames[0].times or frames[0].time_count < 2:
            continue
        values = {frame.times[n] for frame in frames if frame.times} - {None}
        if 1 < len(values) <= min(frames[0].time_count, len(frames) // 2):
            return [_OF_TWO_TIMES.format(len(values), TIMES[n].name)]
    return []


def _divide_by_runs(frames: Frames, division: Division) -> None:
    """Add the stacks that are located between each other as volumes, and one volume where there are none."""
    runs = interleaved_stacks(frames, distances(frames))
    if runs:
        division.notes.append(_INTERLEAVED.format(len(runs)))
    division.volumes += [[place[0] for place in places_of(run)] for run in runs] or [frames]


def _add_stacks(frames: Frames, row: int, division: Division) -> None:
    """Add the volume of evenly spaced slices, or those of several stacks that moved by a part of their slice distance."""
    along = distances(frames)
    stacks = stacks_stated(frames, along, row)
    if stacks is None:
        division.notes += doubt_of_distance(frames, along)
        division.volumes.append(frames)
        return
    n, volumes = stacks
    division.rows.append(n)
    division.volumes += volumes
    division.notes.append(f"slices of {len(volumes)} volumes are between each other: {TIMES[n].name} distinguishes them")


def _possible_parts(places: Sequence[Frames], start: int, notes: list[str]) -> Iterator[tuple[int, bool, list[Frames]]]:
    """Yield the number of a row, whether it leaves no choice, and the parts that it gives; those that leave one at last.

    What is to be known of values that are changed for it is added to `notes`.
    """
    frames = [frame for place in places for frame in place]
    times = TimesOfFrames([frame.times for frame in frames])
    for is_certain in (True, False):
        for n in range(start, len(TIMES)):
            if is_certain or TIMES[n].runs:
                values = _values_of(frames, times.of(n), TIMES[n])
                if values and TIMES[n].separates:
                    values = without_strays(places, values, n, notes)
                yield n, is_certain, _parts(places, values, TIMES[n], is_certain) if values else []


def is_even(places: Sequence[Frames]) -> bool:
    """Whether places are evenly spaced, up to jitter: several volumes side by side are not."""
    steps = np.diff(distances([place[0] for place in places]))
    return len(steps) < 2 or bool(np.abs(steps - median_of(steps)).max() <= SAME_STEP * median_of(steps))


def _values_of(frames: Frames, stated: Sequence[Any], row: Time) -> dict[tuple[int, int], Any]:
    """Return what frames state in a row, by their keys; nothing if it cannot distinguish them, as some state nothing."""
    missing = stated.count(None)
    if missing == len(frames) or (missing and row.orders):
        return {}
    return {frame.key: value for frame, value in zip(frames, stated, strict=True)}


def _parts(places: Sequence[Frames], values: dict[tuple[int, int], Any], row: Time, is_certain: bool) -> list[Frames]:
    """Return frames by what they state in one row, less than two parts where that does not make volumes.

    Where they must be certain, a running number that leaves a choice makes no volumes, either.
    """
    parts: dict[Any, Frames] = defaultdict(list)
    for place in places:
        for frame in place:
            parts[values[frame.key]].append(frame)
    if len(parts) < 2 or (row.may_change and any(map(_is_repeated, parts.values()))):
        return []
    sizes = [len(part) for part in parts.values()]
    if row.is_of_sets and min(sizes) < WHOLE * max(sizes):
        return []
    whole = _without_drift(parts, places, row)
    if _are_volumes(whole, places, row):
        return whole
    if not row.runs or all(len(place) == 1 for place in places):
        return []
    passes = _passes(places, values) if row.name == INSTANCE_NUMBER else []
    return passes or _running_parts(places, values, row, is_certain)


def _passes(places: Sequence[Frames], values: Mapping[tuple[int, int], Any]) -> list[Frames]:
    """Return the volumes that InstanceNumber goes through place by place, each time from one end to the other.

    The first and the last may be parts of volumes. Nothing where it does not count so, as where it counts times at each place.
    """
    place_of = {frame.key: k for k, place in enumerate(places) for frame in place}
    ordered = sorted((frame for place in places for frame in place), key=lambda frame: values[frame.key])
    visited = [place_of[frame.key] for frame in ordered]
    steps = np.diff(visited)
    if 0 in steps or (len(places) < _FEWEST_IN_PASS and _are_rounds(visited, len(places))):
        return []  # all times at one place after the other, or a few slices in another order
    ascends = int((steps > 0).sum()) > int((steps < 0).sum())
    ends = [0, *(np.flatnonzero((steps <= 0) if ascends else (steps >= 0)) + 1).tolist(), len(ordered)]
    passes = [ordered[start:end] for start, end in pairwise(ends)]
    if len(passes) == 2 and _are_repeated(places) and max(map(len, passes)) == len(places):
        return []  # slices that were acquired again
    are_whole = max(map(len, passes)) > WHOLE * len(places) and all(len(one) > OVERLAP * len(places) for one in passes[1:-1])
    return passes if len(passes) > 1 and are_whole else []


def _are_rounds(visited: Sequence[int], count: int) -> bool:
    """Whether places are visited in rounds, from the first frame to the last, that have each of them once."""
    return all(len(set(visited[start : start + count])) == count for start in range(0, len(visited), count))


def _is_repeated(part: Frames) -> bool:
    """Whether several frames of a part are at one place."""
    return any(len(place) > 1 for place in places_of(part))


def _without_drift(parts: Mapping[Any, Frames], places: Sequence[Frames], row: Time) -> list[Frames]:
    """Return parts by time; those between which only the clock went on within a volume are one."""
    if not row.runs or row.complete or row.name == INSTANCE_NUMBER:
        return list(parts.values())
    place_of = {frame.key: k for k, place in enumerate(places) for frame in place}
    joined = without_drift(parts, {value: {place_of[frame.key] for frame in part} for value, part in parts.items()})
    return joined if len(joined) == max(map(len, places)) else list(parts.values())


def _are_volumes(parts: Sequence[Frames], places: Sequence[Frames], row: Time) -> bool:
    """Whether most parts cover most places, as volumes do, and slices of one volume do not."""
    own = [places_of(part) for part in parts]
    repeated = any(len(place) > 1 for place in places)
    if repeated and (median_of([len(part) for part in own]) > OVERLAP * len(places) or _is_one_whole(own, places, row)):
        return True
    if (row.counts_times or (repeated and row.moves and row.orders)) and _are_moved_stacks(own, places):
        return True
    return row.moves and not is_even(places) and _cover_the_same(own, places, row)


def _cover_the_same(own: Sequence[list[Frames]], places: Sequence[Frames], row: Time) -> bool:
    """Whether parts of places that are not evenly spaced are similar stacks of about the whole extent, evenly spaced."""
    sizes = [len(part) for part in own]
    if min(sizes) < (FEWEST if row.separates else 2):
        return False
    whole = np.ptp(distances([frame for place in places for frame in place]))
    covered = [np.ptp(distances([place[0] for place in part])) / whole for part in own]
    are_even = (all if row.separates else any)(map(is_even, own))
    return bool(median_of(covered) > OVERLAP and max(sizes) <= 2 * median_of(sizes) and are_even)


def _is_one_whole(own: Sequence[list[Frames]], places: Sequence[Frames], row: Time) -> bool:
    """Whether what frames state of their time, in no running number, gives a volume that covers most places, and parts of
    others.

    A short series that begins and ends within a volume has most of its volumes in parts.
    """
    return (
        row.of_attributes
        and row.orders
        and not row.runs
        and max(map(len, own)) > OVERLAP * len(places)
        and all(len(place) == 1 for part in own for place in part)
    )


def _are_moved_stacks(own: Sequence[list[Frames]], places: Sequence[Frames]) -> bool:
    """Whether parts are stacks with about the slice distance that the object specifies, and all slices together are not.

    This distinguishes volumes that moved by half a slice between times from every second slice of one volume.
    """
    sizes = [len(part) for part in own]
    whole = [part for part in own if len(part) == max(sizes) and is_even(part)]
    if max(sizes) < 2 or 2 * len(whole) < len(own):
        return False
    stated, one = places[0][0].step_mm, _step(whole[0])
    covered = max(sizes) * one / max(float(np.ptp(distances([place[0] for place in places]))), one)
    return covered > OVERLAP and abs(one - stated) < abs(_step(places) - stated)


def _step(places: Sequence[Frames]) -> float:
    return float(median_of(np.diff(distances([place[0] for place in places]))))


def _running_parts(places: Sequence[Frames], values: dict[tuple[int, int], Any], row: Time, is_certain: bool) -> list[Frames]:
    ordered = [sorted(place, key=lambda frame: values[frame.key]) for place in places]
    numbers = [[values[frame.key] for frame in place] for place in ordered]
    divided = times_by_rank(numbers) if row.complete else times_of_places(numbers, row.name == INSTANCE_NUMBER, is_certain)
    if divided is None:
        return []
    parts: dict[int, Frames] = defaultdict(list)
    for place, times in zip(ordered, divided, strict=True):
        for frame, time in zip(place, times, strict=True):
            parts[time].append(frame)
    is_whole = max(map(len, parts.values())) == len(places)
    if _are_repeated(places) and not (is_whole and (is_certain or row.name != INSTANCE_NUMBER)):
        return []
    return [parts[time] for time in sorted(parts)]


def _are_repeated(places: Sequence[Frames]) -> bool:
    """Whether most places have one frame, so that others are slices that were repeated, rather than further times."""
    return 2 * sum(len(place) > 1 for place in places) < len(places)


def _are_numbered(place: Frames) -> bool:
    """Whether each frame at a place has an InstanceNumber of its own."""
    numbers = {frame.times[INSTANCES] if frame.times else None for frame in place}
    return len(numbers) == len(place) and None not in numbers


def _divide_by_count(places: Sequence[Frames], division: Division) -> None:
    """Add volumes of frames that state nothing, by the order of their instances: a guess where there are several places.

    Of slices that were repeated, the first is in the volume.
    """
    several = [(n, place) for n, place in enumerate(places, 1) if len(place) > 1]
    is_ordered = all(_are_numbered(place) for _, place in several)
    if len(places) > 1 and _are_repeated(places) and is_ordered:
        division.notes.append(_REPEATED.format(listed((n for n, _ in several), 8)))
    else:
        division.is_guessed |= len(places) > 1
    for time in range(max(map(len, places))):
        division.volumes.append([place[time] for place in places if len(place) > time])
