"""Many jobs on the workers of an executor: threads prepare them, each series is a task, and reports come in order."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Self

from ...errors import BridgeError, Cancelled, OptionError
from ...model.report import ConversionReport, Entry, Outcome
from ...options import Progress
from ...options.urls import is_url, shown_path, url_of
from ...output import RunFolder
from ..jobs import Job, check_job, convert, convert_with
from .absolute_job import absolute_job
from .dask_cluster import executor_of
from .executor_runner import ExecutorRunner, RemoteExecution, sentence_on_loss
from .remote_batch import convert_job
from .task_runner import Finished

PREPARED = 4
"""Jobs whose headers are read at the same time."""
STARTED = 256
"""Jobs that are prepared or converted at the same time."""


class _Turn:
    """The right to prepare a job, which few have at the same time; it may be given up early. Used as a context."""

    def __init__(self, turns: threading.Semaphore):
        self._turns = turns
        self._is_mine = False

    def __enter__(self) -> Self:
        self._turns.acquire()
        self._is_mine = True
        return self

    def __exit__(self, *exception: object) -> None:
        self.end()

    def end(self) -> None:
        """Let another job be prepared."""
        if self._is_mine:
            self._is_mine = False
            self._turns.release()


def convert_many(
    jobs: Iterable[Job],
    executor: Executor | str | Any = None,
    *,
    retries: int = 2,
    progress: Progress | None = None,
    finished: Finished | None = None,
) -> list[ConversionReport]:
    """Convert several jobs, each series as a task of an executor; one failure does not stop the others.

    This process reads the headers of all inputs; the workers read and write the images. They must see the same files under the
    same paths. Series whose results share names or UIDs, such as the images of one BIDS subject, are one task. A de-identified
    job is one task as a whole, as no text of one image may contain what was removed from another, and so is a job with URLs.

    Parameters
    ----------
    jobs : iterable of Job
        What to do.
    executor : concurrent.futures.Executor, Dask client or str, optional
        Where to do it; a text is the address of a Dask scheduler, such as ``tcp://scheduler:8786``. By default, jobs are
        converted one after the other in this process.
    retries : int
        How often a task is tried again if its worker is lost, or because of an error of the file system or network.
    progress : Progress, optional
        Called with the number of files converted; may raise `Cancelled`. With several jobs, it is called for each of them.
    finished : callable, optional
        Given each entry as soon as it is complete.

    Returns
    -------
    list of ConversionReport
        One for each job, in their order. A job that cannot be started has one entry, which failed.

    Raises
    ------
    OptionError
        If a job has no input, or options that contradict each other; nothing is converted then.
    BridgeError
        If the scheduler cannot be reached, or its workers have another version of this package.
    Cancelled
        If `progress` raised it. Complete outputs stay, and nothing is half-written.

    Examples
    --------
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> from nifti_dicom_bridge import Job, convert_many
    >>> with ThreadPoolExecutor(2) as executor:
    ...     convert_many([Job("scans", "nifti")], executor)
    [ConversionReport: 1 converted
      converted  7 Oblique MR → /.../nifti/7_Oblique_MR.nii.gz]
    """
    listed = list(jobs)
    if not isinstance(retries, int) or retries < 0:
        raise OptionError(f"retries: {retries!r} is not valid. Expected a whole number, 0 or more.")
    for job in listed:
        check_job(job)
    if executor is None:
        return [_report_of(partial(convert, job, progress, finished), job) for job in listed]
    for job in listed:
        _check_repeatable(job)
    with executor_of(executor) as where:
        stopped = threading.Event()
        remote = RemoteExecution(where, retries, stopped.is_set)
        calls = _Calls(remote, progress, finished)
        return _converted(list(map(absolute_job, listed)), calls, stopped)


def _check_repeatable(job: Job) -> None:
    """Refuse an output by URL that a repeated task would find complete, and report as a failure."""
    if is_url(job.output) and not (job.options.skip_existing or job.options.overwrite):
        raise OptionError(
            f"{url_of(job.output)}: a task whose worker is lost is repeated, and finds outputs of its first attempt. Use "
            "skip_existing=True or overwrite=True with an output by URL."
        )


@dataclass
class _Calls:
    """What all jobs share; the functions of the caller are called by one thread at a time."""

    remote: RemoteExecution
    progress: Progress | None
    finished: Finished | None
    lock: threading.Lock = field(default_factory=threading.Lock)
    turns: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(PREPARED))

    def show(self, what: str, done: int, total: int) -> None:
        """Call the progress of the caller."""
        if self.remote.is_stopped():
            raise Cancelled("The conversion was stopped.")
        with self.lock:
            if self.progress is not None:
                self.progress(what, done, total)

    def complete(self, entry: Entry) -> None:
        """Hand on an entry."""
        with self.lock:
            if self.finished is not None:
                self.finished(entry)


def _converted(jobs: Sequence[Job], calls: _Calls, stopped: threading.Event) -> list[ConversionReport]:
    """Convert jobs in threads, which wait for the workers; return the reports in the order of the jobs."""
    with ThreadPoolExecutor(max(1, min(STARTED, len(jobs))), "job") as threads:
        try:
            futures = [threads.submit(_report_of, partial(_convert_remotely, job, calls), job) for job in jobs]
            _wait_for_all(futures)
        except BaseException:
            stopped.set()
            threads.shutdown(wait=True, cancel_futures=True)
            raise
    return [future.result() for future in futures]


def _wait_for_all(futures: Sequence[Future[ConversionReport]]) -> None:
    """Wait for all; raise what any of them raises."""
    pending = set(futures)
    while pending:
        done, pending = wait(pending, 1.0, FIRST_COMPLETED)
        for future in done:
            future.result()


def _report_of(run: Callable[[], ConversionReport], job: Job) -> ConversionReport:
    """Return the report of a job, also if it cannot be started."""
    try:
        return run()
    except Cancelled:
        raise
    except BridgeError as error:
        inputs = list(map(shown_path, job.inputs))
        return ConversionReport([Entry(", ".join(map(str, inputs)), Outcome.FAILED, inputs, error=str(error))])


def _convert_remotely(job: Job, calls: _Calls) -> ConversionReport:
    if job.options.deidentify or any(map(is_url, (*job.inputs, job.output))):
        return _as_a_whole(job, calls)
    with _Turn(calls.turns) as turn:
        remote = replace(calls.remote, prepared=turn.end)
        return convert_with(job, calls.show, calls.complete, partial(ExecutorRunner, job.output, remote))


def _as_a_whole(job: Job, calls: _Calls) -> ConversionReport:
    """Convert a job as one task."""
    job = replace(job, options=replace(job.options, jobs=1))
    if is_url(job.output):
        report = _answer(job, None, calls.remote)
    else:
        with RunFolder(job.output, calls.show) as run:
            report = _answer(job, run.path, calls.remote)
    for entry in report.entries:
        calls.complete(entry)
    return report


def _answer(job: Job, run: Path | None, remote: RemoteExecution) -> ConversionReport:
    """Return the report that a worker gives; tried again after a loss."""
    for attempt in range(remote.retries + 1):
        future = remote.executor.submit(convert_job, job, run, 0)
        while not future.done():
            wait([future], 0.5)
            if remote.is_stopped():
                future.cancel()
                raise Cancelled("The conversion was stopped.")
            if remote.is_lost():
                raise BridgeError(sentence_on_loss(ConnectionError()))
        error = future.exception()
        if error is None:
            return future.result()
        if isinstance(error, BridgeError) or attempt == remote.retries:
            raise error if isinstance(error, BridgeError) else BridgeError(sentence_on_loss(error)) from error
    raise AssertionError
