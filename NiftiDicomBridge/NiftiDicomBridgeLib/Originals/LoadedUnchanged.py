"""Nodes whose values and grid are what their original files mean: those of our own loader, and of Slicer's for plain images."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nifti_dicom_bridge import Log, Rescale, Volume, reversed_grid, same_grid

from ..Nodes.NodeImages import NodeImage
from .EvenGrids import even_grid
from .VolumeMatching import TOLERANCE_MM, Match
from .VoxelEdits import ACQUISITION_LEFT_OUT, GEOMETRY_EDITED, NOT_STORED, VOXELS_EDITED, Relation


def agrees(match: Match, image: NodeImage) -> bool:
    """Whether the voxels of a node are the real values of a volume; plane by plane, to stay small in memory."""
    original, voxels = match.volume, match.in_order(image.voxels)
    if original.rescale.is_identity and original.voxels.dtype.kind in "iub" and voxels.dtype.kind in "iub":
        return np.array_equal(original.voxels, voxels)
    return all(
        _agree(stored, seen, original.rescale) for stored, seen in zip(_planes(original.voxels), _planes(voxels), strict=True)
    )


def agrees_in_a_plane(match: Match, image: NodeImage) -> bool:
    """Whether a plane that shows something has the real values of a volume: then the others are edited, not shown otherwise."""
    pairs = zip(_planes(match.volume.voxels), _planes(match.in_order(image.voxels)), strict=True)
    return any(stored.min() < stored.max() and _agree(stored, seen, match.volume.rescale) for stored, seen in pairs)


def _planes(voxels: np.ndarray) -> list[np.ndarray]:
    return [plane for time in voxels for plane in time]


def _agree(stored: np.ndarray, seen: np.ndarray, rescale: Rescale) -> bool:
    return Relation(rescale.slope, rescale.intercept).explains(stored, seen)


def _grid_in_order(match: Match, image: NodeImage) -> np.ndarray:
    return reversed_grid(image.ijk_to_ras, image.voxels.shape[1]) if match.reverse else image.ijk_to_ras


def keeps_grid_of(match: Match, image: NodeImage) -> bool:
    """Whether a node is on the grid of a volume, or on the even one that a loader makes of uneven slices."""
    return _is_original_grid(match.volume, _grid_in_order(match, image), image)


def placed_volume(match: Match, image: NodeImage, log: Log) -> Volume:
    """Return the volume that a node was loaded from, on the grid of the node."""
    return moved_volume(match.volume, _grid_in_order(match, image), image, log)


def edited_volume(match: Match, image: NodeImage, relation: Relation | None, log: Log) -> Volume:
    """Return the volume that a node was loaded from, with the voxels and the grid of the node."""
    volume = with_voxels(match.volume, match.in_order(image.voxels), relation, log)
    return moved_volume(volume, _grid_in_order(match, image), image, log)


def with_voxels(original: Volume, voxels: np.ndarray, relation: Relation | None, log: Log) -> Volume:
    """Return the volume with the voxels of the node, itself if they are the same."""
    rescale = original.rescale
    relation = relation or Relation(rescale.slope, rescale.intercept)
    same_shape = voxels.shape == original.voxels.shape
    if same_shape and relation.explains(original.voxels, voxels):
        return original
    log.notes.append(VOXELS_EDITED)
    stored = _stored_values(original, voxels, relation)
    if stored is not None:
        return replace(original, voxels=stored)
    real = voxels
    if relation != (rescale.slope, rescale.intercept):
        real = (relation.stored(voxels) * rescale.slope + rescale.intercept).astype(np.result_type(voxels, np.float32))
    log.notes.append(NOT_STORED.format(original.voxels.dtype, real.dtype))
    return replace(original, voxels=np.ascontiguousarray(real), rescale=Rescale(units=rescale.units))


def _stored_values(original: Volume, voxels: np.ndarray, relation: Relation) -> np.ndarray | None:
    """Return the stored values that mean the voxels; None where the stored type cannot hold one of them exactly."""
    dtype = original.voxels.dtype
    if voxels.ndim != original.voxels.ndim:
        return None
    stored = np.empty(voxels.shape, dtype)
    for target, seen in zip(_planes(stored), _planes(voxels), strict=True):
        values = relation.stored(seen)
        if dtype.kind in "iu":
            values = np.rint(values)
            limits = np.iinfo(dtype)
            if not np.isfinite(values).all() or values.min() < limits.min or values.max() > limits.max:
                return None
        target[...] = values
        if not relation.explains(target, seen):
            return None
    return stored


# --- geometry -------------------------------------------------------------------------------------------------------


def moved_volume(volume: Volume, grid: np.ndarray, image: NodeImage, log: Log) -> Volume:
    """Return the volume on the grid of the node, itself if that is the original one."""
    moved = not same_grid(image.parent_to_world @ grid, grid, volume.voxels.shape[1:4], TOLERANCE_MM)
    if image.has_acquisition_transform:
        log.notes.append(ACQUISITION_LEFT_OUT)
    keeps_grid = image.has_acquisition_transform or _is_original_grid(volume, grid, image)
    if keeps_grid and not moved:
        return volume
    log.notes.append(GEOMETRY_EDITED)
    if moved:
        log.notes.append("Linear parent transforms are part of the written geometry.")
    return replace(volume, ijk_to_ras=image.parent_to_world @ (volume.ijk_to_ras if keeps_grid else grid))


def _is_original_grid(volume: Volume, grid: np.ndarray, image: NodeImage) -> bool:
    is_same = same_grid(volume.ijk_to_ras, grid, volume.voxels.shape[1:4], TOLERANCE_MM)
    if volume.voxels.shape[1:4] != image.voxels.shape[1:4] or is_same:
        return is_same
    return _is_even_grid(volume, grid) or (bool(volume.warnings) and _is_regularised(volume.ijk_to_ras, grid))


def _is_regularised(original: np.ndarray, grid: np.ndarray) -> bool:
    """Whether a grid is what Slicer makes of tilted or uneven slices: the first slice in place, the others stacked upright."""
    same_plane = np.allclose(original[:3, [0, 1, 3]], grid[:3, [0, 1, 3]], rtol=0, atol=TOLERANCE_MM)
    normal = np.cross(grid[:3, 0], grid[:3, 1])
    upright = np.allclose(np.cross(normal, grid[:3, 2]), 0, atol=TOLERANCE_MM * np.linalg.norm(normal))
    return bool(same_plane and upright)


def _is_even_grid(volume: Volume, grid: np.ndarray) -> bool:
    """Whether a grid is the one that our loader has for uneven slices."""
    even = even_grid(volume)
    return even is not None and same_grid(even[0], grid, volume.voxels.shape[1:4], TOLERANCE_MM)
