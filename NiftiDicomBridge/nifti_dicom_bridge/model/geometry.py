"""Planes and grids in space: the only place where signs and flips are decided.

DICOM positions and directions are LPS, mm (PS3.3 C.7.6.2.1.1). ``ijk_to_ras`` is a matrix, shape (4, 4), float64, that maps
(column, row, slice, 1) of a voxel to RAS, mm, as NIfTI does; (4, 4) is the shape of all matrices here that have no other one.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import permutations
from typing import NamedTuple

import numpy as np

from ..errors import GeometryError

LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
ORTHOGONALITY = 1e-4
"""Largest cosine between axes that still count as perpendicular; what GDCM and ITK accept."""

UNEVEN = 0.01
"""Slice distances that differ by a larger part of their median are not even."""
ROUNDING_MM, ROUNDING = 0.01, 0.05
"""Nor are those that differ by more than positions of two decimals round; of thin slices, by more than that part."""
JITTER = 0.25
"""Distances that differ by a larger part of their median are those of another stack, not one distance with noise."""
WHOLE_STEPS = 0.05
"""Part of a slice distance by which the distance across missing slices may differ from a multiple of it."""
UNEVEN_OFF_GRID = 0.05
"""Part of a slice distance by which planes of an uneven stack may be off a grid that begins right."""

# RAS directions of increasing column, row and slice index, as columns, as viewers show them (nose up, feet to head)
AXIAL_AXES = np.array([[-1.0, 0, 0], [0, -1.0, 0], [0, 0, 1.0]]).T
CORONAL_AXES = np.array([[-1.0, 0, 0], [0, 0, -1.0], [0, -1.0, 0]]).T
SAGITTAL_AXES = np.array([[0, -1.0, 0], [0, 0, -1.0], [1.0, 0, 0]]).T


def median_of(values: Sequence[float] | np.ndarray) -> float:
    """Return the median of all values, as ``numpy.median`` does, whose import of masked arrays takes as long as 20 files."""
    ordered = np.sort(np.ravel(values))
    low, high = (len(ordered) - 1) // 2, len(ordered) // 2
    is_known = len(ordered) > 0 and not np.isnan(ordered[-1])
    return float(ordered[low : high + 1].mean()) if is_known else float("nan")


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

    def upside_down(self, rows: int) -> Plane:
        """Return the plane of the same number of rows that are stored from the last to the first."""
        column = self.orientation[3:]
        last = self.position + (rows - 1) * self.spacing[0] * column
        return Plane(last, np.concatenate([self.orientation[:3], -column]), self.spacing)


class Stack(NamedTuple):
    """A grid made of planes, and how far the planes are from it.

    Attributes
    ----------
    ijk_to_ras : numpy.ndarray, shape (4, 4)
        Maps (column, row, slice, 1) to mm, RAS.
    deviation_mm : float
        Largest distance between a plane's true position and its place in the grid.
    steps_mm : numpy.ndarray
        Distances between neighboring planes along the normal.
    shear_mm : float
        How far one slice step moves within the plane: above zero for a tilted gantry.
    """

    ijk_to_ras: np.ndarray
    deviation_mm: float
    steps_mm: np.ndarray
    shear_mm: float


def normal_of(orientation: np.ndarray) -> np.ndarray:
    """Return the unit normal, row × column, shape (3,), of ImageOrientationPatient, shape (6,); both in LPS."""
    return _normal(orientation.tobytes())


@lru_cache(maxsize=256)
def _normal(raw: bytes) -> np.ndarray:
    orientation = np.frombuffer(raw)
    normal = np.cross(orientation[:3], orientation[3:])
    length = np.linalg.norm(normal)
    return normal / length if length > 0 else np.array([0.0, 0.0, 1.0])


def affine_from_attributes(planes: Sequence[Plane], single_step_mm: float) -> Stack:
    """Return the grid of parallel planes in the order given.

    PS3.3 C.7.6.2.1.1, equation C.7.6.2.1-1. The slice axis goes from the first position to the last. Where the distances
    jitter, it is the line that fits all positions best; where slices are missing, the slices follow each other at the distance
    that they have elsewhere; where distances are quite different otherwise, it goes from the first position to the second, as
    dcm2niix has it: no grid is right there, this one begins right.

    Parameters
    ----------
    planes : sequence of Plane
        Sorted along the normal, at least one.
    single_step_mm : float
        Slice step to assume when there is one plane.

    Returns
    -------
    Stack
        The grid, and what it cannot hold.
    """
    first, n = planes[0], len(planes)
    row, column = first.orientation[:3], first.orientation[3:]
    positions = np.array([plane.position for plane in planes])
    steps = np.diff([float(p @ first.normal) for p in positions])
    line = (positions[-1] - positions[0]) / max(n - 1, 1)
    if n == 1 or not np.any(line):
        line = first.normal * single_step_mm
    elif _uneven(steps) and steps[0] > 0:
        step = _step_without_gaps(steps)
        line = _line_through(positions, steps) if step is None else line * (step / float(steps.mean()))
    lps = np.eye(4)
    lps[:3, 0], lps[:3, 1], lps[:3, 2], lps[:3, 3] = row * first.spacing[1], column * first.spacing[0], line, positions[0]
    expected = positions[0] + np.arange(n)[:, None] * line
    return Stack(
        ijk_to_ras=LPS_TO_RAS @ lps,
        deviation_mm=float(np.abs(positions - expected).max()),
        steps_mm=steps,
        shear_mm=float(np.linalg.norm(line - (line @ first.normal) * first.normal)),
    )


def grids_of_itk(planes: Sequence[Plane]) -> list[np.ndarray]:
    """Return the even grids, RAS, that programs with ITK make of parallel planes, whatever their distances are.

    All begin at the first plane, and the last plane is as far away as it truly is.

    Parameters
    ----------
    planes : sequence of Plane
        Sorted along the normal, at least two.

    Returns
    -------
    list of numpy.ndarray, shape (4, 4)
        From the first plane to the last, as 3D Slicer reads a series; along the normal, as SimpleITK reads it; with the nearest
        perpendicular axes, as ITK writes that of Slicer as NIfTI. They differ for a tilted gantry only.
    """
    first, last = planes[0], planes[-1]
    line = (last.position - first.position) / (len(planes) - 1)
    lps = np.eye(4)
    lps[:3, 0], lps[:3, 1] = first.orientation[:3] * first.spacing[1], first.orientation[3:] * first.spacing[0]
    lps[:3, 2], lps[:3, 3] = line, first.position
    upright, turned = lps.copy(), lps.copy()
    spacing = np.linalg.norm(lps[:3, :3], axis=0)
    upright[:3, 2] = first.normal * spacing[2]
    if spacing.all():
        left, _, right = np.linalg.svd(lps[:3, :3] / spacing)
        turned[:3, :3] = left @ right * spacing
    return [LPS_TO_RAS @ grid for grid in (lps, upright, turned)]


def _line_through(positions: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Return the way from slice to slice of uneven positions.

    That to the second one, where it reaches all others nearly or they are not a regular stack; else the least-squares fit.
    """
    line = positions[1] - positions[0]
    median = median_of(steps)
    numbers = np.arange(len(positions))
    off = np.linalg.norm(positions - positions[0] - numbers[:, None] * line, axis=1).max()
    if off <= UNEVEN_OFF_GRID * median or np.abs(steps - median).max() > JITTER * median:
        result: np.ndarray = line
        return result
    centered = numbers - numbers.mean()
    fitted: np.ndarray = centered @ positions / (centered @ centered)
    return fitted


