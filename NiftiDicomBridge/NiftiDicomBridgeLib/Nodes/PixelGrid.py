"""Where the pixels of a segmentation without a position are in Slicer: recorded at its node, to write it as it was."""

from __future__ import annotations

from typing import Any

import numpy as np

IMAGE_OF_PIXELS = "NiftiDicomBridge.ImageOfPixels"
"""Role of the reference of a volume of probabilities to the volume that shows the image that they were made from."""
ATTRIBUTE = "NiftiDicomBridge.PixelGrid"
"""Node attribute: 16 numbers, column-row-frame index of the DICOM Segmentation → mm, RAS, row by row."""


def remember_pixel_grid(node: Any, ijk_to_ras: np.ndarray) -> None:
    """Record at a segmentation node where its pixels are, mm, without parent transforms."""
    node.SetAttribute(ATTRIBUTE, " ".join(repr(float(value)) for value in np.ravel(ijk_to_ras)))


def pixel_grid_of(node: Any) -> np.ndarray | None:
    """Return where the pixels of a segmentation are that has no position in DICOM, mm; None for all others."""
    numbers = (node.GetAttribute(ATTRIBUTE) or "").split()
    return np.array(numbers, dtype=float).reshape(4, 4) if len(numbers) == 16 else None
