"""Enhanced MR objects of several times, whose pixels contain time and slice."""

from __future__ import annotations

import numpy as np
from pydicom.dataset import Dataset

from phantoms.base import AXIAL, slices, uid
from phantoms.multiframe import group

SLICES = 6


def value(time: int, plane: int) -> int:
    """Return what all pixels of a frame are."""
    return 100 * (time + 1) + plane


def enhanced(times: list[int], order: list[int] | None = None, by_index: bool = True, instance: int = 1) -> Dataset:
    """Return an Enhanced MR object of some times; frames state their time in TemporalPositionIndex or only as a dimension."""
    frames = [(t, k) for t in times for k in range(SLICES)]
    frames = [frames[n] for n in order] if order else frames
    pixels = np.concatenate([np.full((4, 5), value(t, k), "<i2") for t, k in frames])
    ds = slices(pixels[None], "1.2.840.10008.5.1.4.1.1.4.1")[0]
    ds.InstanceNumber, ds.Rows, ds.NumberOfFrames, ds.Modality = instance, 4, len(frames), "MR"
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid(5, instance)
    for name in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness", "AcquisitionNumber"):
        delattr(ds, name)
    pointers = (0x00209056, 0x00209057, 0x00209128)
    ds.DimensionIndexSequence = [group(DimensionIndexPointer=pointer) for pointer in pointers]
    measures = group(PixelSpacing=[2, 2], SliceThickness=3, SpacingBetweenSlices=3)
    plane = group(ImageOrientationPatient=list(AXIAL))
    ds.SharedFunctionalGroupsSequence = [group(PixelMeasuresSequence=[measures], PlaneOrientationSequence=[plane])]
    ds.PerFrameFunctionalGroupsSequence = []
    for t, k in frames:
        content = group(DimensionIndexValues=[1, k + 1, t + 1])
        if by_index:
            content.TemporalPositionIndex = t + 1
        place = group(ImagePositionPatient=[0, 0, 3 * k])
        ds.PerFrameFunctionalGroupsSequence.append(group(FrameContentSequence=[content], PlanePositionSequence=[place]))
    return ds
