"""The text in header extensions of a NIfTI image (nifti1.h, extended header): label tables of segmentation tools, for one."""

from __future__ import annotations

import gzip
import struct
import zlib
from pathlib import Path

from ...model.files.input_files import open_file
from ...model.files.names import pair_of
from . import gzip_file

LARGEST_BYTES = 1 << 24
"""No header is that large."""
# size of the header → where the offset of the data is, and how
_OFFSETS = {348: (108, "f"), 540: (168, "q")}


def extension_texts(path: Path) -> list[str]:
    """Return the extensions of an image that are text in UTF-8; none where there is none, or the file is damaged.

    The image itself is not read; the reader reports damage.
    """
    path, _ = pair_of(path) or (path, path)
    try:
        with open_file(path) as packed, gzip.open(packed) if gzip_file.is_packed(path) else packed as file:
            start = file.read(544)
            order, size = _layout(start)
            where, letter = _OFFSETS[size]
            (offset,) = struct.unpack_from(order + letter, start, where)
            wanted = min(int(offset), LARGEST_BYTES)
            raw = start + file.read(max(0, wanted - len(start)))
    except (OSError, EOFError, KeyError, ValueError, OverflowError, struct.error, zlib.error):
        return []
    return _texts(raw[size:wanted], order)


def _layout(start: bytes) -> tuple[str, int]:
    """Return byte order and size of the header."""
    for order in "<>":
        (size,) = struct.unpack_from(order + "i", start)
        if size in _OFFSETS:
            return order, size
    raise ValueError("no NIfTI")


def _texts(raw: bytes, order: str) -> list[str]:
    """Return the texts in extensions: each has its size and code before it."""
    if len(raw) < 4 or raw[0] == 0:
        return []
    texts, at = [], 4
    while at + 8 <= len(raw):
        (size,) = struct.unpack_from(order + "i", raw, at)
        if size < 16:
            break
        try:
            texts.append(raw[at + 8 : at + size].decode("utf-8").strip("\0 \t\r\n"))
        except UnicodeDecodeError:
            pass
        at += size
    return [text for text in texts if text]
