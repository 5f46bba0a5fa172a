"""MRML: the only place where nodes are read. What comes out is plain data that another thread may use."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import slicer
import vtk

from nifti_dicom_bridge import BridgeError

ACQUISITION_TRANSFORM = " acquisition transform"
"""In the name of the grid transforms that Slicer's DICOM loader makes for slices that are on no regular grid."""
VOLUME_CLASS = "vtkMRMLScalarVolumeNode"
REFUSED_CLASSES = {
    "vtkMRMLDiffusionWeightedVolumeNode": "a diffusion-weighted volume",
    "vtkMRMLDiffusionImageVolumeNode": "a diffusion tensor volume",
}


@dataclass(frozen=True, eq=False)
class NodeImage:
    """What a volume node holds.

    Attributes
    ----------
    name : str
        Name of the node.
    voxels : numpy.ndarray, shape (slices, rows, columns) or (slices, rows, columns, components)
        A copy; real values if the node came from DICOM.
    ijk_to_ras : numpy.ndarray, shape (4, 4)
        The node's own grid, mm, without parent transforms.
    parent_to_world : numpy.ndarray, shape (4, 4)
        All linear parent transforms in one, mm, RAS.
    instance_uids : tuple of str
        SOP Instance UIDs of the slices in the order of the node; empty if the node never was DICOM.
    has_acquisition_transform : bool
        Whether the node lies under the nonlinear transform of Slicer's DICOM loader, which is left out here.
    """

    name: str
    voxels: np.ndarray
    ijk_to_ras: np.ndarray
    parent_to_world: np.ndarray = field(default_factory=lambda: np.eye(4))
    instance_uids: tuple[str, ...] = ()
    has_acquisition_transform: bool = False


def image_of(node: Any) -> NodeImage:
    """Return a copy of what a volume node holds.

    Raises
    ------
    BridgeError
        If the node is no volume that can be written, is empty, or is under a nonlinear transform of a person's making.
    """
    _require_convertible(node)
    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    parent_to_world, acquisition = _linear_parents(node)
    return NodeImage(
        name=node.GetName() or node.GetID(),
        voxels=np.array(slicer.util.arrayFromVolume(node)),
        ijk_to_ras=slicer.util.arrayFromVTKMatrix(matrix),
        parent_to_world=parent_to_world,
        instance_uids=_instance_uids(node),
        has_acquisition_transform=acquisition,
    )


def volume_nodes() -> list[Any]:
    """Return the volumes of the scene that can be written, in the order of the scene."""
    found = slicer.util.getNodesByClass(VOLUME_CLASS)
    return [node for node in found if not node.GetHideFromEditors() and not _refused_as(node)]


def _require_convertible(node: Any) -> None:
    if node is None or not node.IsA(VOLUME_CLASS):
        what = "nothing" if node is None else f"a {node.GetClassName()}"
        raise BridgeError(f"A volume was asked for, {what} was given. Choose scalar, label map or vector volumes.")
    refused = _refused_as(node)
    if refused:
        raise BridgeError(
            f"{node.GetName()} is {refused}, which cannot be written yet. Choose scalar, label map or vector volumes."
        )
    image = node.GetImageData()
    if image is None or image.GetNumberOfPoints() == 0:
        raise BridgeError(f"{node.GetName()} holds no image. Load or compute its voxels first.")


def _refused_as(node: Any) -> str:
    return next((words for name, words in REFUSED_CLASSES.items() if node.IsA(name)), "")


def _linear_parents(node: Any) -> tuple[np.ndarray, bool]:
    """Return all parents of a node as one matrix to world, and whether an acquisition transform was left out."""
    total, acquisition = np.eye(4), False
    transform = node.GetParentTransformNode()
    while transform is not None:
        if _is_acquisition_transform(transform):
            acquisition = True
        elif transform.IsLinear():
            step = vtk.vtkMatrix4x4()
            transform.GetMatrixTransformToParent(step)
            total = slicer.util.arrayFromVTKMatrix(step) @ total
        else:
            raise BridgeError(
                f"{node.GetName()} is under the nonlinear transform {transform.GetName()}, which no NIfTI header can hold. "
                "Harden the transform, or take the volume out of it, and export again."
            )
        transform = transform.GetParentTransformNode()
    return total, acquisition


def _is_acquisition_transform(transform: Any) -> bool:
    return transform.IsA("vtkMRMLGridTransformNode") and ACQUISITION_TRANSFORM in (transform.GetName() or "")


def _instance_uids(node: Any) -> tuple[str, ...]:
    return tuple((node.GetAttribute("DICOM.instanceUIDs") or "").split())
