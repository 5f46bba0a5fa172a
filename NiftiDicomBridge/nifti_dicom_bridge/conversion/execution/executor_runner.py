"""Runs the tasks of one conversion on any executor: batches as futures, lost ones again, failures isolated."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, wait
from dataclasses import dataclass, field
from pathlib import Path

from ...errors import BridgeError, Cancelled
from ...model.processes.limits import current_limit
from ...model.report import Entry, Outcome
from ...options import Progress
from ...options.choices import MOST_JOBS
from ...output import RunFolder
from .remote_batch import Batch, convert_batch
from .task_runner import Finished, TaskRunner
from .tasks import RunProgress, Task, batches_of

MOST_WAITING = 2048
"""Batches that are given to an executor at the same time; further ones follow as these are complete."""
INTERVAL_S = 0.5
"""Between two looks at a run in which nothing is completed."""
FINAL = frozenset({"KilledWorker"})
"""Errors after which nothing is tried again: Dask has done so several times, and a further attempt ends further workers."""


@dataclass(frozen=True)
class RemoteExecution:
    """Where tasks run.

    Attributes
    ----------
    executor : concurrent.futures.Executor
        Runs the batches.
    retries : int
        How often a batch is tried again after a loss or an error of the file system or network.
    is_stopped : callable
        Whether the run shall end now.
    prepared : callable
        Called when the tasks of a job are known, and nothing is left to do but to wait for the workers.
    """

    executor: Executor
    retries: int = 2
    is_stopped: Callable[[], bool] = lambda: False
    prepared: Callable[[], None] = lambda: None

    def is_lost(self) -> bool:
        """Whether the executor can do nothing more, and does not specify it in its futures."""
        is_lost: Callable[[], bool] = getattr(self.executor, "is_lost", lambda: False)
        return is_lost()


class ExecutorRunner(TaskRunner):
    """Converts the images of one run on the workers of an executor.

    Parameters
    ----------
    output : pathlib.Path
        Folder of the outputs.
    where : RemoteExecution
        The executor.
    jobs, progress, finished
        As for `TaskRunner`; the number of workers is that of the executor.
    """

    def __init__(
        self, output: Path, where: RemoteExecution, jobs: int = 1, progress: Progress | None = None,
        finished: Finished | None = None,
    ):  # fmt: skip
        super().__init__(MOST_JOBS, progress, finished)
        self._output, self._where = output, where

    def run(self, tasks: Sequence[Task]) -> list[Entry]:
        """Convert all images and return their entries, in the order of the tasks."""
        self._where.prepared()
        if not tasks:
            return []
        with RunFolder(self._output, self.progress) as folder:
            submission = _Submission(tasks, folder, self._where, RunProgress(tasks, self.progress), self.complete)
            try:
                submission.run()
            finally:
                submission.stop()
        return [submission.entries[n] for n in range(len(tasks))]


@dataclass
class _Attempt:
    """A batch that an executor has: its tasks, and how often it was tried before."""

    number: int
    batch: Batch
    tasks: list[int]
    retries: int = 0


@dataclass
class _Submission:
    """The batches of one run: those that wait, those that an executor has, and the entries that came back."""

    tasks: Sequence[Task]
    folder: RunFolder
    where: RemoteExecution
    progress: RunProgress
    finished: Callable[[Entry], None]
    entries: dict[int, Entry] = field(default_factory=dict)
    attempts: dict[Future[list[Entry]], _Attempt] = field(default_factory=dict)

    def run(self) -> None:
        """Convert all batches, the largest first."""
        batches = batches_of(self.tasks)
        batches.sort(key=lambda batch: sum(max(1, len(self.tasks[n].inputs)) for n in batch))
        number = 0
        while batches or self.attempts:
            while batches and len(self.attempts) < MOST_WAITING:
                number += 1
                self._submit(self._attempt(number, batches.pop()))
            done, _ = wait(self.attempts, INTERVAL_S, FIRST_COMPLETED)
            for future in done:
                self._receive(future, self.attempts.pop(future))
            if self.where.is_stopped():
                raise Cancelled("The conversion was stopped.")
            if self.where.is_lost():
                self._give_up(batches)
                return
            self.progress.show()

    def _give_up(self, batches: Sequence[list[int]]) -> None:
        """Record that what is not complete is not converted."""
        for numbers in (*(attempt.tasks for attempt in self.attempts.values()), *batches):
            for n in numbers:
                self._fail(n, ConnectionError())

    def stop(self) -> None:
        """Cancel what has not started; what runs ends when it notices that the folder of the run is gone."""
        for future in self.attempts:
            future.cancel()

    def _attempt(self, number: int, tasks: list[int]) -> _Attempt:
        blob = pickle.dumps([self.tasks[n] for n in tasks], pickle.HIGHEST_PROTOCOL)
        batch = Batch(blob, self.folder.folder.absolute(), self.folder.path, number, current_limit())
        return _Attempt(number, batch, tasks)

    def _submit(self, attempt: _Attempt) -> None:
        try:
            self.attempts[self.where.executor.submit(convert_batch, attempt.batch)] = attempt
        except Exception as error:  # a pool whose processes ended, a connection that was lost
            self._fail_all(attempt, error)

    def _receive(self, future: Future[list[Entry]], attempt: _Attempt) -> None:
        """Take the entries of a batch, or try it again."""
        error = CancelledError() if future.cancelled() else future.exception()
        may_repeat = attempt.retries < self.where.retries
        if error is not None:
            if may_repeat and not isinstance(error, BridgeError) and type(error).__name__ not in FINAL:
                self._repeat(attempt)
            else:
                self._fail_all(attempt, error)
            return
        entries = future.result()
        if may_repeat and any(entry.execution.is_transient for entry in entries):
            self._repeat(attempt)
            return
        for n, entry in zip(attempt.tasks, entries, strict=True):
            self._complete(n, entry)

    def _repeat(self, attempt: _Attempt) -> None:
        attempt.retries += 1
        self._submit(attempt)

    def _fail_all(self, attempt: _Attempt, error: BaseException) -> None:
        for n in attempt.tasks:
            self._fail(n, error)

    def _fail(self, n: int, error: BaseException) -> None:
        task = self.tasks[n]
        self._complete(n, Entry(task.title, Outcome.FAILED, task.inputs, error=sentence_on_loss(error)))

    def _complete(self, n: int, entry: Entry) -> None:
        self.entries[n] = entry
        self.progress.complete(n)
        self.finished(entry)


def sentence_on_loss(error: BaseException) -> str:
    """Return the sentence on an image that an executor could not convert."""
    if isinstance(error, BridgeError):
        return str(error)
    if type(error).__name__ in FINAL:
        return "Each worker that converted it ended unexpectedly. Convert it alone; report it if that fails."
    return f"The workers were lost ({type(error).__name__}). Convert it with skip_existing=True when they are back."
