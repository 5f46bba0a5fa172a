"""Work in another thread while the window stays alive.

Slicer's main thread keeps Python's global lock while Qt idles, so a worker thread starves there unless Python code on the
main thread gives the lock away. The polling slot does that: it waits for the worker for some milliseconds, again and again.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any

import qt

POLL_MS = 20
YIELD_S = 0.01


class Background:
    """Runs the long step of one task at a time (see `ExportTasks`) and reports back on the main thread.

    A task with ``may_be_abandoned = True`` waits for another computer and leaves nothing behind: once it is cancelled, its
    thread is not waited for.

    Parameters
    ----------
    on_progress : callable
        Called as ``on_progress(what, done, total)``.
    on_end : callable
        Called once per task as ``on_end(task, result, error)``; one of the two is None.
    """

    def __init__(self, on_progress: Callable[[str, int, int], None], on_end: Callable[[Any, Any, BaseException | None], None]):
        self._on_progress, self._on_end = on_progress, on_end
        self._run: _Run | None = None
        self._is_running = False
        self._timer = qt.QTimer()
        self._timer.setInterval(POLL_MS)
        self._timer.timeout.connect(self._poll)

    @property
    def task(self) -> Any:
        """The last task that was started."""
        return self._run.task if self._run is not None else None

    @property
    def busy(self) -> bool:
        """Whether a task is at work."""
        return self._is_running

    @property
    def cancelled(self) -> bool:
        """Whether the task was asked to stop."""
        return self._run is not None and self._run.cancel.is_set()

    def start(self, task: Any) -> None:
        """Start the work of a task."""
        if self.busy:
            raise RuntimeError("A conversion is running already. Wait for it, or cancel it.")
        self._run, self._is_running = _Run(task), True
        self._run.thread.start()
        self._timer.start()

    def cancel(self) -> None:
        """Ask the task to stop at the next step."""
        if self._run is None:
            return
        self._run.cancel.set()
        if self.busy and self._run.may_be_abandoned:
            from nifti_dicom_bridge import Cancelled

            self._end(None, Cancelled("Cancelled."))

    def stop(self) -> None:
        """Cancel and wait; nothing is reported any more."""
        self._timer.stop()
        if self._run is not None and self.busy:
            self._run.cancel.set()
            if not self._run.may_be_abandoned:
                self._run.thread.join()
        self._is_running = False

    def _poll(self) -> None:
        run = self._run
        if run is None or not self.busy:
            return
        run.thread.join(YIELD_S)
        latest = None
        while not run.messages.empty():
            latest = run.messages.get()
        if latest is not None:
            self._on_progress(*latest)
        if self.busy and run is self._run and not run.thread.is_alive():
            self._end(run.result, run.error)

    def _end(self, result: Any, error: BaseException | None) -> None:
        self._timer.stop()
        self._is_running = False
        self._on_end(self.task, result, error)


class _Run:
    """A thread with a task, which shares nothing with those before and after it."""

    def __init__(self, task: Any):
        self.task = task
        self.messages: queue.Queue = queue.Queue()
        self.cancel = threading.Event()
        self.result: Any = None
        self.error: BaseException | None = None
        self.thread = threading.Thread(target=self._work, name="NiftiDicomBridge", daemon=True)

    @property
    def may_be_abandoned(self) -> bool:
        return getattr(self.task, "may_be_abandoned", False)

    def _work(self) -> None:
        try:
            self.result = self.task.work(self._report_progress)
        except BaseException as error:  # passed to the main thread, which shows it
            self.error = error

    def _report_progress(self, what: str, done: int, total: int) -> None:
        if self.cancel.is_set():
            from nifti_dicom_bridge import Cancelled

            raise Cancelled("Cancelled.")
        self.messages.put((what, done, total))
