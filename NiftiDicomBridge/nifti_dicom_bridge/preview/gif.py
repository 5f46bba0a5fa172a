"""Pictures → animated GIF, one at a time: only one is held in memory (GIF89a)."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from types import TracebackType

import numpy as np
from PIL import Image

_GREYS = bytes(level for level in range(256) for _ in range(3))
_FOR_EVER = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00"
_NO_DITHER = Image.Dither.NONE
"""Noise that comes and goes from picture to picture disturbs, and takes room."""
_IMAGE, _EXTENSION, _TRAILER = 0x2C, 0x21, b"\x3b"
_SIZE_OF_TABLE = 7
"""2 to the power of 7 + 1 colors."""
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

    def __enter__(self) -> GifWriter:
        self._file = open(self.path, "wb")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file.write(_TRAILER)
        self._file.close()

    def add(self, picture: np.ndarray) -> None:
        """Add a picture of 8 bits, gray or RGB; colors become 256. The first one specifies the size of all."""
        rows, columns = picture.shape[:2]
        if not self._begun:
            screen = struct.pack("<HHBBB", columns, rows, 0xF0 | _SIZE_OF_TABLE, 0, 0)
            self._file.write(b"GIF89a" + screen + _GREYS + _FOR_EVER)
            self._begun = True
        palette, blocks = _compressed(picture)
        control = b"\x21\xf9\x04\x00" + struct.pack("<H", self.delay) + b"\x00\x00"
        own = palette != _GREYS
        head = struct.pack("<BHHHHB", _IMAGE, 0, 0, columns, rows, (0x80 | _SIZE_OF_TABLE) if own else 0)
        self._file.write(control + head + (palette if own else b"") + blocks)


def _compressed(picture: np.ndarray) -> tuple[bytes, bytes]:
    """Return the palette of a picture, 256 colors, and its compressed data: what pillow writes of it alone."""
    image = Image.fromarray(np.ascontiguousarray(picture))
    if picture.ndim == 3:
        gray = np.array_equal(picture[..., 0], picture[..., 1]) and np.array_equal(picture[..., 1], picture[..., 2])
        image = Image.fromarray(np.ascontiguousarray(picture[..., 0])) if gray else image.quantize(256, dither=_NO_DITHER)
    buffer = io.BytesIO()
    image.save(buffer, "GIF", optimize=False, interlace=False)
    raw = buffer.getvalue()
    packed = raw[10]
    size = 3 << (packed & 7) + 1 if packed & 0x80 else 0
    palette, position = raw[13 : 13 + size], 13 + size
    while raw[position] == _EXTENSION:
        position = _behind_blocks(raw, position + 2)
    local = raw[position + 9]
    position += 10
    if local & 0x80:
        size = 3 << (local & 7) + 1
        palette, position = raw[position : position + size], position + size
    return palette.ljust(768, b"\0"), raw[position : _behind_blocks(raw, position + 1)]


def _behind_blocks(raw: bytes, position: int) -> int:
    while raw[position]:
        position += raw[position] + 1
    return position + 1
