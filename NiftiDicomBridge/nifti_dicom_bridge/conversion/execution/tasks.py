"""The images of one conversion as tasks: each becomes one entry of the report, in this process or in several."""

from __future__ import annotations

import os
import re
import stat
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ...formats.dicom.reading.plans import Plan
from ...model.files.names import name_key
from ...model.report import Entry
from ...options import Progress
from ...output import WAITING

INTERVAL_S = 0.1
"""Between two reports of progress of one process."""
FILE_BYTES = 1 << 16
"""Bytes that are converted in the time that opening a file and reading its header takes."""
_NUMBERED = re.compile(r"(_\d+)+$")


@dataclass
class Task:
    """The conversion of one image.

    Attributes
    ----------
    title : str
        What a person calls it.
    inputs : list of pathlib.Path
        Its files.
    convert : callable
        Converts it, and returns its entry; errors are recorded in that.
    keys : frozenset of str
        Names and UIDs that its result may depend on. Tasks with a key in common run one after the other, in one process.
    plans : sequence of Plan
        The DICOM images that it converts.
    """

    title: str
    inputs: list[Path]
    convert: Callable[[Progress | None], Entry]
    keys: frozenset[str] = field(default_factory=frozenset)
    plans: Sequence[Plan] = ()

    @property
    def size(self) -> int:
        """A measure of the work: bytes of its files, and what opening and closing each of them is worth."""
        return size_of(self.inputs) + len(self.inputs) * FILE_BYTES

    def run(self, progress: Progress | None) -> Entry:
        """Convert the image and return its entry, with where and how long it was converted."""
        start = time.monotonic()
        entry = self.convert(progress)
        entry.execution = replace(entry.execution, worker=worker_name(), seconds=time.monotonic() - start)
        if not entry.execution.read:
            read, written = size_of(self.inputs), 0 if entry.exists else size_of(entry.outputs)
            entry.execution = replace(entry.execution, read=read, written=written)
        return entry


def size_of(paths: Iterable[Path]) -> int:
    """Return the bytes of files and folders; what is missing has none."""
    total = 0
    for path in paths:
        try:
            status = os.stat(path)
        except OSError:
            continue  # it was an input that is missing, which the entry reports
        is_folder = stat.S_ISDIR(status.st_mode)
        total += size_of(file for file in path.rglob("*") if file.is_file()) if is_folder else status.st_size
    return total


def worker_name() -> str:
    """Return the name of this computer and the number of this process."""
    import platform

    return f"{platform.node()}:{os.getpid()}"


def keys_of_names(names: Iterable[str]) -> frozenset[str]:
    """Return keys for outputs that are numbered if their names are taken: ``T1`` and ``T1_2`` have the same one."""
    return frozenset("name " + _NUMBERED.sub("", name_key(name)) for name in names)


class RunProgress:
    """Turns the progress of each task into that of the run: files converted, of all files."""

    def __init__(self, tasks: Sequence[Task], progress: Progress | None):
        self._tasks, self._progress = tasks, progress
        self._sizes = [max(1, len(task.inputs)) for task in tasks]
        self._parts = [0.0] * len(tasks)
        self._complete = 0
        self._shown = 0.0

    def of(self, n: int) -> Progress | None:
        """Return the progress of one task."""
        if self._progress is None:
            return None
        progress = self._progress

        def of_task(what: str, done: int, total: int) -> None:
            if what == WAITING:
                progress(what, done, total)
            else:
                self.report(n, done / max(1, total))

        return of_task

    def report(self, n: int, fraction: float) -> None:
        """Note which part of a task is done; phases of a task that begin again do not move the whole back."""
        if self._progress is None:
            return
        self._parts[n] = max(self._parts[n], min(fraction, 1.0) * self._sizes[n])
        count = f" ({self._complete + 1} of {len(self._tasks)})" if len(self._tasks) > 1 else ""
        self._progress(self._tasks[n].title + count, int(sum(self._parts)), sum(self._sizes))

    def show(self) -> None:
        """Report how many tasks are done, where they do not report it themselves."""
        now = time.monotonic()
        if self._progress is not None and now - self._shown >= INTERVAL_S:
            self._shown = now
            self._progress(f"{self._complete} of {len(self._tasks)} images", int(sum(self._parts)), sum(self._sizes))

    def complete(self, n: int) -> None:
        """Note that a task is done."""
        self._parts[n] = self._sizes[n]
        self._complete += 1


def batches_of(tasks: Sequence[Task]) -> list[list[int]]:
    """Return the numbers of tasks in groups: those that have a key in common, directly or through others."""
    first = list(range(len(tasks)))  # task → an earlier one of its group; itself if it is the first

    def first_of(n: int) -> int:
        while first[n] != n:
            first[n] = n = first[first[n]]
        return n

    first_with: dict[str, int] = {}
    for n, task in enumerate(tasks):
        for key in task.keys:
            low, high = sorted((first_of(first_with.setdefault(key, n)), first_of(n)))
            first[high] = low
    batches: dict[int, list[int]] = {}
    for n in range(len(tasks)):
        batches.setdefault(first_of(n), []).append(n)
    return list(batches.values())
