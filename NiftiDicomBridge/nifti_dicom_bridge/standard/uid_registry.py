"""UIDs that the standard registers (PS3.6 A): those of SOP classes, transfer syntaxes, coding schemes, context groups."""

from __future__ import annotations

import re
from functools import lru_cache

from . import transfer_syntaxes
from .iods import iod_of

_CONTEXT_GROUP = re.compile(r"1\.2\.840\.10008\.6\.1\.[1-9]\d{0,3}")
"""Table A-3 of PS3.6 numbers the context groups of PS3.16."""


@lru_cache(maxsize=4096)
def is_registered(uid: str) -> bool:
    """Whether the registry has a UID. That it begins like those of the standard does not suffice."""
    from pydicom._uid_dict import UID_dictionary

    known = uid in UID_dictionary or uid in transfer_syntaxes.LATER or iod_of(uid) != ""
    return known or _CONTEXT_GROUP.fullmatch(uid) is not None
