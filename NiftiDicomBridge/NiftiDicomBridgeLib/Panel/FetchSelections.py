"""What is fetched from an archive, from what the user chose in the list of studies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Chosen = Sequence[tuple[Any, "list[str] | None"]]
"""Studies (`nifti_dicom_bridge.StudyMatch`), each with the UIDs of its series; None for all of them."""
PATTERNS = "*?\\"


def selections_of(chosen: Chosen) -> list[dict[str, Any]]:
    """Return what `nifti_dicom_bridge.fetch` takes, for each patient: whole studies, then single series.

    The patient is named, too, as studies of several may have one UID.
    """
    groups: dict[tuple[str, bool], dict[str, list[str]]] = {}
    for study, series in chosen:
        group = groups.setdefault((_patient(study.patient_id), series is None), {"study": [], "series": []})
        group["study"].append(study.study)
        group["series"] += series or []
    return [
        {"patient": patient, **group} if patient else group
        for (patient, _), group in sorted(groups.items(), key=lambda entry: not entry[0][1])
    ]


def _patient(patient_id: str) -> str:
    """Return the ID of a patient, unless archives take it for a pattern."""
    return "" if any(character in patient_id for character in PATTERNS) else patient_id
