"""Bytes → elements of a data set (PS3.5 7), whatever their encoding is, without losing a byte.

pydicom's reader interprets; this one keeps: value fields with their padding, defined or undefined lengths, retired and
private elements, in the order of a dictionary. What is written from what was read is the same data set, byte for byte.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from .....errors import DicomReadError
from .....model.metadata import Element, Elements, Encoding, Item, PixelElement
from .....standard import dictionary
from .....standard.representations import is_element_tag, is_vr
from .....standard.tags import Tag
from .data_set_writing import encode_items
from .implicit_vr import implicit_vr
from .vr_encoding import LONG_VRS, UNDEFINED, swap

MAX_DEPTH = 60
_LONG_VRS = {vr.encode(): vr for vr in LONG_VRS}
_SHORT_VRS = {
    b"AE": "AE", b"AS": "AS", b"AT": "AT", b"CS": "CS", b"DA": "DA", b"DS": "DS", b"DT": "DT", b"FD": "FD", b"FL": "FL",
    b"IS": "IS", b"LO": "LO", b"LT": "LT", b"PN": "PN", b"SH": "SH", b"SL": "SL", b"SS": "SS", b"ST": "ST", b"TM": "TM",
    b"UI": "UI", b"UL": "UL", b"US": "US",
}  # fmt: skip
_QUICK = struct.Struct("<HH2sH").unpack_from


class NeedMoreBytes(Exception):
    """The buffer ends inside an element; the file may go on."""

    def __init__(self, tag: int, wanted: int):
        self.tag, self.wanted = tag, wanted


@dataclass
class Parsed:
    """What `read_data_set` found: elements, where the pixel data are, and tags that occur twice."""

    elements: Elements = field(default_factory=dict)
    pixels: PixelElement | None = None
    repeated: list[int] = field(default_factory=list)
    end: int = 0


def read_data_set(buffer: bytes, start: int, encoding: Encoding, like: Elements | None = None, whole: bool = True) -> Parsed:
    """Read the elements from `start` up to the pixel data, or to the end of the buffer.

    Parameters
    ----------
    buffer : bytes
        The file, or its beginning.
    start : int
        Offset of the first element.
    encoding : Encoding
        How the elements are encoded.
    like : dict of int to Element, optional
        Elements of a similar instance: equal ones are taken over, so that a long series holds one copy.
    whole : bool
        Whether the buffer reaches to the end of the file.

    Raises
    ------
    NeedMoreBytes
        If the buffer ends inside an element.
    DicomReadError
        If sequences do not close, or nest deeper than `MAX_DEPTH`.
    """
    parsed = Parsed()
    parsed.end = _read_elements(parsed, buffer, start, encoding, like or {})
    if parsed.pixels is None and (not whole or any(buffer[parsed.end :])):
        raise NeedMoreBytes(0, parsed.end + 8)
    return parsed


def _read_elements(parsed: Parsed, buffer: bytes, start: int, encoding: Encoding, like: Elements) -> int:
    """Put the elements up to the pixel data into `parsed`, and return the offset of what follows."""
    elements = parsed.elements
    reader = ElementReader(buffer, encoding)
    quick = encoding.explicit and encoding.little
    pos, end = start, len(buffer)
    while pos + 8 <= end:
        if quick:  # nearly all elements of nearly all files, so spelt out: explicit VR, short length, no sequence
            group, number, code, length = _QUICK(buffer, pos)
            stop = pos + 8 + length
            vr = _SHORT_VRS.get(code)
            if vr is not None and stop <= end:
                tag, raw = group << 16 | number, buffer[pos + 8 : stop]
                twin = like.get(tag)
                if tag in elements:
                    parsed.repeated.append(tag)
                elements[tag] = twin if twin is not None and twin[1] == raw and twin[0] == vr else Element(vr, raw)
                pos = stop
                continue
        tag, vr, length, body = reader.header(pos, elements)
        if not is_element_tag(tag):
            raise DicomReadError(f"a delimiter at byte {pos} closes no item; the file is damaged.")
        if tag in dictionary.PIXEL_TAGS:
            parsed.pixels = PixelElement(tag, vr, body, -1 if length == UNDEFINED else length)
            break
        element, pos = reader.value(tag, vr, length, body, 0)
        twin = like.get(tag)
        if tag in elements:
            parsed.repeated.append(tag)
        elements[tag] = twin if twin is not None and twin == element else element
    return pos


def skip_fragments(buffer: bytes, start: int) -> int:
    """Return the offset behind encapsulated pixel data (PS3.5 A.4) that begin at `start`."""
    pos = start
    while pos + 8 <= len(buffer):
        group, number, length = struct.unpack_from("<HHI", buffer, pos)
        pos += 8
        if (group, number) == (0xFFFE, 0xE0DD):
            return pos
        if (group, number) != (0xFFFE, 0xE000):
            break
        pos += length
    return len(buffer)


class ElementReader:
    """Elements of one buffer in one encoding."""

    def __init__(self, buffer: bytes, encoding: Encoding):
        self.buffer, self.encoding = buffer, encoding
        order = "<" if encoding.little else ">"
        self._explicit = struct.Struct(order + "HH2sH").unpack_from
        self._implicit = struct.Struct(order + "HHI").unpack_from
        self._long = struct.Struct(order + "I").unpack_from

    def header(self, pos: int, elements: Elements) -> tuple[int, str, int, int]:
        """Return tag, VR, length and offset of the value."""
        if self.encoding.explicit:
            group, number, code, length = self._explicit(self.buffer, pos)
            if group == 0xFFFE:
                return group << 16 | number, "", self._long(self.buffer, pos + 4)[0], pos + 8
            if code in _LONG_VRS:
                if pos + 12 > len(self.buffer):
                    raise NeedMoreBytes(group << 16 | number, pos + 12)
                return group << 16 | number, _LONG_VRS[code], self._long(self.buffer, pos + 8)[0], pos + 12
            if code in _SHORT_VRS:
                return group << 16 | number, _SHORT_VRS[code], length, pos + 8
            if is_vr(code.decode("latin-1")):
                if length == 0 and self._is_long(pos, group):  # read as UN, as readers shall that do not know the VR
                    return group << 16 | number, "UN", self._long(self.buffer, pos + 8)[0], pos + 12
                return group << 16 | number, code.decode(), length, pos + 8
        # an implicit element, possibly among explicit ones: some writers switch inside sequences
        group, number, length = self._implicit(self.buffer, pos)
        tag = group << 16 | number
        return tag, "" if group == 0xFFFE else implicit_vr(tag, elements), length, pos + 8

    def _is_long(self, pos: int, group: int) -> bool:
        """Whether an element of an unknown VR, whose bytes behind the VR are zero, has a length of 32 bits (PS3.5 7.1.2).

        Some writers give it 16 bits; it is empty then, and the next element begins behind them.
        """
        if pos + 12 > len(self.buffer):
            return False
        end = pos + 12 + int(self._long(self.buffer, pos + 8)[0])
        return self._is_header(end, group) or not self._is_header(pos + 8, group)

    def _is_header(self, pos: int, group: int) -> bool:
        """Whether the header of an element of this group or a later one, or a delimiter, is at an offset."""
        if pos + 8 > len(self.buffer):
            return pos == len(self.buffer)
        own, _, code, _ = self._explicit(self.buffer, pos)
        return bool(own == 0xFFFE or (own >= group and (code in _SHORT_VRS or code in _LONG_VRS)))

    def value(self, tag: int, vr: str, length: int, body: int, depth: int) -> tuple[Element, int]:
        """Return the element whose value begins at `body`, and the offset behind it."""
        if length == UNDEFINED and tag in dictionary.PIXEL_TAGS:  # compressed pixel data of an icon: fragments, not data sets
            end = skip_fragments(self.buffer, body)
            return Element(vr, self.buffer[body : end - 8], True), end
        if length == UNDEFINED:
            reader = self if vr == "SQ" or not self.encoding.explicit else ElementReader(self.buffer, Encoding(explicit=False))
            items, end = reader.items(tag, body, None, depth)
            return Element("SQ" if vr == "SQ" or not self.encoding.explicit else "UN", items, True), end
        end = body + length
        if end > len(self.buffer):
            raise NeedMoreBytes(tag, end)
        if vr == "SQ":
            try:
                items, end = self.items(tag, body, end, depth)
                return Element("SQ", items), end
            except (DicomReadError, NeedMoreBytes, struct.error):
                if self.encoding.explicit:  # a sequence in name only: keep its bytes
                    return Element("SQ", self.buffer[body:end]), end
                return Element("UN", self.buffer[body:end]), end
        raw = self.buffer[body:end]
        if vr == "UN" and length and self.encoding.explicit and implicit_vr(tag, {}) == "SQ":
            return Element("UN", self._unknown_items(tag, body, end, depth) or raw), end
        return Element(vr, raw if self.encoding.little else swap(vr, raw)), end

    def _unknown_items(self, tag: int, body: int, end: int, depth: int) -> tuple[Item, ...]:
        """Return the items (PS3.5 6.2.2 note 4: implicit) of a sequence that was written as UN; none of other bytes."""
        encoding = Encoding(explicit=False)
        try:
            items, _ = ElementReader(self.buffer, encoding).items(tag, body, end, depth)
        except (DicomReadError, NeedMoreBytes, struct.error):
            return ()
        return items if encode_items(items, encoding) == self.buffer[body:end] else ()

    def items(self, tag: int, pos: int, end: int | None, depth: int) -> tuple[tuple[Item, ...], int]:
        """Return the items of a sequence that ends at `end`, or at its delimiter."""
        if depth > MAX_DEPTH:
            raise DicomReadError(f"{dictionary.describe(tag)}: sequences nest deeper than {MAX_DEPTH}; the file is damaged.")
        items: list[Item] = []
        while end is None or pos < end:
            if pos + 8 > len(self.buffer):
                raise NeedMoreBytes(tag, pos + 8)
            group, number, length = self._implicit(self.buffer, pos)
            if (group, number) == (0xFFFE, 0xE0DD):
                return tuple(items), pos + 8 if end is None else end
            if (group, number) != (0xFFFE, 0xE000):
                raise DicomReadError(
                    f"{dictionary.describe(tag)}: an item was expected at byte {pos}, ({group:04X},{number:04X}) was found; "
                    "the file is damaged."
                )
            item, pos = self.item(tag, pos + 8, length, depth)
            items.append(item)
        if pos != end:
            raise DicomReadError(f"{dictionary.describe(tag)}: its items are longer than the sequence; the file is damaged.")
        return tuple(items), pos

    def item(self, owner: int, pos: int, length: int, depth: int) -> tuple[Item, int]:
        """Return the item whose elements begin at `pos`, and the offset behind it."""
        undefined = length == UNDEFINED
        end = len(self.buffer) if undefined else pos + length
        if end > len(self.buffer):
            raise NeedMoreBytes(owner, end)
        elements: Elements = {}
        while pos < end:
            if pos + 8 > len(self.buffer):
                raise NeedMoreBytes(owner, pos + 8)
            tag, vr, size, body = self.header(pos, elements)
            if tag == Tag.ITEM_DELIMITATION_ITEM:
                return Item(elements, undefined), body
            if tag >> 16 == 0xFFFE:
                raise DicomReadError(
                    f"{dictionary.describe(owner)}: a delimiter at byte {pos} closes no item; the file is damaged."
                )
            elements[tag], pos = self.value(tag, vr, size, body, depth + 1)
        if undefined:
            raise NeedMoreBytes(owner, end + 8)
        return Item(elements), pos
