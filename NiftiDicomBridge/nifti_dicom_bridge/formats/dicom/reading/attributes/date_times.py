"""DICOM dates and times as seconds."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date as Date

from .....model import metadata
from .....model.metadata import Elements
from .....model.time_zones import DAY_S, zone_s
from .....standard.tags import Tag
from .shared_values import SharedValues, SimilarDataSets

_DATE = re.compile(r"(\d{4})\.?(\d{2})\.?(\d{2})")
_TIME = re.compile(r"([01]\d|2[0-3]):?([0-5]\d)?:?([0-5]\d|60)?(\.\d+)?")


def seconds(text: str, time: str = "", zone: str = "") -> float | None:
    """Return a moment in seconds, to be compared with others only; None where it is not one.

    Parameters
    ----------
    text : str
        A DT (PS3.5 6.2), or the DA of a TM, or empty.
    time : str
        A TM.
    zone : str
        TimezoneOffsetFromUTC (0008,0201), for what does not state its time zone itself.
    """
    day = _DATE.match(text)
    clock = _TIME.match(time or (text[day.end() :] if day else ""))
    if clock is None:
        return None
    hours, minutes, whole, fraction = clock.groups()
    ahead_s = zone_s(text) if day and not time else None
    ahead_s = zone_s(zone) or 0 if ahead_s is None else ahead_s
    seconds_ = int(hours) * 3600 + int(minutes or 0) * 60 + int(whole or 0) + float(fraction or 0) - ahead_s
    return seconds_ + _days(day.groups()) * DAY_S if day else seconds_


def usual_zone_of(headers: SimilarDataSets) -> str:
    """Return the time zone of most objects of a series, for those that lost it; empty where none states it."""
    if not headers.have(Tag.TIMEZONE_OFFSET_FROM_UTC):
        return ""
    zones = Counter(zone for zone in SharedValues(_zone_of).of_all(headers) if zone)
    return max(zones, key=lambda zone: zones[zone], default="")


def _zone_of(elements: Elements) -> str:
    """Return TimezoneOffsetFromUTC; empty where it is not a time zone."""
    zone = metadata.text(elements, Tag.TIMEZONE_OFFSET_FROM_UTC)
    return "" if zone_s(zone) is None else zone


def _days(parts: tuple[str, ...]) -> int:
    try:
        return Date(*map(int, parts)).toordinal()
    except ValueError:
        return 0
