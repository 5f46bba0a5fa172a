"""Keys that identify the patient, or lead to it: they belong to the record, not to what is shared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..model.ages import OLDEST
from ..standard.numbers import is_number

PERSONAL_KEYS = frozenset({"PatientName", "PatientBirthDate", "InstitutionAddress"})
"""Left out of the sidecars of single images, unless the user wants them: the record has them."""
IDENTITY_KEYS = PERSONAL_KEYS | {
    "PatientID", "AccessionNumber", "StudyID", "ReferringPhysicianName", "StudyInstanceUID", "SeriesInstanceUID",
}  # fmt: skip
"""Left out of the sidecars of a BIDS dataset: what dcm2niix leaves out with ``-ba y``, its default, and the address."""


def without_personal_keys(keys: Mapping[str, Any]) -> dict[str, Any]:
    """Return keys without the name, the birth date and the address."""
    return {key: value for key, value in keys.items() if key not in PERSONAL_KEYS}


def without_identity(keys: Mapping[str, Any]) -> dict[str, Any]:
    """Return keys that do not identify the patient, and do not lead to it."""
    return {key: value for key, value in keys.items() if not _identifies(key, value)}


def identity_in(keys: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys that `without_identity` leaves out."""
    return {key: value for key, value in keys.items() if _identifies(key, value)}


def _identifies(key: str, value: Any) -> bool:
    return key in IDENTITY_KEYS or (key == "PatientAge" and is_number(value) and value > OLDEST)
