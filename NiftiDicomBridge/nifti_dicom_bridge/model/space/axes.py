"""Axes of an image: their order and directions, and images turned to others."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

import numpy as np

from .geometry import unit_axes

# RAS directions of increasing column, row and slice index, as columns, as viewers show them (nose up, feet to head)
AXIAL_AXES = np.array([[-1.0, 0, 0], [0, -1.0, 0], [0, 0, 1.0]]).T
CORONAL_AXES = np.array([[-1.0, 0, 0], [0, 0, -1.0], [0, -1.0, 0]]).T
SAGITTAL_AXES = np.array([[0, -1.0, 0], [0, 0, -1.0], [1.0, 0, 0]]).T


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
    axes, wanted = map(unit_axes, (source, target))
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


def way_along(direction_ras: np.ndarray) -> str:
    """Return from where to where a direction, shape (3,), in RAS runs, as two letters: ``"PA"`` is to anterior."""
    axis = int(np.argmax(np.abs(direction_ras)))
    low, high = ("LR", "PA", "IS")[axis]
    return low + high if direction_ras[axis] > 0 else high + low
