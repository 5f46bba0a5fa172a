"""What tags and UIDs are called in messages; what is not in our own table is asked of pydicom's dictionary."""

from __future__ import annotations

from functools import lru_cache

from .pydicom_tables import KEYWORD, VM, VR, entry_of, name_of_uid, tag_of_keyword
from .sop_classes import LATER_SOP_CLASSES
from .tags import Tag
from .transfer_syntaxes import LATER

_LATER_NAMES = LATER | LATER_SOP_CLASSES

FLOAT_PIXEL_BITS = {Tag.FLOAT_PIXEL_DATA: 32, Tag.DOUBLE_FLOAT_PIXEL_DATA: 64}
"""Pixel data elements of floating point numbers → bits of one (PS3.3 C.7.6.24, C.7.6.25)."""
PIXEL_TAGS = frozenset({*FLOAT_PIXEL_BITS, Tag.PIXEL_DATA})
OVERLAY_GROUPS = range(0x6000, 0x6020, 2)
"""Groups of the attributes of overlay planes, which repeat (PS3.5 7.6)."""

_ALIKE_GROUPS = (
    ("US", "SS", "UL", "SL", "SV", "UV"), ("FL", "FD"), ("DS", "IS"), ("OB", "OW", "OL", "OV", "OF", "OD"),
    ("LO", "SH", "UC"), ("LT", "ST", "UT"),
)  # fmt: skip
_ALIKE = {vr: group for group in _ALIKE_GROUPS for vr in group}


def hexadecimal(tag: int) -> str:
    """Return ``GGGGEEEE``, the form of the DICOM JSON Model (PS3.18 F.2.2)."""
    return f"{tag:08X}"


def describe(tag: int) -> str:
    """Return ``Keyword (gggg,eeee)`` for messages; only the number where the dictionary has no keyword."""
    number = f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
    entry = entry_of(tag)
    return f"{entry[KEYWORD]} {number}" if entry and entry[KEYWORD] else number


def describe_path(path: tuple[int, ...]) -> str:
    """Return the tags on the way to a nested attribute, for messages."""
    return " > ".join(map(describe, path))


def keyword_of(tag: int) -> str:
    """Return the keyword of an attribute (PS3.6); the number where the dictionary has none."""
    return describe(tag).split(" ")[0]


def vrs_of(tag: int) -> tuple[str, ...]:
    """Return the VRs that the dictionary gives an attribute (PS3.6); none for private and unknown ones."""
    entry = entry_of(tag)
    return () if entry is None else tuple(entry[VR].split(" or "))


def tag_of(keyword: str) -> int:
    """Return the tag of a keyword (PS3.6); 0 if the dictionary does not have it."""
    return tag_of_keyword(keyword) or 0


def uid_name(uid: str) -> str:
    """Return the name of a well-known UID (PS3.6 A); the UID itself where it has none."""
    return name_of_uid(uid.strip()) or _LATER_NAMES.get(uid.strip(), uid.strip())


def is_private(tag: int) -> bool:
    """Whether the group number is odd (PS3.5 7.8)."""
    return bool((tag >> 16) & 1)


@lru_cache(maxsize=1 << 14)
def is_known(tag: int) -> bool:
    """Whether the standard has an attribute (PS3.6); never for private ones."""
    return entry_of(tag) is not None


@lru_cache(maxsize=1 << 14)
def allows_vr(tag: int, vr: str) -> bool:
    """Whether an attribute may have a VR: that of the standard (PS3.6), or one of the same kind of values."""
    return bool({vr, *_ALIKE.get(vr, ())}.intersection(vrs_of(tag)))


@lru_cache(maxsize=1 << 14)
def most_values(tag: int) -> int | None:
    """Return how many values an attribute can have (PS3.6); None for any number, and for attributes that are not known."""
    entry = entry_of(tag)
    most = entry[VM].split(" ")[0].split("-")[-1] if entry is not None else ""
    return int(most) if most.isdecimal() else None
