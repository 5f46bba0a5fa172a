"""Keys that say who the patient is, or lead to it: they belong to the record, not to what is shared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

IDENTITY_KEYS = frozenset({
    "PatientName", "PatientID", "PatientBirthDate", "AccessionNumber", "StudyID", "ReferringPhysicianName",
    "InstitutionAddress", "StudyInstanceUID", "SeriesInstanceUID",
})  # fmt: skip
"""What dcm2niix leaves out with ``-ba y``, its default, and the address."""


def without_identity(keys: Mapping[str, Any]) -> dict[str, Any]:
    """Return keys that do not say who the patient is."""
    return {key: value for key, value in keys.items() if key not in IDENTITY_KEYS}


def identity_in(keys: Mapping[str, Any]) -> dict[str, Any]:
    """Return the other keys."""
    return {key: value for key, value in keys.items() if key in IDENTITY_KEYS}
