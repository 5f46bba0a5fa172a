"""Compressed bytes → their parts, decompressed one after the other; what is behind the compressed data is counted."""

from __future__ import annotations

import bz2
import zlib
from collections.abc import Generator, Iterator
from enum import StrEnum
from typing import Any

from ..files.input_files import SKIPPED
from .surplus_bytes import Surplus

DAMAGE = (EOFError, OSError, ValueError, zlib.error)
CHUNK = 1 << 18
"""Compressed bytes that are read at once."""


class Packing(StrEnum):
    """How samples are stored."""

    RAW = "raw"
    GZIP = "gzip"
    ZLIB = "zlib"
    BZIP2 = "bzip2"
    TEXT = "text"


def decompressed_parts(stream: Any, packing: Packing, surplus: Surplus) -> Iterator[bytes]:
    """Yield all decompressed bytes of a stream, in parts; raises one of `DAMAGE` where they are damaged.

    Parameters
    ----------
    stream : binary file
        At the beginning of the compressed data.
    packing : Packing
        Gzip, with members one after the other; zlib; or bzip2, with streams one after the other.
    surplus : Surplus
        Counts the bytes behind them.
    """
    rest, start = stream.read(CHUNK), _STARTS[packing]
    while True:
        rest = yield from (_bzip2_stream if packing is Packing.BZIP2 else _deflated)(stream, rest, packing)
        rest = _without_padding(stream, rest)
        if not start or not rest.startswith(start):
            break
    surplus.add(rest)
    surplus.add_stream(stream)


_STARTS = {Packing.GZIP: b"\x1f\x8b", Packing.BZIP2: b"BZh", Packing.ZLIB: b""}
"""How a further member begins, if there may be one."""
_WINDOWS = {Packing.GZIP: 16 + zlib.MAX_WBITS, Packing.ZLIB: zlib.MAX_WBITS}
"""What zlib expects: it compares the checksums of both."""


def _deflated(stream: Any, packed: bytes, packing: Packing) -> Generator[bytes, None, bytes]:
    """Yield the parts of one member, and return the bytes that were read behind it."""
    decompressor = zlib.decompressobj(_WINDOWS[packing])
    while not decompressor.eof:
        if not packed and not (packed := stream.read(CHUNK)):
            raise EOFError("the compressed data are cut off")
        yield decompressor.decompress(packed, SKIPPED)
        packed = decompressor.unconsumed_tail
    return decompressor.unused_data


def _bzip2_stream(stream: Any, packed: bytes, packing: Packing) -> Generator[bytes, None, bytes]:
    """Yield the parts of one stream, and return the bytes that were read behind it."""
    decompressor = bz2.BZ2Decompressor()
    while not decompressor.eof:
        if decompressor.needs_input and not packed and not (packed := stream.read(CHUNK)):
            raise EOFError("the compressed data are cut off")
        yield decompressor.decompress(packed, SKIPPED)
        packed = b""
    return decompressor.unused_data


def _without_padding(stream: Any, rest: bytes) -> bytes:
    """Return the next bytes behind zeros; none at the end of the stream."""
    rest = rest.lstrip(b"\0")
    while len(rest) < len(_STARTS[Packing.BZIP2]) and (more := stream.read(CHUNK)):
        rest = (rest + more).lstrip(b"\0")
    return rest
