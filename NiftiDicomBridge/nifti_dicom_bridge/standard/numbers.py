"""Numbers in JSON and in DICOM text: what counts as one, and how one is written."""

from __future__ import annotations

import math
from typing import Any, TypeGuard

DS_LENGTH = 16
"""The most characters of a number in DS (PS3.5 6.2)."""


def is_number(value: Any) -> TypeGuard[int | float]:
    """Whether a value of JSON is a number that double precision can hold: not true, false, NaN or infinity."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer beyond double precision
        return False


def decimal_text(value: float, up: bool = False) -> str:
    """Return the number nearest to `value`, or with `up` not below it, in at most 16 characters (VR DS)."""
    value = 0.0 if value == 0 else value  # no negative zero
    for digits in range(17, 0, -1):
        text = f"{value:.{digits}g}"
        if up and float(text) < value:
            text = f"{float(text) + abs(float(text)) * 10.0 ** (1 - digits):.{digits}g}"
        if len(text) <= DS_LENGTH:
            return text
    return f"{value:.0e}"
