"""Series of single slices: their positions, and what else distinguishes them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .base import COLUMNS, CT, MR, PET, ROWS, SLICES, decimal, phantom, ramp, save, slices, uid

OBLIQUE = (0.8, 0.6, 0.0, -0.36, 0.48, -0.8)
SAGITTAL, CORONAL = (0, 1, 0, 0, 0, -1), (1, 0, 0, 0, 0, -1)


@phantom
def classic_ct(folder: Path) -> None:
    """Signed, constant rescale, one file per slice."""
    save(folder, slices(ramp(SLICES, ROWS, COLUMNS, start=-30)))


@phantom
def oblique(folder: Path) -> None:
    """No axis along the patient's."""
    save(folder, slices(ramp(SLICES, ROWS, COLUMNS), MR, OBLIQUE))


@phantom
def feet_first(folder: Path) -> None:
    """Rows run to the patient's right; the table was FFP."""
    found = slices(ramp(SLICES, ROWS, COLUMNS), CT, (-1, 0, 0, 0, 1, 0))
    for ds in found:
        ds.PatientPosition = "FFP"
    save(folder, found)


@phantom
def descending(folder: Path) -> None:
    """Instance numbers count against the normal."""
    found = slices(ramp(SLICES, ROWS, COLUMNS))
    for n, ds in enumerate(found):
        ds.InstanceNumber = SLICES - n
    save(folder, found[::-1])


@phantom
def gantry_tilt(folder: Path) -> None:
    """Each slice is shifted within its plane."""
    found = slices(ramp(SLICES, ROWS, COLUMNS), step=(0, -1.25, 2.5))
    for ds in found:
        ds.GantryDetectorTilt = "-26.6"
    save(folder, found)


@phantom
def uneven_spacing(folder: Path) -> None:
    """Steps of 2, 2 and 3.5 mm."""
    found = slices(ramp(4, ROWS, COLUMNS))
    for ds, z in zip(found, (0.0, 2.0, 4.0, 7.5), strict=True):
        ds.ImagePositionPatient = ["0", "0", decimal(z)]
    save(folder, found)


@phantom
def missing_slice(folder: Path) -> None:
    """The third of five slices is not there."""
    found = slices(ramp(5, ROWS, COLUMNS))
    save(folder, found[:2] + found[3:])


@phantom
def jittered_positions(folder: Path) -> None:
    """Positions that are a few micrometers off the grid."""
    found = slices(ramp(SLICES, ROWS, COLUMNS))
    found[1].ImagePositionPatient = ["-10.50000300", "20.25000100", "-27.62499700"]
    save(folder, found)


@phantom
def single_slice(folder: Path) -> None:
    """One image, one file."""
    save(folder, slices(ramp(1, ROWS, COLUMNS)))


@phantom
def mr_4d(folder: Path) -> None:
    """Two times of three slices, time by time."""
    found = slices(ramp(2 * SLICES, ROWS, COLUMNS, dtype="<u2"), MR, OBLIQUE)
    for n, ds in enumerate(found):
        ds.ImagePositionPatient = found[n % SLICES].ImagePositionPatient
        ds.TemporalPositionIdentifier, ds.NumberOfTemporalPositions = n // SLICES + 1, 2
    save(folder, found)


@phantom
def incomplete_4d(folder: Path) -> None:
    """The last slice of the second time is missing: the scan was interrupted."""
    found = slices(ramp(2 * SLICES, ROWS, COLUMNS, dtype="<u2"), MR)
    for n, ds in enumerate(found):
        ds.ImagePositionPatient = found[n % SLICES].ImagePositionPatient
    save(folder, found[:-1])


@phantom
def pet_slopes(folder: Path) -> None:
    """Every slice has its own slope."""
    found = slices(ramp(SLICES, ROWS, COLUMNS, start=30000), PET)
    for ds, slope in zip(found, ("0.123456", "1.98765432109", "3.00000"), strict=True):
        ds.RescaleSlope, ds.RescaleIntercept, ds.Units = slope, "0", "BQML"
        ds.SeriesType, ds.CountsSource, ds.DecayCorrection = ["STATIC", "IMAGE"], "EMISSION", "NONE"
        ds.CorrectedImage, ds.NumberOfSlices, ds.ImageIndex = "", SLICES, ds.InstanceNumber
        ds.FrameReferenceTime, ds.ActualFrameDuration, ds.CollimatorType = "0.0", "1000", "NONE"
    save(folder, found)


@phantom
def echoes_and_phase(folder: Path) -> None:
    """Two echoes, and a phase image of each, under one series UID."""
    found = slices(ramp(4 * SLICES, ROWS, COLUMNS), MR)
    for n, ds in enumerate(found):
        kind = n // SLICES
        ds.ImagePositionPatient = found[n % SLICES].ImagePositionPatient
        ds.EchoTime, ds.EchoNumbers = ("2.46", "4.92")[kind % 2], kind % 2 + 1
        ds.ImageType = ["ORIGINAL", "PRIMARY", "MP"[kind // 2], "ND"]
    save(folder, found)


@phantom
def localizer(folder: Path) -> None:
    """Three planes under one series UID."""
    found = []
    for n, orientation in enumerate(((1, 0, 0, 0, 1, 0), SAGITTAL, CORONAL)):
        for ds in slices(ramp(2, ROWS, ROWS, start=100 * n), MR, orientation):
            ds.InstanceNumber = len(found) + 1
            ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid(1, 50 + len(found))
            found.append(ds)
    save(folder, found)


@phantom
def two_series(folder: Path) -> None:
    """Two series of one description side by side."""
    first, second = slices(ramp(SLICES, ROWS, COLUMNS)), slices(ramp(2, ROWS, COLUMNS, start=500), series=2)
    for ds in [*first, *second]:
        ds.SeriesNumber, ds.SeriesDescription = 7, "Head: soft/bone"
    save(folder, first + second)


@phantom
def without_position(folder: Path) -> None:
    """Photographs of a screen: pixel data and no geometry."""
    from .base import SECONDARY_CAPTURE, image

    found = [image(ramp(ROWS, COLUMNS, start=20 * n, dtype="u1"), SECONDARY_CAPTURE, instance=n + 1) for n in range(2)]
    for ds in found:
        ds.ConversionType = "WSD"
    save(folder, found)


@phantom
def far_from_origin(folder: Path) -> None:
    """Offsets and spacings with as many digits as DS takes."""
    save(folder, slices(ramp(SLICES, ROWS, COLUMNS), CT, OBLIQUE, (-1234.567891234, 987.6543219876, 1500.12345678),
                        (0.4882812500001, 0.4882812500001), tuple(np.cross(OBLIQUE[:3], OBLIQUE[3:]) * 0.625)))  # fmt: skip
