"""Volumes → volume, diffusion-weighted and sequence nodes, as Slicer's own loaders make them: real values, right-handed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import get_vtk_array_type, vtk_to_numpy

from nifti_dicom_bridge import Volume, identity_of, reversed_grid

from ..Nodes.NodeKinds import DIFFUSION, LABEL_MAP, SEQUENCE, VOLUME
from ..Originals.EvenGrids import even_grid
from .VoxelValues import fill_plane, value_type

VECTOR, SEQUENCE_BROWSER = "vtkMRMLVectorVolumeNode", "vtkMRMLSequenceBrowserNode"


@dataclass(frozen=True)
class Grid:
    """The grid of a node: right-handed, so slices may be in reverse order.

    Attributes
    ----------
    ijk_to_ras : numpy.ndarray, shape (4, 4)
        mm. Of uneven slices, that from the first to the last one, as Slicer's loader has it: it contains all of them.
    step : int
        1, or -1 where the slices of the volume are taken from the last to the first.
    shifts : numpy.ndarray, shape (slices, 3), or None
        What leads from each slice on the grid to its true position, RAS, mm; None if all are on the grid.
    """

    ijk_to_ras: np.ndarray
    step: int
    shifts: np.ndarray | None = None

    @classmethod
    def of(cls, volume: Volume) -> Grid:
        """Return the grid of the node of a volume."""
        even = even_grid(volume)
        ijk_to_ras, shifts = (volume.ijk_to_ras, None) if even is None else even
        if step_of(volume) > 0:
            return cls(ijk_to_ras, 1, shifts)
        return cls(reversed_grid(ijk_to_ras, volume.voxels.shape[1]), -1, None if shifts is None else shifts[::-1])


def step_of(volume: Volume) -> int:
    """Return -1 if the node of a volume has its slices in reverse order, else 1."""
    return -1 if np.linalg.det(volume.ijk_to_ras[:3, :3]) < 0 else 1


def add_volume(volume: Volume, name: str) -> Any:
    """Add a volume of one time point, or of several as the components of a diffusion-weighted volume.

    Parameters
    ----------
    volume : Volume
        What was read.
    name : str
        For the node.

    Returns
    -------
    vtkMRMLVolumeNode
        The node, in the scene, with display nodes.
    """
    grid = Grid.of(volume)
    is_diffusion = volume.gradients is not None and volume.times > 1
    node = slicer.mrmlScene.AddNewNodeByClass(DIFFUSION if is_diffusion else _kind_of(volume), name)
    if is_diffusion:
        node.SetAndObserveImageData(_components(volume, grid))
        _set_gradients(node, volume)
        _set_grid(node, grid)
    else:
        _fill(node, volume, grid, 0)
    node.CreateDefaultDisplayNodes()
    return node


def label_map_outside_scene(volume: Volume) -> Any:
    """Return a label map node that is not in the scene, for a conversion only."""
    node = slicer.mrmlScene.CreateNodeByClass(LABEL_MAP)
    node.UnRegister(None)
    _fill(node, volume, Grid.of(volume), 0)
    return node


def add_sequence(volume: Volume, name: str) -> tuple[Any, Any, Any]:
    """Add several time points and return the volume that shows them, their sequence and its browser."""
    scene, grid = slicer.mrmlScene, Grid.of(volume)
    sequence = scene.AddNewNodeByClass(SEQUENCE, name)
    sequence.SetIndexName("time" if volume.time_step_s else "frame")
    sequence.SetIndexUnit("s" if volume.time_step_s else "")
    sequence.SetIndexType(slicer.vtkMRMLSequenceNode.NumericIndex)
    for number in range(volume.times):
        frame = scene.CreateNodeByClass(_kind_of(volume))
        frame.UnRegister(None)
        frame.SetName(name)
        _fill(frame, volume, grid, number)
        sequence.SetDataNodeAtValue(frame, f"{number * (volume.time_step_s or 1):g}")
    browser = scene.AddNewNodeByClass(SEQUENCE_BROWSER, f"{name} browser")
    browser.AddSynchronizedSequenceNode(sequence)
    proxy = browser.GetProxyNode(sequence)
    proxy.CreateDefaultDisplayNodes()
    return proxy, sequence, browser


def is_label_map(volume: Volume) -> bool:
    """Return whether the values of a volume are labels: segment numbers, not probabilities."""
    identity = identity_of(volume, ("Modality", "SegmentationType"))
    labels = volume.intent == "label" or identity.get("Modality") == "SEG"
    fractional = identity.get("SegmentationType") == "FRACTIONAL"
    return labels and not fractional and volume.voxels.ndim == 4 and volume.voxels.dtype.kind in "iu"


def _kind_of(volume: Volume) -> str:
    return VECTOR if volume.voxels.ndim == 5 else LABEL_MAP if is_label_map(volume) and volume.times == 1 else VOLUME


def _fill(node: Any, volume: Volume, grid: Grid, time: int) -> None:
    """Give a node one time point and its grid."""
    node.SetAndObserveImageData(_image(volume, grid, time))
    _set_grid(node, grid)
    if node.GetClassName() == VECTOR:
        node.SetVoxelVectorType(slicer.vtkMRMLVolumeNode.VoxelVectorTypeColorRGB)


def _image(volume: Volume, grid: Grid, time: int) -> vtk.vtkImageData:
    """Return one time point as image data."""
    samples = volume.voxels.shape[4:]
    image, target = _allocated(volume, samples[0] if samples else 1)
    for k, plane in enumerate(volume.voxels[time, :: grid.step]):
        fill_plane(target[k] if samples else target[k, ..., 0], plane, volume.rescale)
    return image


def _components(volume: Volume, grid: Grid) -> vtk.vtkImageData:
    """Return all time points as the components of one image."""
    image, target = _allocated(volume, volume.times)
    for number, voxels in enumerate(volume.voxels):
        for k, plane in enumerate(voxels[:: grid.step]):
            fill_plane(target[k, ..., number], plane, volume.rescale)
    return image


def _allocated(volume: Volume, components: int) -> tuple[vtk.vtkImageData, np.ndarray]:
    """Return image data and its memory as an array, shape (slices, rows, columns, components)."""
    image = vtk.vtkImageData()
    image.SetDimensions(*volume.shape_ijk)
    image.AllocateScalars(get_vtk_array_type(value_type(volume)), components)
    array = vtk_to_numpy(image.GetPointData().GetScalars())
    return image, array.reshape(*volume.shape_ijk[::-1], components)


def _set_grid(node: Any, grid: Grid) -> None:
    node.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(grid.ijk_to_ras))


def _set_gradients(node: Any, volume: Volume) -> None:
    """Set b-values and directions; the measurement frame stays the identity, since the directions are in RAS."""
    assert volume.gradients is not None
    node.SetNumberOfGradients(len(volume.gradients))
    for number, row in enumerate(volume.gradients.tolist()):
        node.SetBValue(number, row[0])
        node.SetDiffusionGradient(number, row[1:])
