"""Reading the blocks of a gzip file, which `gzip_writer` wrote, in threads and in any order."""

from __future__ import annotations

import io
import threading
import zlib
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from ...model.files.deflate_codec import deflate_codec
from ...model.files.input_files import open_file
from .gzip_layout import Layout, layout_of, thread_count
from .joined_checksum import joined_checksum

AHEAD = 16
"""Blocks that are decompressed before they are asked for."""


class _Block(NamedTuple):
    """Bytes of a block, decompressed, and their CRC-32."""

    raw: bytes
    checksum: int


class BlockFile:
    """The blocks of a gzip file that `BlockWriter` wrote.

    Parameters
    ----------
    file : binary file
        The compressed file.
    layout : Layout
        Where its blocks are.
    """

    def __init__(self, file: BinaryIO, layout: Layout):
        self._file = file
        self._block, self._starts, self._checksum, self.size = layout
        self._checksums: dict[int, int] = {}
        self._is_verified = False
        self._kept: dict[int, bytes] = {}
        self._reading = threading.Lock()

    @property
    def count(self) -> int:
        """Number of blocks."""
        return len(self._starts) - 1

    def submit(self, n: int, pool: ThreadPoolExecutor) -> Future[_Block]:
        """Let one block be decompressed by a thread; `bytes_of` returns its bytes."""
        with self._reading:
            self._file.seek(int(self._starts[n]))
            packed = self._file.read(int(self._starts[n + 1] - self._starts[n]))
        return pool.submit(_decompressed, packed, self._size_of(n))

    def bytes_of(self, n: int, job: Future[_Block]) -> bytes:
        """Return the bytes of a block that was submitted.

        Raises
        ------
        zlib.error
            If it is damaged; once all blocks were read, if the checksum of all is not that of the file.
        """
        block, checksum = job.result()
        if not self._is_verified:  # a file that failed is damaged whenever it is read
            self._checksums[n] = checksum
            if len(self._checksums) == self.count:
                self._verify()
        return block

    def bytes_between(self, start: int, stop: int) -> bytes:
        """Return some of the decompressed bytes; raises `zlib.error` like `bytes_of`.

        The last block is kept, as the next bytes are in most cases those behind these ones.
        """
        first, last = start // self._block, min(-(-stop // self._block), self.count)
        with new_pool() as pool:
            jobs = {n: self.submit(n, pool) for n in range(first, last) if n not in self._kept}
            blocks = self._kept | {n: self.bytes_of(n, job) for n, job in jobs.items()}
        self._kept = {n: blocks[n] for n in range(last - 1, last) if n >= first}
        parts = (memoryview(blocks[n])[max(0, start - n * self._block) : stop - n * self._block] for n in range(first, last))
        return b"".join(parts)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _size_of(self, n: int) -> int:
        return min(self._block, self.size - n * self._block)

    def _verify(self) -> None:
        if joined_checksum([(self._checksums[n], self._size_of(n)) for n in range(self.count)]) != self._checksum:
            raise zlib.error("checksum does not match")
        self._is_verified = True


class BlockReader(io.RawIOBase):
    """Reads decompressed bytes in order; blocks are decompressed ahead, in threads."""

    def __init__(self, blocks: BlockFile):
        self._blocks, self._next, self._at = blocks, 0, 0
        self._coming: deque[Future[_Block]] = deque()
        self._part = memoryview(b"")
        self._pool = new_pool()

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(cancel_futures=True)
        super().close()

    def readable(self) -> bool:
        """Whether it can be read."""
        return True

    def tell(self) -> int:
        """Return how many bytes were read."""
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer as far as the current block goes, and return the number of bytes."""
        target = memoryview(buffer).cast("B")
        if not len(self._part):
            self._part = memoryview(self._following())
        count = min(len(target), len(self._part))
        target[:count] = self._part[:count]
        self._part, self._at = self._part[count:], self._at + count
        return count

    def _following(self) -> bytes:
        ahead = min(AHEAD, 1 + self._next)  # few at first: many files are opened for their header alone
        while len(self._coming) < ahead and self._next < self._blocks.count:
            self._coming.append(self._blocks.submit(self._next, self._pool))
            self._next += 1
        if not self._coming:
            return b""
        n = self._next - len(self._coming)
        return self._blocks.bytes_of(n, self._coming.popleft())


def _decompressed(packed: bytes, size: int) -> _Block:
    block: bytes = deflate_codec().decompressobj(-zlib.MAX_WBITS).decompress(packed, size + 1)
    if len(block) != size:
        raise zlib.error("the size of a block differs from its header")
    return _Block(block, deflate_codec().crc32(block))


def new_pool() -> ThreadPoolExecutor:
    """Return threads that decompress blocks."""
    return ThreadPoolExecutor(thread_count(), "gunzip")


def open_blocks(path: Path) -> BlockFile | None:
    """Return the blocks of a file, which stays open; None if it has none."""
    file = io.BufferedReader(open_file(path))
    layout = layout_of(file)
    if layout is None:
        file.close()
        return None
    return BlockFile(file, layout)
