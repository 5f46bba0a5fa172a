"""Which DICOM series a node was derived from: found by what Slicer records when a node is made of another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import slicer

from nifti_dicom_bridge import may_be_same_person

from .NodeKinds import LABEL_MAP, SEGMENTATION, VOLUME, instance_uids_of, was_dicom

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
        study that has the very same grid unless several patients have one, of one that has its values at the same places, as
        a cropped volume has, or those that Slicer's DICOM loader recorded. Empty
        if there is no such volume, or if the node itself is an image that was DICOM.
    """
    if was_dicom(node) and not node.IsA(SEGMENTATION):
        return ()
    from ..Host.Hierarchy import referenced_uids

    volume = reference_volume(node)
    return referenced_uids(node) if volume is None else instance_uids_of(volume)


def reference_volume(node: Any) -> Any:
    """Return the volume of DICOM that a node was derived from; None if it is not in the scene, or if the node was DICOM."""
    if was_dicom(node) and not node.IsA(SEGMENTATION):
        return None
    return next((other for other in _related(node) if instance_uids_of(other)), None)


def patient_and_study_of(node: Any) -> dict[str, str]:
    """Return patient and study of a node in the subject hierarchy: keyword → value; if it has none, of what it was made of."""
    from ..Host.Hierarchy import identity_of_node

    own = identity_of_node(node)
    volume = reference_volume(node) if not own else None
    return own if volume is None else identity_of_node(volume)


def has_geometry_of_dicom(node: Any) -> bool:
    """Return whether a node is a segmentation with the geometry of a volume of DICOM."""
    volume = _geometry_volume(node)
    return volume is not None and bool(instance_uids_of(volume))


def has_lost_reference(node: Any) -> bool:
    """Return whether a segmentation has the geometry of a volume that is no longer in the scene."""
    if not node.IsA(SEGMENTATION) or _geometry_volume(node) is not None:
        return False
    name = slicer.vtkSegmentationConverter.GetReferenceImageGeometryParameterName()
    return bool(node.GetSegmentation().GetConversionParameter(name))


def _related(node: Any) -> Iterator[Any]:
    """Yield what a node may be derived from, the surest first."""
    volume = _geometry_volume(node)
    yield from [volume, *_of_one_patient(volume), *_with_its_values(volume)] if volume is not None else []
    for number in range(node.GetNumberOfNodeReferenceRoles()):
        role = node.GetNthNodeReferenceRole(number)
        for index in range(node.GetNumberOfNodeReferences(role)):
            other = node.GetNthNodeReference(role, index)
            if other is not None and other.IsA(VOLUME):
                yield other
    if node.IsA(VOLUME):
        yield from _of_one_patient(node)
        yield from _with_its_values(node)


def _geometry_volume(node: Any) -> Any:
    """Return the volume whose geometry a segmentation has; None for all others."""
    if not node.IsA(SEGMENTATION):
        return None
    return node.GetNodeReference(node.GetReferenceImageGeometryReferenceRole())


def patients_of_grid(node: Any) -> list[str]:
    """Return the names of the patients that a node may be of, where several have volumes with its grid; empty otherwise."""
    if was_dicom(node) or reference_volume(node) is not None:
        return []
    volume = _geometry_volume(node) if node.IsA(SEGMENTATION) else node
    people = _people(_with_same_grid(volume)) if volume is not None and volume.IsA(VOLUME) else []
    return [person.get("PatientName") or person.get("PatientID", "") for person in people]


def _of_one_patient(volume: Any) -> list[Any]:
    """Return the volumes of DICOM with the grid of a volume, which may be computed of one, if they are of one patient."""
    volumes = _with_same_grid(volume) if volume.IsA(VOLUME) else []
    return volumes if len(_people(volumes)) < 2 else []


def _with_its_values(node: Any) -> list[Any]:
    """Return the volumes of DICOM that have the values of a volume at the same places, the most similar one first.

    In its study, its values may be interpolated or smoothed. If it is in none, they must be the very same: other patients
    have similar images, and none has the same one.
    """
    from ..Host.Hierarchy import study_of
    from .SharedValues import follow, is_part_of

    if not node.IsA(VOLUME) or node.IsA(LABEL_MAP):
        return []
    volumes = _of_study(node)
    if study_of(node):
        degrees = [(follow(node, other) or 0.0, number) for number, other in enumerate(volumes)]
        return [volumes[number] for degree, number in sorted(degrees, key=lambda one: -one[0]) if degree]
    parts = [other for other in volumes if is_part_of(node, other)]
    return parts if len(_people(parts)) < 2 else []


def _people(volumes: list[Any]) -> list[dict[str, str]]:
    """Return the identity of every patient that volumes are of."""
    from ..Host.Hierarchy import identity_of_node

    people: list[dict[str, str]] = []
    for identity in map(identity_of_node, volumes):
        if not any(may_be_same_person(known, identity) for known in people):
            people.append(identity)
    return people


def _with_same_grid(node: Any) -> list[Any]:
    """Return the volumes of DICOM in the study of a node, in the whole scene if it is in none, that have its grid."""
    return [other for other in _of_study(node) if _have_same_grid(node, other)]


def _of_study(node: Any) -> list[Any]:
    """Return the other volumes of DICOM in the study of a node, in the whole scene if it is in none."""
    from ..Host.Hierarchy import study_of

    study = study_of(node)
    volumes = [other for other in slicer.util.getNodesByClass(VOLUME) if other.GetID() != node.GetID()]
    return [other for other in volumes if instance_uids_of(other) and (not study or study_of(other) == study)]


def _have_same_grid(a: Any, b: Any) -> bool:
    from .NodeImages import grid_of

    images = [node.GetImageData() for node in (a, b)]
    if None in images or images[0].GetDimensions() != images[1].GetDimensions():
        return False
    if a.GetParentTransformNode() is not b.GetParentTransformNode():
        return False
    return np.allclose(grid_of(a), grid_of(b), rtol=0, atol=TOLERANCE_MM)
