"""DICOM dates and times as seconds."""

from __future__ import annotations

import re
from datetime import date as Date

_DATE = re.compile(r"(\d{4})\.?(\d{2})\.?(\d{2})")
_TIME = re.compile(r"(\d{2}):?(\d{2})?:?(\d{2})?(\.\d+)?")


def seconds(text: str, time: str = "") -> float | None:
    """Return a moment in seconds, to be compared with others only; None where it is not one.

    Parameters
    ----------
    text : str
        A DT (PS3.5 6.2), or the DA of a TM, or empty.
    time : str
        A TM.
    """
    day = _DATE.match(text)
    clock = _TIME.match(time or (text[day.end() :] if day else ""))
    if clock is None:
        return None
    hours, minutes, whole, fraction = clock.groups()
    seconds_ = int(hours) * 3600 + int(minutes or 0) * 60 + int(whole or 0) + float(fraction or 0)
    return seconds_ + _days(day.groups()) * 86400 if day else seconds_


def _days(parts: tuple[str, ...]) -> int:
    try:
        return Date(*map(int, parts)).toordinal()
    except ValueError:
        return 0
