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
        self.feedback = Feedback(self.ui.sendFeedback, widget.cancel, widget.open_link)
        self.ui.archiveComboBox.editTextChanged.connect(lambda text: self.update_buttons())
        self.ui.sendButton.clicked.connect(self.onSendButton)
        self.show([])

    def stop(self) -> None:
        """The panel is closed: nothing may call back."""
        self.feedback.stop()

    def show(self, files: Sequence[Path]) -> None:
        """Offer to send some files; nothing is shown if there are none."""
        from .ArchiveAddresses import known_addresses

        self._files = [path for path in files if path.suffix.lower() not in NOT_DICOM]
        for widget in (self.ui.archiveLabel, self.ui.archiveComboBox, self.ui.sendButton, self.ui.sendFeedback):
            widget.setVisible(bool(self._files))
        self.feedback.clear()
        if not self._files:
            return
        typed = str(self.ui.archiveComboBox.currentText)
        self.ui.archiveComboBox.clear()
        for address in known_addresses():
            self.ui.archiveComboBox.addItem(address)
        if typed:
            self.ui.archiveComboBox.setEditText(typed)

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
        from .ArchiveAddresses import feature_of

        feature = feature_of(self._address())
        if not feature:
            return _("Enter the address of an archive: pacs:AETITLE@host:port or dicomweb:https://host/path."), "", None
        return self._widget.missing_package(feature, self.feedback)

    def _address(self) -> str:
        return str(self.ui.archiveComboBox.currentText).strip()

    def onSendButton(self) -> None:
        """Send the files in the background."""
        address = self._address()
        with self._widget.showing_problems(self.feedback):
            task = self._widget.logic.sendTask(self._files, address)
            self._widget.start(task, lambda transfer: self._after(transfer, address), self.feedback)

    def _after(self, transfer: Any, address: str) -> None:
        from .ArchiveAddresses import remember_address
        from .PanelMessages import in_panel

        remember_address(address)
        text = _("Archive: {numbers}.").format(numbers=transfer.summary())
        errors = dict.fromkeys(entry.error for entry in transfer.entries if entry.outcome.value == "failed")
        notes = [in_panel(words) for words in (*list(errors)[:1], *transfer.notes)]
        self.feedback.show_result(" ".join([text, *notes]), problem=not transfer.ok)
