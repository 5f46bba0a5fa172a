"""Dates with times and the time zone that they are in (DT: PS3.5 6.2)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

DAY_S = 86400.0
_ZONE = re.compile(r"[+-]\d{4}$")
_WHOLE = re.compile(r"(\d{14})(\.\d{1,6})?")
_FORM = "%Y%m%d%H%M%S"


def zone_s(text: str) -> int | None:
    """Return how far a time zone is ahead of UTC, seconds: of the end of a DT, or of TimezoneOffsetFromUTC (0008,0201).

    None where the text has none.

    Examples
    --------
    >>> zone_s("20260102153000-0330"), zone_s("20260102153000")
    (-12600, None)
    """
    match = _ZONE.search(text.strip())
    if match is None:
        return None
    hours, minutes = int(match[0][1:3]), int(match[0][3:])
    return (60 * hours + minutes) * (-60 if match[0][0] == "-" else 60)


def local_date_time(text: str, zone: str = "") -> tuple[str, str]:
    """Return date (DA) and time (TM) of a DT, in the time zone of its object.

    Parameters
    ----------
    text : str
        The DT; one without a time zone is in that of the object.
    zone : str
        TimezoneOffsetFromUTC (0008,0201); empty where it is not stated: the DT is not moved.

    Examples
    --------
    >>> local_date_time("20260102153000.5+0000", "+0900")
    ('20260103', '003000.5')
    >>> local_date_time("20260102153000+0000")
    ('20260102', '153000')
    """
    own, stated, wall = zone_s(text), zone_s(zone), _ZONE.sub("", text.strip())
    whole = _WHOLE.fullmatch(wall)
    if own is not None and stated is not None and own != stated and whole:
        try:
            moved = datetime.strptime(whole[1], _FORM) + timedelta(seconds=stated - own)
        except (ValueError, OverflowError):
            return wall[:8], wall[8:]
        wall = moved.strftime(_FORM) + (whole[2] or "")
    return wall[:8], wall[8:]
