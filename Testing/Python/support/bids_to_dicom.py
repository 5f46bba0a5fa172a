"""DICOM of BIDS images, and the keys that come back from it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pydicom

from nifti_dicom_bridge import ConversionOptions, Job, Outcome, Target, convert

TO_DICOM, TO_NIFTI = ConversionOptions(Target.DICOM), ConversionOptions(Target.NIFTI, identity=True)


MATRIX = np.array([[2.0, 0, 0, 30], [0, 1.5, 0.3, 20], [0, -0.2, 3.0, 5], [0, 0, 0, 1]])


def save(voxels: np.ndarray | None = None, matrix: np.ndarray = MATRIX, name: str = "a_bold", **sidecar: Any) -> Path:
    voxels = np.arange(60, dtype=np.int16).reshape(5, 4, 3) if voxels is None else voxels
    nibabel.save(nibabel.Nifti1Image(voxels, matrix), f"{name}.nii")
    Path(f"{name}.json").write_text(json.dumps({"Modality": "MR", **sidecar}))
    return Path(f"{name}.nii")


def made(path: Path, **choices: Any) -> list[pydicom.Dataset]:
    """Return the objects made of an image, in the order of their slices and times."""
    report = convert(Job([path], Path("dicom"), replace(TO_DICOM, **choices)))
    assert [entry.error for entry in report.entries if entry.outcome is Outcome.FAILED] == []
    return [pydicom.dcmread(file) for file in sorted(report.outputs)]


def sentences(path: Path, **choices: Any) -> str:
    (entry,) = convert(Job([path], Path("stated"), replace(TO_DICOM, **choices))).entries
    assert entry.outcome is Outcome.CONVERTED, entry.error
    return "\n".join([*entry.log.warnings, *entry.log.notes])


def back() -> dict[str, Any]:
    """Return the sidecar that the objects made before become."""
    report = convert(Job([Path("dicom")], Path("nifti"), TO_NIFTI))
    (sidecar,) = [path for path in report.outputs if path.suffix == ".json"]
    return json.loads(sidecar.read_text("utf-8"))


def there_and_back(path: Path, **choices: Any) -> dict[str, Any]:
    made(path, **choices)
    return back()


WITHOUT_ATTRIBUTE = {
    "EffectiveEchoSpacing": 0.000162557, "TotalReadoutTime": 0.041452, "MultibandAccelerationFactor": 3,
    "ShimSetting": [88, -61, -409], "TaskName": "räst \\ and\n\"more\"", "B0FieldIdentifier": ["a"],
    "Nested": {"a": [None, 1.5]}, "SpoilingState": True, "PartialFourier": 0.6875,
}  # fmt: skip


PET: dict[str, Any] = {
    "Modality": "PT", "Units": "Bq/mL", "TracerName": "FDG", "TracerRadionuclide": "F18", "InjectedRadioactivity": 185.5,
    "InjectedRadioactivityUnits": "MBq", "InjectedMass": 5, "InjectedMassUnits": "ug", "SpecificRadioactivity": 3,
    "SpecificRadioactivityUnits": "MBq/ug", "ModeOfAdministration": "bolus", "MolarActivity": 12.5,
    "MolarActivityUnits": "GBq/umol", "TimeZero": "23:59:42", "ScanStart": 0, "InjectionStart": -30, "InjectionEnd": 48,
    "FrameTimesStart": [0, 60, 300], "FrameDuration": [60, 240, 600], "AcquisitionMode": "list mode",
    "ImageDecayCorrected": True, "ImageDecayCorrectionTime": 0, "ReconMethodName": "3D-OSEM-PSF",
    "ReconMethodParameterLabels": ["subsets", "iterations"], "ReconMethodParameterUnits": ["none", "none"],
    "ReconMethodParameterValues": [16, 3], "ReconFilterType": "Gaussian", "ReconFilterSize": 5,
    "AttenuationCorrection": "[137Cs]transmission", "ScatterFraction": [20.5, 21, 22], "PlasmaAvail": True,
    "DecayCorrectionFactor": [1.006, 1.02, 1.08], "RadionuclideHalfLife": 6586.2, "FrameReferenceTime": [30, 180, 600],
}  # fmt: skip


def save_pet(without: tuple[str, ...] = (), **changes: Any) -> Path:
    voxels = np.arange(180, dtype=np.int16).reshape(5, 4, 3, 3)
    return save(voxels, name="a_pet", **{key: value for key, value in {**PET, **changes}.items() if key not in without})
