"""What pictures and texts that people read may not show."""

from __future__ import annotations

from ..model.metadata import Element
from ..standard import dictionary
from ..standard.confidentiality_profile import action_code

_NAMES_AND_TIMES = frozenset({"PN", "DA", "DT", "TM", "UN"})
_UID = "UI"
_STANDARD_UIDS = b"1.2.840.10008."


def is_confidential(tag: int, element: Element) -> bool:
    """Return whether an attribute may tell who the patient is.

    Those of table E.1-1 whatever their action code, private ones, and, as tables grow, every name, date, time and UID that is
    not of the standard itself.
    """
    if dictionary.is_private(tag) or action_code(tag):
        return True
    if element.vr == _UID and isinstance(element.value, bytes):
        return not all(uid.startswith(_STANDARD_UIDS) for uid in element.value.split(b"\\") if uid.strip(b" \0"))
    return element.vr in _NAMES_AND_TIMES
