"""Pictures → animated GIF, one at a time: only one is held in memory (GIF89a)."""

from __future__ import annotations

import struct
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from PIL import Image

from .few_colors import FewColors
from .many_colors import ManyColors

_GREYS = bytes(level for level in range(256) for _ in range(3))
_FOR_EVER = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00"
_IMAGE, _TRAILER = 0x2C, b"\x3b"
_BITS = 8
_SIZE_OF_TABLE = _BITS - 1
"""2 to the power of this + 1 colors."""
SHORTEST_CS = 2
"""Browsers slow down what is faster."""


def delay_cs(fps: float) -> int:
    """Return the time that a picture stays, in hundredths of a second: GIF knows no other."""
    return int(np.clip(round(100 / fps), SHORTEST_CS, 65535))


class GifWriter:
    """An animated GIF that repeats for ever; used as a context.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    fps : float
        Pictures per second.
    """

    def __init__(self, path: Path, fps: float):
        self.path, self.delay, self._begun = path, delay_cs(fps), False
        self._few: FewColors | None = None  # its table is large: only for colors
        self._many = ManyColors()

    def __enter__(self) -> Self:
        self._file = open(self.path, "wb")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file.write(_TRAILER)
        self._file.close()

    def add(self, picture: np.ndarray) -> None:
        """Add a picture of 8 bits (rows, columns[, 3]); colors become 256. The first one specifies the size of all."""
        rows, columns = picture.shape[:2]
        if not self._begun:
            screen = struct.pack("<HHBBB", columns, rows, 0xF0 | _SIZE_OF_TABLE, 0, 0)
            self._file.write(b"GIF89a" + screen + _GREYS + _FOR_EVER)
            self._begun = True
        palette, numbers = self._numbered(picture)
        control = b"\x21\xf9\x04\x00" + struct.pack("<H", self.delay) + b"\x00\x00"
        own = palette != _GREYS
        head = struct.pack("<BHHHHB", _IMAGE, 0, 0, columns, rows, (0x80 | _SIZE_OF_TABLE) if own else 0)
        self._file.write(control + head + (palette if own else b"") + _compressed(numbers))

    def _numbered(self, picture: np.ndarray) -> tuple[bytes, np.ndarray]:
        """Return the palette of a picture, and its pixels as numbers in it."""
        if picture.ndim == 2:
            return _GREYS, picture
        self._few = self._few or FewColors()
        numbers = self._few.numbers_of(picture)
        return self._many.numbers_of(picture) if numbers is None else (self._few.palette, numbers)


def _compressed(numbers: np.ndarray) -> bytes:
    """Return the image data of a picture: how many bits its numbers have, blocks of LZW, and an empty block."""
    image = Image.fromarray(np.ascontiguousarray(numbers))
    return bytes([_BITS]) + image.tobytes("gif", "L", _BITS, 0) + b"\0"
