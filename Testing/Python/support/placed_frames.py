"""Images that files become, and objects of several frames whose place is not in functional groups."""

from __future__ import annotations

from pathlib import Path

from pydicom.dataset import Dataset

from nifti_dicom_bridge.formats.dicom.reading.read import read
from nifti_dicom_bridge.model.volume import Volume
from phantoms.base import AXIAL, CT, ramp, save, slices

NM, WHOLE_SLIDE = "1.2.840.10008.5.1.4.1.1.20", "1.2.840.10008.5.1.4.1.1.77.1.6"
FRAMES = 6


def volumes(folder: Path, *found: Dataset) -> list[Volume]:
    """Return the volumes that files become."""
    save(folder, list(found))
    return read([folder])


def multi_frame(sop_class: str = CT, orientation: tuple = AXIAL, **attributes: object) -> Dataset:
    """Return an object of several frames with its place at the top level."""
    ds = slices(ramp(1, FRAMES * 4, 5), sop_class, orientation, (-3.0, -2.4, 10.0), (0.3, 0.4))[0]
    ds.Rows, ds.NumberOfFrames, ds.SliceThickness = 4, FRAMES, "0.5"
    for name, value in attributes.items():
        setattr(ds, name, value)
    return ds
