"""Series for tests of attributes that are missing, and what is reported about them."""

from __future__ import annotations

from pathlib import Path

from pydicom.dataset import Dataset

from nifti_dicom_bridge.formats.dicom.reading.read import read
from nifti_dicom_bridge.model.volume import Volume
from phantoms.base import MR, ramp, save, slices, uid

SLICES = 4

GE = "GE MEDICAL SYSTEMS"


def volumes(folder: Path, found: list[Dataset]) -> list[Volume]:
    """Return the volumes that files become."""
    save(folder, found)
    return read([folder])


def warned(volume: Volume, words: str) -> bool:
    return any(words in warning for warning in volume.warnings)


def dynamic(times: int, attribute: str = "TemporalPositionIdentifier") -> list[Dataset]:
    """Return a classic MR series of several times, which only this attribute counts."""
    found = []
    for t in range(times):
        for ds in slices(ramp(SLICES, 4, 5, start=100 * t), MR):
            ds.InstanceNumber = len(found) + 1
            ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid(1, len(found) + 1)
            setattr(ds, attribute, t + 1)
            found.append(ds)
    return found
