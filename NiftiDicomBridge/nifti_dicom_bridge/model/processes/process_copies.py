"""Work that copies of this process do, where processes can be copied safely: they have all that is in memory already."""

from __future__ import annotations

import gc
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import accumulate
from typing import Any, Generic, TypeVar

T = TypeVar("T")
_ENDING = {signal.SIGINT, signal.SIGTERM}
SHARES = 4
"""Shares of the least size, besides the largest one, that are worth the copies."""


def start_method() -> str:
    """Return how processes start: as copies of this one where that is safe, as it has no other threads."""
    applications = {"slicer", "qt", "PySide6", "PyQt5", "PyQt6"}
    alone = threading.active_count() == 1 and not applications & set(sys.modules)
    return "fork" if sys.platform == "linux" and alone else "spawn"


@contextmanager
def interruption_held() -> Iterator[None]:
    """Let an interruption, or termination, wait, here and in the processes that start meanwhile, where the system can."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def begin_copy(others: list[Any], terminated: Any = signal.SIG_DFL) -> None:
    """Prepare a process that was started here: its parent decides what becomes of an interruption.

    Parameters
    ----------
    others : list of Connection
        Copies of those of the parent: while they are open, no one notices that it has ended.
    terminated : callable or signal.Handlers
        What to do when it is to end.
    """
    for other in others:
        other.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, terminated)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
    gc.freeze()  # looking for cycles in what came from the parent would copy its memory


def useful_jobs(sizes: Sequence[int], least: int, jobs: int) -> int:
    """Return how many of some processes shall compute shares of some sizes: one where copies are not worth it, or not safe."""
    are_worth_it = sum(sizes) - max(sizes, default=0) >= SHARES * least
    return jobs if jobs > 1 and are_worth_it and start_method() == "fork" else 1


def computed_in_copies(
    compute: Callable[[int], T], sizes: Sequence[int], jobs: int, pickling: Any = pickle,
    computed: Callable[[T, int], None] = lambda result, done: None,
) -> list[T]:  # fmt: skip
    """Return what a function returns for each share, in their order: computed by this process and by copies of it.

    Parameters
    ----------
    compute : callable
        Takes the number of a share. What it changes in a copy, no one else sees.
    sizes : sequence of int
        A measure of the work of each share; the largest ones are computed first.
    jobs : int
        Number of processes, this one included; one computes the shares in their order.
    pickling : object
        Its `dumps` and `loads` bring results out of the copies.
    computed : callable, optional
        With several jobs, called with each result of this process and the sum of the sizes of all shares that were begun.
    """
    if jobs == 1:
        return list(map(compute, range(len(sizes))))
    order = sorted(range(len(sizes)), key=lambda n: -sizes[n])
    done = dict(zip(order, accumulate(sizes[n] for n in order), strict=True))
    results: dict[int, T] = {}
    copies: list[_Copy[T]] = []
    try:
        queue = _Queue(order)
    except OSError:  # the disk is full, or there is none for temporary files
        return list(map(compute, range(len(sizes))))
    try:
        while len(copies) < min(jobs, len(sizes)) - 1:
            copies.append(_Copy(compute, queue, pickling, copies))
        for n in queue:
            results[n] = compute(n)
            computed(results[n], done[n])
        for copy in copies:
            results.update(copy.results())
    finally:
        queue.close()
        for copy in copies:
            copy.end()
    return [results[n] if n in results else compute(n) for n in range(len(sizes))]  # a copy that ended early left some out


class _Queue:
    """Numbers that several processes take from one open file: the position in it is common to them, so each is taken once.

    It is a regular file: of one in memory (memfd), Linux does not lock the position while it reads.
    """

    SIZE = 8

    def __init__(self, numbers: Sequence[int]):
        import tempfile

        self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  # open in all processes until they end
        self._file.write(b"".join(n.to_bytes(self.SIZE, "little") for n in numbers))
        self._file.seek(0)

    def __iter__(self) -> Iterator[int]:
        while number := self._file.read(self.SIZE):
            yield int.from_bytes(number, "little")

    def close(self) -> None:
        """Close the file in this process."""
        self._file.close()


class _Copy(Generic[T]):
    """One further process that computes; it keeps the results until the queue is empty, so that no one waits for another."""

    def __init__(self, compute: Callable[[int], T], queue: _Queue, pickling: Any, others: Sequence[_Copy[T]]):
        import multiprocessing

        context = multiprocessing.get_context("fork")
        self._connection, theirs = context.Pipe(duplex=False)
        self._pickling = pickling
        parents = [*(other._connection for other in others), self._connection]
        arguments = (compute, queue, pickling, theirs, parents, os.getpid())
        self._process = context.Process(target=_compute, args=arguments, daemon=True)
        with interruption_held():  # until the process ignores it
            self._process.start()
        theirs.close()

    def results(self) -> Iterator[tuple[int, T]]:
        """Yield the results with their numbers, as far as there are any."""
        try:
            for n in self._connection.recv():
                yield n, self._pickling.loads(self._connection.recv_bytes())
        except (EOFError, OSError):  # it ended early
            return

    def end(self) -> None:
        """End it: it only computes, so that nothing is half-written."""
        self._connection.close()
        self._process.terminate()
        self._process.join()


def _compute(
    compute: Callable[[int], T], queue: _Queue, pickling: Any, connection: Any, parents: list[Any], parent: int
) -> None:
    """Compute numbers of the queue, then send all results; without those that failed, which the parent reports."""
    begin_copy(parents)
    results: dict[int, bytes] = {}
    for n in queue:
        if os.getppid() != parent:  # it has ended, and no one needs the results
            return
        with suppress(Exception):
            results[n] = pickling.dumps(compute(n))
    with suppress(OSError):
        connection.send(list(results))
        for pickled in results.values():
            connection.send_bytes(pickled)
