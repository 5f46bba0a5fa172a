"""Writing a gzip file whose blocks are compressed in threads."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from ...model.files.deflate_codec import deflate_codec
from .deflate_settings import SAMPLE, compressed, settings_for
from .gzip_layout import MOST_BLOCKS, end_of, header_of, thread_count

BLOCK = 1 << 20
_BLOCKS_ALIKE = 8
"""Blocks in turn that are compressed with the same settings."""


class BlockWriter:
    """Writes one gzip member whose blocks are compressed in parallel.

    The compressors release the GIL, and the number of waiting blocks is limited, so memory does not grow with the image.

    Parameters
    ----------
    path : pathlib.Path
        The file to write.
    size : int
        Bytes that will be written; 0 if unknown: then the header has no sizes of blocks.
    threads : int, optional
        The number of processors by default, 8 at most.
    """

    def __init__(self, path: Path, size: int = 0, threads: int | None = None):
        self._path = path
        self._threads = threads or thread_count()
        self._block = max(BLOCK, -(-size // MOST_BLOCKS))
        self._count = -(-size // self._block)
        self._sizes: list[int] = []
        self._checksum = self._size = 0
        self._parts: list[memoryview] = []
        self._held = self._started = 0
        self._waiting: deque[Future[list[bytes]]] = deque()

    def __enter__(self) -> Self:
        self._file: BinaryIO = open(self._path, "wb", buffering=0)
        self._pool = ThreadPoolExecutor(self._threads, "gzip")
        self._write(self._header())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if error is None:
                self._compress()
                self._empty_to(0)
                self._write(end_of(self._checksum, self._size))
                self._file.seek(0)
                self._write(self._header())
        finally:
            self._pool.shutdown(cancel_futures=True)
            self._file.close()

    def write(self, data: Any) -> int:
        """Compress bytes, of which no copy is made: their memory must not change until the file is closed."""
        view = memoryview(data).cast("B")
        start = 0
        while start < len(view):
            part = view[start : start + self._block - self._held]
            self._parts.append(part)
            self._held += len(part)
            start += len(part)
            if self._held == self._block:
                self._compress()
        return len(view)

    def _header(self) -> bytes:
        """Return the header; the sizes of blocks are zero while they are unknown, or if their number is not as expected."""
        return header_of(self._block, self._sizes if len(self._sizes) == self._count else [0] * self._count)

    def _compress(self) -> None:
        """Compress the parts of a block, which is whole or the last one, in a thread."""
        parts, self._parts, self._held = self._parts, [], 0
        if not parts:
            return
        for part in parts:
            self._checksum = deflate_codec().crc32(part, self._checksum)
            self._size += len(part)
        if self._started % _BLOCKS_ALIKE == 0:
            self._settings = settings_for(_middle(max(parts, key=len)))
        self._started += 1
        self._waiting.append(self._pool.submit(compressed, parts, self._settings))
        self._empty_to(2 * self._threads)

    def _empty_to(self, count: int) -> None:
        while len(self._waiting) > count:
            parts = self._waiting.popleft().result()
            self._sizes.append(sum(map(len, parts)))
            for part in parts:
                self._write(part)

    def _write(self, raw: bytes) -> None:
        rest = memoryview(raw)
        while len(rest):  # a raw file may write less than it was given
            rest = rest[self._file.write(rest) :]


def _middle(part: memoryview) -> memoryview:
    """Return a sample of bytes: margins of images are often empty."""
    start = max(0, len(part) - SAMPLE) // 2
    return part[start : start + SAMPLE]
