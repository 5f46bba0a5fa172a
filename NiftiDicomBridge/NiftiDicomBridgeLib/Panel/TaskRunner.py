"""One task at a time: progress and result below its button, *Cancel*, and a question before Slicer quits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from ..Tasks.Background import Background
from .Feedback import Feedback


class TaskRunner:
    """Runs tasks (see `ExportTasks`).

    Parameters
    ----------
    on_change : callable
        Called without arguments when a task starts or has ended.

    Attributes
    ----------
    then : callable, optional
        Set while a task finishes: called once it has ended.
    """

    def __init__(self, on_change: Callable[[], None]):
        self._on_change = on_change
        self._after: Callable[[Any], None] = lambda result: None
        self.feedback: Feedback | None = None
        self.then: Callable[[], None] | None = None
        self.background = Background(self._on_progress, self._on_end)
        self._guard = _CloseGuard(self.confirm_quitting)
        self._window: Any = None

    @property
    def busy(self) -> bool:
        """Whether a task is running or finishing."""
        return self.feedback is not None

    def start(self, task: Any, after: Callable[[Any], None], feedback: Feedback) -> None:
        """Run a task in the background; `after` is called with what it returned."""
        self.background.start(task)
        self._after, self.feedback = after, feedback
        self._window = slicer.util.mainWindow()
        if self._window is not None:
            self._window.installEventFilter(self._guard)
        self._on_change()
        feedback.start()

    def cancel(self) -> None:
        """Ask the task to stop."""
        if self.feedback is not None:
            self.feedback.show_cancelling()
        self.background.cancel()

    def keep_going(self, what: str, done: int, total: int) -> bool:
        """Show a step of the work on the main thread; whether the task shall go on with it."""
        if self.feedback is not None:
            self.feedback.show_progress(what, done, total)
        slicer.app.processEvents()
        return not self.background.cancelled

    def stop(self) -> None:
        """Cancel and wait; nothing calls back any more."""
        self.background.stop()
        self._remove_guard()
        self.feedback = None

    def _cancelled(self) -> str:
        """Return that the task was cancelled, and what it leaves behind."""
        return f"{_('Cancelled.')} {getattr(self.background.task, 'after_cancel', '')}".strip()

    def confirm_quitting(self) -> bool:
        """Ask whether Slicer shall quit in spite of a running task; stop the task if so."""
        text = _("A conversion is running. Stop it and quit?\n\nFiles that are complete are kept.")
        if not slicer.app.testingEnabled() and not slicer.util.confirmOkCancelDisplay(text, _("NIfTI-DICOM Bridge")):
            return False
        feedback = self.feedback
        self.stop()
        if feedback is not None:  # the user may answer the next question of Slicer with Cancel
            feedback.show_result(self._cancelled(), problem=True)
        self._on_change()
        return True

    def _remove_guard(self) -> None:
        if self._window is not None:
            self._window.removeEventFilter(self._guard)
        self._window = None

    def _on_progress(self, what: str, done: int, total: int) -> None:
        if self.feedback is not None:
            self.feedback.show_progress(what, done, total)

    def _on_end(self, task: Any, result: Any, error: BaseException | None) -> None:
        from nifti_dicom_bridge import BridgeError, Cancelled

        from .PanelMessages import message_in_panel

        feedback = self.feedback
        if feedback is None:
            return
        with slicer.util.tryWithErrorDisplay(_("The conversion failed.")):
            try:
                if error is not None:
                    raise error
                self._after(self._finished(task, result))
            except Cancelled:
                feedback.show_result(self._cancelled(), problem=True)
            except (BridgeError, OSError) as problem:
                text = message_in_panel(problem)
                feedback.show_result(text, True, *getattr(task, "link_for", lambda message: ("", ""))(text))
            except Exception as problem:
                feedback.show_result(_("Unexpected error: {error}").format(error=problem), problem=True)
                raise
            finally:
                self.feedback = None
                self._remove_guard()
                self._on_change()
            then, self.then = self.then, None
            if then is not None:
                then()

    def _finished(self, task: Any, result: Any) -> Any:
        """Let a task finish on the main thread. Events of Qt go on meanwhile, so *Cancel* can be pressed."""
        if hasattr(task, "keep_going"):
            task.keep_going = self.keep_going
        return task.finish(result)


class _CloseGuard(qt.QObject):
    """Event filter of the main window while a task is running."""

    def __init__(self, may_close: Callable[[], bool]):
        qt.QObject.__init__(self)
        self._may_close = may_close

    def eventFilter(self, watched, event):
        """Called by Qt before the window handles an event."""
        if event.type() != qt.QEvent.Close or self._may_close():
            return False
        event.ignore()
        return True
