"""Values that are kept have the form of their VR (PS3.5 6.2): no text behind null characters, no words in numbers."""

from __future__ import annotations

import re

from ..model.charset import AFFECTED_VRS
from ..model.metadata import NUMBER_FORMATS
from ..standard.uid_registry import is_registered

_NUMBER = r"[+-]?(?:\d+[.,]?\d*|[.,]\d+)(?:[eE][+-]?\d+)?"
_FORMS = {
    "AS": re.compile(r"\d{3}[DWMY]"),
    "CS": re.compile(r"[A-Z0-9 _]{1,16}"),
    "DA": re.compile(r"\d{8}|\d{4}\.\d\d\.\d\d"),
    "DS": re.compile(_NUMBER),
    "DT": re.compile(r"\d{4,14}(?:\.\d{1,6})?(?:[+-]\d{4})?"),
    "IS": re.compile(_NUMBER),  # writers put decimals there, too, and readers accept them
    "TM": re.compile(r"\d{2,6}(?:\.\d{1,6})?|\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?"),
    "UI": re.compile(r"[0-9.]{1,64}"),
}
_SINGLE = frozenset({"LT", "ST", "UT"})
"""VRs of one value, in which a backslash is a character."""
_SIZES = {"US": 2, "SS": 2, "UL": 4, "SL": 4, "FL": 4, "FD": 8, "SV": 8, "UV": 8, "AT": 4}
_CONTROL = bytes(set(range(32)) - {9, 10, 12, 13, 27}) + b"\x7f"
assert NUMBER_FORMATS.keys() < _SIZES.keys()


def in_form(vr: str, raw: bytes, most: int | None = None) -> bytes:
    """Return a value field as far as it has the form of its VR, padded again; values that have not are empty.

    Text ends at the first null character, numbers are whole ones, and nothing remains of a value that is not a number, code
    string, date, time, age or UID. With `most`, there are no more binary values than that.
    """
    if vr in _SIZES:
        whole = len(raw) - len(raw) % _SIZES[vr]
        return raw[: whole if most is None else min(whole, most * _SIZES[vr])]
    if vr in _FORMS:
        text = raw.decode("latin-1").rstrip("\0 ")
        values = [value.split("\0")[0].strip() for value in text.split("\\")]
        form = _FORMS[vr]
        return padded("\\".join(value if form.fullmatch(value) else "" for value in values).encode("latin-1"), vr)
    if vr in AFFECTED_VRS:
        parts = [raw] if vr in _SINGLE else raw.split(b"\\")
        return padded(b"\\".join(part.split(b"\0")[0].translate(None, _CONTROL) for part in parts), vr)
    return raw


def padded(raw: bytes, vr: str) -> bytes:
    """Return a value field of even length, with the padding of its VR."""
    return raw + (b"\0" if vr == "UI" else b" ") * (len(raw) % 2)


def is_of_standard(raw: bytes) -> bool:
    """Whether all UIDs of a value field are in the registry of the standard (PS3.6 A)."""
    return all(map(is_registered, filter(None, (part.strip(" \0") for part in raw.decode("latin-1").split("\\")))))
