"""Ages that identify old people: above 89, they are in one category (HIPAA, 45 CFR 164.514(b)(2)(i)(C)), as in BIDS."""

from __future__ import annotations

import re

OLDEST = 89
"""Years; higher ages identify. BIDS writes this number for all of them."""
OLDER = "090Y"
"""What takes the place of a higher age in DICOM, whose age strings have no limits: the category “90 or older”."""
PER_YEAR = {"Y": 1.0, "M": 12.0, "W": 365.25 / 7, "D": 365.25}
"""Unit of an age string (PS3.5 6.2, AS) → its number in a year."""


def years_of(text: str) -> float | None:
    """Return the years of an age string; None if it is not one.

    Examples
    --------
    >>> years_of("045Y"), years_of("018M"), years_of("45")
    (45.0, 1.5, None)
    """
    match = re.fullmatch(r"(\d{1,3})([YMWD])", text)
    return int(match[1]) / PER_YEAR[match[2]] if match else None


def without_high_age(text: str) -> str:
    r"""Return age strings, separated by backslashes, without ages above 89.

    Examples
    --------
    >>> without_high_age("089Y"), without_high_age("101Y")
    ('089Y', '090Y')
    """
    return "\\".join(OLDER if (years_of(part.strip()) or 0) > OLDEST else part for part in text.split("\\"))
