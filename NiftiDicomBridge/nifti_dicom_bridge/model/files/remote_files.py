"""Files that represent objects of a store: they are empty, and reading them reads ranges of the objects."""

from __future__ import annotations

import os
from collections.abc import Callable
from io import FileIO
from typing import Any

from ...operating_system import IS_WINDOWS

ReadRange = Callable[[int, int], bytes]
"""Given the first byte and the end, returns these bytes of an object."""
BLOCK = 1 << 20
"""Bytes that are read at least, beyond the beginning of an object."""
HEAD = 1 << 16
"""Bytes of the beginning that are read at once: they hold the headers of most files."""
_SET_SPARSE = 0x900C4
"""FSCTL_SET_SPARSE of Windows."""
_readers: dict[str, ReadRange] = {}


def set_size(path: str | os.PathLike[str], size: int) -> None:
    """Let a file have a size, and only zeros, which occupy no room on disks that can do so; it is made if it is missing."""
    with open(path, "wb") as file:
        if IS_WINDOWS:
            _make_sparse(file.fileno())
        file.truncate(size)


def _make_sparse(number: int) -> None:
    """Let NTFS store no zeros of an open file; other file systems of Windows cannot."""
    import ctypes
    import msvcrt

    handle = ctypes.c_void_p(msvcrt.get_osfhandle(number))  # type: ignore[attr-defined,unused-ignore]
    returned = ctypes.byref(ctypes.c_ulong())
    ctypes.windll.kernel32.DeviceIoControl(  # type: ignore[attr-defined,unused-ignore]
        handle, _SET_SPARSE, None, 0, None, 0, returned, None
    )


def register(path: str | os.PathLike[str], read: ReadRange) -> None:
    """Let a file represent an object: `open_file` reads the object from now on."""
    _readers[os.fspath(path)] = read


def forget(path: str | os.PathLike[str]) -> None:
    """Let a file be itself again."""
    _readers.pop(os.fspath(path), None)


def is_remote(path: str | os.PathLike[str]) -> bool:
    """Whether a file represents an object."""
    return bool(_readers) and os.fspath(path) in _readers


def reader_of(path: str | os.PathLike[str]) -> ReadRange | None:
    """Return what reads the object that a file represents; None for a usual file."""
    return _readers.get(os.fspath(path)) if _readers else None


class RemoteFile(FileIO):
    """The object that a file represents; size and time are those of the file."""

    def __init__(self, number: int, read: ReadRange):
        super().__init__(number, "rb")
        self._size = os.fstat(number).st_size
        self._read_range = read
        self._start, self._bytes = 0, b""

    def read(self, size: int | None = -1, /) -> bytes:
        """Return bytes from the position on; all of them without a size."""
        position = self.tell()
        end = self._size if size is None or size < 0 else min(position + size, self._size)
        if end <= position:
            return b""
        if not self._start <= position <= end <= self._start + len(self._bytes):
            least = HEAD if position == 0 else BLOCK
            self._start = position
            self._bytes = self._read_range(position, min(max(end, position + least), self._size))
        piece = self._bytes[position - self._start : end - self._start]
        self.seek(position + len(piece))
        return piece

    def readall(self) -> bytes:
        """Return all bytes from the position on."""
        return self.read()

    def readinto(self, buffer: Any, /) -> int:
        """Fill a buffer from the position on, and return how many bytes there were."""
        view = memoryview(buffer).cast("B")
        piece = self.read(len(view))
        view[: len(piece)] = piece
        return len(piece)
