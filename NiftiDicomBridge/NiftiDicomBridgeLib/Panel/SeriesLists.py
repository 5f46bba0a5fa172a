"""The image series of the DICOM database, as branches of a tree, and which of them can be a reference."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

NO_IMAGES = frozenset({
    "ANN", "ASMT", "AU", "AUDIO", "CFM", "DOC", "ECG", "EEG", "EMG", "EOG", "EPS", "FID", "HC", "HD", "IOL", "KER", "KO", "LEN",
    "LS", "M3D", "OAM", "PLAN", "POS", "PR", "REG", "RESP", "RTINTENT", "RTPLAN", "RTRAD", "RTRECORD", "RTSEGANN", "RTSTRUCT",
    "RWV", "SMR", "SR", "SRF", "STAIN", "TEXTUREMAP", "VA",
})  # fmt: skip
"""Modality (0008,0060) of series without pixels that a volume can be made of (PS3.3 C.7.3.1.1.1)."""
NO_REFERENCES = frozenset(["SEG", "RTDOSE"])
"""Images that describe another image: that one is the reference."""
MOST_IN_BOX = 15
"""Longer lists of series are offered in a window with a search box."""


def text_of(series: Any) -> str:
    """Return what a series is called where patients and studies are not shown."""
    return f"{series.patient}, {series.name} ({series.detail})"


def image_series(series: Iterable[Any]) -> list[Any]:
    """Return the series that can be exported."""
    return [one for one in series if one.modality not in NO_IMAGES]


def reference_series(series: Iterable[Any]) -> list[Any]:
    """Return the series that can be a reference."""
    return [one for one in image_series(series) if one.modality not in NO_REFERENCES]


def branches_of(series: Sequence[Any]) -> list[Any]:
    """Return patients, studies and series as a tree."""
    from ..Host.Hierarchy import Branch

    patients: dict[str, Branch] = {}
    studies: dict[str, Branch] = {}
    for one in series:
        patient = patients.setdefault(one.patient_key, Branch(one.patient, "patient"))
        if one.study_key not in studies:
            studies[one.study_key] = Branch(one.study, "study")
            patient.children.append(studies[one.study_key])
        studies[one.study_key].children.append(Branch(one.name, one.detail, one.uid))
    return list(patients.values())
