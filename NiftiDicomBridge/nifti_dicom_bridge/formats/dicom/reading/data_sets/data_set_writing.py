"""Elements of a data set → bytes (PS3.5 7)."""

from __future__ import annotations

import struct
from itertools import pairwise

from .....errors import PixelError
from .....model.metadata import Element, Elements, Encoding, Item
from .....standard.tags import Tag
from .vr_encoding import LONG_VRS, UNDEFINED, swap

LONGEST = UNDEFINED - 1
"""The largest length of an element, which is even (PS3.5 7.1)."""


def write_data_set(elements: Elements, encoding: Encoding) -> bytes:
    """Return elements as bytes, ascending by tag (PS3.5 7.1)."""
    ordered = sorted(elements.items()) if any(a > b for a, b in pairwise(elements)) else elements.items()
    return b"".join([encode_element(tag, element, encoding) for tag, element in ordered])


def encode_element(tag: int, element: Element, encoding: Encoding) -> bytes:
    """Return one element as bytes."""
    vr, value, undefined = element
    if isinstance(value, tuple):
        raw = encode_items(value, Encoding(explicit=False) if vr == "UN" else encoding)
    else:
        raw = value if encoding.little else swap(vr, value)
    header = element_header(tag, vr, UNDEFINED if undefined else len(raw), encoding)
    return header + raw + (_delimiter(Tag.SEQUENCE_DELIMITATION_ITEM, encoding) if undefined else b"")


def check_length(length: int) -> None:
    """Raise `PixelError` if an object cannot have pixel data of this length, which has 32 bits (PS3.5 7.1)."""
    if length > LONGEST:
        raise PixelError(
            f"{length} bytes of pixel data do not fit one DICOM object, which has at most {LONGEST} (4 GiB). Crop or split the "
            "image, or choose a kind that has a file for each slice."
        )


def element_header(tag: int, vr: str, length: int, encoding: Encoding) -> bytes:
    """Return tag, VR and length field (PS3.5 7.1.2, 7.1.3); raises `PixelError` if the length has more than 32 bits."""
    if length != UNDEFINED:
        check_length(length)
    order = "<" if encoding.little else ">"
    group, number = tag >> 16, tag & 0xFFFF
    if not encoding.explicit:
        return struct.pack(order + "HHI", group, number, length)
    if vr in LONG_VRS:
        return struct.pack(order + "HH2sHI", group, number, vr.encode(), 0, length)
    if length > 0xFFFF:  # PS3.5 6.2.2 note 1: too long for its VR in explicit form
        return struct.pack(order + "HH2sHI", group, number, b"UN", 0, length)
    return struct.pack(order + "HH2sH", group, number, vr.encode(), length)


def encode_items(items: tuple[Item, ...], encoding: Encoding) -> bytes:
    """Return the items of a sequence as bytes (PS3.5 7.5)."""
    parts = []
    order = "<" if encoding.little else ">"
    for item in items:
        body = write_data_set(item.elements, encoding)
        parts += [struct.pack(order + "HHI", 0xFFFE, 0xE000, UNDEFINED if item.undefined else len(body)), body]
        if item.undefined:
            parts.append(_delimiter(Tag.ITEM_DELIMITATION_ITEM, encoding))
    return b"".join(parts)


def _delimiter(tag: int, encoding: Encoding) -> bytes:
    return struct.pack(("<" if encoding.little else ">") + "HHI", tag >> 16, tag & 0xFFFF, 0)
