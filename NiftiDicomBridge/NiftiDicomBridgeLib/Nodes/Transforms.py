"""Parent transforms: linear ones as one matrix, the others refused with a reason."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import slicer
import vtk

from nifti_dicom_bridge import BridgeError

from .NodeKinds import instance_uids_of, was_dicom

ACQUISITION_TRANSFORM = " acquisition transform"
"""In the name of the grid transforms that Slicer's DICOM loader, and ours, make for slices that are on no regular grid."""
SINGULAR = 1e-12
"""A smaller determinant is that of a matrix that cannot be inverted."""
RESAMPLE, HARDEN_FIRST = "Check 'Resample nonlinear transforms'", "Harden the transform"


class Nonlinear(NamedTuple):
    """What to do with nonlinear transforms.

    Attributes
    ----------
    resample : bool
        Resample volumes that are under one, instead of refusing them.
    advice : str
        What else the user can do about a volume.
    left_out : vtkMRMLTransformNode or None
        An acquisition transform that is left out for a node that was not DICOM.
    """

    resample: bool = False
    advice: str = HARDEN_FIRST
    left_out: Any = None


REFUSED = Nonlinear()


def linear_parents(node: Any, advice: str, left_out: Any = None) -> tuple[np.ndarray, bool]:
    """Return all parents of a node as one matrix to world, and whether an acquisition transform was left out.

    Parameters
    ----------
    node : vtkMRMLTransformableNode
        The node.
    advice : str
        What to do where one of them is nonlinear.
    left_out : vtkMRMLTransformNode, optional
        An acquisition transform that is left out for a node that was not DICOM.

    Raises
    ------
    BridgeError
        If one of them is nonlinear, or cannot be inverted. The acquisition transform is left out for what was DICOM only, as
        the original has the true places of its slices; all others are elsewhere without it.
    """
    is_original = was_dicom(node) or bool(instance_uids_of(node))
    total, acquisition = np.eye(4), False
    transform = node.GetParentTransformNode()
    while transform is not None:
        if is_acquisition_transform(transform) and (is_original or transform is left_out):
            acquisition = True
        elif transform.IsLinear():
            step = vtk.vtkMatrix4x4()
            transform.GetMatrixTransformToParent(step)
            matrix = slicer.util.arrayFromVTKMatrix(step)
            if not np.isfinite(matrix).all() or abs(np.linalg.det(matrix)) < SINGULAR:
                raise BridgeError(
                    f"{node.GetName()} is under the transform {transform.GetName()}, whose matrix cannot be inverted. Correct "
                    "the matrix, or take it out of the transform, and export again."
                )
            total = matrix @ total
        else:
            raise BridgeError(
                f"{node.GetName()} is under the nonlinear transform {transform.GetName()}, which no NIfTI header can hold. "
                f"{advice}{_way_out(transform)} and export again."
            )
        transform = transform.GetParentTransformNode()
    return total, acquisition


def is_acquisition_transform(transform: Any) -> bool:
    """Return whether a transform was made by a DICOM loader for slices that are on no regular grid."""
    if transform is None:
        return False
    return transform.IsA("vtkMRMLGridTransformNode") and ACQUISITION_TRANSFORM in (transform.GetName() or "")


def _way_out(transform: Any) -> str:
    """Return what else helps: without the acquisition transform, an image is not at its place."""
    return "" if is_acquisition_transform(transform) else ", or take it out of the transform,"
