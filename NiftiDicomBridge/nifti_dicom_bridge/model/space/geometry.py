"""Planes in space, and what a matrix states of a grid. Signs are decided here, flips in `axes`.

DICOM positions and directions are LPS, mm (PS3.3 C.7.6.2.1.1). ``ijk_to_ras`` is a matrix, shape (4, 4), float64, that maps
(column, row, slice, 1) of a voxel to RAS, mm, as NIfTI does; (4, 4) is the shape of all matrices here that have no other one.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from ...errors import GeometryError

LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
ORTHOGONALITY = 1e-4
"""Largest cosine between axes that still count as perpendicular; what GDCM and ITK accept."""
TILT_DEGREES = 0.1
"""A stack is straight below that."""


def ras_of_lps(vectors: np.ndarray) -> np.ndarray:
    """Return vectors, shape (…, 3), that point in LPS as they point in RAS; without negative zeros."""
    return vectors @ LPS_TO_RAS[:3, :3] + 0.0


class Plane(NamedTuple):
    """Where one image plane is.

    Attributes
    ----------
    position : numpy.ndarray, shape (3,)
        Center of the first pixel, LPS, mm.
    orientation : numpy.ndarray, shape (6,)
        Directions of increasing column index and of increasing row index, LPS.
    spacing : tuple of float
        Between rows and between columns, mm.
    """

    position: np.ndarray
    orientation: np.ndarray
    spacing: tuple[float, float]

    @property
    def normal(self) -> np.ndarray:
        """Unit vector: row direction × column direction, LPS."""
        return normal_of(self.orientation)

    @property
    def distance(self) -> float:
        """Position along the normal, mm."""
        return float(self.position @ self.normal)

    @property
    def steps(self) -> tuple[np.ndarray, np.ndarray]:
        """From one column to the next, and from one row to the next, LPS, mm."""
        return self.orientation[:3] * self.spacing[1], self.orientation[3:] * self.spacing[0]

    def corners(self, rows: int, columns: int) -> np.ndarray:
        """Return the centers of the first and last pixels of the first and of the last row, shape (4, 3), LPS, mm."""
        across, down = self.steps
        across, down = across * (columns - 1), down * (rows - 1)
        corners: np.ndarray = self.position + np.array([0 * across, across, down, across + down])
        return corners

    def upside_down(self, rows: int) -> Plane:
        """Return the plane of the same number of rows that are stored from the last to the first."""
        column = self.orientation[3:]
        last = self.position + (rows - 1) * self.spacing[0] * column
        return Plane(last, np.concatenate([self.orientation[:3], -column]), self.spacing)


def normal_of(orientation: np.ndarray) -> np.ndarray:
    """Return the unit normal, row × column, shape (3,), of ImageOrientationPatient, shape (6,); both in LPS."""
    return _normal(orientation.tobytes())


@lru_cache(maxsize=256)
def _normal(raw: bytes) -> np.ndarray:
    orientation = np.frombuffer(raw)
    normal = np.cross(orientation[:3], orientation[3:])
    length = np.linalg.norm(normal)
    return normal / length if length > 0 else np.array([0.0, 0.0, 1.0])


_ALL_SHEARED = (
    "No two axes of the image are perpendicular, as after an affine transform of its header: no DICOM slice can hold that. "
    "Let the registration tool resample the image, such as with a template of the original grid."
)


def attributes_from_affine(ijk_to_ras: np.ndarray, slices: int) -> list[Plane]:
    """Return the planes of a grid: the inverse of `affine_from_attributes`.

    Raises
    ------
    GeometryError
        If columns are zero or not finite, or the in-plane axes are not perpendicular (no DICOM slice can hold that).
    """
    check_affine(ijk_to_ras)
    lps = LPS_TO_RAS @ ijk_to_ras
    spacing, axes = spacing_of(lps), unit_axes(lps)
    row, column = axes[:, 0], axes[:, 1]
    cosine = abs(float(row @ column))
    if cosine > ORTHOGONALITY:
        if min(abs(float(axes[:, a] @ axes[:, b])) for a, b in ((0, 1), (0, 2), (1, 2))) > ORTHOGONALITY:
            raise GeometryError(_ALL_SHEARED)
        raise GeometryError(
            f"The in-plane axes of the image are {np.degrees(np.arccos(cosine)):.3f}° apart, not 90°: no DICOM slice can hold "
            "that. Resample the image to a grid with perpendicular rows and columns."
        )
    orientation = np.concatenate([row, column])
    return [Plane(lps[:3, 3] + k * lps[:3, 2], orientation, (float(spacing[1]), float(spacing[0]))) for k in range(slices)]


def is_sheared_in_plane(ijk_to_ras: np.ndarray) -> bool:
    """Whether columns and rows are not perpendicular."""
    axes = unit_axes(ijk_to_ras)
    return bool(abs(axes[:, 0] @ axes[:, 1]) > ORTHOGONALITY)


def check_affine(ijk_to_ras: np.ndarray) -> None:
    """Raise `GeometryError` when a matrix is not a map from voxels to millimeters."""
    matrix = np.asarray(ijk_to_ras, dtype=float)
    if not np.isfinite(matrix).all():
        raise GeometryError("The voxel-to-world matrix holds NaN or infinity. Repair the image's header.")
    if abs(np.linalg.det(matrix[:3, :3])) < 1e-12 * max(1e-30, float(np.prod(spacing_of(matrix)))):
        raise GeometryError("The voxel-to-world matrix has a zero or dependent column. Repair the image's header.")


def spacing_of(ijk_to_ras: np.ndarray) -> np.ndarray:
    """Return the lengths of the steps along columns, rows and slices of a grid.

    Parameters
    ----------
    ijk_to_ras : numpy.ndarray, shape (4, 4)
        Column, row, slice → mm, RAS.

    Returns
    -------
    numpy.ndarray, shape (3,)
        mm. Of a sheared grid, the step from slice to slice is longer than their distance.

    Examples
    --------
    >>> import numpy as np
    >>> from nifti_dicom_bridge import spacing_of
    >>> spacing_of(np.diag([-0.5, -0.5, 3.0, 1.0])).tolist()
    [0.5, 0.5, 3.0]
    """
    lengths: np.ndarray = np.linalg.norm(ijk_to_ras[:3, :3], axis=0)
    return lengths


def unit_axes(ijk_to_ras: np.ndarray) -> np.ndarray:
    """Return unit vectors along the steps of a grid.

    Parameters
    ----------
    ijk_to_ras : numpy.ndarray, shape (4, 4)
        Column, row, slice → mm, RAS.

    Returns
    -------
    numpy.ndarray, shape (3, 3)
        One vector in each column, RAS.

    Examples
    --------
    >>> import numpy as np
    >>> from nifti_dicom_bridge import unit_axes
    >>> unit_axes(np.diag([-0.5, -0.5, 3.0, 1.0])).diagonal().tolist()
    [-1.0, -1.0, 1.0]
    """
    axes: np.ndarray = ijk_to_ras[:3, :3] / spacing_of(ijk_to_ras)
    return axes


def axis_along(ijk_to_ras: np.ndarray, direction: np.ndarray) -> tuple[int, int]:
    """Return the axis of a grid that runs along a direction (RAS), 0 to 2, and 1 or −1 for its sense."""
    cosines = unit_axes(ijk_to_ras).T @ direction
    axis = int(np.argmax(np.abs(cosines)))
    return axis, 1 if cosines[axis] > 0 else -1


def slice_distance(ijk_to_ras: np.ndarray) -> float:
    """Return the distance of neighboring slices of a grid along their normal, mm."""
    return float(abs(upright_axes(ijk_to_ras)[:, 2] @ ijk_to_ras[:3, 2]))


def upright_axes(ijk_to_ras: np.ndarray) -> np.ndarray:
    """Return unit vectors along columns and rows of a grid, and the normal of both, as columns; shape (3, 3), RAS."""
    axes = ijk_to_ras[:3, :2] / np.linalg.norm(ijk_to_ras[:3, :2], axis=0)
    normal = np.cross(axes[:, 0], axes[:, 1])
    return np.column_stack([axes, normal / np.linalg.norm(normal)])


def is_sheared(ijk_to_ras: np.ndarray) -> bool:
    """Whether the slice axis of a grid is off the normal of its slices."""
    step = ijk_to_ras[:3, 2]
    along = upright_axes(ijk_to_ras)[:, 2] @ step / np.linalg.norm(step)
    return bool(np.degrees(np.arccos(min(1.0, abs(along)))) > TILT_DEGREES)
