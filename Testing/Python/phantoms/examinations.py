"""Whole examinations, for what depends on several series: names in a dataset."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset

from .base import COLUMNS, MR, PET, ROWS, SLICES, ramp, save, slices, uid

EPI = {"ScanningSequence": "EP", "SequenceName": "*epfid2d1_64", "MRAcquisitionType": "2D"}
GE = {
    "Manufacturer": "GE MEDICAL SYSTEMS", "InPlanePhaseEncodingDirection": "COL",
    "RectilinearPhaseEncodeReordering": "LINEAR",
}  # fmt: skip
SPIN_ECHO = {"ScanningSequence": "SE", "MRAcquisitionType": "2D"}


def series(
    folder: Path, number: int, description: str, times: int = 1, patient: str = "P-01", study: int = 1, **attributes: Any
) -> list[Dataset]:
    """Write an MR series of some volumes; further attributes by keyword, a list of them one per volume."""
    found = slices(ramp(times * SLICES, ROWS, COLUMNS), MR, series=number)
    for n, ds in enumerate(found):
        ds.ImagePositionPatient = found[n % SLICES].ImagePositionPatient
        identify(ds, number, description, patient, study, n)
        for keyword, value in attributes.items():
            setattr(ds, keyword, value[n // SLICES] if isinstance(value, tuple) else value)
    save(folder / f"{patient.replace('/', '_')}-{study}-{number}", found)
    return found


def identify(ds: Dataset, number: int, description: str, patient: str, study: int, n: int) -> None:
    """Set whose examination it is, and which series."""
    ds.PatientID, ds.PatientName, ds.PatientAge, ds.PatientSex = patient, "Ray^Ramp", "031Y", "F"
    ds.StudyInstanceUID, ds.SeriesInstanceUID = uid(900, study), uid(900, study, number)
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid(900, study, number, n + 1)
    ds.StudyDate = ds.AcquisitionDate = f"202601{study:02d}"
    ds.SeriesNumber, ds.SeriesDescription, ds.ProtocolName = number, description, description
    ds.MagneticFieldStrength = "3"


def diffusion(folder: Path, number: int, description: str, **attributes: Any) -> None:
    """Write a diffusion series: one volume without weighting, and two with."""
    found = series(folder, number, description, 3, **{**EPI, "DiffusionBValue": (0.0, 1000.0, 1000.0), **attributes})
    for ds, direction in zip(
        found, [[0.0, 0.0, 0.0]] * SLICES + [[1.0, 0.0, 0.0]] * SLICES + [[0.0, 1.0, 0.0]] * SLICES, strict=True
    ):
        ds.DiffusionGradientOrientation = direction
    save(folder / f"P-01-1-{number}", found)


def spin_echo_epi(folder: Path, number: int, description: str) -> None:
    """Write two volumes of spin echo EPI as GE does, with the echo spacing in a private element."""
    found = series(folder, number, description, 2, **{**EPI, **GE, "ScanningSequence": ["EP", "SE"]})
    for ds in found:
        ds.AcquisitionMatrix = [0, COLUMNS, ROWS, 0]
        block = ds.private_block(0x0043, "GEMS_PARM_01", create=True)
        block.add_new(0x2C, "SS", 700)
        block.add_new(0x83, "DS", ["1", "1"])
    save(folder / f"P-01-1-{number}", found)


def pet(folder: Path, number: int = 1) -> None:
    """Write a PET series with the attributes that scanners write."""
    found = slices(ramp(SLICES, ROWS, COLUMNS, start=100), PET, series=number)
    for n, ds in enumerate(found):
        identify(ds, number, "PET AC", "P-01", 1, n)
        ds.ManufacturerModelName, ds.Units, ds.DecayCorrection = "Ring", "BQML", "START"
        ds.SeriesType, ds.CountsSource, ds.CorrectedImage = ["STATIC", "IMAGE"], "EMISSION", "DECY"
        ds.RescaleSlope, ds.RescaleIntercept, ds.NumberOfSlices, ds.ImageIndex = "1", "0", SLICES, n + 1
        ds.FrameReferenceTime, ds.ActualFrameDuration, ds.CollimatorType = "0.0", "60000", "NONE"
        tracer, nuclide = Dataset(), Dataset()
        nuclide.CodeValue, nuclide.CodingSchemeDesignator, nuclide.CodeMeaning = "C-111A1", "SRT", "^18^Fluorine"
        tracer.Radiopharmaceutical, tracer.RadionuclideCodeSequence = "FDG", [nuclide]
        tracer.RadionuclideTotalDose, tracer.RadiopharmaceuticalStartTime = "370000000", "020405"
        ds.RadiopharmaceuticalInformationSequence = [tracer]
    save(folder / "pet", found)
