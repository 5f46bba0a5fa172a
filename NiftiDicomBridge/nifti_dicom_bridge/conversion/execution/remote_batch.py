"""What a worker of an executor does: one batch of tasks, in a process of any computer that sees the files."""

from __future__ import annotations

import pickle
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ...errors import Cancelled, OutputError
from ...model.processes.limits import size_limit
from ...model.report import ConversionReport, Entry, Outcome
from ...options import Progress
from ...output import recover, repeatable
from ..jobs import Job, convert_with
from .task_runner import TaskRunner
from .tasks import Task, worker_name

_one_at_a_time = threading.Lock()
"""Workers may have several threads; each process converts one batch."""
INTERVAL_S = 1.0
"""Between two checks whether the run goes on."""


@dataclass(frozen=True)
class Batch:
    """Tasks for one worker.

    Attributes
    ----------
    tasks : bytes
        The tasks, pickled once for all attempts.
    output : pathlib.Path
        Folder of the outputs, absolute.
    run : pathlib.Path
        Folder of the run in it.
    number : int
        Which batch of the run it is.
    limit : float, optional
        Size limit in GB.
    """

    tasks: bytes
    output: Path
    run: Path
    number: int
    limit: float | None


def convert_batch(batch: Batch) -> list[Entry]:
    """Convert the tasks of a batch one after the other; an earlier attempt that was lost is taken back first."""
    _check_visible(batch.run)
    tasks: Sequence[Task] = pickle.loads(batch.tasks)
    progress = _while_it_exists(batch.run)
    with _one_at_a_time, size_limit(batch.limit):
        recover(batch.output)
        with repeatable(batch.run / f"{batch.number}.outputs"):
            return [task.run(progress) for task in tasks]


def convert_job(job: Job, run: Path | None, number: int) -> ConversionReport:
    """Convert a whole job, as `convert_batch` does with tasks; without the folder of a run where the output is a URL."""
    if run is None:
        with _one_at_a_time:
            return _converted(job, None)
    _check_visible(run)
    with _one_at_a_time:
        recover(job.output)
        with repeatable(run / f"{number}.outputs"):
            return _converted(job, _while_it_exists(run))


def _converted(job: Job, progress: Progress | None) -> ConversionReport:
    start = time.monotonic()
    report = convert_with(job, progress, None, TaskRunner)
    return _with_worker(report, time.monotonic() - start)


def _with_worker(report: ConversionReport, seconds: float) -> ConversionReport:
    """Add the worker to entries that do not have it, and the time to the only one."""
    for entry in report.entries:
        if entry.outcome is not Outcome.SKIPPED and not entry.execution.worker:
            entry.execution = replace(entry.execution, worker=worker_name(), seconds=seconds)
    return report


def _check_visible(run: Path) -> None:
    if not run.is_dir():
        raise OutputError(
            f"{run.parent.parent}: the worker {worker_name()} does not see this output folder. All workers must see inputs and "
            "outputs under the same paths: use a shared file system."
        )


def _while_it_exists(run: Path) -> Progress:
    """Return a progress that ends the conversion when the folder of the run is gone, as the run has ended then."""
    last = time.monotonic()

    def progress(what: str, done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last >= INTERVAL_S:
            last = time.monotonic()
            if not run.is_dir():
                raise Cancelled("The run has ended.")

    return progress
