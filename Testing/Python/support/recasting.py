"""Existing DICOM as another kind of object."""

from __future__ import annotations

from pathlib import Path

import pydicom

from nifti_dicom_bridge import ConversionOptions, ConversionReport, Job, Kind, Target, convert
from phantoms.base import CT, MR, PET

ENHANCED = {CT: "1.2.840.10008.5.1.4.1.1.2.1", MR: "1.2.840.10008.5.1.4.1.1.4.1", PET: "1.2.840.10008.5.1.4.1.1.130"}

LEGACY = {CT: "1.2.840.10008.5.1.4.1.1.2.2", MR: "1.2.840.10008.5.1.4.1.1.4.4", PET: "1.2.840.10008.5.1.4.1.1.128.1"}

GREY = [
    "classic_ct",
    "oblique",
    "feet_first",
    "gantry_tilt",
    "uneven_spacing",
    "mr_4d",
    "pet_slopes",
    "echoes_and_phase",
    "localizer",
]

KINDS = [Kind.ENHANCED, Kind.LEGACY, Kind.SC, Kind.SC_MULTI]


def recast(source: Path, folder: Path, kind: Kind, **choices: object) -> ConversionReport:
    return convert(Job([source], folder, ConversionOptions(Target.DICOM, kind=kind, **choices)))


def sentences(report: ConversionReport) -> str:
    return "\n".join(line for entry in report.entries for line in [*entry.log.warnings, *entry.log.notes, entry.error or ""])


def headers(folder: Path) -> list[pydicom.Dataset]:
    return [pydicom.dcmread(path) for path in sorted(folder.rglob("*.dcm"))]
