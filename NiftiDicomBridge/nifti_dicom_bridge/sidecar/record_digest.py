"""The digests that a record has of itself: what was changed in it is never taken for the original.

A digest is SHA-256 of canonical JSON in UTF-8: keys sorted, no white space, numbers as Python writes them. The
attributes of the instances have a digest of their own: they can be edited, everything else cannot.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import SidecarError
from ..model.metadata import NUMBER_FORMATS, Element, Elements, Instance
from ..model.voxels.digest import HASHES, algorithm_of
from ..standard import dictionary

DIGESTS = "Digests"
ALGORITHM = "sha256"
"""That of new records; it was BLAKE2b before schema version 2.2."""
INSTANCES, OTHER_PARTS = "Instances", "Other"
FIRST_VERSION = (2, 1)
"""Schema version from which on a record has digests."""
CHANGED = "ChangedRecord"
"""The key that specifies that a record was written from a changed one."""
_DIGITS = {"DA": r"\d{8}|\d{4}\.\d\d\.\d\d", "AS": r"\d{3}[DWMY]", "UI": r"[0-9.]{1,64}", "IS": r"[+-]?\d{1,12}"}
_LONGEST = {"AE": 16, "CS": 16, "SH": 16, "LO": 64, "DS": 16, "TM": 28, "DT": 54}


def digests_of(record: Mapping[str, Any], algorithm: str = ALGORITHM) -> dict[str, str]:
    """Return the digests of a record, without those it has."""
    others = {name: part for name, part in record.items() if name not in (INSTANCES, DIGESTS)}
    return {INSTANCES: _digest(record[INSTANCES], algorithm), OTHER_PARTS: _digest(others, algorithm)}


def _digest(value: Any, algorithm: str) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return f"{algorithm}:{HASHES[algorithm](text.encode('utf-8', 'surrogatepass')).hexdigest()}"


def check_digests(record: Mapping[str, Any], instances: Iterable[Instance], where: str) -> bool | None:
    """Return whether the attributes in a record were edited; None where it is of a version without digests.

    Raises
    ------
    SidecarError
        If another part was changed, or the attributes into something that is not valid.
    """
    recorded = record.get(DIGESTS)
    if recorded is None and _version(record) < FIRST_VERSION:
        return None
    written = recorded.get(OTHER_PARTS) if isinstance(recorded, dict) else None
    computed = digests_of(record, algorithm_of(str(written), HASHES) or ALGORITHM)
    if not isinstance(recorded, dict) or written != computed[OTHER_PARTS]:
        raise SidecarError(
            f"{where}: the record of the DICOM was changed or damaged: it does not match its digest. Use the sidecar as it was "
            "written; edit the keys at the top level instead."
        )
    if recorded.get(INSTANCES) == computed[INSTANCES]:
        return bool(record.get(CHANGED, False))
    for instance in instances:
        _check_elements(instance.elements, where)
    return True


def _version(record: Mapping[str, Any]) -> tuple[int, int]:
    major, _, minor = str(record["SchemaVersion"]).partition(".")
    return int(major), int(minor.split(".")[0] or 0)


def _check_elements(elements: Elements, where: str) -> None:
    """Refuse values in edited attributes that their VR does not allow (PS3.5 6.2)."""
    for tag, element in elements.items():
        if isinstance(element.value, tuple):
            for item in element.value:
                _check_elements(item.elements, where)
        elif problem := _problem(tag, element):
            raise SidecarError(
                f"{where}: {dictionary.describe(tag)} was changed in the record or is damaged: {problem}. Use the sidecar as "
                "it was written; edit the keys at the top level instead."
            )


def _problem(tag: int, element: Element) -> str:
    assert isinstance(element.value, bytes)
    vr, raw = element.vr, element.value
    expected = dictionary.vrs_of(tag)
    if expected and vr not in expected and vr != "UN":
        return f"its VR is {vr}, the standard has {' or '.join(expected)}"
    if vr in NUMBER_FORMATS or vr not in (*_DIGITS, *_LONGEST):
        return ""
    for part in raw.decode("latin-1").rstrip(" \0").split("\\"):
        text = part.strip(" ")
        if text and vr in _DIGITS and not re.fullmatch(_DIGITS[vr], text):
            return f"{text[:60]!r} is not a value of VR {vr}"
        if vr == "DS" and text and not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text):
            return f"{text[:60]!r} is not a value of VR {vr}"
        if len(text) > 4 * _LONGEST.get(vr, len(text)):
            return f"{text[:60]!r} is too long for VR {vr}"
    return ""