def _step_without_gaps(steps: np.ndarray) -> float | None:
    """Return the distance of neighbors where fewer are missing than there are; None where distances differ otherwise."""
    for step in (median_of(steps), float(steps.min())):
        counts = steps / step if step > 0 else np.zeros(1)
        whole = np.rint(counts)
        are_whole = (np.abs(counts - whole) < WHOLE_STEPS).all() and whole.min() == 1 < whole.max()
        if are_whole and np.mean(whole == 1) >= 0.5 and whole.sum() <= 2 * len(whole):
            return step
    return None


def _uneven(steps: np.ndarray) -> bool:
    """Whether distances differ by more than decimal strings round, and more than 1 % of their median."""
    median = abs(median_of(steps))
    return bool(np.abs(steps - median_of(steps)).max() > max(UNEVEN * median, min(ROUNDING_MM, ROUNDING * median)))


def spacing_problem(stack: Stack) -> str:
    """Describe what a regular grid cannot represent of a stack; empty if it represents everything."""
    steps = stack.steps_mm
    if len(steps) < 2 or not _uneven(steps):
        return ""
    step = _step_without_gaps(steps)
    if step is not None:
        gaps = [k for k, distance in enumerate(steps) if distance > 1.5 * step]
        missing = sum(round(float(steps[k]) / step) - 1 for k in gaps)
        where = ", ".join(str(k + 1) for k in gaps[:5])
        return f"{missing} slice(s) missing (after slice {where}; step {step:.6g} mm)"
    distance = slice_distance(stack.ijk_to_ras)
    return f"slice distances vary from {steps.min():.6g} to {steps.max():.6g} mm (grid: {distance:.6g} mm)"


