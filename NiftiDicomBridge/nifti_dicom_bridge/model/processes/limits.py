"""How much memory an input may claim: checked before it is allocated."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from ...errors import BridgeError
from ...operating_system import IS_WINDOWS
from ...options.remedies import remedy

MOST_UNCHECKED = 1 << 29
"""Whatever needs less is not suspicious."""
LARGEST_RATIO = 100
"""Images and data sets are rarely compressed by more; what is, and is large, is more likely an attack."""
GIGABYTE = 10**9
_UNLIMITED = 1 << 62
PARSED_RATIO = 10
"""Memory that a parsed text needs, in relation to its size."""
_limit: ContextVar[float | None] = ContextVar("size_limit_gb", default=None)


class SizeLimitError(BridgeError):
    """An input claims more memory than it may."""


@contextmanager
def size_limit(gigabytes: float | None) -> Iterator[None]:
    """Replace the limits while the context lasts; None for the built-in ones."""
    before = _limit.set(gigabytes)
    try:
        yield
    finally:
        _limit.reset(before)


def current_limit() -> float | None:
    """Return what replaces the limits now, GB; None for the built-in ones."""
    return _limit.get()


def largest_expanded(packed: int, ratio: int = LARGEST_RATIO) -> int:
    """Return how many bytes may come of compressed ones."""
    own = _limit.get()
    return _bytes(own) if own is not None else max(MOST_UNCHECKED, ratio * packed)


def check_expanded(where: str, size: int, packed: int, ratio: int = LARGEST_RATIO) -> None:
    """Raise `SizeLimitError` if compressed data claim to be much larger than they are."""
    if size > largest_expanded(packed, ratio):
        raise SizeLimitError(
            f"{where}: {packed} bytes claim to contain {size} bytes. {remedy('allow-size', gigabytes=gigabytes_for(size))}"
        )


def check_memory(where: str, size: int) -> None:
    """Raise `SizeLimitError` if an image claims more memory than there is."""
    own = _limit.get()
    most = _bytes(own) if own is not None else _available()
    if size > max(most, MOST_UNCHECKED):
        raise SizeLimitError(
            f"{where}: the image needs {size / GIGABYTE:.3g} GB of memory, {most / GIGABYTE:.3g} GB are available. "
            f"{remedy('allow-memory', gigabytes=gigabytes_for(size))}"
        )


def check_text(where: str, size: int) -> None:
    """Raise `SizeLimitError` if a text file is too large: parsed, it needs several times its size."""
    own = _limit.get()
    most = _bytes(own) if own is not None else max(MOST_UNCHECKED, _available() // PARSED_RATIO)
    if size > most:
        raise SizeLimitError(
            f"{where}: it has {size} bytes; at most {most} are read. {remedy('allow-size', gigabytes=gigabytes_for(size))}"
        )


def gigabytes_for(size: int) -> int:
    """Return the limit, in whole gigabytes, that allows a size."""
    return -(-size // GIGABYTE)


def _bytes(gigabytes: float) -> int:
    return int(min(gigabytes * GIGABYTE, _UNLIMITED))


def _available() -> int:
    """Return the memory of this computer, bytes; a very large number where that is unknown."""
    if IS_WINDOWS:
        return _available_on_windows()
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return _UNLIMITED


def _available_on_windows() -> int:
    import ctypes

    status = (ctypes.c_ulonglong * 8)(64)  # MEMORYSTATUSEX: its length and the load, then the physical memory
    known = ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))  # type: ignore[attr-defined,unused-ignore]
    return int(status[1]) if known else _UNLIMITED
