"""How blocks are compressed: level, window and memory, for the library that is installed and for the data."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ...model.files.deflate_codec import deflate_codec

SAMPLE = 1 << 16
"""Bytes that show which window suits the data."""
_LARGEST_LOSS = 1.01
"""By how much the small window may enlarge the sample. With it, files of scanners are 0.1 % larger in all."""

_FIRST_CALL = 289
"""One more byte than isal keeps back for its next call (ISAL_LOOK_AHEAD of its ``igzip_lib.h``)."""


class Settings(NamedTuple):
    """Arguments of ``compressobj``, of zlib and of isal.

    Attributes
    ----------
    level, method : int
        How much is tried, and by which method.
    window : int
        Minus the bits of the window, as there is no header of zlib.
    memory : int
        The most: a tenth faster than the default, files are 0.2 % larger.
    """

    level: int
    method: int = zlib.DEFLATED
    window: int = -zlib.MAX_WBITS
    memory: int = zlib.DEF_MEM_LEVEL + 1


_ZLIB = Settings(2)
"""zlib is slower with smaller windows."""
_ISAL = Settings(1)
"""Takes a twentieth of the time of level 6 of zlib; files are a tenth larger (CT, MR: 0.97 to 1.16 times)."""
_ISAL_SMALL = Settings(1, window=-9)
"""A match far away takes nearly as many bits as the noise that it replaces: a fifth of the time is saved without them."""


def settings_for(sample: bytes | memoryview) -> Settings:
    """Return how data like a sample are compressed.

    >>> settings_for(bytes(SAMPLE)).level in (1, 2)
    True
    """
    if deflate_codec() is zlib:
        return _ZLIB
    if len(sample) < SAMPLE:
        return _ISAL
    small, large = (sum(map(len, compressed([sample], settings))) for settings in (_ISAL_SMALL, _ISAL))
    return _ISAL_SMALL if small <= _LARGEST_LOSS * large else _ISAL


def compressed(parts: Sequence[bytes | memoryview], settings: Settings) -> list[bytes]:
    """Return raw deflate of some parts, in pieces, which ends at a whole byte and refers to nothing before.

    The same bytes give the same result. isal would look for the third byte under the hash of a register that it did not set
    (``write_first_byte`` in its ``igzip_icf_body_h1_gr_bt.asm``), if its first call reached it: the first call ends before.
    """
    packer = deflate_codec().compressobj(*settings)
    return [*map(packer.compress, _for_calls(parts)), packer.flush(zlib.Z_FULL_FLUSH)]


def _for_calls(parts: Sequence[bytes | memoryview]) -> Iterator[bytes | memoryview]:
    """Yield the bytes of the first call, which are copied, and those of the others."""
    first, rest = b"", iter(parts)
    for part in rest:
        missing = _FIRST_CALL - len(first)
        first += part[:missing]
        if len(part) > missing:
            yield from (first, part[missing:])
            break
    else:
        yield first
    yield from rest
