"""The segments of a segmentation node on one common grid.

Slicer stores every segment in an extent of its own; a reference geometry specifies where all of them are, but there need not be
one. Segments are never resampled: their grids must be parts of one lattice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import slicer
import vtk

from nifti_dicom_bridge import BridgeError

from .NodeImages import Mask

LATTICE = 1e-3
"""How far, in voxels, a grid may be off the lattice of another one."""


@dataclass(frozen=True, eq=False)
class Grid:
    """A grid: size in slices, rows, columns, and IJK → RAS, mm."""

    shape: tuple[int, int, int]
    ijk_to_ras: np.ndarray


def masks_of(node: Any) -> list[Mask]:
    """Return all segments of a node.

    Raises
    ------
    BridgeError
        If Slicer cannot turn the segments into voxels.
    """
    name = slicer.vtkSegmentationConverter.GetSegmentationBinaryLabelmapRepresentationName()
    segmentation = node.GetSegmentation()
    if not segmentation.ContainsRepresentation(name):
        copy = slicer.vtkSegmentation()  # the node stays as it is
        copy.DeepCopy(segmentation)
        if not copy.CreateRepresentation(name):
            raise BridgeError(
                f"{node.GetName()}: Slicer cannot turn its segments into voxels. See Slicer's log for the reason."
            )
        segmentation = copy
    return [_mask_of(segmentation.GetSegment(key), key, name) for key in segmentation.GetSegmentIDs()]


def common_grid(node: Any, masks: Sequence[Mask]) -> Grid:
    """Return the grid that contains all voxels of all segments: the reference geometry where they are on it.

    Raises
    ------
    BridgeError
        If the segments are on grids that are not parts of one lattice, or empty without a reference geometry.
    """
    filled = [mask for mask in masks if not mask.is_empty]
    reference = reference_grid(node)
    if reference is not None and all(lattice_step(reference.ijk_to_ras, mask.ijk_to_ras) is not None for mask in filled):
        return _around(reference, filled)
    if not filled:
        raise BridgeError(
            f"All segments of {node.GetName()} are empty, and it has no source geometry, so it has no voxel grid. Choose one "
            "in the Segment Editor, or draw a segment."
        )
    first = Grid(filled[0].inside.shape, filled[0].ijk_to_ras)
    for mask in filled[1:]:
        if lattice_step(first.ijk_to_ras, mask.ijk_to_ras) is None:
            raise BridgeError(
                f"{node.GetName()}: the segments {filled[0].segment_id} and {mask.segment_id} are on different voxel grids, "
                "which cannot be joined without resampling. Choose a source geometry in the Segment Editor, so that Slicer "
                "resamples them, and export again."
            )
    return _around(first, filled)


def on_grid(mask: Mask, grid: Grid) -> np.ndarray | None:
    """Return a segment as a mask on a grid; None where a voxel is not on it or outside of it."""
    mask_on_grid = np.zeros(grid.shape, bool)
    if mask.is_empty:
        return mask_on_grid
    step = lattice_step(grid.ijk_to_ras, mask.ijk_to_ras)
    if step is None:
        return None
    kji = np.argwhere(mask.inside)
    ijk = kji[:, ::-1] @ step[:3, :3].T + step[:3, 3]
    if (ijk < 0).any() or (ijk >= np.array(grid.shape[::-1])).any():
        return None
    mask_on_grid[ijk[:, 2], ijk[:, 1], ijk[:, 0]] = True
    return mask_on_grid


def lattice_step(grid: np.ndarray, other: np.ndarray) -> np.ndarray | None:
    """Return the integer matrix from indices of one grid to those of another one; None where they share no lattice."""
    exact = np.linalg.inv(grid) @ other
    step = np.rint(exact).astype(int)
    axes = np.abs(step[:3, :3])
    is_turn = (axes.sum(axis=0) == 1).all() and (axes.sum(axis=1) == 1).all()
    return step if is_turn and np.abs(exact - step).max() <= LATTICE else None


def _mask_of(segment: Any, key: str, representation: str) -> Mask:
    from vtk.util.numpy_support import vtk_to_numpy

    image, matrix = segment.GetRepresentation(representation), vtk.vtkMatrix4x4()
    scalars = image.GetPointData().GetScalars() if image is not None else None
    value = int(segment.GetLabelValue())
    if scalars is None or not scalars.GetNumberOfTuples():
        return Mask(key, np.zeros((0, 0, 0), bool), np.eye(4), value)
    image.GetImageToWorldMatrix(matrix)
    inside = vtk_to_numpy(scalars).reshape(image.GetDimensions()[::-1]) == value
    extent = image.GetExtent()
    return cropped(Mask(key, inside, _shifted(slicer.util.arrayFromVTKMatrix(matrix), extent[::2]), value))


def cropped(mask: Mask) -> Mask:
    """Return a mask without empty borders."""
    if not mask.inside.any():
        return replace(mask, inside=np.zeros((0, 0, 0), bool))
    spans = [np.flatnonzero(mask.inside.any(axis=tuple(other for other in range(3) if other != axis))) for axis in range(3)]
    part = tuple(slice(int(span[0]), int(span[-1]) + 1) for span in spans)
    start = [span.start for span in part[::-1]]
    return replace(mask, inside=mask.inside[part].copy(), ijk_to_ras=_shifted(mask.ijk_to_ras, start))


def _shifted(matrix: np.ndarray, start: Sequence[int]) -> np.ndarray:
    shifted = np.array(matrix, dtype=float)
    shifted[:3, 3] += shifted[:3, :3] @ np.asarray(start, dtype=float)
    return shifted


def reference_grid(node: Any) -> Grid | None:
    """Return the grid of the reference geometry that a segmentation keeps as a conversion parameter."""
    converter = slicer.vtkSegmentationConverter
    text = node.GetSegmentation().GetConversionParameter(converter.GetReferenceImageGeometryParameterName())
    geometry, matrix = slicer.vtkOrientedImageData(), vtk.vtkMatrix4x4()
    if not text or not converter.DeserializeImageGeometry(text, geometry, False):
        return None
    geometry.GetImageToWorldMatrix(matrix)
    extent = geometry.GetExtent()
    columns, rows, slices = (last - first + 1 for first, last in zip(extent[::2], extent[1::2], strict=True))
    if min(columns, rows, slices) < 1:
        return None
    return Grid((slices, rows, columns), _shifted(slicer.util.arrayFromVTKMatrix(matrix), extent[::2]))


def _around(grid: Grid, masks: Sequence[Mask]) -> Grid:
    """Return a grid that is extended, where necessary, to contain all masks."""
    lows, highs = [np.zeros(3, int)], [np.array(grid.shape[::-1]) - 1]
    for mask in masks:
        step = lattice_step(grid.ijk_to_ras, mask.ijk_to_ras)
        assert step is not None
        corners = np.array([np.zeros(3, int), np.array(mask.inside.shape[::-1]) - 1]) @ step[:3, :3].T + step[:3, 3]
        lows.append(corners.min(axis=0))
        highs.append(corners.max(axis=0))
    low, high = np.min(lows, axis=0), np.max(highs, axis=0)
    columns, rows, slices = (high - low + 1).tolist()
    return Grid((slices, rows, columns), _shifted(grid.ijk_to_ras, low))
