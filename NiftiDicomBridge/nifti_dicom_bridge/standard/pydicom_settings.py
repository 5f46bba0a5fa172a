"""Settings of pydicom and filters of warnings, which belong to the whole process: changed under one lock, never for long.

A block that changes them must run to its end by itself: no ``yield`` to a caller inside, and no waiting for other threads,
which may need the lock.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

_LOCK = threading.RLock()
_Object = TypeVar("_Object")


@contextmanager
def without_warnings() -> Iterator[None]:
    """Keep the warnings of libraries from the terminal: what matters of them is in the report."""
    with _LOCK, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def without_validation() -> Iterator[None]:
    """Let pydicom read and write values as they are, valid or not, without warnings."""
    from pydicom import config

    with without_warnings():
        settings = config.settings
        before = settings.reading_validation_mode, settings.writing_validation_mode
        settings.reading_validation_mode = settings.writing_validation_mode = config.IGNORE
        try:
            yield
        finally:
            settings.reading_validation_mode, settings.writing_validation_mode = before


def each_without_warnings(objects: Iterator[_Object]) -> Iterator[_Object]:
    """Yield objects that libraries make; warnings are off while one is made, and on again while it is used."""
    while True:
        with without_warnings():
            item = next(objects, None)
        if item is None:
            return
        yield item
