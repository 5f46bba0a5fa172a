"""A window to choose what is fetched from which archive."""

from __future__ import annotations

from typing import Any

import qt
from slicer.i18n import tr as _

from .ArchiveAddresses import ANSWERS, feature_of, fill, server_of
from .Views import ok_and_cancel

WIDTH = 460


def ask_what_to_fetch(parent: Any, before: dict[str, str]) -> dict[str, str]:
    """Return ``archive`` (its name or address) and values of ``patient``, ``accession`` and ``study``; nothing if cancelled.

    Parameters
    ----------
    parent : QWidget
        The widget that the window belongs to.
    before : dict of str to str
        What was chosen last.
    """
    dialog = qt.QDialog(parent)
    dialog.setWindowTitle(_("Fetch from an archive"))
    dialog.resize(WIDTH, 0)
    box = qt.QComboBox()
    box.setEditable(True)
    box.setSizePolicy(qt.QSizePolicy.Expanding, qt.QSizePolicy.Fixed)
    box.setSizeAdjustPolicy(qt.QComboBox.AdjustToMinimumContentsLengthWithIcon)
    box.setToolTip(_("pacs:AETITLE@host:port or dicomweb:https://host/path. The servers of Slicer's DICOM module are listed."))
    fields = {"patient": qt.QLineEdit(), "accession": qt.QLineEdit(), "study": qt.QLineEdit()}
    hint = qt.QLabel(_("Images that match all values are fetched."))
    buttons, accept = ok_and_cancel(dialog)
    accept.setText(_("Fetch"))
    rows = qt.QFormLayout(dialog)
    texts = (_("Archive:"), _("Patient ID:"), _("Accession number:"), _("Study Instance UID:"))
    for text, widget in zip(texts, (box, *fields.values()), strict=True):
        rows.addRow(text, widget)
    rows.addRow(hint)
    rows.addRow(buttons)

    def values() -> dict[str, str]:
        return {name: str(field.text).strip() for name, field in fields.items() if str(field.text).strip()}

    def update(*changed: object) -> None:
        accept.setEnabled(bool(values() and feature_of(server_of(str(box.currentText)).address)))

    for name, field in fields.items():
        field.setObjectName(f"{name}Edit")
        field.setText(before.get(name, ""))
        field.textChanged.connect(update)
    box.editTextChanged.connect(update)
    fill(box, ANSWERS, update)
    if before.get("archive"):
        box.setEditText(before["archive"])
    accepted = dialog.exec() == qt.QDialog.Accepted
    chosen = {"archive": str(box.currentText).strip(), **values()} if accepted else {}
    dialog.deleteLater()
    return chosen
