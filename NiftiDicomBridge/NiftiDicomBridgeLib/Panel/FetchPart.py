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
        self._dialog: Any = None
        self._again: Callable[[], None] = lambda: None
        self._server: Any = None
        self.feedback = Feedback(widget.ui.fetchFeedback, widget.cancel, self._on_link)
        widget.ui.fetchButton.clicked.connect(self.onFetchButton)

    def stop(self) -> None:
        """The panel is closed: nothing may call back."""
        self.feedback.stop()
        if self._dialog is not None:
            self._dialog.stop()
            self._dialog = None

    @property
    def dialog(self) -> Any:
        """The window to search and choose; made when it is first needed."""
        if self._dialog is None:
            from .FetchDialog import FetchDialog

            self._dialog = FetchDialog(self._widget)
        return self._dialog

    def update_buttons(self) -> None:
        """Show the button where the DICOM database is listed, and enable it when something can be fetched."""
        from ..Host import Database

        shown = self._widget.exporting.source == "database"
        for widget in (self._widget.ui.fetchButton, self._widget.ui.fetchFeedback):
            widget.setVisible(shown)
        self._widget.ui.fetchButton.setEnabled(Database.is_open() and not self._widget.busy)
        if self._dialog is not None:
            self._dialog.update_buttons()

    def onFetchButton(self) -> None:
        """Ask what to fetch, and fetch it in the background."""
        server, selections = self.dialog.ask()
        if selections:
            self.fetch(server, selections)

    def fetch(self, server: Any, selections: Sequence[dict[str, Any]]) -> None:
        """Fetch in the background.

        Parameters
        ----------
        server : ArchiveAddresses.Server
            The archive.
        selections : sequence of dict
            What to fetch (see `FetchTask`).
        """
        from ..Host import Dependencies
        from ..Host.ArchiveAddresses import feature_of

        self._server, self._again = server, lambda: self.fetch(server, selections)
        problem = Dependencies.offer(feature_of(server.address))
        if problem:
            self.feedback.show_result(problem, problem=True)
            return
        with self._widget.showing_problems(self.feedback):
            task = self._widget.logic.fetchTask(server.address, selections, self._widget.access.settings(server))
            self._widget.start(task, self._after, self.feedback)

    def _after(self, fetched: Any) -> None:
        from ..Host.ArchiveAccess import link_for
        from .PanelMessages import in_panel

        count = len(fetched.series)
        what = _("1 series fetched") if count == 1 else _("{count} series fetched").format(count=count)
        text, errors = f"{what}, {fetched.registered}", fetched.errors
        if errors:
            text += " " + _("Not fetched: {count}. {reason}").format(count=len(errors), reason=in_panel(errors[0]))
        self.feedback.show_result(text, bool(errors), *link_for(text))
        self._on_fetched(fetched.series)

    def _on_link(self, target: str) -> None:
        from ..Host.ArchiveAccess import SIGN_IN

        if target == SIGN_IN and self._widget.access.sign_in(self._widget.parent, self._server):
            self._again()
