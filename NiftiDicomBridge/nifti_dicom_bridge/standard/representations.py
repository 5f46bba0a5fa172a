"""Value representations (PS3.5 6.2) and tags as they may be in files and in records: one rule for both directions."""

from __future__ import annotations

STANDARD_VRS = frozenset([
    "AE", "AS", "AT", "CS", "DA", "DS", "DT", "FD", "FL", "IS", "LO", "LT", "OB", "OD", "OF", "OL", "OV", "OW", "PN", "SH",
    "SL", "SQ", "SS", "ST", "SV", "TM", "UC", "UI", "UL", "UN", "UR", "US", "UT", "UV",
])  # fmt: skip
FORMATS = {
    "AE": "at most 16 characters without backslash",
    "AS": "three digits and D, W, M or Y, such as 045Y",
    "AT": "a tag as a number",
    "CS": "at most 16 capital letters, digits, spaces and underscores",
    "DA": "YYYYMMDD, such as 20260131",
    "DS": "a decimal number of at most 16 characters",
    "DT": "YYYYMMDDHHMMSS, such as 20260131093000",
    "FD": "a number",
    "FL": "a number of single precision",
    "IS": "a whole number from -2147483648 to 2147483647",
    "LO": "at most 64 characters without backslash",
    "LT": "at most 10240 characters",
    "PN": "family^given^middle^prefix^suffix, at most 64 characters, such as Doe^Jane",
    "SH": "at most 16 characters without backslash",
    "SL": "a whole number from -2147483648 to 2147483647",
    "SS": "a whole number from -32768 to 32767",
    "ST": "at most 1024 characters",
    "SV": "a whole number of 64 bits",
    "TM": "HHMMSS, such as 093000",
    "UI": "at most 64 digits and periods, without leading zeros",
    "UL": "a whole number from 0 to 4294967295",
    "UR": "a URI",
    "US": "a whole number from 0 to 65535",
    "UV": "a whole number of 64 bits from 0",
}
"""VR → what its values look like (PS3.5 table 6.2-1), for messages; other VRs take any text."""
DELIMITER_GROUP = 0xFFFE


def is_vr(text: str) -> bool:
    """Whether two letters can be a VR: capitals, as of VRs to come, or one of the standard in letters of any case."""
    return len(text) == 2 and text.isascii() and text.isalpha() and (text.isupper() or text.upper() in STANDARD_VRS)


def is_element_tag(tag: int) -> bool:
    """Whether a tag can be that of an element: items and delimiters are not elements (PS3.5 7.5)."""
    return tag >> 16 != DELIMITER_GROUP