class RegularGrid(NamedTuple):
    """A regular grid over planes that do not make one, and where the planes are in it.

    Attributes
    ----------
    ijk_to_ras : numpy.ndarray, shape (4, 4)
        Maps (column, row, slice, 1) to mm, RAS.
    shape : tuple of int
        Slices, rows, columns.
    places : numpy.ndarray, shape (planes,)
        Where each plane is along the slice axis, counted in slices of the grid.
    shifts : numpy.ndarray, shape (planes, 2)
        How many rows and columns the first pixel of each plane is inside of the grid.
    step_mm : float
        Between slices along the normal; 0 where slices keep the distances that the planes have.
    """

    ijk_to_ras: np.ndarray
    shape: tuple[int, int, int]
    places: np.ndarray
    shifts: np.ndarray
    step_mm: float


SAME_SLICE = 1e-3
"""Part of a slice distance, or of a pixel, below which positions are equal: decimal strings round."""
TILT_DEGREES = 0.1
"""A stack is straight below that."""


def is_uneven(planes: Sequence[Plane]) -> bool:
    """Whether the distances of neighboring planes differ, by more than decimal strings round."""
    return len(planes) > 2 and _uneven(np.diff(_offsets(planes)[0]))


def tilt_degrees(planes: Sequence[Plane]) -> float:
    """Return the angle between the normal and the way from the first plane to the last; 0 for less than two planes."""
    along, rows, columns = _offsets(planes)
    return float(np.degrees(np.arctan2(np.hypot(rows[-1], columns[-1]), abs(along[-1])))) if len(planes) > 1 else 0.0


def regular_grid(planes: Sequence[Plane], rows_columns: tuple[int, int], upright: bool, even: bool) -> RegularGrid:
    """Return the grid to resample parallel planes to. It begins at the first plane, and holds all pixels of all planes.

    Parameters
    ----------
    planes : sequence of Plane
        Sorted along the normal, at least two.
    rows_columns : tuple of int
        Size of a plane.
    upright : bool
        The slice axis shall be the normal. Else it goes from the first plane to the last, and planes keep their pixels.
    even : bool
        Slices shall have one distance: that of neighbors where they are all but the same, or some are missing; else the
        smallest, or less, so that the last slice is the last plane. At most twice as many slices as planes.
    """
    first = planes[0]
    along, in_rows, in_columns = _offsets(planes)
    spacing = np.array(first.spacing)
    shifts = np.stack([in_rows, in_columns], 1) / spacing if upright else np.zeros((len(planes), 2))
    shifts = np.where(np.abs(shifts).max(axis=0) < SAME_SLICE, 0.0, shifts)
    corner = np.floor(shifts.min(axis=0) + SAME_SLICE)
    size = np.ceil(shifts.max(axis=0) - SAME_SLICE) - corner + rows_columns
    slices = _even_count(along) if even else len(planes)
    step = along[-1] / (slices - 1) if even or not _uneven(np.diff(along)) else along[1]
    row, column = first.orientation[:3], first.orientation[3:]
    axis = first.normal if upright else (planes[-1].position - first.position) / along[-1]
    lps = np.eye(4)
    lps[:3, 0], lps[:3, 1], lps[:3, 2] = row * spacing[1], column * spacing[0], axis * step
    lps[:3, 3] = first.position + lps[:3, 1] * corner[0] + lps[:3, 0] * corner[1]
    return RegularGrid(
        ijk_to_ras=LPS_TO_RAS @ lps,
        shape=(slices, int(size[0]), int(size[1])),
        places=along / step if even else np.arange(len(planes), dtype=float),
        shifts=shifts - corner,
        step_mm=float(step) if even else 0.0,
    )


