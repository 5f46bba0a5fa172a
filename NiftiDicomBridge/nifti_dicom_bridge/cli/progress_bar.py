"""The progress of a command on a terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Self

from .lines import print_line

if TYPE_CHECKING:
    from ..options import Progress

_BAR_LENGTH = 30


class ProgressBar:
    """One line on a terminal that is written again and again; in a pipe, only that another conversion must end first."""

    def __init__(self, quiet: bool):
        self._length = 0
        self.progress: Progress | None = None if quiet else self._show if sys.stderr.isatty() else self._say_waiting

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.clear()

    def clear(self) -> None:
        """Remove the line, to print others."""
        if self.progress == self._show:
            self._write("")

    def _say_waiting(self, what: str, done: int, total: int) -> None:
        from ..output import WAITING

        if what == WAITING and self._length == 0:
            self._length = len(what)
            print_line(f"{what}.", sys.stderr)

    def _show(self, what: str, done: int, total: int) -> None:
        from ..model.files.safe_text import printable

        if not total:
            self._write(printable(what))
            return
        filled = _BAR_LENGTH * done // max(1, total)
        self._write(f"{printable(what)[:30]:30} [{'#' * filled:{_BAR_LENGTH}}] {done}/{total}")

    def _write(self, text: str) -> None:
        if text or self._length:
            sys.stderr.write(f"\r{text:{self._length}}" + ("" if text else "\r"))
            sys.stderr.flush()
        self._length = len(text)
