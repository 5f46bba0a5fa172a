"""What each series becomes: planned one after the other, or in copies of this process at the same time."""

from __future__ import annotations

import io
import pickle
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from ..formats.dicom.reading.plans import Plan, plan_series
from ..formats.dicom.reading.series import Series
from ..model.collection import collection_paused
from ..model.metadata import Instance
from ..model.process_copies import computed_in_copies, start_method
from ..model.report import Entry, Outcome
from .recorded_errors import errors_recorded_in

SHARE = 32
"""Files that a copy plans at least, before it returns the plans."""
SHARES = 4
"""Shares besides the largest one that are worth the copies."""
Planned = tuple[list[Plan], list[Entry]]


def planned(all_series: Sequence[Series], jobs: int = 1) -> Planned:
    """Return the plans of all series in their order, and an entry for each that cannot be understood."""
    shares = _shares(all_series) if jobs > 1 else []
    sizes = [sum(len(series.instances) for series in share) for share in shares]
    if sum(sizes) - max(sizes, default=0) < SHARES * SHARE or start_method() != "fork":
        return _planned(all_series)
    parts = _planned_in_copies(shares, jobs)
    return [plan for plans, _ in parts for plan in plans], [entry for _, entries in parts for entry in entries]


def _planned(all_series: Sequence[Series]) -> Planned:
    plans: list[Plan] = []
    entries: list[Entry] = []
    for series in all_series:
        entry = Entry(series.title, Outcome.CONVERTED, [Path(instance.path) for instance in series.instances])
        with errors_recorded_in(entry):
            plans += plan_series(series)
        if entry.outcome is Outcome.FAILED:
            entries.append(entry)
    return plans, entries


def _shares(all_series: Sequence[Series]) -> list[list[Series]]:
    """Return the series in groups, in their order."""
    shares: list[list[Series]] = []
    size = SHARE
    for series in all_series:
        if size >= SHARE:
            shares.append([])
            size = 0
        shares[-1].append(series)
        size += len(series.instances)
    return shares


def _planned_in_copies(shares: Sequence[Sequence[Series]], jobs: int) -> list[Planned]:
    """Return plans and entries of each share."""
    instances = [instance for series in chain(*shares) for instance in series.instances]
    numbers = {id(instance): n for n, instance in enumerate(instances)}
    parts: dict[int, Planned] = {}

    def planned_share(n: int) -> bytes:
        file = io.BytesIO()
        _Pickler(file, numbers).dump(_planned(shares[n]))
        return file.getvalue()

    with collection_paused():
        for n, pickled in computed_in_copies(planned_share, len(shares), jobs):
            parts[n] = _planned(shares[n]) if pickled is None else _Unpickler(io.BytesIO(pickled), instances).load()
    return [parts[n] for n in range(len(shares))]


class _Pickler(pickle.Pickler):
    """Writes numbers in place of instances, which are on both sides."""

    def __init__(self, file: io.BytesIO, numbers: dict[int, int]):
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self._numbers = numbers

    def persistent_id(self, thing: Any) -> int | None:
        return self._numbers.get(id(thing)) if type(thing) is Instance else None


class _Unpickler(pickle.Unpickler):
    """Reads what `_Pickler` wrote."""

    def __init__(self, file: io.BytesIO, instances: Sequence[Instance]):
        super().__init__(file)
        self._instances = instances

    def persistent_load(self, number: int) -> Instance:
        return self._instances[number]
