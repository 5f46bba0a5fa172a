"""The row *Archive* of the section *Report*: sends the DICOM files of the last report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from slicer.i18n import tr as _

from .Feedback import Feedback

NOT_DICOM = (".json", ".tsv")
"""Files next to DICOM."""


class SendPart:
    """Offers the archives of Slicer's settings, and sends to one of them."""

    def __init__(self, widget: Any):
        self._widget, self.ui = widget, widget.ui
        self._files: list[Path] = []
        self.feedback = Feedback(self.ui.sendFeedback, widget.cancel, self._on_link)
        self.ui.archiveComboBox.editTextChanged.connect(lambda text: self.update_buttons())
        self.ui.sendButton.clicked.connect(self.onSendButton)
        self.show([])

    def stop(self) -> None:
        """The panel is closed: nothing may call back."""
        self.feedback.stop()

    def show(self, files: Sequence[Path]) -> None:
        """Offer to send some files; nothing is shown if there are none."""
        from ..Host.ArchiveAddresses import STORES, fill

        self._files = [path for path in files if path.suffix.lower() not in NOT_DICOM]
        for widget in (self.ui.archiveLabel, self.ui.archiveComboBox, self.ui.sendButton, self.ui.sendFeedback):
            widget.setVisible(bool(self._files))
        self.feedback.clear()
        if self._files:
            fill(self.ui.archiveComboBox, STORES, self.update_buttons)

    def update_buttons(self) -> None:
        """Enable the button, or show what is missing."""
        hint, remedy, on_remedy = self._obstacle() if self._files else ("", "", None)
        self.ui.sendButton.setEnabled(bool(self._files) and not hint)
        self.ui.sendButton.setToolTip(hint or _("Send the DICOM files of this report. What the archive has is not sent again."))
        self.feedback.show_hint("" if self._widget.busy_with(self.feedback) else hint, remedy, on_remedy)

    def _obstacle(self) -> tuple[str, str, Callable[[], object] | None]:
        """Return why nothing can be sent, and the text and action of a button that helps."""
        hint, remedy, on_remedy = self._widget.obstacle(self.feedback)
        if hint:
            return hint, remedy, on_remedy
        from ..Host.ArchiveAddresses import feature_of

        feature = feature_of(self._server().address)
        if not feature:
            return _("Enter the address of an archive: pacs:AETITLE@host:port or dicomweb:https://host/path."), "", None
        return self._widget.missing_package(feature, self.feedback)

    def _server(self) -> Any:
        from ..Host.ArchiveAddresses import server_of

        return server_of(str(self.ui.archiveComboBox.currentText))

    def onSendButton(self) -> None:
        """Send the files in the background."""
        server = self._server()
        with self._widget.showing_problems(self.feedback):
            task = self._widget.logic.sendTask(self._files, server.address, self._widget.access.settings(server))
            self._widget.start(task, lambda transfer: self._after(transfer, server.address), self.feedback)

    def _on_link(self, target: str) -> None:
        from ..Host.ArchiveAccess import SIGN_IN

        if target == SIGN_IN and self._widget.access.sign_in(self._widget.parent, self._server()):
            self.onSendButton()

    def _after(self, transfer: Any, address: str) -> None:
        from ..Host.ArchiveAccess import link_for
        from ..Host.ArchiveAddresses import remember_address
        from .PanelMessages import in_panel

        remember_address(address)
        text = _("Archive: {numbers}.").format(numbers=transfer.summary())
        errors = dict.fromkeys(entry.error for entry in transfer.entries if entry.outcome.value == "failed")
        notes = [in_panel(words) for words in (*list(errors)[:1], *transfer.notes)]
        if not transfer.ok and (transfer.count("sent") or transfer.count("present")):
            notes.append(_("Send again to complete it."))
        text = " ".join([text, *notes])
        self.feedback.show_result(text, not transfer.ok, *link_for(text))
