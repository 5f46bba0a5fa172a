"""Runs the tasks of one conversion: in this process, or in several."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence

from ...model.report import ConversionReport, Entry
from ...options import Progress
from .tasks import RunProgress, Task, batches_of

Finished = Callable[[Entry], None]
"""Is given each entry of the report as soon as it is complete."""


class TaskRunner:
    """Converts the images of one run, and reports its progress as one.

    Parameters
    ----------
    jobs : int
        Images to convert at the same time, each in a process of its own; 0 for as many as there are processors. One where this
        process may not start others.
    progress : Progress, optional
        Called with the number of files read, then with the number of files converted; may raise `Cancelled`.
    finished : callable, optional
        Given each entry as soon as it is complete.

    Attributes
    ----------
    prepare : callable
        Returns the tasks to run in place of some.
    """

    prepare: Callable[[Sequence[Task]], Sequence[Task]] = staticmethod(lambda tasks: tasks)

    def __init__(self, jobs: int = 1, progress: Progress | None = None, finished: Finished | None = None):
        self.jobs = 1 if _is_daemonic() else jobs or processors()
        self.progress, self._finished = progress, finished

    def report(self, entries: Sequence[Entry], report: ConversionReport) -> None:
        """Add entries that are complete to the report."""
        for entry in entries:
            self.complete(entry)
        report.entries += entries

    def run(self, tasks: Sequence[Task]) -> list[Entry]:
        """Convert all images and return their entries, in the order of the tasks."""
        tasks = self.prepare(tasks)
        progress = RunProgress(tasks, self.progress)
        batches = batches_of(tasks)
        entries: list[Entry] = []
        if min(self.jobs, len(batches)) > 1:
            from .workers import run_in_processes

            return run_in_processes(tasks, batches, self.jobs, progress, self.complete)
        for n, task in enumerate(tasks):
            entries.append(task.run(progress.of(n)))
            progress.complete(n)
            self.complete(entries[-1])
        return entries

    def complete(self, entry: Entry) -> None:
        """Hand on an entry that is complete; not that of an image that is converted again without damaged files."""
        if self._finished is not None and not entry.execution.damaged:
            self._finished(entry)


def _is_daemonic() -> bool:
    """Whether this process may not start others, as those of `multiprocessing.Pool`."""
    multiprocessing = sys.modules.get("multiprocessing.process")
    return multiprocessing is not None and bool(multiprocessing.current_process().daemon)


def processors() -> int:
    """Return the number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
