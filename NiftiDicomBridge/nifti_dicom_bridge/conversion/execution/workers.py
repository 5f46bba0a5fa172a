"""Tasks in several processes: results as they come, one crash is one failed entry, an interruption ends all of them."""

from __future__ import annotations

import logging
import multiprocessing
import signal
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection, wait
from typing import Any

from ...errors import Cancelled
from ...model.processes.failure import LOGGER
from ...model.processes.limits import current_limit, size_limit
from ...model.processes.process_copies import begin_copy, interruption_held, start_method
from ...model.report import Entry, Outcome
from ...operating_system import IS_WINDOWS
from ...options import Progress
from .tasks import INTERVAL_S, RunProgress, Task

MOST = 60 if IS_WINDOWS else 1 << 20
"""Processes at the same time: Windows waits for 63 connections at most (MAXIMUM_WAIT_OBJECTS); large computers have more."""
GRACE_S = 10.0
"""For a process to remove what is half-written, before it is killed."""


def run_in_processes(
    tasks: Sequence[Task], batches: Sequence[list[int]], jobs: int, progress: RunProgress, finished: Callable[[Entry], None]
) -> list[Entry]:
    """Run batches of tasks in processes, the largest first; return the entries in the order of the tasks.

    Parameters
    ----------
    tasks : sequence of Task
        All tasks.
    batches : sequence of list of int
        Numbers of tasks that run one after the other in one process.
    jobs : int
        Number of processes.
    progress : RunProgress
        Receives the progress of all of them.
    finished : callable
        Given each entry as soon as it is complete.
    """
    pool = _Pool(tasks, batches, progress, finished)
    try:
        pool.run(min(jobs, len(batches), MOST))
    finally:
        pool.stop()
    return [pool.entries[n] for n in range(len(tasks))]


class _Pool:
    """The processes of one run, and what each of them has to do."""

    def __init__(
        self, tasks: Sequence[Task], batches: Sequence[list[int]], progress: RunProgress, finished: Callable[[Entry], None]
    ):
        self._tasks, self._progress, self._finished = tasks, progress, finished
        self._waiting = deque(sorted(batches, key=lambda batch: -sum(tasks[n].size for n in batch)))
        self._workers: dict[Any, _Worker] = {}  # by connection, which is of another class on Windows
        self.entries: dict[int, Entry] = {}

    def run(self, count: int) -> None:
        """Run all batches."""
        while self._waiting or self._workers:
            while self._waiting and len(self._workers) < count:
                worker = _Worker(self._tasks, list(self._workers))
                self._workers[worker.connection] = worker
                worker.send(self._waiting.popleft())
            for worker in [self._workers[connection] for connection in wait(list(self._workers), timeout=1.0)]:
                self._receive(worker)

    def _receive(self, worker: _Worker) -> None:
        """Take one message of a worker: how far it is, an entry, or nothing any more."""
        try:
            n, what = worker.connection.recv()
        except (EOFError, OSError):
            self._replace(worker)
            return
        if isinstance(what, float):
            self._progress.report(n, what)
            return
        self._complete(n, replace(what, inputs=self._tasks[n].inputs))
        worker.batch.remove(n)
        worker.has_finished = True
        if worker.batch:
            return
        if self._waiting:
            worker.send(self._waiting.popleft())
        else:
            worker.end()
            del self._workers[worker.connection]

    def _replace(self, worker: _Worker) -> None:
        """Record the task in which a process ended; what was left goes to another one, unless it depends on that process."""
        del self._workers[worker.connection]
        worker.process.join(GRACE_S)
        n, *left = worker.batch
        ended = _end_of(worker.process.exitcode)
        self._fail(n, f"The process that converted it {ended}. Convert it alone; report it if that fails.")
        if left and not worker.has_finished:
            self._waiting.appendleft(left)
            return
        for other in left:  # the names and UIDs that were assigned before it ended are lost with the process
            self._fail(other, f"The process that converted a related image {ended}. Convert it again.")

    def _fail(self, n: int, reason: str) -> None:
        self._complete(n, Entry(self._tasks[n].title, Outcome.FAILED, self._tasks[n].inputs, error=reason))

    def _complete(self, n: int, entry: Entry) -> None:
        self.entries[n] = entry
        self._progress.complete(n)
        if entry.traceback:
            logging.getLogger(LOGGER).debug("%s", entry.traceback)
        self._finished(entry)

    def stop(self) -> None:
        """End the processes that still run: each removes what it has half-written."""
        for worker in self._workers.values():
            worker.connection.close()
            worker.process.terminate()
        end = time.monotonic() + GRACE_S
        for worker in self._workers.values():
            worker.process.join(max(0.0, end - time.monotonic()))
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
        self._workers.clear()


def _end_of(code: int | None) -> str:
    how = f"by signal {-code}" if code is not None and code < 0 else f"with code {code}"
    return f"ended unexpectedly ({how})"


class _Worker:
    """One process, and the numbers of the tasks that it has not finished."""

    def __init__(self, tasks: Sequence[Task], others: list[Connection]):
        context: Any = multiprocessing.get_context(start_method())
        self._tasks = tasks
        self._is_fork = start_method() == "fork"
        self.connection, theirs = context.Pipe()
        inherited = ([*others, self.connection], tasks) if self._is_fork else ([], None)
        self.process = context.Process(target=_work, args=(theirs, current_limit(), *inherited), daemon=True)
        with interruption_held():  # until the process ignores it: the parent decides
            self.process.start()
        theirs.close()
        self.batch: list[int] = []
        self.has_finished = False

    def send(self, batch: list[int]) -> None:
        """Give it tasks; a process that was not forked gets them in full."""
        self.batch, self.has_finished = list(batch), False
        self.connection.send([(n, None if self._is_fork else self._tasks[n]) for n in batch])

    def end(self) -> None:
        """Let it end; there is nothing more to do."""
        self.connection.close()
        self.process.join(GRACE_S)


def _work(connection: Connection, limit: float | None, others: list[Connection], tasks: Sequence[Task] | None) -> None:
    """Run the tasks that come through a connection, until it is closed."""
    begin_copy(others, _interrupt)
    logging.getLogger(LOGGER).disabled = True  # the parent logs the errors of all processes
    with suppress(KeyboardInterrupt):  # at any moment, also while it ends by itself
        try:
            with size_limit(limit):
                while True:
                    for n, task in connection.recv():
                        own = task if tasks is None else tasks[n]
                        entry = own.run(_sender(connection, n))
                        connection.send((n, replace(entry, inputs=[])))  # the parent has them
        except (EOFError, OSError, Cancelled):
            connection.close()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)


def _interrupt(number: int, frame: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


def _sender(connection: Connection, n: int) -> Progress:
    """Return a progress that goes to the parent; `Cancelled` where that has ended."""
    last = 0.0

    def progress(what: str, done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= INTERVAL_S:
            last = now
            try:
                connection.send((n, done / max(1, total)))
            except OSError:
                raise Cancelled("The conversion was stopped.") from None

    return progress
