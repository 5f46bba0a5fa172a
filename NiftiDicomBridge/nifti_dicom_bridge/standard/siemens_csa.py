"""The binary header that Siemens scanners write into private elements (CSA1 and CSA2) → values by name.

The format is described by SPM (spm_dicom_headers.m) and by nibabel's documentation of CSA headers.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

_PROTOCOL_TAG = b"MrPhoenixProtocol"
_BEGIN, _END = b"### ASCCONV BEGIN", b"### ASCCONV END"
MOST_TAGS = 1000
"""A header with more tags, or a tag with more items, is damaged."""
_TAG = struct.Struct("<64si4s3i")
_ITEM = struct.Struct("<4i")
_NUMBERS: dict[str, Callable[[str], object]] = {
    "FL": float, "FD": float, "DS": float, "SS": int, "US": int, "SL": int, "UL": int, "IS": int,
}  # fmt: skip


@lru_cache(maxsize=64)
def csa_values(raw: bytes) -> dict[str, list[Any]]:
    """Return the values of a CSA header by name: numbers where the VR is one of numbers; empty if it is damaged."""
    try:
        return _Header(raw).values()
    except (struct.error, ValueError):
        return {}


@lru_cache(maxsize=16)
def protocol_of(raw: bytes) -> str:
    """Return the lines of the protocol in a CSA series header; empty where there is none."""
    start = raw.find(_BEGIN, max(0, raw.find(_PROTOCOL_TAG)))
    if start < 0:
        return ""
    end = raw.find(_END, start)
    return raw[start : end if end > start else len(raw)].decode("utf-8", "replace")


def csa_bytes(values: Mapping[str, tuple[str, Sequence[str]]]) -> bytes:
    """Return a CSA2 header with values, by name: their VR and their texts."""
    parts = [b"SV10\4\3\2\1", struct.pack("<2I", len(values), 77)]
    for name, (vr, texts) in values.items():
        parts.append(_TAG.pack(name.encode("latin-1"), len(texts), vr.encode("latin-1"), 0, max(6, len(texts)), 77))
        for n in range(max(6, len(texts))):
            raw = texts[n].encode("latin-1") + b"\0" if n < len(texts) else b""
            parts += [_ITEM.pack(len(raw), len(raw), 77, len(raw)), raw + bytes(-len(raw) % 4)]
    raw = b"".join(parts)
    return raw + bytes(len(raw) % 2)


class _Header:
    """Reads a header from its beginning to its end."""

    def __init__(self, raw: bytes):
        self._raw, self._second = raw, raw[:4] == b"SV10"
        self._pos = 8 if self._second else 0
        self._extra = 0
        """CSA1 states the length of an item plus the number of items of one of the first two tags."""

    def values(self) -> dict[str, list[Any]]:
        count, _ = self._unpack(struct.Struct("<2I"))
        if not 0 < count <= MOST_TAGS:
            raise ValueError(f"{count} tags")
        result = {}
        for number in range(count):
            name, multiplicity, vr, _, items, _ = self._unpack(_TAG)
            if items > MOST_TAGS:
                raise ValueError(f"{items} items")
            if number < 2:
                self._extra = items
            result[_text(name)] = self._items(items, multiplicity, _NUMBERS.get(_text(vr)))
        return result

    def _items(self, count: int, multiplicity: int, number: Callable[[str], object] | None) -> list[Any]:
        """Return the items of one tag; the first empty one ends a list of numbers."""
        values: list[Any] = []
        wanted = multiplicity or count
        for n in range(count):
            length = self._length()
            if length is None:
                return values + [""] * (n < multiplicity)
            if n >= wanted:
                if length:
                    raise ValueError("more values than the multiplicity allows")
                continue
            text = _text(self._raw[self._pos : self._pos + length])
            self._pos += length + -length % 4
            if number is None:
                values.append(text)
            elif length:
                values.append(number(text))
            else:
                wanted = n
        return values

    def _length(self) -> int | None:
        """Return the length of the next item; None where CSA1 has no further one for this tag."""
        first, second, _, _ = self._unpack(_ITEM)
        length = second if self._second else first - self._extra
        if 0 <= length <= len(self._raw) - self._pos:
            return int(length)
        if self._second:
            raise ValueError(f"an item of {length} bytes")
        return None

    def _unpack(self, layout: struct.Struct) -> tuple[Any, ...]:
        result = layout.unpack_from(self._raw, self._pos)
        self._pos += layout.size
        return result


def _text(raw: bytes) -> str:
    """Return text up to the first null character."""
    return raw.split(b"\0", 1)[0].decode("latin-1")
