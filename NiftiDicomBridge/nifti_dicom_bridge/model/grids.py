"""Grids in space that are compared, or whose slices are counted the other way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..standard.nifti_codes import NO_FORM, NO_PLANE
from .geometry import reoriented_affine

if TYPE_CHECKING:
    from .volume import Volume

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
        smallest = float(np.linalg.norm(b[:3, :3], axis=0).min())
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


def unstated_position(image: Volume, grid: np.ndarray) -> str:
    """Return why the coordinates of an image do not place it, as the beginning of a sentence; empty if they do.

    An image whose voxels are voxels of a grid is placed, such as a part of the image that it is compared with.
    """
    if _has_voxels_of(image.ijk_to_ras, grid):
        return ""
    if NO_FORM in image.warnings:
        return "The header specifies no position (sform_code and qform_code are 0)"
    if NO_PLANE in image.warnings:
        return "The image has two dimensions, and its plane is at 0 mm, as ITK writes for every plane"
    if _has_default_matrix(image):
        return (
            "The image has voxels of 1 mm that begin at the origin, as programs write that do not copy the position of what "
            "they read"
        )
    return ""


def _has_voxels_of(ijk_to_ras: np.ndarray, grid: np.ndarray) -> bool:
    """Whether voxels are those of another grid that goes on in all directions, whatever the order of its axes."""
    steps = np.linalg.inv(grid) @ ijk_to_ras
    return bool(np.abs(steps - np.rint(steps)).max() < POSITION_TOLERANCE and abs(abs(np.linalg.det(steps)) - 1) < 0.5)


def _has_default_matrix(image: Volume) -> bool:
    """Whether voxels are 1 mm in size, along the axes of the patient, and a corner voxel is at the origin."""
    sizes = np.abs(image.ijk_to_ras[:3, :3])
    if not (np.allclose(sizes.max(axis=0), 1, atol=1e-6) and np.allclose(sizes.sum(axis=1), 1, atol=1e-6)):
        return False
    corner = np.linalg.inv(image.ijk_to_ras)[:3, 3]
    last = np.array(image.shape_ijk) - 1
    return bool((np.minimum(np.abs(corner), np.abs(corner - last)) < 1e-6).all())
