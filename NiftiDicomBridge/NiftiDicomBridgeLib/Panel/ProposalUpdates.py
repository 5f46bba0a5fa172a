"""What the files of the list become: looked up in the background while the user goes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import qt

from ..Tasks.Background import Background
from .ImportRows import Row, Rows

LOOK_MS = 150
"""Choices are often changed in a row: the files are read when no other change follows."""


class ProposalUpdates:
    """Fills in the proposals of rows.

    Parameters
    ----------
    rows : Rows
        The files.
    make_task : callable
        Returns the task for some rows; raises `BridgeError` where the choices are contradictory.
    on_found : callable
        Called with an error text, which is usually empty, when proposals have arrived.
    """

    def __init__(self, rows: Rows, make_task: Callable[[Sequence[Row]], Any], on_found: Callable[[str], None]):
        self._rows, self._make_task, self._on_found = rows, make_task, on_found
        self._discarded = False
        self._background = Background(lambda what, done, total: None, self._on_end)
        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self.look)

    @property
    def busy(self) -> bool:
        """Whether files are still being read."""
        return self._background.busy or bool(self._timer.active)

    def start(self, rows: Sequence[Row]) -> None:
        """Look up what some rows become, after their choices have changed."""
        for row in rows:
            row.outdated = True
        if self._background.busy:
            self._discard()
        self._timer.start()

    def stop(self) -> None:
        """The panel is closed: nothing may call back."""
        self._timer.stop()
        self._background.stop()

    def look(self) -> None:
        """Read the files whose choices have changed."""
        if self._background.busy:
            self._discard()
            return
        self._discarded = False
        outdated = self._rows.outdated()
        if not outdated:
            self._on_found("")
            return
        try:
            self._background.start(self._make_task(outdated))
        except Exception as error:  # shown with the files, and when the button is pressed
            self._on_found(_words_of(error))

    def _discard(self) -> None:
        """Stop what is running; its result is for choices that have changed."""
        self._discarded = True
        self._background.cancel()

    def _on_end(self, task: Any, result: Any, error: BaseException | None) -> None:
        if self._discarded:
            self.look()
            return
        try:
            proposals = task.finish(result) if result else []
        except Exception as raised:  # else, the panel shows for ever that they are computed
            proposals, error = [], raised
        by_path = {proposal.path: proposal for proposal in proposals}
        for row in self._rows.outdated():
            row.proposal, row.outdated = by_path.get(row.path), row.path not in by_path
        self._on_found("" if error is None else _words_of(error))


def _words_of(error: BaseException) -> str:
    from .PanelMessages import message_in_panel

    return message_in_panel(error)
