"""Inputs of the tests of new objects: NIfTI files with a sidecar, DICOM series to refer to, and what becomes of them."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel
import numpy as np
import pydicom

from nifti_dicom_bridge import ConversionOptions, Entry, Job, Kind, Outcome, Target, convert
from nifti_dicom_bridge.formats.dicom.data_set_file import DataSetFile

MATRIX = np.diag([-2.0, -1.5, 3.0, 1.0])
MATRIX[:3, 3] = 30, 20, 5


def with_pixels(made: DataSetFile) -> pydicom.Dataset:
    """Return the data set of a new object with its pixel data."""
    ds = made.data_set
    if made.frames is not None:
        ds.PixelData = b"".join(made.frames)
        ds["PixelData"].VR = made.vr
    return ds


def save(name: str, voxels: np.ndarray | None = None, matrix: np.ndarray = MATRIX, code: int = 1, **sidecar) -> Path:
    """Write an image, and a sidecar if keys are given."""
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    image = nibabel.Nifti1Image(np.arange(60, dtype=np.int16).reshape(5, 4, 3) if voxels is None else voxels, matrix)
    image.set_sform(matrix, code)
    nibabel.save(image, path)
    if sidecar:
        Path(name.split(".nii")[0] + ".json").write_text(json.dumps(sidecar))
    return path


def entry_of(*inputs: Path, out: str = "out", **choices) -> Entry:
    """Convert to DICOM, and return the entry of the first input."""
    return convert(Job(inputs, Path(out), ConversionOptions(target=Target.DICOM, **choices))).entries[0]


def made(*inputs: Path, out: str = "out", **choices) -> list[pydicom.Dataset]:
    """Convert to DICOM, and return all objects in the order of their files."""
    report = convert(Job(inputs, Path(out), ConversionOptions(target=Target.DICOM, overwrite=True, **choices)))
    assert [entry.error for entry in report.entries if entry.outcome is Outcome.FAILED] == []
    return [pydicom.dcmread(path) for path in sorted(report.outputs)]


def refused(*inputs: Path, **choices) -> str:
    """Convert, and return why that failed; nothing may be left behind."""
    entry = entry_of(*inputs, out="refused", **choices)
    assert entry.outcome is Outcome.FAILED
    assert not Path("refused").exists()
    return entry.error


def series(folder: str, matrix: np.ndarray = MATRIX, kind: Kind = Kind.CT, **attributes: str) -> Path:
    """Write a DICOM series of 5 × 4 × 3 voxels with these attributes, and return its folder."""
    given = {"PatientID": "P1", "PatientName": "Ada^A", "StudyInstanceUID": "1.2.3.1", "Manufacturer": "ACME", **attributes}
    voxels = np.arange(-1000, -940, dtype=np.int16).reshape(5, 4, 3)
    made(save(f"{folder}-image/image.nii", voxels, matrix), out=folder, kind=kind, set_values=given)
    return Path(folder)
