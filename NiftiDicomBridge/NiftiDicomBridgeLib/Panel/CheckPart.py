"""The section *Check DICOM*: a folder of DICOM files is checked against the standard."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ctk
from slicer.i18n import tr as _

from .Feedback import Feedback
from .Views import typed_folder


class CheckPart:
    """Asks for a folder, and shows what was found in it."""

    def __init__(self, widget: Any):
        self._widget, self.ui = widget, widget.ui
        self.feedback = Feedback(self.ui.checkFeedback, widget.cancel, widget.open_link)
        self.ui.checkFolderEdit.filters = ctk.ctkPathLineEdit.Dirs
        self.ui.checkFolderEdit.settingKey = "NiftiDicomBridge/CheckFolder"
        self.ui.checkFolderEdit.currentPathChanged.connect(lambda path: self.update_buttons())
        self.ui.validateButton.clicked.connect(self.onValidateButton)

    def stop(self) -> None:
        """The panel is closed: nothing may call back."""
        self.feedback.stop()

    def update_buttons(self) -> None:
        """Enable the button, or show what is missing."""
        hint = self._widget.obstacle(self.feedback)[0] or ("" if self._folder() else _("Choose a folder."))
        self.ui.validateButton.setEnabled(not hint)
        self.ui.validateButton.setToolTip(hint or _("Check all DICOM files in the folder against the standard."))
        self.feedback.show_hint("" if self._widget.busy_with(self.feedback) else hint)

    def onValidateButton(self) -> None:
        """Check the DICOM files of the folder."""
        with self._widget.showing_problems(self.feedback):
            task = self._widget.logic.validateTask([Path(self._folder())])
            self._widget.start(task, self._show_findings, self.feedback)

    def _show_findings(self, findings: Sequence[Any]) -> None:
        from .ReportHtml import findings_as_html, findings_summary

        self.ui.checkFolderEdit.addCurrentPathToHistory()
        self.ui.findingsBrowser.setHtml(findings_as_html(findings))
        problem = any(finding.severity.value != "info" for finding in findings)
        self.feedback.show_result(findings_summary(findings), problem)

    def _folder(self) -> str:
        return typed_folder(self.ui.checkFolderEdit)
