"""Segmentations of DICOM without a position, on the pixels of the image that they were made from.

Of each of their frames, DICOM specifies which frame of which image it was made from (PS3.3 C.7.6.16.2.6), and no position.
Slicer shows that image on a grid of its own choice: the segments are where it shows these pixels, or nowhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import slicer

from nifti_dicom_bridge import BridgeError, Volume, identity_of, read

from ..Host import Database
from ..Nodes.NodeImages import NodeImage
from ..Nodes.NodeKinds import VOLUME, instance_uids_of, sequence_of
from ..Nodes.Nodes import image_of
from .LoadedBySlicer import is_on_grid
from .LoadedUnchanged import keeps_grid_of
from .LoaderModels import predictions
from .SegmentSources import Frame, frame_sources, is_tiled
from .VolumeMatching import matches_of

NO_SOURCE = (
    "The segmentation has no position, and does not specify one image that it was made from, so it cannot be shown on an image."
)
NO_IMAGE = (
    "The segmentation has no position. It was made from the image {}, which is not in Slicer's DICOM database. Import that "
    "image in the module DICOM, and load the segmentation again."
)
NOT_SHOWN = (
    "The segmentation has no position. It was made from the image {}, and where Slicer shows the pixels of that image is not "
    "known. Load the series of the image with the loader that is preselected, and load the segmentation again."
)
PROBABILITIES = (
    "The segmentation has no position, and contains probabilities of several images or frames, which Slicer would show as a "
    "volume somewhere in space. Export it to NIfTI to see them."
)


@dataclass(frozen=True)
class Pixels:
    """The pixels of an image in the scene that a segmentation was made from.

    Attributes
    ----------
    node : vtkMRMLVolumeNode
        The image, or what shows the sequence of its frames.
    shape : tuple of int
        Its planes, rows and columns; the planes of a sequence are its items.
    ijk_to_ras : numpy.ndarray, shape (4, 4)
        Its grid, mm.
    start, step : int
        The plane of the first frame of the segmentation, and from there to the next one.
    """

    node: Any
    shape: tuple[int, int, int]
    ijk_to_ras: np.ndarray
    start: int
    step: int

    @property
    def is_sequence(self) -> bool:
        """Whether the image is a sequence of frames, as a cine is, and not a volume."""
        return sequence_of(self.node) is not None

    @property
    def grid(self) -> np.ndarray:
        """Column-row-frame index of the segmentation → mm."""
        planes = np.diag([1.0, 1.0, self.step, 1.0])
        planes[2, 3] = self.start
        return self.ijk_to_ras @ planes

    def placed(self, volume: Volume) -> Volume:
        """Return a label map of the segmentation on the grid of the image."""
        voxels = np.zeros((1, *self.shape), volume.voxels.dtype)
        for number, plane in enumerate(volume.voxels[0]):
            if plane.any():
                voxels[0, self.start + self.step * number] = plane
        return replace(volume, voxels=voxels, ijk_to_ras=self.ijk_to_ras)


def placed_by_images(volumes: Sequence[Volume], files: Sequence[Path]) -> list[Volume]:
    """Return what was read, Segmentations without a position where their images are, if these are in the database and have one.

    Parameters
    ----------
    volumes : sequence of Volume
        What was read.
    files : sequence of pathlib.Path
        Of what.
    """
    objects = {
        volume.dicom.metadata.first.path for volume in volumes if volume.space == "unplaced" and volume.intent == "label"
    }
    images = {uid for path in objects for uid, _ in frame_sources(path)}
    series = {Database.series_of_instances([uid]) for uid in images} - {""}
    if len(series) != 1 or len(images) < 2:
        return list(volumes)
    together = read([*files, *Database.files_of_series(series.pop())], skip_damaged=True)
    own = {str(path) for path in files}
    return [volume for volume in together if volume.dicom.metadata.first.path in own]


def pixels_of(volumes: Sequence[Volume]) -> Pixels | None:
    """Return the pixels that a Segmentation was made from; None if it has a position.

    If its image is not in the scene, it is loaded from the DICOM database.

    Parameters
    ----------
    volumes : sequence of Volume
        The label maps of one Segmentation object.

    Raises
    ------
    BridgeError
        If the image is not specified, not available, or shown in another way than by a loader.
    """
    if volumes[0].space != "unplaced" or is_tiled(volumes[0].dicom.metadata.first.path):
        return None
    sources = frame_sources(volumes[0].dicom.metadata.first.path)
    if len({uid for uid, _ in sources}) != 1:
        raise BridgeError(NO_SOURCE)
    in_scene = [node for node in slicer.util.getNodesByClass(VOLUME) if sources[0][0] in instance_uids_of(node)]
    for node in in_scene or _loaded(sources[0][0]):
        pixels = _pixels_on(node, volumes[0], sources)
        if pixels is not None:
            return pixels
    raise BridgeError(NOT_SHOWN.format(sources[0][0]))


def pixels_of_probabilities(volume: Volume) -> Pixels | None:
    """Return the pixels that probabilities of a Segmentation are of, if it has no position; None for all other images.

    Raises
    ------
    BridgeError
        As for `pixels_of`, and if the image is not a single one: probabilities of frames would be a volume somewhere in space.
    """
    if volume.space != "unplaced" or identity_of(volume, ("Modality",)).get("Modality") != "SEG":
        return None
    pixels = pixels_of([volume])
    if pixels is None or pixels.is_sequence or pixels.shape[0] != 1 or volume.voxels.shape[1] != 1:
        raise BridgeError(PROBABILITIES)
    return pixels


def _loaded(uid: str) -> list[Any]:
    """Load the series of an image, and return the volumes that show it."""
    series = Database.series_of_instances([uid])
    if not series:
        raise BridgeError(NO_IMAGE.format(uid))
    nodes = map(slicer.mrmlScene.GetNodeByID, Database.load_series([series]))
    return [node for node in nodes if node.IsA(VOLUME) and uid in instance_uids_of(node)]


def _pixels_on(node: Any, segmentation: Volume, sources: Sequence[Frame]) -> Pixels | None:
    """Return the pixels of the frames that a segmentation was made from; None if a node does not show them in their order."""
    image = image_of(node)
    times, slices, rows, columns = image.voxels.shape[:4]
    planes = _planes_of_frames(image) if min(times, slices) == 1 else {}
    shown = [(number, planes[uid, number]) for uid, number in sources if (uid, number) in planes]
    if len(shown) < len(sources) or segmentation.voxels.shape[2:4] != (rows, columns):
        return None
    if len({number for number, _ in shown}) == 1:  # an image of one frame is one of several slices
        step = 1
    else:
        (first, start), (last, end) = min(shown), max(shown)
        step = (end - start) // (last - first)
    begins = {plane - step * number for number, plane in shown}
    if abs(step) != 1 or len(begins) != 1:
        return None
    return Pixels(node, (times * slices, rows, columns), image.ijk_to_ras, begins.pop(), step)


def _planes_of_frames(image: NodeImage) -> dict[Frame, int]:
    """Return which plane of a node shows each frame of its files, where it is as a loader has made it; else nothing."""
    volumes = read(Database.files_of_instances(image.instance_uids))
    for model in predictions(volumes, image):
        if model.places and model.voxels.shape == image.voxels.shape and is_on_grid(model, image):
            places = [place for time in model.places for place in time]
            return {_frame(volumes[at.volume], at.time, at.slice): plane for plane, at in enumerate(places)}
    for match in matches_of(volumes, image):
        if keeps_grid_of(match, image):
            count = match.volume.voxels.shape[1]
            order = [(time, count - 1 - k if match.reverse else k) for time in match.times for k in range(count)]
            return {_frame(match.volume, *at): plane for plane, at in enumerate(order)}
    return {}


def _frame(volume: Volume, time: int, number: int) -> Frame:
    metadata = volume.dicom.metadata
    instance, frame = metadata.frames[time, number].tolist()
    return metadata.instances[instance].uid, int(frame)
