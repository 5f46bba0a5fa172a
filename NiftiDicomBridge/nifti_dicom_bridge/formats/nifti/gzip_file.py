"""Gzip for the voxels of an image: by isal where it is installed, else by zlib in several threads."""

from __future__ import annotations

import gzip
import os
import struct
import zlib
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from ...model.input_files import open_file

ISAL_LEVEL = 2
"""isal's level 2 compresses as well as zlib's level 6, twenty times as fast."""
ZLIB_LEVEL = 2
"""On images with noise, as small as level 6 at nearly twice the speed."""
BLOCK = 1 << 20
_DAMAGE: tuple[type[Exception], ...] = (OSError, EOFError, ValueError, KeyError, struct.error, zlib.error)
MOST_THREADS = 8
# RFC 1952: magic, deflate, no flags, no time, no extra flags, unknown system
_HEADER = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
_LAST_BLOCK = b"\x03\0"


def open_for_writing(path: Path) -> Any:
    """Return a context that takes bytes in `write` and compresses them."""
    try:
        from isal import igzip_threaded
    except ImportError:
        return ThreadedGzipWriter(path)
    return igzip_threaded.open(path, "wb", compresslevel=ISAL_LEVEL, threads=2, block_size=BLOCK)


@contextmanager
def open_for_reading(path: Path) -> Iterator[Any]:
    """Return a context that reads decompressed bytes; damaged ones raise one of `damage_errors`."""
    try:
        from isal import igzip as opener
    except ImportError:
        opener = gzip
    with BufferedReader(open_file(path)) as packed, opener.open(packed, "rb") as plain:
        yield plain


def damage_errors() -> tuple[type[Exception], ...]:
    """Return what reading damaged files raises: headers, files, and the decompressors."""
    try:
        from isal import igzip_lib
    except ImportError:
        return _DAMAGE
    isal_error: type[Exception] = igzip_lib.IsalError  # type: ignore[assignment]  # declared as an instance
    return *_DAMAGE, isal_error


class ThreadedGzipWriter:
    """Writes one gzip member whose blocks are compressed by zlib in parallel.

    Every block is raw deflate that ends at a whole byte (``Z_SYNC_FLUSH``), so that blocks can be joined. zlib releases the
    GIL, and the number of waiting blocks is limited, so memory does not grow with the image.

    Parameters
    ----------
    path : pathlib.Path
        The file to write.
    threads : int, optional
        The number of processors by default, 8 at most.
    """

    def __init__(self, path: Path, threads: int | None = None):
        self._path = path
        self._threads = threads or min(os.cpu_count() or 1, MOST_THREADS)
        self._checksum = self._size = 0
        self._waiting: deque[Future[bytes]] = deque()

    def __enter__(self) -> ThreadedGzipWriter:
        self._file: BinaryIO = open(self._path, "wb", buffering=0)
        self._pool = ThreadPoolExecutor(self._threads, "gzip")
        self._write(_HEADER)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if error is None:
                self._empty_to(0)
                self._write(_LAST_BLOCK + struct.pack("<II", self._checksum, self._size & 0xFFFFFFFF))
        finally:
            self._pool.shutdown(cancel_futures=True)
            self._file.close()

    def write(self, data: Any) -> int:
        """Compress bytes; the caller may reuse their memory afterwards."""
        view = memoryview(data).cast("B")
        for start in range(0, len(view), BLOCK):
            block = bytes(view[start : start + BLOCK])
            self._checksum = zlib.crc32(block, self._checksum)
            self._size += len(block)
            self._waiting.append(self._pool.submit(_compressed, block))
            self._empty_to(2 * self._threads)
        return len(view)

    def _empty_to(self, count: int) -> None:
        while len(self._waiting) > count:
            self._write(self._waiting.popleft().result())

    def _write(self, raw: bytes) -> None:
        rest = memoryview(raw)
        while len(rest):  # a raw file may write less than it was given
            rest = rest[self._file.write(rest) :]


def _compressed(block: bytes) -> bytes:
    packer = zlib.compressobj(ZLIB_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(block) + packer.flush(zlib.Z_SYNC_FLUSH)
