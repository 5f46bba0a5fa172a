"""Parent transforms: linear ones as one matrix, the others refused with a reason."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer
import vtk

from nifti_dicom_bridge import BridgeError

from .NodeKinds import instance_uids_of, was_dicom

ACQUISITION_TRANSFORM = " acquisition transform"
"""In the name of the grid transforms that Slicer's DICOM loader makes for slices that are on no regular grid."""
SINGULAR = 1e-12
"""A smaller determinant is that of a matrix that cannot be inverted."""
RESAMPLE, HARDEN_FIRST = "Check 'Resample under nonlinear transforms'", "Harden the transform"


def linear_parents(node: Any, advice: str) -> tuple[np.ndarray, bool]:
    """Return all parents of a node as one matrix to world, and whether an acquisition transform was left out.

    Parameters
    ----------
    node : vtkMRMLTransformableNode
        The node.
    advice : str
        What to do where one of them is nonlinear.

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
        if _is_acquisition_transform(transform) and is_original:
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


def _is_acquisition_transform(transform: Any) -> bool:
    return transform.IsA("vtkMRMLGridTransformNode") and ACQUISITION_TRANSFORM in (transform.GetName() or "")


def _way_out(transform: Any) -> str:
    """Return what else helps: without the acquisition transform, an image is not at its place."""
    return "" if _is_acquisition_transform(transform) else ", or take it out of the transform,"
