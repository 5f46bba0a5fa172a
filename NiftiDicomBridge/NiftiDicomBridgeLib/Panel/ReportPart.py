"""The section *Report*: the result of the last conversion, to read, to open as a page and to save."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import qt
from slicer.i18n import tr as _

from .Feedback import Feedback


class ReportPart:
    """Shows the last report."""

    def __init__(self, widget: Any):
        self._widget, self.ui = widget, widget.ui
        self._report: Any = None
        self._scratch: Path | None = None
        self.feedback = Feedback(self.ui.reportFeedback, widget.cancel, widget.open_link)
        self.ui.openReportButton.clicked.connect(self.onOpenReportButton)
        self.ui.saveReportButton.clicked.connect(self.onSaveReportButton)

    def show(self, report: Any) -> None:
        """Show a report; the section stays as it is."""
        from .ReportHtml import report_as_html

        self._report = report
        self.ui.resultBrowser.setHtml(report_as_html(report))

    def update_buttons(self) -> None:
        """Enable the buttons when there is a report and nothing is running."""
        ready = self._report is not None and not self._widget.busy
        missing, remedy, on_remedy = self._widget.missing_package("report", self.feedback) if ready else ("", "", None)
        self.ui.openReportButton.setEnabled(ready and not missing)
        self.ui.saveReportButton.setEnabled(ready)
        self.feedback.show_hint(missing, remedy, on_remedy)

    def stop(self) -> None:
        """The panel is closed: remove temporary pages."""
        self.feedback.stop()
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)

    def onOpenReportButton(self) -> None:
        """Create a page of the last report, and open it in the browser."""
        from ..Host.TemporaryFolders import new_folder

        with self._widget.showing_problems(self.feedback):
            if self._scratch is None or not self._scratch.is_dir():
                self._scratch = new_folder("report")
            self._write(self._scratch / "report.html", self._open)

    def onSaveReportButton(self) -> None:
        """Save the last report as a page or as data."""
        formats = _("Page with pictures") + " (*.html);;JSON (*.json)"
        name = qt.QFileDialog.getSaveFileName(self._widget.parent, _("Save report"), "report.html", formats)
        if name:
            self._write(Path(name), lambda path: self.feedback.show_result(_("Saved {name}.").format(name=path)))

    def _open(self, path: Path) -> None:
        qt.QDesktopServices.openUrl(qt.QUrl.fromLocalFile(str(path)))
        self.feedback.show_result(_("Opened in the web browser."))

    def _write(self, path: Path, after: Callable[[Path], object]) -> None:
        with self._widget.showing_problems(self.feedback):
            self._widget.start(self._widget.logic.reportTask(self._report, path), after, self.feedback)
