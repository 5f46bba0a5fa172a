"""Series in which an attribute distinguishes images, and the images that they become."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from nifti_dicom_bridge.formats.dicom.reading.read import read
from nifti_dicom_bridge.model.volume import Volume
from phantoms.base import MR, save, slices, uid
from phantoms.multiframe import group

SLICES, RADIOGRAPH = 4, "1.2.840.10008.5.1.4.1.1.1"


def series(attribute: str, values: list[Any], kind: str = MR, times: int = 1) -> list[Dataset]:
    """Return a series with an image for each value of an attribute; the voxels of image n are 100 n + slice."""
    found = []
    for n, value in enumerate(values):
        for t in range(times):
            pixels = np.array([np.full((4, 5), 100 * n + 10 * t + k) for k in range(SLICES)], "<i2")
            for ds in slices(pixels, kind):
                ds.InstanceNumber = len(found) + 1
                ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid(1, len(found) + 1)
                if times > 1:
                    ds.TemporalPositionIdentifier = t + 1
                if value is not None:
                    setattr(ds, attribute, value)
                found.append(ds)
    return found


def images(folder: Path, found: list[Dataset]) -> dict[str, Volume]:
    """Return the volumes that files become, by the end of their name."""
    save(folder, found)
    return {volume.name.partition("series_1")[2].strip("_"): volume for volume in read([folder])}


def firsts(found: dict[str, Volume]) -> dict[str, int]:
    """Return the first voxel of each image; all its slices are those of one value."""
    for volume in found.values():
        assert volume.voxels.shape[1] == SLICES
        assert len(set((volume.voxels // 100).reshape(-1).tolist())) == 1
    return {name: int(volume.voxels[0, 0, 0, 0]) for name, volume in found.items()}


def types_of(*words: str) -> list[list[str]]:
    return [["ORIGINAL", "PRIMARY", *word.split("\\")] for word in words]


def codes_of(meaning: str, value: str = "1") -> list[Dataset]:
    return [group(CodeValue=value, CodingSchemeDesignator="DCM", CodeMeaning=meaning)]


def mapping_to(units: str) -> list[Dataset]:
    unit = [group(CodeValue=units, CodingSchemeDesignator="UCUM", CodeMeaning=units)]
    return [group(RealWorldValueSlope=1.0, RealWorldValueIntercept=0.0, MeasurementUnitsCodeSequence=unit)]
