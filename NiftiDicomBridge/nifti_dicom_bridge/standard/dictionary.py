"""What tags and UIDs are called in messages; what is not in our own table is asked of pydicom's dictionary."""

from __future__ import annotations

from .tags import Tag

PIXEL_TAGS = frozenset({Tag.FLOAT_PIXEL_DATA, Tag.DOUBLE_FLOAT_PIXEL_DATA, Tag.PIXEL_DATA})


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
