"""Files of the Deflated transfer syntax (PS3.5 A.5), as they would be without it: decompressed into a temporary file."""

from __future__ import annotations

import io
import os
import threading
import zlib
from collections.abc import Iterator
from functools import lru_cache
from typing import IO

from .....model.files.input_files import Stamp, open_file
from .....model.files.temporary_files import temporary_file
from .....model.processes.limits import check_expanded, largest_expanded

KEPT_FILES = 4
"""Files that are kept decompressed: instances are read one after the other, by some threads."""
PART = 1 << 22
"""Bytes that are decompressed at once."""


def open_inflated(path: str, stamp: Stamp, start: int) -> io.BufferedReader:
    """Return a file whose data set is decompressed, opened for reading bytes.

    Parameters
    ----------
    path : str
        The file.
    stamp : Stamp
        Of the file, which is decompressed again once it has another.
    start : int
        Where its data set begins; what is before it is not compressed.

    Raises
    ------
    zlib.error
        If it is damaged, or its end is missing.
    SizeLimitError
        If more comes of it than may.
    """
    return io.BufferedReader(_Reader(*_inflated(path, stamp, start, os.getpid())))


@lru_cache(KEPT_FILES)
def _inflated(path: str, stamp: Stamp, start: int, process: int) -> tuple[IO[bytes], threading.Lock]:
    """Return the file and its lock; of a process alone, as copies of it share the position in an open file."""
    file = temporary_file(lambda file: file.writelines(_parts(path, start)))
    return file or io.BytesIO(b"".join(_parts(path, start))), threading.Lock()


def _parts(path: str, start: int) -> Iterator[bytes]:
    with open_file(path) as file:
        yield file.read(start)
        packed = os.fstat(file.fileno()).st_size - start
        most, size, inflater = largest_expanded(packed), 0, zlib.decompressobj(-zlib.MAX_WBITS)
        while not inflater.eof and (raw := inflater.unconsumed_tail or file.read(PART)):
            part = inflater.decompress(raw, PART)
            size += len(part)
            check_expanded(path, min(size, most + 1), packed)
            yield part
        yield inflater.flush()
        if not inflater.eof:
            raise zlib.error("the compressed data set is cut off")


class _Reader(io.RawIOBase):
    """Reads a file that others read, too."""

    def __init__(self, file: IO[bytes], lock: threading.Lock):
        self._file, self._lock, self._at = file, lock, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        with self._lock:
            if whence != os.SEEK_SET:
                offset += self._at if whence == os.SEEK_CUR else self._file.seek(0, os.SEEK_END)
        self._at = offset
        return offset

    def readinto(self, target: memoryview) -> int:  # type: ignore[override]
        with self._lock:
            self._file.seek(self._at)
            part = self._file.read(len(target))
        target[: len(part)] = part
        self._at += len(part)
        return len(part)
