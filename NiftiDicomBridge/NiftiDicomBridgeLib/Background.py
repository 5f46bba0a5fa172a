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

    Parameters
    ----------
    on_progress : callable
        Called as ``on_progress(what, done, total)``.
    on_end : callable
        Called once per task as ``on_end(task, result, error)``; one of the two is None.

    Attributes
    ----------
    task : object
        The last one that was started.
    """

    def __init__(self, on_progress: Callable[[str, int, int], None], on_end: Callable[[Any, Any, BaseException | None], None]):
        self._on_progress, self._on_end = on_progress, on_end
        self._messages: queue.Queue = queue.Queue()
        self._cancel = threading.Event()
        self._thread: threading.Thread | None = None
        self.task: Any = None
        self._result: Any = None
        self._error: BaseException | None = None
        self._timer = qt.QTimer()
        self._timer.setInterval(POLL_MS)
        self._timer.timeout.connect(self._poll)

    @property
    def busy(self) -> bool:
        """Whether a task is at work."""
        return self._thread is not None

    @property
    def cancelled(self) -> bool:
        """Whether the task was asked to stop."""
        return self._cancel.is_set()

    def start(self, task: Any) -> None:
        """Start the work of a task."""
        if self.busy:
            raise RuntimeError("A conversion is running already. Wait for it, or cancel it.")
        self._cancel.clear()
        self.task, self._result, self._error = task, None, None
        self._thread = threading.Thread(target=self._work, name="NiftiDicomBridge", daemon=True)
        self._thread.start()
        self._timer.start()

    def cancel(self) -> None:
        """Ask the task to stop at the next step."""
        self._cancel.set()

    def stop(self) -> None:
        """Cancel and wait; nothing is reported any more."""
        self._timer.stop()
        self.cancel()
        if self._thread is not None:
            self._thread.join()
        self._thread = None

    def _work(self) -> None:
        try:
            self._result = self.task.work(self._report_progress)
        except BaseException as error:  # passed to the main thread, which shows it
            self._error = error

    def _report_progress(self, what: str, done: int, total: int) -> None:
        if self._cancel.is_set():
            from nifti_dicom_bridge import Cancelled

            raise Cancelled("Cancelled.")
        self._messages.put((what, done, total))

    def _poll(self) -> None:
        if self._thread is None:
            return
        self._thread.join(YIELD_S)
        latest = None
        while not self._messages.empty():
            latest = self._messages.get()
        if latest is not None:
            self._on_progress(*latest)
        if self._thread is not None and not self._thread.is_alive():
            self._timer.stop()
            self._thread = None
            self._on_end(self.task, self._result, self._error)
