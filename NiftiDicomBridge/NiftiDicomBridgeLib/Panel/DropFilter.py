"""Files that are dropped on a widget."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import qt


class DropFilter(qt.QObject):
    """Takes files with some suffixes, and folders, that are dropped on a widget; to be installed on it."""

    def __init__(self, on_files: Callable[[Iterable[Path]], None], suffixes: tuple[str, ...]):
        qt.QObject.__init__(self)
        self._on_files, self._suffixes = on_files, suffixes

    def eventFilter(self, watched, event):
        """Called by Qt before the widget sees an event."""
        kind = event.type()
        if kind not in (qt.QEvent.DragEnter, qt.QEvent.DragMove, qt.QEvent.Drop):
            return False
        paths = _dropped_paths(event.mimeData(), self._suffixes)
        if not paths:
            return False
        event.acceptProposedAction()
        if kind == qt.QEvent.Drop:
            self._on_files(paths)
        return True


def _dropped_paths(mime: Any, suffixes: tuple[str, ...]) -> list[Path]:
    paths = [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()]
    return [path for path in paths if path.is_dir() or path.name.lower().endswith(suffixes)]
