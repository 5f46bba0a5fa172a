"""Files of one series for tests, and failures of reading them."""

from __future__ import annotations

from pathlib import Path

from pydicom.dataset import Dataset

from nifti_dicom_bridge.formats.dicom.reading.grouping.series import find_series
from phantoms.base import MR, ramp, slices, uid


def series(count: int = 4, start: int = 0) -> list[Dataset]:
    """Return a classic series whose voxels count from a number."""
    return slices(ramp(count, 4, 5, start=start), MR)


def renamed(found: list[Dataset], number: int) -> list[Dataset]:
    for n, ds in enumerate(found):
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid(number, n)
    return found


def failures(folder: Path) -> list[str]:
    """Return the names of files that should have been read."""
    return sorted(Path(leftover.path).name for leftover in find_series([folder]).leftovers if leftover.failed)


def read_whatever(folder: Path) -> list:
    """Return the volumes of a folder in which files are damaged."""
    from nifti_dicom_bridge.formats.dicom.reading.plans import plan_all
    from nifti_dicom_bridge.formats.dicom.reading.read import load

    return [load(plan) for plan in plan_all(find_series([folder]))]
