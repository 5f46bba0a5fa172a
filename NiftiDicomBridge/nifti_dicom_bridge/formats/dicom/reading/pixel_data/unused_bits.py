"""Bits of pixel words that belong neither to the value nor to an overlay, but are set: the value may need them."""

from __future__ import annotations

import numpy as np

from .....model import metadata
from .....model.metadata import Elements
from .....model.voxels.pixels import PixelFormat
from .....standard.dictionary import OVERLAY_GROUPS, describe
from .....standard.tags import Tag

_OVERLAY_BIT_POSITION = 0x0102


def doubt_of_bits(elements: Elements, pixel: PixelFormat, raw: bytes | memoryview) -> str:
    """Return that pixel words have more bits than BitsStored, which do not count (PS3.5 8.1.1); empty if they do not.

    Parameters
    ----------
    elements : dict of int to Element
        Of the object: overlays may be in the other bits (retired, PS3.3 C.9.2).
    pixel : PixelFormat
        How its pixels are.
    raw : bytes-like
        Pixel data, little endian.
    """
    if pixel.is_whole_words or pixel.bits_allocated == 1 or has_overlay_in_words(elements):
        return ""
    word = np.dtype(f"<u{pixel.bits_allocated // 8}")
    words = np.frombuffer(raw, word, len(raw) // word.itemsize)
    above = (1 << pixel.bits_allocated) - (1 << pixel.high_bit + 1)
    below = (1 << pixel.high_bit + 1 - pixel.bits_stored) - 1
    others = words & word.type(above | below)
    is_sign = (others == above) & (words >> word.type(pixel.high_bit) & word.type(1) == 1) if pixel.signed else False
    count = int(np.count_nonzero((others != 0) & ~np.asarray(is_sign)))
    if not count:
        return ""
    return (
        f"pixels have bits set that do not belong to the {pixel.bits_stored} of {describe(Tag.BITS_STORED)}, and no overlay is "
        "in them: they are ignored, but the values may need them"
    )


def has_overlay_in_words(elements: Elements) -> bool:
    """Whether overlays are in bits of the pixel words (retired, PS3.3 C.9.2)."""
    return any(metadata.integer(elements, group << 16 | _OVERLAY_BIT_POSITION) for group in OVERLAY_GROUPS)
