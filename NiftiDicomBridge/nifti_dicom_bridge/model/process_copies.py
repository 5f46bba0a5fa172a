"""Work that copies of this process do, where processes can be copied safely: they have all that is in memory already."""

from __future__ import annotations

import gc
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

AHEAD = 2
"""Numbers that a copy has at the same time, so that it does not wait for the next one."""


def start_method() -> str:
    """Return how processes start: as copies of this one where that is safe, as it has no other threads."""
    applications = {"slicer", "qt", "PySide6", "PyQt5", "PyQt6"}
    alone = threading.active_count() == 1 and not applications & set(sys.modules)
    return "fork" if sys.platform == "linux" and alone else "spawn"


@contextmanager
def interruption_held() -> Iterator[None]:
    """Let an interruption wait, here and in the processes that start meanwhile, where the system can."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
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
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    gc.freeze()  # looking for cycles in what came from the parent would copy its memory


def computed_in_copies(function: Callable[[int], bytes], count: int, jobs: int) -> Iterator[tuple[int, bytes | None]]:
    """Yield the numbers below `count`, as they come, with what a function returns for each.

    Parameters
    ----------
    function : callable
        Runs in the copies: what it changes, no one else sees.
    count : int
        How many numbers there are.
    jobs : int
        Number of copies.

    Yields
    ------
    (int, bytes or None)
        None where the function failed, or its process ended: the caller has to do without.
    """
    from multiprocessing.connection import wait

    waiting = deque(range(count))
    copies: dict[Any, _Copy] = {}
    try:
        while len(copies) < jobs and waiting:
            copy = _Copy(function, list(copies))
            copies[copy.connection] = copy
            copy.take(waiting)
        while copies:
            for connection in wait(list(copies), 1.0):
                copy = copies[connection]
                yield from copy.receive()
                copy.take(waiting)
                if not copy.numbers:
                    del copies[connection]
                    copy.end()
        yield from ((n, None) for n in waiting)
    finally:
        for copy in copies.values():
            copy.end()


class _Copy:
    """One process, and the numbers that it has."""

    def __init__(self, function: Callable[[int], bytes], others: list[Any]):
        import multiprocessing

        context = multiprocessing.get_context("fork")
        self.connection, theirs = context.Pipe()
        self._process = context.Process(target=_compute, args=(function, theirs, [*others, self.connection]), daemon=True)
        with interruption_held():  # until the process ignores it
            self._process.start()
        theirs.close()
        self.numbers: deque[int] = deque()
        self._is_lost = False

    def take(self, waiting: deque[int]) -> None:
        """Give it numbers to compute."""
        while waiting and len(self.numbers) < AHEAD and not self._is_lost:
            try:
                self.connection.send(waiting[0])
            except OSError:
                self._is_lost = True
            else:
                self.numbers.append(waiting.popleft())

    def receive(self) -> Iterator[tuple[int, bytes | None]]:
        """Yield the next result; all numbers that it has if it has ended."""
        try:
            result = self.connection.recv_bytes()
        except (EOFError, OSError):
            self._is_lost = True
        else:
            yield self.numbers.popleft(), result or None
        while self._is_lost and self.numbers:
            yield self.numbers.popleft(), None

    def end(self) -> None:
        """End it: it only computes, so that nothing is half-written."""
        self.connection.close()
        self._process.terminate()
        self._process.join()


def _compute(function: Callable[[int], bytes], connection: Any, others: list[Any]) -> None:
    """Return results until the connection is closed; nothing where the function fails."""
    begin_copy(others)
    try:
        while True:
            n = connection.recv()
            try:
                result = function(n)
            except Exception:  # the parent computes it, and reports the error
                result = b""
            connection.send_bytes(result)
    except (EOFError, OSError):
        connection.close()