def _offsets(planes: Sequence[Plane]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return how far planes are from the first: along the normal, down its rows, and across its columns, mm."""
    first = planes[0]
    away = np.array([plane.position for plane in planes]) - first.position
    return away @ first.normal, away @ first.orientation[3:], away @ first.orientation[:3]


def _even_count(along: np.ndarray) -> int:
    """Return the number of slices at one distance that planes are resampled to."""
    steps = np.diff(along)
    median = median_of(steps)
    multiples = np.rint(steps / median)
    whole = np.abs(steps / median - multiples).max() < 0.05 and multiples.min() > 0
    count = int(multiples.sum()) if whole else int(np.ceil(along[-1] / steps.min() - SAME_SLICE))
    return min(count + 1, 2 * len(along))


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
    spacing = np.linalg.norm(lps[:3, :3], axis=0)
    row, column = lps[:3, 0] / spacing[0], lps[:3, 1] / spacing[1]
    cosine = abs(float(row @ column))
    if cosine > ORTHOGONALITY:
        axes = lps[:3, :3] / spacing
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
    row, column = (ijk_to_ras[:3, n] / np.linalg.norm(ijk_to_ras[:3, n]) for n in (0, 1))
    return bool(abs(row @ column) > ORTHOGONALITY)


def check_affine(ijk_to_ras: np.ndarray) -> None:
    """Raise `GeometryError` when a matrix is not a map from voxels to millimeters."""
    matrix = np.asarray(ijk_to_ras, dtype=float)
    if not np.isfinite(matrix).all():
        raise GeometryError("The voxel-to-world matrix holds NaN or infinity. Repair the image's header.")
    if abs(np.linalg.det(matrix[:3, :3])) < 1e-12 * max(1e-30, float(np.prod(np.linalg.norm(matrix[:3, :3], axis=0)))):
        raise GeometryError("The voxel-to-world matrix has a zero or dependent column. Repair the image's header.")


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


def closest_orientation(
    source: np.ndarray, target: np.ndarray, slices: int | None = None
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the order and direction of the axes of one grid that come closest to those of another.

    Parameters
    ----------
    source, target : numpy.ndarray, shape (4, 4)
        ijk → mm of what is there and of what is wanted; of the target, directions are enough.
    slices : int, optional
        The source axis that must become the slices.

    Returns
    -------
    tuple
        ``(order, flips)``: target axis n is source axis ``order[n]``, reversed where ``flips[n]`` is −1.
    """
    axes, wanted = (matrix[:3, :3] / np.linalg.norm(matrix[:3, :3], axis=0) for matrix in (source, target))
    cosines = axes.T @ wanted
    orders = [order for order in permutations(range(3)) if slices in (None, order[2])]
    order = max(orders, key=lambda chosen: sum(abs(cosines[axis, n]) for n, axis in enumerate(chosen)))
    return order, tuple(-1 if cosines[axis, n] < 0 else 1 for n, axis in enumerate(order))


def reoriented_affine(source: np.ndarray, order: Sequence[int], flips: Sequence[int], shape_ijk: Sequence[int]) -> np.ndarray:
    """Return the matrix of a grid whose axes are taken in another order and direction (see `closest_orientation`).

    Every voxel stays where it is in the patient; `shape_ijk` has the numbers of columns, rows and slices of `source`.
    """
    turned = source.copy()
    for n, (axis, flip) in enumerate(zip(order, flips, strict=True)):
        turned[:3, n] = flip * source[:3, axis]
        if flip < 0:
            turned[:3, 3] += source[:3, axis] * (shape_ijk[axis] - 1)
    return turned


def fsl_of_ras(directions: np.ndarray, ijk_to_ras: np.ndarray) -> np.ndarray:
    """Return directions, shape (n, 3), in RAS as FSL has them, shape (3, n).

    Along the axes of the image, x reversed where those are right-handed (https://fsl.fmrib.ox.ac.uk/fsl/docs/#/diffusion/dtifit).
    """
    axes = ijk_to_ras[:3, :3] / np.linalg.norm(ijk_to_ras[:3, :3], axis=0)
    vectors = np.linalg.solve(axes, directions.T)
    result: np.ndarray = vectors * _fsl_signs(axes)
    return result


def ras_of_fsl(vectors: np.ndarray, ijk_to_ras: np.ndarray) -> np.ndarray:
    """Return directions in RAS, shape (n, 3), of FSL's, shape (3, n): the inverse of `fsl_of_ras`."""
    axes = ijk_to_ras[:3, :3] / np.linalg.norm(ijk_to_ras[:3, :3], axis=0)
    result: np.ndarray = (axes @ (vectors * _fsl_signs(axes))).T
    return result


def _fsl_signs(axes: np.ndarray) -> np.ndarray:
    return np.array([[-1.0 if np.linalg.det(axes) > 0 else 1.0], [1.0], [1.0]])


def way_along(direction_ras: np.ndarray) -> str:
    """Return from where to where a direction, shape (3,), in RAS runs, as two letters: ``"PA"`` is to anterior."""
    axis = int(np.argmax(np.abs(direction_ras)))
    low, high = ("LR", "PA", "IS")[axis]
    return low + high if direction_ras[axis] > 0 else high + low
