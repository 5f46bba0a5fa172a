"""The library that compresses by deflate (RFC 1951) and computes the checksums of gzip and zlib."""

from __future__ import annotations

import zlib
from typing import Any


def deflate_codec() -> Any:
    """Return isal where it is installed, else zlib, which has the same functions.

    >>> deflate_codec().crc32(b"NIfTI") == zlib.crc32(b"NIfTI")
    True
    """
    try:
        from isal import isal_zlib
    except ImportError:
        return zlib
    return isal_zlib
