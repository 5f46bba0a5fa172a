"""How one gzip member consists of blocks that can be decompressed apart from each other.

Every block is raw deflate by a compressor of its own, and ends at a whole byte (``Z_FULL_FLUSH``). So blocks can be joined, and
each can be decompressed without the others. Their compressed sizes are in the extra field of the header (RFC 1952, 2.3.1.1),
which other readers skip.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Sequence
from typing import BinaryIO, NamedTuple

import numpy as np

MOST_BLOCKS = 16000
"""Four bytes of each fit the extra field, which has 65535 at most."""
_MOST_THREADS = 8
# RFC 1952: magic, deflate, FEXTRA, no time, no extra flags, unknown system
_HEADER = b"\x1f\x8b\x08\x04\0\0\0\0\0\xff"
_PLAIN_HEADER = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
_FIELD = b"NB"
"""Of the extra field: bytes of a block, then the compressed bytes of each."""
_LAST_BLOCK = b"\x03\0"
_FIXED = len(_HEADER) + 10


class Layout(NamedTuple):
    """Where the blocks of a file are, and what they contain in all.

    Attributes
    ----------
    block : int
        Bytes of each block, decompressed; the last one may have fewer.
    starts : numpy.ndarray
        Where each block begins in the file, and where the last one ends.
    checksum, size : int
        CRC-32 and number of all bytes, decompressed.
    """

    block: int
    starts: np.ndarray
    checksum: int
    size: int


def header_of(block: int, sizes: Sequence[int]) -> bytes:
    """Return the header of a member, with the bytes of a block and the compressed bytes of each; without any, a plain one."""
    if not sizes:
        return _PLAIN_HEADER
    field = struct.pack(f"<I{len(sizes)}I", block, *sizes)
    return _HEADER + struct.pack("<H2sH", len(field) + 4, _FIELD, len(field)) + field


def end_of(checksum: int, size: int) -> bytes:
    """Return what follows the blocks: the end of the data, the CRC-32 and the number of all bytes."""
    return _LAST_BLOCK + struct.pack("<II", checksum, size & 0xFFFFFFFF)


def layout_of(file: BinaryIO) -> Layout | None:
    """Return the layout of a file; None for any other gzip file, and if anything does not match."""
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
    return Layout(block, starts, checksum, size) if (count - 1) * block < size <= count * block else None


def thread_count() -> int:
    """Return how many threads compress or decompress blocks."""
    return min(os.cpu_count() or 1, _MOST_THREADS)
