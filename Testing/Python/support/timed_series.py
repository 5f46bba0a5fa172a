"""Classic series of several times whose pixels contain time and slice, in which frames state their time in one way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset

from nifti_dicom_bridge.formats.dicom.reading.read import read
from nifti_dicom_bridge.model.volume import Volume
from phantoms.base import AXIAL, MR, save, slices, uid
from phantoms.dynamic import value
from phantoms.series import CORONAL, OBLIQUE, SAGITTAL

TIMES, SLICES, PERIOD = 4, 6, 2.0
INTERLEAVED = (0, 3, 1, 4, 2, 5)
Statement = Callable[[Dataset, int, int], None]
ORIENTATIONS = (AXIAL, SAGITTAL, CORONAL, OBLIQUE)


def series(
    state: Statement, times: int = TIMES, planes: int = SLICES, orientation: tuple = AXIAL, kind: str = MR
) -> list[Dataset]:
    """Return a classic series time by time, in which frames state their time in one way."""
    found = []
    for t in range(times):
        pixels = np.array([np.full((4, 5), value(t, k)) for k in range(planes)], "<i2")
        for k, ds in enumerate(slices(pixels, kind, orientation)):
            number = t * planes + k + 1
            ds.InstanceNumber = number
            ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid(1, number)
            del ds.AcquisitionNumber, ds.AcquisitionTime, ds.ContentTime, ds.AcquisitionDate, ds.ContentDate
            state(ds, t, k)
            found.append(ds)
    return found


def clock(seconds: float) -> str:
    """Return the time of day that number of seconds after ten o'clock."""
    return f"10{int(seconds) // 60:02d}{seconds % 60:09.6f}"


def moment(attribute: str, running: bool) -> Statement:
    def state(ds: Dataset, t: int, k: int) -> None:
        setattr(ds, attribute, clock(t * PERIOD + (INTERLEAVED[k] * PERIOD / SLICES if running else 0)))

    return state


def number(attribute: str, first: float, step: float, per_slice: float = 0.0) -> Statement:
    return lambda ds, t, k: setattr(ds, attribute, first + step * t + per_slice * INTERLEAVED[k])


def weighting(ds: Dataset, t: int, k: int) -> None:
    ds.DiffusionBValue, ds.AcquisitionNumber = float(1000 * (t > 0)), t + 1
    if t:
        ds.DiffusionGradientOrientation = [np.cos(t), np.sin(t), 0.0]


def clock_of_times(ds: Dataset, t: int, k: int) -> None:
    """State the time of day of each volume, and of all the same date and time: that of the series."""
    ds.AcquisitionDateTime = "20200101100000"
    moment("AcquisitionTime", running=False)(ds, t, k)


STATEMENTS: dict[str, Statement] = {
    "TemporalPositionIdentifier": number("TemporalPositionIdentifier", 1, 1),
    "FrameReferenceTime": number("FrameReferenceTime", 0, 1000 * PERIOD),
    "TriggerTime of volumes": number("TriggerTime", 10, 100),
    "TriggerTime of slices": number("TriggerTime", 10, 1000 * PERIOD, 1000 * PERIOD / SLICES),
    "phases of the heart": number("NominalPercentageOfCardiacPhase", 5, 20),
    "phases of a breath": number("NominalPercentageOfRespiratoryPhase", 0, 25),
    "b-value and direction": weighting,
    "AcquisitionTime within one AcquisitionDateTime": clock_of_times,
    "AcquisitionNumber": number("AcquisitionNumber", 1, 1),
    "AcquisitionTime of volumes": moment("AcquisitionTime", running=False),
    "AcquisitionTime of slices": moment("AcquisitionTime", running=True),
    "ContentTime of volumes": moment("ContentTime", running=False),
}


def images(folder: Path, found: list[Dataset]) -> list[Volume]:
    """Return the volumes that files become."""
    save(folder, found)
    return read([folder])


def numbers(volume: Volume) -> list[list[int]]:
    """Return the values of frames by time and slice; each frame has one."""
    assert np.ptp(volume.voxels, axis=(2, 3)).max() == 0
    return volume.voxels[:, :, 0, 0].tolist()


def expected(times: list[int], planes: int = SLICES, without: int | None = None) -> list[list[int]]:
    """Return what `numbers` are of some times."""
    return [[value(t, k) for k in range(planes) if k != without] for t in times]
