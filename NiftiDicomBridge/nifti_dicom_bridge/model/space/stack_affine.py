"""Planes in the order of a stack → the matrix of its grid, and what a regular grid cannot represent of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..voxels.median import median_of
from .geometry import LPS_TO_RAS, Plane, slice_distance, spacing_of

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
    elif are_uneven(steps) and steps[0] > 0:
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
    lps[:3, 0], lps[:3, 1] = first.steps
    lps[:3, 2], lps[:3, 3] = line, first.position
    upright, turned = lps.copy(), lps.copy()
    spacing = spacing_of(lps)
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


def are_uneven(steps: np.ndarray) -> bool:
    """Whether distances differ by more than decimal strings round, and more than 1 % of their median."""
    median = abs(median_of(steps))
    return bool(np.abs(steps - median_of(steps)).max() > max(UNEVEN * median, min(ROUNDING_MM, ROUNDING * median)))


def spacing_problem(stack: Stack) -> str:
    """Describe what a regular grid cannot represent of a stack; empty if it represents everything."""
    steps = stack.steps_mm
    if len(steps) < 2 or not are_uneven(steps):
        return ""
    step = _step_without_gaps(steps)
    if step is not None:
        gaps = [k for k, distance in enumerate(steps) if distance > 1.5 * step]
        missing = sum(round(float(steps[k]) / step) - 1 for k in gaps)
        where = ", ".join(str(k + 1) for k in gaps[:5])
        return f"{missing} slice(s) missing (after slice {where}; step {step:.6g} mm)"
    distance = slice_distance(stack.ijk_to_ras)
    return f"slice distances vary from {steps.min():.6g} to {steps.max():.6g} mm (grid: {distance:.6g} mm)"
