"""Overlay planes: lines and text that a device drew upon an image, bit by bit (PS3.3 C.9.2)."""

from __future__ import annotations

import numpy as np

from ..model import metadata
from ..model.metadata import Elements
from ..standard.dictionary import OVERLAY_GROUPS
from ..standard.tags import Tag

_ROWS, _COLUMNS, _FRAMES, _KIND, _ORIGIN, _FIRST_FRAME, _DATA = 0x10, 0x11, 0x15, 0x40, 0x50, 0x51, 0x3000
_GRAPHIC = "G"


def graphics_of(elements: Elements, frame: int) -> np.ndarray | None:
    """Return where the overlay planes of a frame are set, shape (rows, columns), bool; None where there are none.

    Regions of interest (type R) are not pictures, and are left out, as are planes that are in unused bits of the pixels.
    """
    shape = metadata.integer(elements, Tag.ROWS), metadata.integer(elements, Tag.COLUMNS)
    planes = [plane for group in OVERLAY_GROUPS if (plane := _plane(elements, group << 16, frame, shape)) is not None]
    return np.logical_or.reduce(planes) if planes else None


def _plane(elements: Elements, group: int, frame: int, shape: tuple[int, int]) -> np.ndarray | None:
    data = elements.get(group | _DATA)
    if data is None or not isinstance(data.value, bytes) or metadata.text(elements, group | _KIND) != _GRAPHIC:
        return None
    rows, columns = metadata.integer(elements, group | _ROWS), metadata.integer(elements, group | _COLUMNS)
    count = metadata.integer(elements, group | _FRAMES, 1)
    number = frame - metadata.integer(elements, group | _FIRST_FRAME, 1) + 1 if count > 1 else 0
    size = rows * columns
    if size <= 0 or not 0 <= number < count or len(data.value) * 8 < (number + 1) * size:
        return None
    bits = np.unpackbits(np.frombuffer(data.value, np.uint8), count=(number + 1) * size, bitorder="little")
    plane = bits[number * size :].reshape(rows, columns).astype(bool)
    top, left = (int(value) - 1 for value in (metadata.numbers(elements, group | _ORIGIN) or [1, 1])[:2])
    pixels = np.zeros(shape, bool)
    height, width = min(rows + min(top, 0), shape[0] - max(top, 0)), min(columns + min(left, 0), shape[1] - max(left, 0))
    if height > 0 and width > 0:
        inside = plane[max(-top, 0) :, max(-left, 0) :][:height, :width]
        pixels[max(top, 0) : max(top, 0) + height, max(left, 0) : max(left, 0) + width] = inside
    return pixels
