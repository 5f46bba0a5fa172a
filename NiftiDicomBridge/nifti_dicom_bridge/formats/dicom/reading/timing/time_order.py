"""The order of the volumes of one image, and what attributes specify against it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import islice, pairwise
from typing import Any

import numpy as np

from .....model.listing import listed
from ..attributes.coordinates import INSTANCE_NUMBER, INSTANCES, TIMES, TimesOfFrames
from ..frames.frame_info import FrameInfo
from .times import Division

Frames = list[FrameInfo]
_STATES = [n for n, row in enumerate(TIMES) if not row.orders and row.name != "SOPInstanceUID"]
_IN_ORDER = sorted(range(len(TIMES)), key=lambda n: INSTANCES + 0.5 if TIMES[n].follows_instances else n)
_PHASE, _LABEL = (
    next(n for n, row in enumerate(TIMES) if row.name.startswith(name)) for name in ("phase number", "label type")
)
_UNORDERED = "no attribute orders all times (InstanceNumber (0020,0013) is missing or equal): their order is assumed"
_DIGITS = 4
"""Of seconds, milliseconds and numbers: closer values are equal."""


def in_order(division: Division) -> list[Frames]:
    """Return the volumes of a division from the first to the last time; notes of contradictions are added to it."""
    volumes = division.volumes
    if len(volumes) < 2:
        return volumes
    times = _times_of(volumes)
    ordering = [(n, values) for n in _ordering_rows(division) if (values := _values(volumes, times, n)) is not None]
    columns = [key for n, values in ordering for key in ((_labels(volumes), values) if n == _PHASE else (values,))]
    keys = list(zip(*columns, strict=True)) or [()] * len(volumes)
    weak = [_weak_key(volume) for volume in volumes]
    order = sorted(range(len(volumes)), key=lambda k: (*keys[k], *weak[k]))
    if len(set(keys)) < len(volumes) and _has_several_instances(volumes):  # frames of one object follow each other
        division.notes.append(_UNORDERED)
    division.notes += _disagreement(ordering, order)
    division.notes += _contradictions(division, times)
    return [volumes[k] for k in order]


def _disagreement(ordering: Sequence[tuple[int, list[Any]]], order: Sequence[int]) -> list[str]:
    """Return that an attribute orders the times differently from the one that is used, the first in which they differ."""
    varying = [(TIMES[n], values) for n, values in ordering if len(set(values)) > 1]
    for row, values in varying[1:]:
        used = varying[0][0]
        nests = used.is_nested and row.is_nested
        if not nests and not row.follows_instances and _goes_back([values[k] for k in order]):
            return [f"{used.name} and {row.name} order the times differently: {used.name} is used"]
    return []


def _contradictions(division: Division, times: TimesOfFrames) -> list[str]:
    """Return that a number of the time, as many of which as there are volumes, is not the same in each of them."""
    count = len(division.volumes)
    for n, row in enumerate(TIMES):
        stated = times.of(n) if row.counts_times and n not in division.rows else []
        if len(set(stated)) == count and None not in stated:
            remaining = iter(stated)
            if any(len(set(islice(remaining, len(volume)))) > 1 for volume in division.volumes):
                used = TIMES[division.rows[0]].name
                return [f"{used} and {row.name} divide the frames differently: {used} is used"]
    return []


def _labels(volumes: Sequence[Frames]) -> list[int]:
    """Return the number of the label (of arterial spin labeling) of each volume, in the order of their instances.

    All phases of one label are acquired before those of the next.
    """
    labels = [volume[0].times[_LABEL] if volume[0].times else None for volume in volumes]
    first = {
        label: min(volume[0].order for volume, own in zip(volumes, labels, strict=True) if own == label)
        for label in set(labels)
    }
    ranks = {label: n for n, label in enumerate(sorted(first, key=lambda label: first[label]))}
    return [ranks[label] for label in labels]


def _ordering_rows(division: Division) -> list[int]:
    """Return the rows that may order the volumes; InstanceNumber does not where it could not distinguish them."""
    counted = any(TIMES[n].complete for n in division.rows)
    return [
        n
        for n in _IN_ORDER
        if TIMES[n].orders and (n in division.rows or not (TIMES[n].complete or (counted and TIMES[n].name == INSTANCE_NUMBER)))
    ]


def _weak_key(volume: Frames) -> tuple[Any, ...]:
    """Return what orders volumes that no attribute orders: their states, then their instances."""
    states = [volume[0].times[n] for n in _STATES if volume[0].times is not None]
    return (
        *((state is not None, str(type(state)), _sortable(state)) for state in states),
        min(frame.order for frame in volume),
    )


def _sortable(state: Any) -> Any:
    return 0 if state is None else state


def _has_several_instances(volumes: Sequence[Frames]) -> bool:
    return len({frame.instance for volume in volumes for frame in volume}) > 1


def _goes_back(values: Sequence[Any]) -> bool:
    return any(later < earlier for earlier, later in pairwise(values))


def _times_of(volumes: Sequence[Frames]) -> TimesOfFrames:
    return TimesOfFrames([frame.times for volume in volumes for frame in volume])


def _values(volumes: Sequence[Frames], times: TimesOfFrames, n: int) -> list[Any] | None:
    """Return a value of one row for every volume; None where not all frames state it, or it does not order volumes."""
    first = volumes[0][0].times
    if first is None or first[n] is None or None in (of_frames := times.of(n)):
        return None
    remaining = iter(of_frames)
    stated = [list(islice(remaining, len(volume))) for volume in volumes]
    if all(len(set(values)) == 1 for values in stated):
        return [values[0] for values in stated]
    return _offsets(volumes, stated) if TIMES[n].runs else None


def _offsets(volumes: Sequence[Frames], stated: Sequence[Sequence[float]]) -> list[float]:
    """Return by how much the numbers of a volume are larger than those of the same slices in other volumes.

    Slices are those of the volume with most, by position: a slice that a volume lacks does not count.
    """
    at_slice: dict[int, list[float]] = defaultdict(list)
    slices = _slices(volumes)
    for numbers, values in zip(slices, stated, strict=True):
        for k, value in zip(numbers, values, strict=True):
            at_slice[k].append(value)
    middle = {k: _median(values) for k, values in at_slice.items()}
    offsets = [
        _median([value - middle[k] for k, value in zip(numbers, values, strict=True)])
        for numbers, values in zip(slices, stated, strict=True)
    ]
    return [round(offset, _DIGITS) for offset in offsets]


def _median(values: Sequence[float]) -> float:
    """Return what `numpy.median` does, which takes much longer for few values."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    return float(ordered[middle]) if len(ordered) % 2 else float((ordered[middle - 1] + ordered[middle]) / 2)


