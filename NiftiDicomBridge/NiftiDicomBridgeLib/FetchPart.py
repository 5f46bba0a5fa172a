"""The button *Fetch from an archive…* below the list of the DICOM database: adds series of an archive to the database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from slicer.i18n import tr as _

from .Feedback import Feedback


class FetchPart:
    """Asks what to fetch, and fetches it.

    Parameters
    ----------
    widget : NiftiDicomBridgeWidget
        The panel.
    on_fetched : callable
        Called with the Series Instance UIDs of what is in the database then.
    """

    def __init__(self, widget: Any, on_fetched: Callable[[Sequence[str]], None]):
        self._widget, self._on_fetched = widget, on_fetched
        self._chosen: dict[str, str] = {}
        self.feedback = Feedback(widget.ui.fetchFeedback, widget.cancel, self._on_link)
        widget.ui.fetchButton.clicked.connect(self.onFetchButton)

    def stop(self) -> None:
        """The panel is closed: nothing may call back."""
        self.feedback.stop()

    def update_buttons(self) -> None:
        """Show the button where the DICOM database is listed, and enable it when something can be fetched."""
        from . import Database

        shown = self._widget.exporting.source == "database"
        for widget in (self._widget.ui.fetchButton, self._widget.ui.fetchFeedback):
            widget.setVisible(shown)
        self._widget.ui.fetchButton.setEnabled(Database.is_open() and not self._widget.busy)

    def onFetchButton(self) -> None:
        """Ask what to fetch, and fetch it in the background."""
        from .FetchDialog import ask_what_to_fetch

        chosen = ask_what_to_fetch(self._widget.parent, self._chosen)
        if chosen:
            self.fetch(chosen)

    def fetch(self, chosen: dict[str, str]) -> None:
        """Fetch in the background.

        Parameters
        ----------
        chosen : dict of str to str
            ``archive``, and what to fetch (see `FetchTask`).
        """
        from . import Dependencies
        from .ArchiveAddresses import feature_of, server_of

        self._chosen = dict(chosen)
        server = server_of(chosen["archive"])
        problem = Dependencies.offer(feature_of(server.address))
        if problem:
            self.feedback.show_result(problem, problem=True)
            return
        selection = {name: value for name, value in chosen.items() if name != "archive"}
        with self._widget.showing_problems(self.feedback):
            task = self._widget.logic.fetchTask(server.address, selection, self._widget.access.settings(server))
            self._widget.start(task, self._after, self.feedback)

    def _after(self, fetched: Any) -> None:
        from .ArchiveAccess import link_for
        from .PanelMessages import in_panel

        count = len(fetched.series)
        what = _("1 series fetched") if count == 1 else _("{count} series fetched").format(count=count)
        failed = [entry for entry in fetched.transfer.entries if entry.outcome.value == "failed"]
        text = f"{what}, {fetched.registered}"
        if failed:
            text += " " + _("Not fetched: {count}. {reason}").format(count=len(failed), reason=in_panel(failed[0].error))
        self.feedback.show_result(text, bool(failed), *link_for(text))
        self._on_fetched(fetched.series)

    def _on_link(self, target: str) -> None:
        from .ArchiveAccess import SIGN_IN
        from .ArchiveAddresses import server_of

        server = server_of(self._chosen.get("archive", ""))
        if target == SIGN_IN and self._widget.access.sign_in(self._widget.parent, server):
            self.fetch(self._chosen)
