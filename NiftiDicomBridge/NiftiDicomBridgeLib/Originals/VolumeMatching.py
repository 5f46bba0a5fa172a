"""Which volume in its original files a node was loaded from, and how Slicer has reoriented it.

Slicer's DICOM loader keeps the order of rows and columns, may reverse the slices to be right-handed, and orders times as it
sees fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from nifti_dicom_bridge import BridgeError, Volume, reversed_grid, same_grid

from ..Nodes.NodeImages import NodeImage
from .EvenGrids import grids_of

TOLERANCE_MM = 1e-3
OTHER_COLORS = "was edited, and shows other color components than its original DICOM instances have, as with a palette"
IS_MOSAIC = "was edited while Slicer showed it as a mosaic, all slices side by side in one image"


class Match(NamedTuple):
    """A volume that a node was loaded from; whether the node has its slices in reverse order, and where its times are."""

    volume: Volume
    reverse: bool
    times: tuple[int, ...]

    def in_order(self, voxels: np.ndarray) -> np.ndarray:
        """Return voxels of the node in the order of the volume."""
        ordered = voxels[list(self.times)] if self.times != tuple(range(len(voxels))) else voxels
        return ordered[:, ::-1] if self.reverse else ordered


def matches_of(volumes: Sequence[Volume], image: NodeImage) -> list[Match]:
    """Return what a node may have been loaded from: by the UIDs of its slices, else by its grid; empty where nothing fits."""
    fitting = [volume for volume in volumes if volume.voxels.shape == image.voxels.shape]
    return _with_same_slices(fitting, image) or _with_same_grid(fitting, image)


def only_match(matches: Sequence[Match], image: NodeImage) -> Match:
    """Return the match of a node that is edited.

    Raises
    ------
    BridgeError
        If there are several on one grid, such as the probabilities of several segments: nothing states which it is.
    """
    if len({id(match.volume) for match in matches}) > 1:
        raise BridgeError(not_found(image, f"was edited, and may be each of {len(matches)} images in its DICOM instances"))
    return matches[0]


def edited_match_of(volumes: Sequence[Volume], image: NodeImage) -> Match:
    """Return what a node was loaded from whose grid, and perhaps shape, is edited.

    Raises
    ------
    BridgeError
        If none of the volumes, or more than one, can be it.
    """
    _require_same_kind(volumes, image)
    fitting = [volume for volume in volumes if volume.voxels.shape == image.voxels.shape]
    candidates = fitting or [volume for volume in volumes if volume.times == image.voxels.shape[0]]
    if len(candidates) == 1:
        # Slicer's loader has reversed the slices only if they were left-handed.
        reverse = bool(fitting) and np.linalg.det(candidates[0].ijk_to_ras[:3, :3]) < 0
        return Match(candidates[0], bool(reverse), _as_they_are(image))
    raise BridgeError(not_found(image, f"matches none of the {len(volumes)} images in its original DICOM instances"))


def not_found(image: NodeImage, why: str) -> str:
    """Return why a node cannot be matched with its original files, and what to do."""
    return (
        f"{image.name}, of {' × '.join(str(n) for n in image.voxels.shape[1:])} voxels, {why}. Convert the DICOM files "
        "themselves, or remove the node's attribute DICOM.instanceUIDs to write it as an image without DICOM metadata."
    )


def slice_uids(volume: Volume) -> np.ndarray:
    """Return the SOP Instance UID of every plane, shape (times, slices)."""
    metadata = volume.dicom.metadata
    uids = np.array([instance.uid for instance in metadata.instances], dtype=object)
    return uids[metadata.frames[:, :, 0]]


def _require_same_kind(volumes: Sequence[Volume], image: NodeImage) -> None:
    """Raise where an edit of what Slicer shows cannot be transferred to the pixels of the files."""
    samples = image.voxels.shape[4:]
    if all(volume.voxels.shape[4:] != samples for volume in volumes):
        raise BridgeError(not_found(image, OTHER_COLORS))
    mosaics = [volume for volume in volumes if volume.source is not None and volume.source.is_mosaic]
    if mosaics and all(volume.voxels.shape[1:] != image.voxels.shape[1:] for volume in volumes):
        raise BridgeError(not_found(image, IS_MOSAIC))


def _with_same_slices(volumes: Sequence[Volume], image: NodeImage) -> list[Match]:
    times, slices = image.voxels.shape[:2]
    if len(image.instance_uids) != times * slices or len(set(image.instance_uids)) == 1:
        return []  # frames of multi-frame objects have no UIDs of their own
    seen = np.array(image.instance_uids, dtype=object).reshape(times, slices)
    matches = []
    for volume in volumes:
        for reverse in (False, True):
            order = _order_of_times(slice_uids(volume), seen[:, ::-1] if reverse else seen)
            if order is not None:
                matches.append(Match(volume, reverse, order))
    return matches


def _order_of_times(original: np.ndarray, seen: np.ndarray) -> tuple[int, ...] | None:
    """Return where each time of the original is in the node; None where they are not the same."""
    places = {tuple(row): number for number, row in reversed(list(enumerate(seen.tolist())))}
    order = [places.get(tuple(row)) for row in original.tolist()]
    if None in order:
        return None
    # Times of one multi-frame object have the same UIDs: then nothing but their order distinguishes them.
    return tuple(order) if len(set(order)) == len(order) else tuple(range(len(order)))  # type: ignore[arg-type]


def _with_same_grid(volumes: Sequence[Volume], image: NodeImage) -> list[Match]:
    grids = ((image.ijk_to_ras, False), (reversed_grid(image.ijk_to_ras, image.voxels.shape[1]), True))
    return [
        Match(volume, reverse, _as_they_are(image))
        for volume in volumes
        for grid, reverse in grids
        if any(same_grid(own, grid, volume.voxels.shape[1:4], TOLERANCE_MM) for own in grids_of(volume))
    ]


def _as_they_are(image: NodeImage) -> tuple[int, ...]:
    return tuple(range(len(image.voxels)))
