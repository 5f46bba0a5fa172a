"""Value representations (PS3.5 6.2) and tags as they may be in files and in records: one rule for both directions."""

from __future__ import annotations

STANDARD_VRS = frozenset([
    "AE", "AS", "AT", "CS", "DA", "DS", "DT", "FD", "FL", "IS", "LO", "LT", "OB", "OD", "OF", "OL", "OV", "OW", "PN", "SH",
    "SL", "SQ", "SS", "ST", "SV", "TM", "UC", "UI", "UL", "UN", "UR", "US", "UT", "UV",
])  # fmt: skip
DELIMITER_GROUP = 0xFFFE


def is_vr(text: str) -> bool:
    """Whether two letters can be a VR: capitals, as of VRs to come, or one of the standard in letters of any case."""
    return len(text) == 2 and text.isascii() and text.isalpha() and (text.isupper() or text.upper() in STANDARD_VRS)


def is_element_tag(tag: int) -> bool:
    """Whether a tag can be that of an element: items and delimiters are not elements (PS3.5 7.5)."""
    return tag >> 16 != DELIMITER_GROUP
