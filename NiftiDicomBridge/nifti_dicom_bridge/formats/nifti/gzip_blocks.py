"""One gzip member of blocks that can be decompressed apart from each other, in threads.

Every block is raw deflate by a compressor of its own, and ends at a whole byte (``Z_FULL_FLUSH``). So blocks can be joined, and
each can be decompressed without the others. Their compressed sizes are in the extra field of the header (RFC 1952, 2.3.1.1),
which other readers skip.
"""

from __future__ import annotations

import io
import os
import struct
import threading
import zlib
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from ...model.input_files import open_file
from .joined_checksum import joined_checksum

LEVEL = 2
"""isal's level 2 compresses as well as zlib's level 6, twenty times as fast; zlib's level 2 as well on images with noise."""
_MOST_MEMORY = zlib.DEF_MEM_LEVEL + 1
"""Of a compressor: a tenth faster than the default, the files are 0.2 % larger."""
BLOCK = 1 << 20
MOST_BLOCKS = 16000
"""Four bytes of each fit the extra field, which has 65535 at most."""
MOST_THREADS = 8
AHEAD = 2 * MOST_THREADS
"""Blocks that are decompressed before they are asked for."""
# RFC 1952: magic, deflate, FEXTRA, no time, no extra flags, unknown system
_HEADER = b"\x1f\x8b\x08\x04\0\0\0\0\0\xff"
_PLAIN_HEADER = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
_FIELD = b"NB"
"""Of the extra field: bytes of a block, then the compressed bytes of each."""
_LAST_BLOCK = b"\x03\0"
_FIXED = len(_HEADER) + 10


def codec() -> Any:
    """Return isal where it is installed, else zlib."""
    try:
        from isal import isal_zlib
    except ImportError:
        return zlib
    return isal_zlib


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
        self._threads = threads or min(os.cpu_count() or 1, MOST_THREADS)
        self._block = max(BLOCK, -(-size // MOST_BLOCKS))
        self._count = -(-size // self._block)
        self._sizes: list[int] = []
        self._checksum = self._size = 0
        self._rest = bytearray()
        self._waiting: deque[Future[bytes]] = deque()

    def __enter__(self) -> BlockWriter:
        self._file: BinaryIO = open(self._path, "wb", buffering=0)
        self._pool = ThreadPoolExecutor(self._threads, "gzip")
        self._write(self._header())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if error is None:
                self._compress(bytes(self._rest))
                self._empty_to(0)
                self._write(_LAST_BLOCK + struct.pack("<II", self._checksum, self._size & 0xFFFFFFFF))
                self._file.seek(0)
                self._write(self._header())
        finally:
            self._pool.shutdown(cancel_futures=True)
            self._file.close()

    def write(self, data: Any) -> int:
        """Compress bytes; the caller may reuse their memory afterwards."""
        view = memoryview(data).cast("B")
        start = 0
        if self._rest:
            start = self._block - len(self._rest)
            self._rest += view[:start]
            if len(self._rest) < self._block:
                return len(view)
            self._compress(bytes(self._rest))
            self._rest.clear()
        while len(view) - start >= self._block:
            self._compress(bytes(view[start : start + self._block]))
            start += self._block
        self._rest += view[start:]
        return len(view)

    def _header(self) -> bytes:
        """Return the header; the sizes of blocks are zero while they are unknown, or if their number is not as expected."""
        if not self._count:
            return _PLAIN_HEADER
        sizes = self._sizes if len(self._sizes) == self._count else [0] * self._count
        field = struct.pack(f"<I{self._count}I", self._block, *sizes)
        return _HEADER + struct.pack("<H2sH", len(field) + 4, _FIELD, len(field)) + field

    def _compress(self, block: bytes) -> None:
        if block:
            self._checksum = codec().crc32(block, self._checksum)
            self._size += len(block)
            self._waiting.append(self._pool.submit(_compressed, block))
            self._empty_to(2 * self._threads)

    def _empty_to(self, count: int) -> None:
        while len(self._waiting) > count:
            packed = self._waiting.popleft().result()
            self._sizes.append(len(packed))
            self._write(packed)

    def _write(self, raw: bytes) -> None:
        rest = memoryview(raw)
        while len(rest):  # a raw file may write less than it was given
            rest = rest[self._file.write(rest) :]


def _compressed(block: bytes) -> bytes:
    packer = codec().compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS, _MOST_MEMORY)
    packed: bytes = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    return packed


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
    block : int
        Bytes of a block.
    starts : sequence of int
        Where each block begins in the file, and where the last one ends.
    checksum, size : int
        CRC-32 and number of all bytes.
    """

    def __init__(self, file: BinaryIO, block: int, starts: np.ndarray, checksum: int, size: int):
        self._file, self._block, self._starts = file, block, starts
        self._checksum, self.size = checksum, size
        self._checksums: dict[int, int] = {}
        self._is_verified = False
        self._kept: dict[int, bytes] = {}
        self._reading = threading.Lock()

    @classmethod
    def of(cls, file: BinaryIO) -> BlockFile | None:
        """Return the blocks of a file; None for any other gzip file, and if anything does not match."""
        start = file.read(_FIXED)
        if len(start) < _FIXED or start[:4] != _HEADER[:4] or start[12:14] != _FIELD:
            return None
        length, _, own, block = struct.unpack_from("<H2sHI", start, len(_HEADER))
        count = (own - 4) // 4
        if length != own + 4 or own % 4 or count < 1 or block < 1:
            return None
        sizes = np.frombuffer(file.read(4 * count), "<u4")
        end = file.seek(0, os.SEEK_END) - 8 - len(_LAST_BLOCK)
        if len(sizes) != count or not sizes.all() or _FIXED + 4 * count + int(sizes.sum(dtype=np.int64)) != end:
            return None
        file.seek(end)
        if file.read(2) != _LAST_BLOCK:
            return None
        checksum, low = struct.unpack("<II", file.read(8))
        size = (count - 1) * block + ((low - (count - 1) * block) & 0xFFFFFFFF)
        starts = _FIXED + 4 * count + np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])
        return cls(file, block, starts, checksum, size) if (count - 1) * block < size <= count * block else None

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
    block: bytes = codec().decompressobj(-zlib.MAX_WBITS).decompress(packed, size + 1)
    if len(block) != size:
        raise zlib.error("the size of a block differs from its header")
    return _Block(block, codec().crc32(block))


def new_pool() -> ThreadPoolExecutor:
    """Return threads that decompress blocks."""
    return ThreadPoolExecutor(min(os.cpu_count() or 1, MOST_THREADS), "gunzip")


def open_blocks(path: Path) -> BlockFile | None:
    """Return the blocks of a file, which stays open; None if it has none."""
    file = io.BufferedReader(open_file(path))
    blocks = BlockFile.of(file)
    if blocks is None:
        file.close()
    return blocks
