"""Which DICOM series a node was derived from: found by what Slicer records when a node is made of another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import slicer

from .NodeKinds import SEGMENTATION, VOLUME, instance_uids_of, was_dicom

TOLERANCE_MM = 1e-3


def reference_uids(node: Any) -> tuple[str, ...]:
    """Return the SOP Instance UIDs of the volume that a node was derived from.

    Parameters
    ----------
    node : vtkMRMLNode
        A segmentation, a label map or a computed volume.

    Returns
    -------
    tuple of str
        Of the volume that determines the geometry of a segmentation, of a volume that the node refers to, of one in the same
        study that has the very same grid, or those that Slicer's DICOM loader recorded. Empty if there is no such volume, or if
        the node itself is an image that was DICOM.
    """
    if was_dicom(node) and not node.IsA(SEGMENTATION):
        return ()
    from .Hierarchy import referenced_uids

    volume = reference_volume(node)
    return referenced_uids(node) if volume is None else instance_uids_of(volume)


def reference_volume(node: Any) -> Any:
    """Return the volume of DICOM that a node was derived from; None if it is not in the scene, or if the node was DICOM."""
    if was_dicom(node) and not node.IsA(SEGMENTATION):
        return None
    return next((other for other in _related(node) if instance_uids_of(other)), None)


def has_lost_reference(node: Any) -> bool:
    """Return whether a segmentation has the geometry of a volume that is no longer in the scene."""
    if not node.IsA(SEGMENTATION) or node.GetNodeReference(node.GetReferenceImageGeometryReferenceRole()) is not None:
        return False
    name = slicer.vtkSegmentationConverter.GetReferenceImageGeometryParameterName()
    return bool(node.GetSegmentation().GetConversionParameter(name))


def _related(node: Any) -> Iterator[Any]:
    """Yield what a node may be derived from, the surest first."""
    if node.IsA(SEGMENTATION):
        volume = node.GetNodeReference(node.GetReferenceImageGeometryReferenceRole())
        yield from [volume] if volume is not None else []
    for number in range(node.GetNumberOfNodeReferenceRoles()):
        role = node.GetNthNodeReferenceRole(number)
        for index in range(node.GetNumberOfNodeReferences(role)):
            other = node.GetNthNodeReference(role, index)
            if other is not None and other.IsA(VOLUME):
                yield other
    if node.IsA(VOLUME):
        yield from _with_same_grid(node)


def _with_same_grid(node: Any) -> Iterator[Any]:
    """Yield the volumes of DICOM in the study of a node, in the whole scene if it is in none, that have its grid."""
    from .Hierarchy import study_of

    study = study_of(node)
    for other in slicer.util.getNodesByClass(VOLUME):
        same_study = not study or study_of(other) == study
        if other.GetID() != node.GetID() and same_study and instance_uids_of(other) and _have_same_grid(node, other):
            yield other


def _have_same_grid(a: Any, b: Any) -> bool:
    from .NodeImages import grid_of

    images = [node.GetImageData() for node in (a, b)]
    if None in images or images[0].GetDimensions() != images[1].GetDimensions():
        return False
    if a.GetParentTransformNode() is not b.GetParentTransformNode():
        return False
    return np.allclose(grid_of(a), grid_of(b), rtol=0, atol=TOLERANCE_MM)
