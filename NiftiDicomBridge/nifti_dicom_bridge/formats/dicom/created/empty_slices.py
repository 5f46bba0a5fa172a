"""Empty slices at both ends of a fractional Segmentation: written as one empty frame each, so that readers restore the grid."""

from __future__ import annotations

import numpy as np
from pydicom.dataset import Dataset

from .placement import Placement


def with_marks(array: np.ndarray) -> tuple[np.ndarray, list[int]]:
    """Return probabilities with one voxel set in the first and last slice if those are empty, and the slices.

    It is a voxel of the first segment, or one of each segment if all are empty.

    highdicom leaves out empty slices; `without_marks` removes the voxels from the object.

    Parameters
    ----------
    array : numpy.ndarray, shape (slices, rows, columns, segments)
        Probabilities.
    """
    empty = [k for k in sorted({0, len(array) - 1}) if not array[k].any()]
    if not empty:
        return array, []
    marked = array.copy()
    for k in empty:
        marked[k, 0, 0, : 1 if array.any() else None] = 1
    return marked, empty


def without_marks(made: Dataset, placement: Placement, empty: list[int]) -> None:
    """Clear the voxels that `with_marks` set, in an object whose frames are in their final order."""
    if not empty:
        return
    raw = bytearray(made.PixelData)
    size = int(made.Rows) * int(made.Columns)
    for n, item in enumerate(made.PerFrameFunctionalGroupsSequence):
        position = [float(number) for number in item.PlanePositionSequence[0].ImagePositionPatient]
        if placement.nearest(position) in empty:
            raw[n * size] = 0
    made.PixelData = bytes(raw)
