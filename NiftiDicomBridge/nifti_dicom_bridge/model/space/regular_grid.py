"""The regular grid that uneven or tilted planes are resampled to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..voxels.median import median_of
from .geometry import LPS_TO_RAS, Plane
from .stack_affine import are_uneven


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


def is_uneven(planes: Sequence[Plane]) -> bool:
    """Whether the distances of neighboring planes differ, by more than decimal strings round."""
    return len(planes) > 2 and are_uneven(np.diff(_offsets(planes)[0]))


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
    step = along[-1] / (slices - 1) if even or not are_uneven(np.diff(along)) else along[1]
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
