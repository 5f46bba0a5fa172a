"""Which time a frame belongs to, by a number that also runs from slice to slice: TriggerTime, AcquisitionTime, InstanceNumber.

At every place such a number grows by one period from time to time; a file that is missing leaves a gap of two. Where it is the
first of its place that is missing, the numbers of other places show it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import TypeVar

import numpy as np

from .....model.voxels.median import median_of
from ..frames.tolerances import SAME_PERIOD

T = TypeVar("T")
DRIFT = 0.1
"""Moments of one volume are closer than this part of the usual distance of moments."""


def times_of_places(
    values: Sequence[Sequence[float]], counts_from_one: bool, is_certain: bool = False
) -> list[list[int]] | None:
    """Return the time of every frame, counted from 0; None where the numbers have no common period.

    A place whose numbers fit as well one period earlier has the time that its neighbors suggest, or None is returned if it
    must be certain.

    Parameters
    ----------
    values : sequence of sequences of float
        By place in order of space, then ascending.
    counts_from_one : bool
        Whether the numbers count the frames of the series (InstanceNumber).
    is_certain : bool
        Whether a place that leaves a choice has no time.
    """
    steps = np.concatenate([np.diff(place) for place in values])
    if not steps.size or steps.min() <= 0:
        return None
    period = _period(steps)
    if not period > 0 or not all(_is_periodic(np.diff(place) / _period_of(place, period)) for place in values):
        return times_by_rank(values)
    times = [_counted(place, _period_of(place, period)) for place in values]
    count = max(place[-1] for place in times) + 1
    starts = {n: place[0] for n, place in enumerate(values) if times[n][-1] == count - 1}
    for n, place in enumerate(times):
        if n not in starts:
            first = _first_time(values, starts, n, count - place[-1], period, count, counts_from_one, is_certain)
            if first is None:
                return None
            times[n] = [time + first for time in place]
    return times


def times_by_rank(values: Sequence[Sequence[float]]) -> list[list[int]] | None:
    """Return the rank of every frame at its place: times without a period, of which none is missing anywhere.

    None where frames of one rank do not belong together: neither do all numbers of a time come before those of the next, nor
    all numbers of a place before those of another. None also where two frames at a place have one number.
    """
    if len({len(place) for place in values}) != 1:
        return None
    table = np.array([list(place) for place in values], dtype=float)
    if not (np.diff(table) > 0).all():
        return None
    by_time = bool((table[:, :-1].max(axis=0) < table[:, 1:].min(axis=0)).all())
    blocks = table[np.argsort(table[:, 0])]
    by_place = bool((blocks[:-1, -1] < blocks[1:, 0]).all())
    return [list(range(len(place))) for place in values] if by_time or by_place else None


def _period(steps: np.ndarray) -> float:
    """Return the step of most, refined by those that are about the same; 0 where no step is near the median of them."""
    median = median_of(steps)
    near = steps[np.abs(steps - median) <= SAME_PERIOD * median]
    return median_of(near) if near.size else 0.0


def _period_of(place: Sequence[float], period: float) -> float:
    """Return the period at one place: hearts beat faster or slower from slice to slice."""
    steps = np.diff(place)
    near = steps[np.abs(steps - period) <= SAME_PERIOD * period]
    return median_of(near) if near.size else period


def _counted(place: Sequence[float], period: float) -> list[int]:
    """Return periods since the first number, step by step: what a long row deviates by does not add up."""
    return [0, *np.cumsum(np.rint(np.diff(place) / period)).astype(int).tolist()]


def _is_periodic(steps: np.ndarray) -> bool:
    return not steps.size or bool(np.abs(steps - np.rint(steps)).max() <= SAME_PERIOD and np.rint(steps).min() >= 1)


def _first_time(
    values: Sequence[Sequence[float]],
    starts: dict[int, float],
    place: int,
    choices: int,
    period: float,
    count: int,
    counts_from_one: bool,
    is_certain: bool,
) -> int | None:
    """Return the time of the first frame at a place that is incomplete: the one whose number fits the other places best.

    None where it must be certain, and several fit.
    """
    options = [values[place][0] - time * period for time in range(choices)]
    misfits = [_misfit(start, starts, place, period, count, counts_from_one) for start in options]
    best = min(range(choices), key=misfits.__getitem__)
    return None if is_certain and sum(misfit[0] == misfits[best][0] for misfit in misfits) > 1 else best


def _misfit(
    start: float, starts: dict[int, float], place: int, period: float, count: int, counts_from_one: bool
) -> tuple[float, float]:
    """Return how badly the number of the first time at a place fits those of other places.

    Either all first numbers are within one period (times are stored one after the other), or they are whole numbers of blocks
    apart (slices are). Where that leaves a choice, the start of neighboring places decides.
    """
    first = np.array([*starts.values(), start])
    blocks = (first - min(starts.values(), default=start)) / (period * count)
    within = float(np.ptp(first)) < period * (1 - 1e-9) and not (counts_from_one and (start < 1 or first.max() > period))
    whole = len(starts) > 0 and np.ptp(list(starts.values())) >= period and np.abs(blocks - np.rint(blocks)).max() < SAME_PERIOD
    near = sorted(starts, key=lambda other: abs(other - place))[:4]
    apart = float(sum(abs(starts[other] - start) for other in near))
    return (0.0 if within or whole else 1.0), apart


def without_drift(parts: Mapping[float, list[T]], places: Mapping[float, Collection[int]]) -> list[list[T]]:
    """Return what has one value each; together where values are close and no place is in both: a volume takes time itself.

    Parameters
    ----------
    parts : mapping of float to list
        Moment → frames.
    places : mapping of float to collection of int
        Moment → the places of these frames.

    Returns
    -------
    list of list
        Frames, from the first moment to the last.
    """
    moments = sorted(parts)
    gaps = [late - early for early, late in pairwise(moments)]
    small = DRIFT * median_of(gaps) if gaps else 0.0
    joined, taken = [list(parts[moments[0]])], set(places[moments[0]])
    for gap, moment in zip(gaps, moments[1:], strict=True):
        if gap > small or not taken.isdisjoint(places[moment]):
            joined.append([])
            taken = set()
        joined[-1] += parts[moment]
        taken |= set(places[moment])
    return joined
