"""The part "Check" of the panel: what was restored, assumed and changed, and whether DICOM is as the standard wants it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _


class CheckPart:
    """Shows the last report."""

    def __init__(self, widget: Any):
        self._widget, self.ui = widget, widget.ui
        self._report: Any = None
        self._scratch: Path | None = None
        self.ui.openReportButton.clicked.connect(self.onOpenReportButton)
        self.ui.saveReportButton.clicked.connect(self.onSaveReportButton)
        self.ui.validateButton.clicked.connect(self.onValidateButton)

    def show_report(self, report: Any) -> None:
        """Show a report, and open the part for it."""
        from . import Words

        self._report = report
        self._show(Words.report_as_html(report))

    def show_error(self, text: str) -> None:
        """Show why nothing was done."""
        from . import Words

        self._report = None
        self._show(Words.error_as_html(text))

    def set_busy(self, busy: bool) -> None:
        """Let the buttons be pressed when nothing is at work, and there is a report to show."""
        self.ui.validateButton.setEnabled(not busy)
        for button in (self.ui.openReportButton, self.ui.saveReportButton):
            button.setEnabled(not busy and self._report is not None)

    def stop(self) -> None:
        """Take temporary pages away."""
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)

    def onOpenReportButton(self) -> None:
        """Make a page of the last report, and open it in the browser."""
        if self._scratch is None:
            self._scratch = Path(tempfile.mkdtemp(prefix="NiftiDicomBridge-report-", dir=slicer.app.temporaryPath))
        self._write(self._scratch / "report.html", lambda path: qt.QDesktopServices.openUrl(qt.QUrl.fromLocalFile(str(path))))

    def onSaveReportButton(self) -> None:
        """Save the last report as a page, or as data."""
        formats = _("Page with pictures") + " (*.html);;JSON (*.json)"
        name = qt.QFileDialog.getSaveFileName(self._widget.parent, _("Save report"), "report.html", formats)
        if name:
            self._write(Path(name), lambda path: slicer.util.showStatusMessage(str(path), 3000))

    def _write(self, path: Path, after: Callable[[Path], object]) -> None:
        with slicer.util.tryWithErrorDisplay(_("The report could not be written."), waitCursor=True):
            self._widget.start(self._widget.logic.reportTask(self._report, path), after)

    def onValidateButton(self) -> None:
        """Check DICOM files against the standard."""
        folder = qt.QFileDialog.getExistingDirectory(self._widget.parent, _("Folder of DICOM files to check"))
        if folder:
            with slicer.util.tryWithErrorDisplay(_("The check failed."), waitCursor=True):
                self._widget.start(self._widget.logic.validateTask([folder]), self._show_findings)

    def _show_findings(self, findings: Sequence[Any]) -> None:
        from . import Words

        self._report = None
        self._show(Words.findings_as_html(findings))

    def _show(self, html: str) -> None:
        self.ui.checkButton.collapsed = False
        self.ui.resultBrowser.setHtml(html)
        self.set_busy(False)
