"""Grids in space that are compared, or whose slices are counted the other way."""

from __future__ import annotations

import numpy as np

from .axes import reoriented_affine
from .geometry import spacing_of

POSITION_TOLERANCE_MM, POSITION_TOLERANCE = 1e-3, 0.01
"""Two grids are the same when no corner voxel is further apart, mm, nor by more than that part of a voxel."""


def same_grid(a: np.ndarray, b: np.ndarray, shape_kji: tuple[int, ...], tolerance_mm: float | None = None) -> bool:
    """Return whether two voxel-to-world matrices put all corners of a grid at the same places.

    Parameters
    ----------
    a, b : numpy.ndarray, shape (4, 4)
        Column, row, slice → mm.
    shape_kji : tuple of int
        Slices, rows, columns.
    tolerance_mm : float, optional
        By default, no more than a NIfTI header rounds.

    Returns
    -------
    bool
        Whether no corner is further away than the tolerance.

    Examples
    --------
    >>> import numpy as np
    >>> from nifti_dicom_bridge import same_grid
    >>> same_grid(np.eye(4), np.diag([1.0, 1.0, 1.1, 1.0]), (7, 40, 48))
    False
    """
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        return False
    last = np.array(shape_kji[::-1], dtype=float) - 1
    corners = np.array([[i, j, k, 1] for i in (0, last[0]) for j in (0, last[1]) for k in (0, last[2])]).T
    if tolerance_mm is None:
        blur = 4 * float(np.abs(b @ corners).max()) * float(np.finfo(np.float32).eps)
        smallest = float(spacing_of(b).min())
        tolerance_mm = min(POSITION_TOLERANCE_MM, max(POSITION_TOLERANCE * smallest, blur))
    return bool(np.abs((a - b) @ corners).max() <= tolerance_mm)


def reversed_grid(ijk_to_ras: np.ndarray, slices: int) -> np.ndarray:
    """Return the matrix of a grid whose slices are taken in reverse order.

    Parameters
    ----------
    ijk_to_ras : numpy.ndarray, shape (4, 4)
        Column, row, slice → mm, RAS.
    slices : int
        Number of slices.

    Returns
    -------
    numpy.ndarray, shape (4, 4)
        Column, row, slice from the last one → mm, RAS.

    Examples
    --------
    >>> import numpy as np
    >>> from nifti_dicom_bridge import reversed_grid
    >>> reversed_grid(np.diag([1.0, 1.0, 3.0, 1.0]), 7)[2].tolist()
    [0.0, 0.0, -3.0, 18.0]
    """
    return reoriented_affine(ijk_to_ras, (0, 1, 2), (1, 1, -1), (1, 1, slices))
