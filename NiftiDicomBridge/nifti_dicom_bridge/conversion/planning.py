"""What each series becomes: planned one after the other, or in copies of this process at the same time."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from ..formats.dicom.reading.grouping.registrations import Spaces
from ..formats.dicom.reading.grouping.series import Series
from ..formats.dicom.reading.plans import Plan, plan_series
from ..formats.dicom.reading.segmentations.segment_series import put_on_series
from ..model.processes.garbage_collection import collection_paused
from ..model.processes.process_copies import computed_in_copies, useful_jobs
from ..model.report import Entry, Outcome
from .execution.recorded_errors import errors_recorded_in

SHARE = 32
"""Files that a process plans at least at a time."""
Planned = tuple[list[Plan], list[Entry]]


def planned(all_series: Sequence[Series], spaces: Spaces, jobs: int = 1) -> Planned:
    """Return the plans of all series in their order, and an entry for each that cannot be understood.

    `spaces` is which frames of reference are one space.
    """
    shares = _shares(all_series)
    sizes = [sum(len(series.instances) for series in share) for share in shares]
    jobs = useful_jobs(sizes, SHARE, jobs)
    with collection_paused():
        parts = computed_in_copies(lambda n: _planned(shares[n]), sizes, jobs, _Pickling(all_series))
    plans = [plan for some, _ in parts for plan in some]
    return put_on_series(plans, spaces=spaces), [entry for _, entries in parts for entry in entries]


def _planned(all_series: Sequence[Series]) -> Planned:
    plans: list[Plan] = []
    entries: list[Entry] = []
    for series in all_series:
        entry = Entry(series.title, Outcome.CONVERTED)
        with errors_recorded_in(entry):
            plans += plan_series(series)
        if entry.outcome is Outcome.FAILED:
            entry.inputs = [Path(instance.path) for instance in series.instances]
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


class _Pickling:
    """Brings plans from one process to another one that has their instances, too."""

    def __init__(self, all_series: Iterable[Series]):
        self._instances = [instance for series in all_series for instance in series.instances]
        self._numbers = {id(instance): n for n, instance in enumerate(self._instances)}

    def dumps(self, planned: Planned) -> bytes:
        """Return plans and entries as bytes, with numbers in place of instances."""
        plans, entries = planned
        numbers = [[self._numbers[id(instance)] for instance in plan.instances] for plan in plans]
        return pickle.dumps(([replace(plan, instances=()) for plan in plans], numbers, entries), pickle.HIGHEST_PROTOCOL)

    def loads(self, pickled: bytes) -> Planned:
        """Return plans and entries."""
        plans, numbers, entries = pickle.loads(pickled)
        for plan, own in zip(plans, numbers, strict=True):
            plan.instances = tuple(self._instances[n] for n in own)
        return plans, entries
