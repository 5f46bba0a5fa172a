"""Labels in world coordinates that were drawn on a volume under its acquisition transform, on the voxels of that volume.

The Segment Editor has a segmentation on the grid of its source volume, but under no transform: a voxel of it is where Slicer
shows it, which is not where the slice of the same number is.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from nifti_dicom_bridge import BridgeError

from ..Nodes.NodeImages import NodeImage, grid_of
from ..Nodes.NodeKinds import instance_uids_of, kind_of_values, was_dicom
from ..Nodes.References import reference_volume
from ..Nodes.Transforms import HARDEN_FIRST, is_acquisition_transform, linear_parents

ON_SLICES = (
    "{0} was drawn on {1}, whose slices are not evenly spaced, and was written on those: what is between two slices was left "
    "out"
)


def volume_of_world_labels(node: Any) -> Any:
    """Return the volume under an acquisition transform that labels were drawn on which are not under it; else None."""
    if not node.IsA("vtkMRMLTransformableNode") or kind_of_values(node) != "labels":
        return None
    if was_dicom(node) or instance_uids_of(node):
        return None
    volume = reference_volume(node)
    transform = volume.GetParentTransformNode() if volume is not None else None
    return volume if is_acquisition_transform(transform) and transform not in _parents(node) else None


def on_voxels_of(volume: Any, image: NodeImage) -> NodeImage:
    """Return labels in world coordinates on the voxels of a volume, as if they were under its transforms.

    Parameters
    ----------
    volume : vtkMRMLVolumeNode
        Each of its slices is moved as a whole.
    image : NodeImage
        The labels.

    Raises
    ------
    BridgeError
        If the volume is under another nonlinear transform, or has labels nowhere in its slices.
    """
    columns, rows, slices = volume.GetImageData().GetDimensions()
    to_labels = np.linalg.inv(image.parent_to_world @ image.ijk_to_ras)
    voxels = np.zeros((1, slices, rows, columns, *image.voxels.shape[4:]), image.voxels.dtype)
    for k in range(slices):
        voxels[0, k] = _sampled(image.voxels[0], to_labels @ _slice_to_world(volume, k), (rows, columns))
    if image.voxels.any() and not voxels.any():
        raise BridgeError(
            f"{image.name} was drawn on {volume.GetName()}, whose slices are not evenly spaced, and has no voxel in one of "
            "them. Draw it on the slices, and convert again."
        )
    warning = ON_SLICES.format(image.name, volume.GetName())
    to_world, _ = linear_parents(volume, HARDEN_FIRST)
    return replace(
        image,
        voxels=voxels,
        ijk_to_ras=grid_of(volume),
        parent_to_world=to_world,
        warnings=(*image.warnings, warning),
    )


def _slice_to_world(volume: Any, k: int) -> np.ndarray:
    """Return column, row, 0 → world of one slice, mm."""
    grid = grid_of(volume)
    corners = [_world(volume, grid @ [i, j, k, 1]) for i, j in ((0, 0), (1, 0), (0, 1))]
    matrix = np.eye(4)
    matrix[:3, 0], matrix[:3, 1], matrix[:3, 3] = corners[1] - corners[0], corners[2] - corners[0], corners[0]
    return matrix


def _world(volume: Any, place: np.ndarray) -> np.ndarray:
    moved = [0.0, 0.0, 0.0]
    volume.TransformPointToWorld(place[:3].tolist(), moved)
    return np.array(moved)


def _sampled(labels: np.ndarray, to_index: np.ndarray, rows_columns: tuple[int, int]) -> np.ndarray:
    """Return the labels nearest to the pixels of a plane, 0 outside; `to_index` maps column and row to their indices."""
    j, i = np.indices(rows_columns)
    places = [np.rint(to_index[axis, 0] * i + to_index[axis, 1] * j + to_index[axis, 3]).astype(int) for axis in (2, 1, 0)]
    inside = np.logical_and.reduce([(at >= 0) & (at < size) for at, size in zip(places, labels.shape[:3], strict=True)])
    result = np.zeros((*rows_columns, *labels.shape[3:]), labels.dtype)
    result[inside] = labels[tuple(at[inside] for at in places)]
    return result


def _parents(node: Any) -> list[Any]:
    """Return all transforms above a node."""
    result, transform = [], node.GetParentTransformNode()
    while transform is not None:
        result.append(transform)
        transform = transform.GetParentTransformNode()
    return result
