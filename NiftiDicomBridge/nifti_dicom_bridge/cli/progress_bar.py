"""The progress of a command on a terminal."""

from __future__ import annotations

import sys

from ..options import Progress

_BAR_LENGTH = 30


class ProgressBar:
    """One line on a terminal that is written again and again; nothing in a pipe."""

    def __init__(self, quiet: bool):
        self._length = 0
        self.progress: Progress | None = None if quiet or not sys.stderr.isatty() else self._show

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(self, *exception: object) -> None:
        self.clear()

    def clear(self) -> None:
        """Remove the line, to print others."""
        self._write("")

    def _show(self, what: str, done: int, total: int) -> None:
        filled = _BAR_LENGTH * done // max(1, total)
        self._write(f"{what[:30]:30} [{'#' * filled:{_BAR_LENGTH}}] {done}/{total}")

    def _write(self, text: str) -> None:
        if text or self._length:
            sys.stderr.write(f"\r{text:{self._length}}" + ("" if text else "\r"))
            sys.stderr.flush()
        self._length = len(text)
