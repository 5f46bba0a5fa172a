"""What is behind the voxels of an MGH file: a footer of numbers, then tags (FreeSurfer, mri.cpp: mghRead; tags.cpp)."""

from __future__ import annotations

import struct

FOOTER = struct.Struct(">4f")
"""TR in ms, flip angle in radians, TE and TI in ms."""
_FIELD_OF_VIEW = 4
"""Bytes of a further number; old files end before it."""
_LAST_TAG = 0x1000
"""No tag has such a number: FreeSurfer uses those below 100."""
_WITHOUT_LENGTH = (1, 2, 20)
"""Old tags: a color table, "uses real RAS", the geometry of a surface; what follows them is theirs."""
_WITH_SHORT_LENGTH = 30


def is_end(start: bytes, size: int, padding: int) -> bool:
    """Whether bytes behind voxels are what FreeSurfer writes there, or a part of its footer, and not further voxels.

    Parameters
    ----------
    start : bytes
        The first bytes.
    size : int
        How many there are.
    padding : int
        Zeros behind them are padding if they are fewer.
    """
    if size <= FOOTER.size + _FIELD_OF_VIEW:
        return True
    at = FOOTER.size + _FIELD_OF_VIEW
    while at + 4 <= min(size, len(start)):
        (tag,) = struct.unpack_from(">i", start, at)
        if tag in _WITHOUT_LENGTH:
            return True
        if tag == 0:
            break
        form = ">i" if tag == _WITH_SHORT_LENGTH else ">q"
        if not 0 < tag < _LAST_TAG or at + 4 + struct.calcsize(form) > len(start):
            return False
        (length,) = struct.unpack_from(form, start, at + 4)
        at += 4 + struct.calcsize(form) + length
        if not 0 <= length <= size:
            return False
    return at <= size < at + padding and not any(start[at:])
