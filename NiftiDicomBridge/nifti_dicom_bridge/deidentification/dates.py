"""Dates moved by days, as "Retain Longitudinal Temporal Information Modified Dates" requires (PS3.15 E.3.6)."""

from __future__ import annotations

import re
from datetime import date, timedelta

_DATE = re.compile(r"(\d{4})\.?(\d\d)\.?(\d\d)(.*)", re.DOTALL)


def shifted(vr: str, text: str, days: int) -> str:
    """Return the values of DA or DT moved by days; TM stays. What is not a complete date becomes empty."""
    return text if vr == "TM" else "\\".join(_shifted(value.strip(" \0"), days) for value in text.split("\\"))


def _shifted(value: str, days: int) -> str:
    mark = _DATE.fullmatch(value)
    if mark is None:
        return ""
    try:
        moved = date(int(mark[1]), int(mark[2]), int(mark[3])) + timedelta(days)
    except (ValueError, OverflowError):
        return ""
    return f"{moved:%Y%m%d}".rjust(8, "0") + mark[4]
