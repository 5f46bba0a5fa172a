"""What is shown below the button that starts a task: why it cannot be pressed, the progress, the result."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from .Views import LAID_OUT_MS, TextHeights, plain, scroll_to

STATUS_MS = 5000
COUNTED = re.compile(r"\(\d+ of \d+\)$|^\d+ of \d+ images$")
"""Ends the name of what is at work where several images are: how many there are is known then, unlike the parts of the bar."""


class Feedback:
    """Fills a widget of the panel that is below a button.

    Parameters
    ----------
    holder : QWidget
        The widget to fill.
    on_cancel : callable
        Called when *Cancel* is pressed.
    on_link : callable
        Called with the target of a link in the result.
    """

    def __init__(self, holder: Any, on_cancel: Callable[[], None], on_link: Callable[[str], None]):
        self.holder = holder
        self._on_remedy: Callable[[], object] | None = None
        self.hint, self.status, self.result = qt.QLabel(), qt.QLabel(), qt.QLabel()
        self.remedy, self.cancel, self.bar = qt.QPushButton(), qt.QPushButton(_("Cancel")), qt.QProgressBar()
        self._scroll_timer = qt.QTimer()
        self._scroll_timer.setSingleShot(True)
        self._scroll_timer.setInterval(LAID_OUT_MS)
        self._scroll_timer.timeout.connect(lambda: scroll_to(self.holder))
        self._finish_labels()
        self._finish_controls()
        self._lay_out()
        self.remedy.clicked.connect(lambda: self._on_remedy() if self._on_remedy is not None else None)
        self.cancel.clicked.connect(lambda: on_cancel())
        self.result.linkActivated.connect(on_link)

    def _finish_labels(self) -> None:
        for label in (self.hint, self.status, self.result):
            label.setSizePolicy(qt.QSizePolicy.Ignored, qt.QSizePolicy.Preferred)
            label.setVisible(False)
        for label in (self.hint, self.result):
            label.setWordWrap(True)
        self._heights = TextHeights()
        self._heights.add(self.hint, self.result)
        self.result.setTextFormat(qt.Qt.RichText)
        self.result.setTextInteractionFlags(qt.Qt.TextBrowserInteraction)
        for label in (self.hint, self.status):  # they name files
            label.setTextFormat(qt.Qt.PlainText)

    def _finish_controls(self) -> None:
        self.cancel.setToolTip(_("Stop. Files that are not complete are removed."))
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(_("Progress"))
        self.bar.setSizePolicy(qt.QSizePolicy.Expanding, qt.QSizePolicy.Preferred)
        for widget in (self.remedy, self.cancel, self.bar):
            widget.setVisible(False)

    def _lay_out(self) -> None:
        rows = qt.QVBoxLayout(self.holder)
        rows.setContentsMargins(0, 0, 0, 0)
        row = qt.QHBoxLayout()
        row.addWidget(self.bar)
        row.addWidget(self.cancel)
        rows.addWidget(self.hint)
        rows.addWidget(self.remedy)
        rows.addLayout(row)
        rows.addWidget(self.status)
        rows.addWidget(self.result)

    def stop(self) -> None:
        """The panel is closed: no timer may call back."""
        self._scroll_timer.stop()

    # --- before

    def show_hint(self, text: str, remedy: str = "", on_remedy: Callable[[], object] | None = None) -> None:
        """Show why the button above cannot be pressed, with a button that solves the problem; no text hides both."""
        self.hint.setText(text)
        self.hint.setVisible(bool(text))
        self._on_remedy = on_remedy
        self.remedy.setText(remedy)
        self.remedy.setToolTip(plain(text))
        if remedy and not self.remedy.isVisible():
            self._scroll()
        self.remedy.setVisible(bool(text and remedy))

    # --- meanwhile

    def start(self) -> None:
        """Show the progress bar and *Cancel*."""
        self.show_hint("")
        self.result.setVisible(False)
        self.bar.setRange(0, 0)
        self.cancel.setEnabled(True)
        for widget in (self.bar, self.cancel, self.status):
            widget.setVisible(True)
        self.show_status(_("Starting…"))
        self.cancel.setFocus()
        self._scroll()

    def show_progress(self, what: str, done: int, total: int) -> None:
        """Show which file is at work, and how many there are."""
        self.bar.setRange(0, total)
        self.bar.setValue(done)
        if not self.cancel.isEnabled():
            return
        if not total or COUNTED.search(what):
            self.show_status(what)
        elif what:
            number = min(done + 1, total)
            self.show_status(_("{name}, {number} of {count}").format(name=what, number=number, count=total), number, total)

    def show_cancelling(self) -> None:
        """Show that *Cancel* was pressed."""
        self.cancel.setEnabled(False)
        self.show_status(_("Cancelling…"))

    def show_status(self, text: str, *count: int) -> None:
        """Show one line; the middle of a long one is left out, not the numbers at its end."""
        width = max(int(self.holder.width), 1)
        self.status.setText(self.status.fontMetrics().elidedText(text, qt.Qt.ElideMiddle, width))
        self.status.setToolTip(plain(text))
        slicer.util.showStatusMessage(text, STATUS_MS)

    # --- afterwards

    def show_result(self, text: str, problem: bool = False, link: str = "", link_text: str = "") -> None:
        """Show how it ended in one line, with a link to more."""
        for widget in (self.bar, self.cancel, self.status):
            widget.setVisible(False)
        more = f' <a href="{escape(link)}">{escape(link_text)}</a>' if link else ""
        self.result.setText(f"{'⚠' if problem else '✓'} {escape(text)}{more}")
        self.result.setVisible(bool(text))
        slicer.util.showStatusMessage(text, STATUS_MS)
        self._scroll()

    def clear(self) -> None:
        """Hide the last result, which is about something else now."""
        self.result.setVisible(False)

    def _scroll(self) -> None:
        """Scroll once Qt has laid out what is new."""
        self._scroll_timer.start()
