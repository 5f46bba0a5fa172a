"""Whether a volume has the values of another one at the same places, whatever their grids are: a crop, a resampled copy."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer

from .NodeImages import grid_of

SAMPLES = 20_000
"""Voxels that are compared at most."""
FEWEST = 64
"""Places that two volumes have in common at least, and that most of the first have in the other one."""
INSIDE = 0.9
CORRELATION, SLOPES = 0.8, (0.5, 2.0)
"""Values follow those of another volume: they are neither a map of something else, nor in other units."""
SAME, LATTICE = 0.5, 1e-3
"""Part of the values that are the very same in a crop, whose other values may be masked; parts of a voxel."""


def follow(node: Any, other: Any) -> float | None:
    """Return how well the values of a volume follow those of another one, 0 if they do not; None if not comparable.

    Parameters
    ----------
    node, other : vtkMRMLScalarVolumeNode
        Below the same transform.
    """
    pair = _samples(node, other)
    if pair is None:
        return None
    after, before, _ = pair
    if not np.isfinite(after).all() or not before.std() or not after.std():
        return 0.0
    correlation = float(np.corrcoef(before, after)[0, 1])
    follows = correlation >= CORRELATION and SLOPES[0] <= correlation * after.std() / before.std() <= SLOPES[1]
    return correlation if follows else 0.0


def is_part_of(node: Any, other: Any) -> bool:
    """Return whether the voxels of a volume are voxels of another one, most of them with the very same values."""
    pair = _samples(node, other)
    if pair is None:
        return False
    values, there, on_lattice = pair
    same = values == there
    return on_lattice and bool(same.mean() >= SAME) and len(np.unique(values[same])) > FEWEST


def _samples(node: Any, other: Any) -> tuple[np.ndarray, np.ndarray, bool] | None:
    """Return values of a volume, those of the other one there, and whether the places are on its voxels; None if elsewhere."""
    arrays = [_grays(volume) for volume in (node, other)]
    if arrays[0] is None or arrays[1] is None or node.GetParentTransformNode() is not other.GetParentTransformNode():
        return None
    step = max(1, arrays[0].size // SAMPLES)
    kji = np.column_stack(np.unravel_index(np.arange(0, arrays[0].size, step), arrays[0].shape))
    matrix = np.linalg.inv(grid_of(other)) @ grid_of(node)
    places = (kji[:, ::-1] @ matrix[:3, :3].T + matrix[:3, 3])[:, ::-1]
    inside = ((places >= -LATTICE) & (places <= np.array(arrays[1].shape) - 1 + LATTICE)).all(axis=1)
    if inside.sum() < FEWEST or inside.mean() < INSIDE:
        return None
    values = arrays[0][tuple(kji[inside].T)].astype(np.float64)
    on_lattice = bool(np.abs(places[inside] - np.rint(places[inside])).max() <= LATTICE)
    return values, _at(arrays[1], places[inside], on_lattice), on_lattice


def _grays(volume: Any) -> np.ndarray | None:
    image = volume.GetImageData()
    if image is None or image.GetNumberOfScalarComponents() != 1 or not image.GetNumberOfPoints():
        return None
    return slicer.util.arrayFromVolume(volume)


def _at(array: np.ndarray, places: np.ndarray, on_lattice: bool) -> np.ndarray:
    """Return values at fractional indices, interpolated linearly."""
    last = np.array(array.shape) - 1
    if on_lattice:
        return array[tuple(np.rint(places).astype(int).clip(0, last).T)].astype(np.float64)
    first = np.floor(places).astype(int).clip(0, last)
    parts = (places - first).clip(0, 1)
    values = np.zeros(len(places))
    for corner in np.ndindex(2, 2, 2):
        weights = np.where(corner, parts, 1 - parts).prod(axis=1)
        values += weights * array[tuple(np.minimum(first + corner, last).T)]
    return values
