"""Are two grids the same?"""

from __future__ import annotations

import numpy as np

POSITION_TOLERANCE_MM, POSITION_TOLERANCE = 1e-3, 0.01
"""Two grids are the same when no corner voxel lies further apart, mm, nor by more than that part of a voxel."""


def same_grid(a: np.ndarray, b: np.ndarray, shape_kji: tuple[int, ...], tolerance_mm: float | None = None) -> bool:
    """Return whether two voxel-to-world matrices put all corners of a grid (slices, rows, columns) at the same places.

    Without a tolerance, within what a NIfTI header can blur, and no more.
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
