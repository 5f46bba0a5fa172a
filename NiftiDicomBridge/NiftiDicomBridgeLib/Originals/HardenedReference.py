"""Labels on a volume that was resampled to an even grid, which are not on the slices of its series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from nifti_dicom_bridge import Log, Volume, read

from ..Host import Database, DicomHeaders
from ..Nodes.NodeImages import NodeImage, view_of
from ..Nodes.NodeKinds import LABEL_MAP, VOLUME, instance_uids_of, sequence_of
from .ResampledSlices import resampled_volume

POSITION, ORIENTATION = "0020,0032", "0020,0037"
EVEN = 0.05
"""Largest part of a slice distance by which positions are off an even line along the normal."""


def maybe_hardened(volume: Any) -> NodeImage | None:
    """Return what a volume of DICOM shows, without a copy, if its slices are uneven or tilted and it is under no transform."""
    is_image = volume is not None and volume.IsA(VOLUME) and not volume.IsA(LABEL_MAP) and sequence_of(volume) is None
    if not is_image or volume.GetParentTransformNode() is not None or volume.GetImageData() is None:
        return None
    uids = instance_uids_of(volume)
    if not _are_uneven(_places_of(Database.files_of_instances(uids))):
        return None
    return view_of(volume, uids)


def off_the_slices(labels: Volume, shown: NodeImage, files: Sequence[Path]) -> Volume:
    """Return labels with an empty slice more if the volume that they are on was resampled; may be called in another thread.

    On another number of slices, labels are written where they are, and not on the slices of the series.

    Parameters
    ----------
    labels : Volume
        What was drawn.
    shown : NodeImage
        What it was drawn on.
    files : sequence of pathlib.Path
        Those of its series.
    """
    if resampled_volume(read(list(files), skip_damaged=True), shown, Log()) is None:
        return labels
    more = [(0, 0), (0, 1), *[(0, 0)] * (labels.voxels.ndim - 2)]
    return replace(labels, voxels=np.pad(labels.array, more))


def _places_of(files: Sequence[Path]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return position and orientation of the slices in files, LPS, mm; nothing if one has none."""
    if len(files) == 1:
        return DicomHeaders.frame_places(files[0])
    texts = [(Database.value_of(path, POSITION), Database.value_of(path, ORIENTATION)) for path in files]
    if not all(position and orientation for position, orientation in texts):
        return []
    return [(_numbers(position), _numbers(orientation)) for position, orientation in texts]


def _numbers(text: str) -> np.ndarray:
    return np.array([float(part) for part in text.split("\\")])


def _are_uneven(places: Sequence[tuple[np.ndarray, np.ndarray]]) -> bool:
    """Whether slices are not at even distances along the normal of the first one, or not above each other."""
    if len(places) < 3 or any(len(position) != 3 or len(orientation) != 6 for position, orientation in places):
        return False
    across, down = np.reshape(places[0][1], (2, 3))
    normal = np.cross(across, down)
    positions = np.array(sorted((place for place, _ in places), key=lambda place: float(place @ normal)))
    step = (positions[-1] - positions[0]) @ normal / (len(positions) - 1)
    expected = positions[0] + np.arange(len(positions))[:, np.newaxis] * step * normal
    return bool(np.abs(positions - expected).max() > EVEN * abs(step))