def _slices(volumes: Sequence[Frames]) -> list[list[int]]:
    """Return for every frame the slice of the largest volume that is nearest."""
    largest = max(volumes, key=len)
    normal = largest[0].plane.normal if largest[0].plane else np.zeros(3)
    places = np.array([frame.plane.position @ normal if frame.plane else 0.0 for frame in largest])
    planes = {id(frame.plane): frame.plane for volume in volumes for frame in volume}  # frames at one place share it
    nearest = {key: int(np.abs(places - (plane.position @ normal if plane else 0.0)).argmin()) for key, plane in planes.items()}
    return [[nearest[id(frame.plane)] for frame in volume] for volume in volumes]


def missing_times(volumes: Sequence[Frames], series: Frames) -> str:
    """Return which whole times are missing, by numbers that count them; empty where none is, or nothing counts them.

    Those that other images of the series have are not missing, as where every second one has the other phase encoding. Where
    they are few, one of several times differs by mistake.
    """
    times = _times_of(volumes)
    for n, row in enumerate(TIMES):
        numbers = _counted(volumes, times, n)
        if not numbers:
            continue
        own_gaps = set(range(_first_number(volumes, numbers), max(numbers))) - numbers
        if len(series) > sum(map(len, volumes)):
            numbers |= _numbers_of_others(volumes, series, n)
        gaps = own_gaps - numbers
        if 0 < len(gaps) <= len(volumes) // 2:
            return f"{len(gaps)} time(s) missing: no frame has {row.name} {listed(sorted(gaps))}"
        if 0 < len(own_gaps) <= len(volumes) // _FEW and not gaps:
            return (
                f"{row.name} {listed(sorted(own_gaps))} of the series is not in this image, but in one whose other attributes "
                "differ: the time axis has gaps"
            )
        if not gaps:
            return _missing_at_end(volumes, numbers, row.name)
    return ""


def _counted(volumes: Sequence[Frames], times: TimesOfFrames, n: int) -> set[int]:
    """Return the numbers by which a row counts the volumes; none where it counts something else."""
    name = TIMES[n].name
    if len(volumes) < 2 or name not in _COUNTING:
        return set()
    if name == INSTANCE_NUMBER and any(_has_several_instances([volume]) for volume in volumes):
        return set()
    values = _values(volumes, times, n)
    numbers = set(map(int, values or ()))
    is_one_each = values is not None and len(set(values)) == len(volumes)
    return numbers if is_one_each and max(numbers) - min(numbers) <= 2 * len(volumes) else set()


def _first_number(volumes: Sequence[Frames], numbers: set[int]) -> int:
    """Return the number with which counting begins: 1 where only the first time is missing."""
    return 1 if min(numbers) == 2 and not _has_first_instance(volumes) else min(numbers)


def _numbers_of_others(volumes: Sequence[Frames], series: Frames, n: int) -> set[int]:
    """Return the numbers of frames of other images of the series."""
    own = {frame.key for volume in volumes for frame in volume}
    others = {frame.times[n] for frame in series if frame.times and frame.key not in own}
    return {int(number) for number in others if number is not None}


def _has_first_instance(volumes: Sequence[Frames]) -> bool:
    """Whether an object of several is the first of the series by InstanceNumber, so that none before it is missing."""
    row = next(n for n, time in enumerate(TIMES) if time.name == INSTANCE_NUMBER)
    numbers = {frame.instance: frame.times[row] for volume in volumes for frame in volume if frame.times}
    return len(numbers) > 1 and 1 in numbers.values()


def _missing_at_end(volumes: Sequence[Frames], numbers: set[int], name: str) -> str:
    """Return how many times are missing after the last, by NumberOfTemporalPositions; empty where that is not stated."""
    promised = max((frame.time_count for volume in volumes for frame in volume), default=0)
    last = max(numbers)
    count = last + (0 in numbers)
    if not count < promised < 2 * count:
        return ""
    return f"{promised - count} time(s) missing: NumberOfTemporalPositions is {promised}, the last {name} {last}"


_FEW = 4
"""One of so many times is few."""
_COUNTING = frozenset({"TemporalPositionIndex", "TemporalPositionIdentifier", "AcquisitionNumber", "InstanceNumber"})
