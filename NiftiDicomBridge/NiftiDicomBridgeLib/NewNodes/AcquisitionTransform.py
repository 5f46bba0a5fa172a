"""The transform that puts slices which are on no even grid at their true positions, as that of Slicer's DICOM loader."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import numpy_to_vtk

from nifti_dicom_bridge import Volume, spacing_of, unit_axes

from ..Host.Hierarchy import put_next_to
from ..Nodes.Transforms import ACQUISITION_TRANSFORM
from .NewVolumes import Grid

CORNERS = 2
"""Displacements in each direction of a slice: outside of them, that of the nearest counts."""


def put_slices_in_place(node: Any, volume: Volume) -> None:
    """Put a node under a transform to the true positions of its slices, if the grid of the volume does not have them.

    Parameters
    ----------
    node : vtkMRMLTransformableNode
        On the grid of the volume.
    volume : Volume
        What the node shows.
    """
    grid = Grid.of(volume)
    if grid.shifts is None:
        return
    name = slicer.mrmlScene.GenerateUniqueName((node.GetName() or "") + ACQUISITION_TRANSFORM)
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLGridTransformNode", name)
    transform.SetAndObserveTransformToParent(_displacements(grid.ijk_to_ras, volume.voxels.shape[1:4], grid.shifts))
    node.SetAndObserveTransformNodeID(transform.GetID())
    put_next_to(transform, node)


def _displacements(ijk_to_ras: np.ndarray, shape: tuple[int, ...], shifts: np.ndarray) -> vtk.vtkGridTransform:
    """Return a transform with the same displacement everywhere in a slice, and between slices what is between theirs."""
    slices, rows, columns = shape
    image = vtk.vtkImageData()
    image.SetDimensions(CORNERS, CORNERS, slices)
    image.SetOrigin(ijk_to_ras[:3, 3])
    image.SetSpacing(spacing_of(ijk_to_ras) * (columns, rows, 1))
    image.GetPointData().SetScalars(numpy_to_vtk(np.repeat(shifts, CORNERS * CORNERS, axis=0), deep=True))
    directions = np.eye(4)
    directions[:3, :3] = unit_axes(ijk_to_ras)
    transform = slicer.vtkOrientedGridTransform()
    transform.SetGridDirectionMatrix(slicer.util.vtkMatrixFromArray(directions))
    transform.SetDisplacementGridData(image)
    return transform
