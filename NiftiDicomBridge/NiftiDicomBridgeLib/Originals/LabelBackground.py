"""Label Map Segmentations whose background is another value than 0: PixelPaddingValue (PS3.3 C.8.20.2.4)."""

from __future__ import annotations

import numpy as np

from nifti_dicom_bridge import Volume, identity_of


def background_of(volume: Volume) -> int:
    """Return the value of background in the labels of a volume; 0 unless it is of such an object."""
    stated = identity_of(volume, ("SegmentationType", "PixelPaddingValue")) if volume.source is not None else {}
    text = stated.get("PixelPaddingValue", "")
    return int(text) if text.isdigit() and stated.get("SegmentationType") == "LABELMAP" else 0


def without_background(volume: Volume) -> np.ndarray:
    """Return the labels of a volume, with 0 for its background."""
    background = background_of(volume)
    return np.where(volume.voxels == background, 0, volume.voxels) if background else volume.voxels


def without_labels(volume: Volume) -> np.ndarray:
    """Return labels of the shape of a volume without any segment; a segment with the number 0, which has no node, is kept."""
    background = background_of(volume)
    empty = np.zeros_like(volume.voxels)
    if background:
        empty[volume.voxels != 0] = background
    return empty
