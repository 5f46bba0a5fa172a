"""Nodes as one of Slicer's own loaders has made them; see `LoaderModels`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from nifti_dicom_bridge import BridgeError, Log, Volume, same_grid

from ..Nodes.NodeImages import DIFFERENT_VOLUMES, NodeImage
from .LoaderModels import Prediction
from .VolumeMatching import TOLERANCE_MM
from .VoxelEdits import ACQUISITION_LEFT_OUT, GEOMETRY_EDITED, same_values, with_edits


def volumes_as_loaded(volumes: Sequence[Volume], model: Prediction, image: NodeImage, log: Log) -> list[Volume]:
    """Return the volumes that a loader has read, with the edits of voxels and of geometry."""
    unedited = [volumes[number] for number in model.covered]
    edited = unedited if shows(model, image) else with_edits(volumes, model, image, log)
    if image.grids is not None and not is_on_grid(model, image):
        raise BridgeError(DIFFERENT_VOLUMES.format(image.name))
    shift = np.eye(4) if is_on_grid(model, image) else image.ijk_to_ras @ np.linalg.inv(model.ijk_to_ras)
    moved = image.parent_to_world @ shift
    if image.has_acquisition_transform:
        log.notes.append(ACQUISITION_LEFT_OUT)
    if same_grid(moved @ model.ijk_to_ras, model.ijk_to_ras, image.voxels.shape[1:4], TOLERANCE_MM):
        return edited
    log.notes.append(GEOMETRY_EDITED)
    return [replace(volume, ijk_to_ras=moved @ volume.ijk_to_ras) for volume in edited]


def is_on_grid(model: Prediction, image: NodeImage) -> bool:
    """Whether a node is on the grid that a loader gives it."""
    grids = np.broadcast_to(image.ijk_to_ras, model.grids.shape) if image.grids is None else image.grids
    return all(same_grid(a, b, image.voxels.shape[1:4], TOLERANCE_MM) for a, b in zip(model.grids, grids, strict=True))


def shows(model: Prediction, image: NodeImage) -> bool:
    """Whether a node has the values that a loader shows; time by time, to stay small in memory."""
    return all(same_values(a, b).all() for a, b in zip(model.voxels, image.voxels, strict=True))
