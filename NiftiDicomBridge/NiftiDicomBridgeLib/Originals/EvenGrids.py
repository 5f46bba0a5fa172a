"""The even grid that a node has for slices at uneven distances, with a transform above it to their true positions."""

from __future__ import annotations

import numpy as np

from nifti_dicom_bridge import Volume, slice_shifts


def true_positions(volume: Volume) -> np.ndarray:
    """Return where the slices of a volume are: the centers of their first voxels, shape (slices, 3), RAS, mm."""
    grid, shifts = volume.ijk_to_ras, slice_shifts(volume)
    return line_of(grid, volume.voxels.shape[1]) + (0 if shifts is None else shifts)


def line_of(ijk_to_ras: np.ndarray, count: int) -> np.ndarray:
    """Return the centers of the first voxels of the slices of a grid, shape (slices, 3), mm."""
    line: np.ndarray = ijk_to_ras[:3, 3] + np.arange(count)[:, np.newaxis] * ijk_to_ras[:3, 2]
    return line


def even_grid(volume: Volume) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the grid from the first slice to the last one, and what leads from there to the true positions.

    Returns
    -------
    tuple of (numpy.ndarray, numpy.ndarray) or None
        Shape (4, 4) and (slices, 3), mm. None if all slices are on the grid of the volume.
    """
    if slice_shifts(volume) is None:
        return None
    true, grid = true_positions(volume), volume.ijk_to_ras.copy()
    grid[:3, 2] = (true[-1] - true[0]) / (len(true) - 1)
    grid[:3, 3] = true[0]
    return grid, true - line_of(grid, len(true))


def grids_of(volume: Volume) -> list[np.ndarray]:
    """Return the grids that a node of a volume may have: its own, and the even one of uneven slices."""
    even = even_grid(volume)
    return [volume.ijk_to_ras] if even is None else [volume.ijk_to_ras, even[0]]
