"""What was made of a volume of DICOM that is under a transform now, in the space of the series of that volume."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from nifti_dicom_bridge import BridgeError

from ..Host.Hierarchy import node_of_series
from ..Nodes.Transforms import HARDEN_FIRST, linear_parents
from ..Tasks.ExportSources import ExportSource

MOVED = (
    "{} is under a transform: this was written where it is relative to that volume, in the space of its DICOM series. For "
    "world coordinates, harden the transform, or choose another reference"
)

REFERENCE_MOVED = (
    "{}, the volume of the reference series, is under a transform, which DICOM does not have: images of the scene were written "
    "in world coordinates. If they are relative to that volume, take it and them out of the transform first"
)


def in_space_of(volume: Any, source: ExportSource) -> ExportSource:
    """Return a source relative to the volume that it was made of, as the series of that volume does not have its transform.

    Parameters
    ----------
    volume : vtkMRMLVolumeNode or None
        What it was made of; None if that is not in the scene.
    source : ExportSource
        With an image.
    """
    if volume is None or source.image is None:
        return source
    try:
        to_world, _ = linear_parents(volume, HARDEN_FIRST)
    except BridgeError as error:
        return ExportSource(source.title, error=str(error))
    if np.array_equal(to_world, np.eye(4)):
        return source
    image, from_world = source.image, np.linalg.inv(to_world)
    moved = replace(
        image,
        parent_to_world=from_world @ image.parent_to_world,
        gradients=_rotated(image.gradients, from_world[:3, :3]),
        warnings=(*image.warnings, MOVED.format(volume.GetName())),
    )
    return replace(source, image=moved)


def reference_is_moved(series: str) -> str:
    """Return a warning where the volume of a series that was chosen as the reference is under a transform; empty otherwise."""
    volume = node_of_series(series) if series else None
    if volume is None:
        return ""
    try:
        moved = not np.array_equal(linear_parents(volume, HARDEN_FIRST)[0], np.eye(4))
    except BridgeError:
        moved = True
    return REFERENCE_MOVED.format(volume.GetName()) if moved else ""


def _rotated(gradients: np.ndarray | None, matrix: np.ndarray) -> np.ndarray | None:
    """Return gradients with directions in another space, of length 1 or 0."""
    if gradients is None:
        return None
    directions = gradients[:, 1:] @ matrix.T
    lengths = np.linalg.norm(directions, axis=1, keepdims=True)
    return np.hstack([gradients[:, :1], directions / np.where(lengths > 0, lengths, 1)])
