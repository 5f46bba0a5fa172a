"""Data sets ⇄ bytes (PS3.5 chapter 7), without losing a byte.

pydicom's reader interprets; this one keeps: value fields with their padding, defined or undefined lengths, retired and
private elements, in the order of a dictionary. What is written from what was read is the same data set, byte for byte.
Values are held in little endian; big endian is swapped when it is read.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

from ....errors import DicomReadError, PixelError
from ....model.metadata import Element, Elements, Encoding, Item, PixelElement
from ....model.similar_elements import SimilarElements
from ....standard import dictionary
from ....standard.pydicom_tables import VR, entry_of, private_vr_of
from ....standard.representations import is_element_tag, is_vr
from ....standard.tags import Tag

UNDEFINED = 0xFFFFFFFF
LONGEST = UNDEFINED - 1
"""The largest length of an element, which is even (PS3.5 7.1)."""
MAX_DEPTH = 60

# PS3.5 7.1.2: explicit VRs whose length field has 32 bits behind two reserved bytes
LONG_VRS = frozenset(["OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"])
_LONG_VRS = {vr.encode(): vr for vr in LONG_VRS}
_SHORT_VRS = {
    b"AE": "AE", b"AS": "AS", b"AT": "AT", b"CS": "CS", b"DA": "DA", b"DS": "DS", b"DT": "DT", b"FD": "FD", b"FL": "FL",
    b"IS": "IS", b"LO": "LO", b"LT": "LT", b"PN": "PN", b"SH": "SH", b"SL": "SL", b"SS": "SS", b"ST": "ST", b"TM": "TM",
    b"UI": "UI", b"UL": "UL", b"US": "US",
}  # fmt: skip
_QUICK = struct.Struct("<HH2sH").unpack_from
# PS3.5 7.3: bytes per number, for the byte order
WORD_SIZES = {
    "AT": 2, "OW": 2, "SS": 2, "US": 2, "FL": 4, "OF": 4, "OL": 4, "SL": 4, "UL": 4,
    "FD": 8, "OD": 8, "OV": 8, "SV": 8, "UV": 8,
}  # fmt: skip


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


# --- bytes → elements -------------------------------------------------------------------------------------------------


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
            if code in _SHORT_VRS or is_vr(code.decode("latin-1")):
                return group << 16 | number, _SHORT_VRS.get(code) or code.decode(), length, pos + 8
        # an implicit element, possibly among explicit ones: some writers switch inside sequences
        group, number, length = self._implicit(self.buffer, pos)
        tag = group << 16 | number
        return tag, "" if group == 0xFFFE else implicit_vr(tag, elements), length, pos + 8

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
        return items if _encode_items(items, encoding) == self.buffer[body:end] else ()

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


def swap(vr: str, raw: bytes) -> bytes:
    """Turn the byte order of a value field (its own inverse)."""
    size = WORD_SIZES.get(vr, 1)
    if size == 1 or len(raw) % size:
        return raw
    return b"".join(raw[i : i + size][::-1] for i in range(0, len(raw), size))


# --- elements → bytes -------------------------------------------------------------------------------------------------


def write_data_set(elements: Elements, encoding: Encoding) -> bytes:
    """Return elements as bytes, ascending by tag (PS3.5 7.1)."""
    ordered = sorted(elements.items()) if any(a > b for a, b in pairwise(elements)) else elements.items()
    return b"".join([encode_element(tag, element, encoding) for tag, element in ordered])


def encode_element(tag: int, element: Element, encoding: Encoding) -> bytes:
    """Return one element as bytes."""
    vr, value, undefined = element
    if isinstance(value, tuple):
        raw = _encode_items(value, Encoding(explicit=False) if vr == "UN" else encoding)
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


def _encode_items(items: tuple[Item, ...], encoding: Encoding) -> bytes:
    parts = []
    order = "<" if encoding.little else ">"
    for item in items:
        body = write_data_set(item.elements, encoding)
        parts += [struct.pack(order + "HHI", 0xFFFE, 0xE000, UNDEFINED if item.undefined else len(body)), body]
        if item.undefined:
            parts.append(_delimiter(Tag.ITEM_DELIMITATION_ITEM, encoding))
    return b"".join(parts)


def count_unordered(data_sets: Iterable[Elements]) -> int:
    """Return how many data sets have elements, or items with elements, out of the ascending order of tags (PS3.5 7.1)."""
    order = _Order()
    return sum(not order.is_ascending(elements) for elements in data_sets)


class _Order:
    """Checks whether elements are in order; what data sets of a series have in common is looked at once."""

    def __init__(self) -> None:
        self._tags: dict[tuple[int, ...], bool] = {}
        self._sequences: dict[int, tuple[Element, bool]] = {}
        self._alike: dict[int, tuple[Elements, bool]] = {}

    def is_ascending(self, elements: Elements) -> bool:
        """Whether the elements of a data set, and of its items, are in order."""
        if type(elements) is not SimilarElements:
            return self._is_ascending(elements)
        like = elements.like
        if id(like) not in self._alike:
            self._alike[id(like)] = like, self._is_ascending(like)
        if self._alike[id(like)][1]:
            return all(self._has_ordered_items(one) for one in elements.changes.values() if type(one[1]) is tuple)
        return self._is_ascending(elements)

    def _is_ascending(self, elements: Elements) -> bool:
        tags = tuple(elements)
        if tags not in self._tags:
            self._tags[tags] = all(a < b for a, b in pairwise(tags))
        sequences = [element for element in elements.values() if type(element.value) is tuple]
        return self._tags[tags] and all(map(self._has_ordered_items, sequences))

    def _has_ordered_items(self, element: Element) -> bool:
        assert isinstance(element.value, tuple)
        if id(element) not in self._sequences:
            self._sequences[id(element)] = element, all(_is_ascending(item.elements) for item in element.value)
        return self._sequences[id(element)][1]


def _is_ascending(elements: Elements) -> bool:
    if list(elements) != sorted(elements):
        return False
    sequences = [element.value for element in elements.values() if type(element.value) is tuple]
    return all(_is_ascending(item.elements) for value in sequences for item in value)


def _delimiter(tag: int, encoding: Encoding) -> bytes:
    return struct.pack(("<" if encoding.little else ">") + "HHI", tag >> 16, tag & 0xFFFF, 0)


# --- VR of implicit elements ------------------------------------------------------------------------------------------


def implicit_vr(tag: int, elements: Elements) -> str:
    """Return the VR that the dictionaries give an element (PS3.5 6.2.2), UN where they know none.

    `elements` are those before it: they specify the private creator, and whether values are signed.
    """
    if tag & 0xFFFF == 0:
        return "UL"
    group = tag >> 16
    if group & 1:
        if 0x10 <= tag & 0xFFFF <= 0xFF:
            return "LO"
        creator = elements.get(group << 16 | (tag & 0xFF00) >> 8)
        name = creator.value.decode("latin-1").strip(" \0") if creator and isinstance(creator.value, bytes) else ""
        vr = _private_vr(tag, name)
    else:
        vr = _public_vr(tag)
    if " or " not in vr:
        return vr
    return _resolve(vr, elements)


@lru_cache(maxsize=8192)
def _public_vr(tag: int) -> str:
    entry = entry_of(tag)
    return "UN" if entry is None else entry[VR]


@lru_cache(maxsize=8192)
def _private_vr(tag: int, creator: str) -> str:
    return private_vr_of(tag, creator) or "UN"


def _resolve(vr: str, elements: Elements) -> str:
    if "OW" in vr:
        return "OW"
    representation = elements.get(Tag.PIXEL_REPRESENTATION)
    signed = representation is not None and representation.value == b"\x01\x00"
    return "SS" if signed else "US"
