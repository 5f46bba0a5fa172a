"""Which attributes the basic profile of de-identification does not keep (PS3.15 E.2): the table, and what to leave out
of pictures and texts that people read.
"""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.resources import files

from ..model.metadata import Element
from . import tags

_NAMES_AND_TIMES = frozenset({"PN", "DA", "DT", "TM", "UN"})
_UID = "UI"
_STANDARD_UIDS = b"1.2.840.10008."


def is_confidential(tag: int, element: Element) -> bool:
    """Return whether an attribute may tell who the patient is.

    Those of table E.1-1 whatever their action code, private ones, and, as tables grow, every name, date, time and UID that is
    not of the standard itself.
    """
    if tags.is_private(tag) or action_code(tag):
        return True
    if element.vr == _UID and isinstance(element.value, bytes):
        return not all(uid.startswith(_STANDARD_UIDS) for uid in element.value.split(b"\\") if uid.strip(b" \0"))
    return element.vr in _NAMES_AND_TIMES


def action_code(tag: int) -> str:
    """Return the action code of the basic profile, such as ``X`` or ``Z/D``; empty for what the table does not list."""
    found = _codes().get(tag)
    if found is None:
        found = "X" if any(_fits(tag, pattern) for pattern in _patterns()) else ""
    return found


def _fits(tag: int, pattern: str) -> bool:
    return all(wanted in ("x", found) for wanted, found in zip(pattern, tags.hexadecimal(tag), strict=True))


@lru_cache(maxsize=1)
def _codes() -> dict[int, str]:
    return {int(tag, 16): code for code, found in _data()["actions"].items() for tag in found}


@lru_cache(maxsize=1)
def _patterns() -> tuple[str, ...]:
    return tuple(_data()["patterns"])


@lru_cache(maxsize=1)
def _data() -> dict:
    return json.loads(files("nifti_dicom_bridge").joinpath("data/confidential.json").read_text("utf-8"))
