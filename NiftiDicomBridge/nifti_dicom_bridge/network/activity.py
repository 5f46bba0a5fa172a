"""Answers of DIMSE are waited for as long as data flow: a large object on a slow line takes longer than an answer may."""

from __future__ import annotations

import queue
import time
from typing import Any


class Activity:
    """When data last went through a connection, in either direction."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    @property
    def handlers(self) -> list[tuple[Any, ...]]:
        """Handlers of ``pynetdicom`` that note data."""
        from pynetdicom import evt

        return [(evt.EVT_DATA_RECV, self._note), (evt.EVT_DATA_SENT, self._note)]

    def _note(self, _: Any) -> None:
        self._last = time.monotonic()

    @property
    def silent_s(self) -> float:
        """Time since then, in seconds."""
        return time.monotonic() - self._last


class AnswerQueue(queue.Queue[Any]):
    """Messages that arrived; the time limit for one begins anew whenever data flow."""

    def __init__(self, activity: Activity):
        super().__init__()
        self._activity = activity

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """Return the next message; raises `queue.Empty` if none arrives while the connection is silent."""
        left = timeout
        while True:
            try:
                return super().get(block, left)
            except queue.Empty:
                left = (timeout or 0.0) - self._activity.silent_s
                if not block or left <= 0:
                    raise
