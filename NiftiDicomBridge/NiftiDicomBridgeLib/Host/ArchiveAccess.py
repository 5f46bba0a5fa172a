"""How archives are reached from the panel: as the settings specify, by the AE title of Slicer, as the user who signed in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import qt
from slicer.i18n import tr as _

from nifti_dicom_bridge import ArchiveSettings, read_archive_settings

from ..Panel.PanelRemedies import panel_remedies
from ..Panel.Views import ok_and_cancel
from .ArchiveAddresses import Server

SIGN_IN = "sign-in"
"""Target of the link in a result."""


class Access:
    """Who signed in to which archive, until Slicer is closed; passwords are not stored."""

    def __init__(self) -> None:
        self._users: dict[str, tuple[str, str]] = {}

    def settings(self, server: Server) -> ArchiveSettings:
        """Return how an archive is reached."""
        settings = read_archive_settings()
        if server.calling_title and settings.calling_title == ArchiveSettings().calling_title:
            settings = replace(settings, calling_title=server.calling_title)
        if server.address in self._users:
            user, password = self._users[server.address]
            settings = replace(settings, user=user, password=password, token="")
        return settings

    def sign_in(self, parent: Any, server: Server) -> bool:
        """Ask for user and password of an archive; whether they were entered."""
        known = self._users.get(server.address, ("", ""))[0] or read_archive_settings().user
        entered = _ask(parent, server, known)
        if entered is None:
            return False
        self._users[server.address] = entered
        return True


def link_for(message: str) -> tuple[str, str]:
    """Return target and text of a link that helps if an archive refuses access; nothing for other messages of the panel."""
    return (SIGN_IN, _("Sign in…")) if panel_remedies()["check-credentials"] in message else ("", "")


def _ask(parent: Any, server: Server, user: str) -> tuple[str, str] | None:
    """Return user and password; None if the user cancels."""
    dialog = qt.QDialog(parent)
    dialog.setWindowTitle(_("Sign in"))
    name, password = qt.QLineEdit(user), qt.QLineEdit()
    name.setObjectName("userEdit")
    password.setObjectName("passwordEdit")
    password.setEchoMode(qt.QLineEdit.Password)
    where = qt.QLabel(server.name)
    where.setTextFormat(qt.Qt.PlainText)
    where.setWordWrap(True)
    note = qt.QLabel(_("Kept until Slicer is closed, and not stored."))
    buttons, _accept = ok_and_cancel(dialog)
    rows = qt.QFormLayout(dialog)
    for text, widget in ((_("Archive:"), where), (_("User:"), name), (_("Password:"), password)):
        rows.addRow(text, widget)
    rows.addRow(note)
    rows.addRow(buttons)
    (password if user else name).setFocus()
    entered = (str(name.text), str(password.text)) if dialog.exec() == qt.QDialog.Accepted else None
    dialog.deleteLater()
    return entered if entered and entered[0] else None
