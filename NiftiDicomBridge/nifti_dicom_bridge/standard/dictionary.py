"""What tags and UIDs are called in messages; what is not in our own table is asked of pydicom's dictionary."""

from __future__ import annotations

from functools import lru_cache

from .tags import Tag

PIXEL_TAGS = frozenset({Tag.FLOAT_PIXEL_DATA, Tag.DOUBLE_FLOAT_PIXEL_DATA, Tag.PIXEL_DATA})

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
    from pydicom.datadict import keyword_for_tag

    number = f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
    keyword = keyword_for_tag(tag)
    return f"{keyword} {number}" if keyword else number


def describe_path(path: tuple[int, ...]) -> str:
    """Return the tags on the way to a nested attribute, for messages."""
    return " > ".join(map(describe, path))


def keyword_of(tag: int) -> str:
    """Return the keyword of an attribute (PS3.6); the number where the dictionary has none."""
    return describe(tag).split(" ")[0]


def vrs_of(tag: int) -> tuple[str, ...]:
    """Return the VRs that the dictionary gives an attribute (PS3.6); none for private and unknown ones."""
    from pydicom.datadict import dictionary_VR

    try:
        return tuple(str(dictionary_VR(tag)).split(" or "))
    except KeyError:
        return ()


def tag_of(keyword: str) -> int:
    """Return the tag of a keyword (PS3.6); 0 if the dictionary does not have it."""
    from pydicom.datadict import tag_for_keyword

    return tag_for_keyword(keyword) or 0


def uid_name(uid: str) -> str:
    """Return the name of a well-known UID (PS3.6 A); the UID itself where it has none."""
    from pydicom.config import IGNORE
    from pydicom.uid import UID

    return str(UID(uid, validation_mode=IGNORE).name)  # without a word where it is none


def is_private(tag: int) -> bool:
    """Whether the group number is odd (PS3.5 7.8)."""
    return bool((tag >> 16) & 1)


@lru_cache(maxsize=1 << 14)
def is_known(tag: int) -> bool:
    """Whether the standard has an attribute (PS3.6); never for private ones."""
    from pydicom.datadict import dictionary_has_tag, repeater_has_tag

    return bool(dictionary_has_tag(tag) or repeater_has_tag(tag))


@lru_cache(maxsize=1 << 14)
def allows_vr(tag: int, vr: str) -> bool:
    """Whether an attribute may have a VR: that of the standard (PS3.6), or one of the same kind of values."""
    from pydicom.datadict import dictionary_VR

    allowed = set(dictionary_VR(tag).split(" or "))
    return bool(allowed & {vr, *_ALIKE.get(vr, ())})


@lru_cache(maxsize=1 << 14)
def most_values(tag: int) -> int | None:
    """Return how many values an attribute can have (PS3.6); None for any number, and for attributes that are not known."""
    from pydicom.datadict import dictionary_VM

    most = str(dictionary_VM(tag)).split(" ")[0].split("-")[-1] if is_known(tag) else ""
    return int(most) if most.isdecimal() else None
