"""What was made of a volume that is not where its series has it, on the slices of that series.

DICOM loaders show slices on an even grid, and have a grid transform above it that moves them to their places if they
are not at even distances. Of what is under the same transform and on the same grid, every slice is one of the series. An image
without a position, such as a radiograph, is at the origin in Slicer: what is on its pixels is on those of the series.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from nifti_dicom_bridge import BridgeError, Volume, read

from ..Host import Database, DicomHeaders
from ..Nodes.FirstFrame import first_frame_of, with_frame
from ..Nodes.NodeImages import NodeImage, grid_of
from ..Nodes.NodeKinds import frame_drawn_on, instance_uids_of, kind_of_values, sequence_of, was_dicom
from ..Nodes.PixelGrid import pixel_grid_of
from ..Nodes.References import reference_volume
from ..Nodes.SegmentMasks import lattice_step
from ..Nodes.Transforms import is_acquisition_transform
from .DrawnFrames import drawn_frames
from .LoadedUnchanged import keeps_grid_of
from .VolumeMatching import Match, slice_uids
from .WorldLabels import volume_of_world_labels

Progress = Callable[[str, int, int], None]
POSITION, FRAMES, SLICE_LOCATION = "0020,0032", "0028,0008", "0020,1041"
OTHER_GRID = (
    "{} is under the acquisition transform of {}, and is not on its voxel grid. Harden the transform of {}, or choose that "
    "volume as the source geometry, and convert again."
)
OTHER_REFERENCE = (
    "{} is under the acquisition transform of {}, so only the series of that volume can be its reference. Choose that series, "
    "or harden the transform of {}, and convert again."
)
NO_SERIES = (
    "{} is under the acquisition transform of {}, whose series is not in Slicer's DICOM database. Import it in the module "
    "DICOM, or harden the transform of {}, and convert again."
)
NOT_ONE_IMAGE = (
    "{} is under the acquisition transform of {}, whose slices are not those of one image of its series. Harden the transform "
    "of {}, and convert again."
)


SEVERAL_IMAGES = (
    "{} has labels on {} images of {}, which have no position in space: they are not slices of one volume. Make a segmentation "
    "for each of these images, and convert again."
)
FRAME_UNKNOWN = (
    "Nothing states on which frame of {1} {0} was drawn. Add it to the sequence browser of {1} in the module Sequences, draw "
    "it there, and convert it while that frame is shown."
)
FRAME_SHOWN = "{} is taken for labels on frame {} of {}, the one that its sequence browser shows."
WITHOUT_POSITION = {
    OTHER_GRID: "{} is not on the pixels of {}, which has no position in space. Choose that volume as the source geometry "
    "of {}, and convert again.",
    OTHER_REFERENCE: "{} was made on {}, which has no position in space, so only the series of that volume can be its "
    "reference. Choose that series for {}, and convert again.",
    NOT_ONE_IMAGE: "{} was made on {}, whose pixels are not those of one image of its series, so {} cannot be converted.",
}
"""What is stated of images without a position instead."""


@dataclass(frozen=True)
class SeriesSlices:
    """The slices of a volume of DICOM, on which something was made.

    Attributes
    ----------
    name : str
        Name of the volume.
    files : tuple of pathlib.Path
        Those of its series, which has the places of the slices.
    grid : NodeImage
        The volume, without its voxels.
    has_position : bool
        Whether the series specifies where its images are.
    frames : tuple of int
        Which frame of an image of several, which has no position, each plane is of; empty for all others.
    """

    name: str
    files: tuple[Path, ...]
    grid: NodeImage
    has_position: bool = True
    frames: tuple[int, ...] = ()

    @classmethod
    def of(cls, node: Any, files: Sequence[Path]) -> SeriesSlices | None:
        """Return the slices that a node was made on; None if the series has them where the node has them.

        Parameters
        ----------
        node : vtkMRMLTransformableNode
            A label map, a segmentation or a computed volume.
        files : sequence of pathlib.Path
            Those of the series that it was made of.
        """
        has_position = not is_on_image_without_position(node)
        if has_position and shared_transform(node) is None and volume_of_world_labels(node) is None:
            return None
        volume = reference_volume(node)
        columns, rows, slices = volume.GetImageData().GetDimensions()
        frames = () if has_position else _frames_of_planes(node, volume)
        voxels = np.broadcast_to(np.uint8(0), (1, len(frames) or slices, rows, columns))
        uids, first = instance_uids_of(volume), first_frame_of(volume)
        grid = NodeImage(volume.GetName(), voxels, grid_of(volume), instance_uids=uids, first_frame=first)
        return cls(volume.GetName(), tuple(files), grid, has_position, frames)

    def refusal(self, message: str, name: str) -> BridgeError:
        """Return why something that was made on these slices cannot be converted."""
        text = message if self.has_position else WITHOUT_POSITION.get(message, message)
        return BridgeError(text.format(name, self.name, name))

    def on_grid(self, image: NodeImage) -> NodeImage:
        """Return an image on the grid of the volume.

        Raises
        ------
        BridgeError
            If it has voxels that are not on it.
        """
        step = lattice_step(self.grid.ijk_to_ras, image.ijk_to_ras)
        shape = self.grid.voxels.shape[1:4]
        if step is not None and np.array_equal(step, np.eye(4)) and image.voxels.shape[1:4] == shape:
            return image
        voxels = _at(image.voxels, step, shape) if step is not None and image.is_label_map else None
        if voxels is None:
            raise self.refusal(OTHER_GRID, image.name)
        return replace(image, voxels=voxels, ijk_to_ras=self.grid.ijk_to_ras)

    def on_one_image(self, image: NodeImage) -> tuple[SeriesSlices, NodeImage]:
        """Return these slices and an image on them for the only one that has labels: no position makes a volume of them.

        Raises
        ------
        BridgeError
            If several have labels, or none of several.
        """
        uids, planes = self.grid.instance_uids, image.voxels.shape[1]
        if self.frames:
            return replace(self, files=tuple(Database.files_of_instances(uids))), self._with_note(image)
        labeled = np.flatnonzero(image.voxels[0].reshape(planes, -1).any(axis=1)).tolist() if planes > 1 else [0]
        if len(labeled) != 1:
            raise BridgeError(SEVERAL_IMAGES.format(image.name, len(labeled), self.name))
        place, step = slice(labeled[0], labeled[0] + 1), np.eye(4)
        step[2, 3] = labeled[0]
        ijk_to_ras = self.grid.ijk_to_ras @ step
        grid = replace(self.grid, voxels=self.grid.voxels[:, place], ijk_to_ras=ijk_to_ras, instance_uids=uids[place])
        files = tuple(Database.files_of_instances(grid.instance_uids))
        image = replace(image, voxels=image.voxels[:, place], ijk_to_ras=ijk_to_ras)
        return replace(self, files=files, grid=grid), image

    def _with_note(self, image: NodeImage) -> NodeImage:
        if image.pixel_grid is not None or len(self.frames) > 1:  # each segment has frames of its own, which are known
            return image
        note = FRAME_SHOWN.format(image.name, self.frames[0] + 1, self.name)
        return replace(image, warnings=(*image.warnings, note))

    def placed(self, volume: Volume, progress: Progress) -> Volume:
        """Return an image on the grid of the volume as an image on the grid of the series, in the order of its slices.

        Raises
        ------
        BridgeError
            If the series has no image with these slices.
        """
        originals = read(list(self.files), progress, skip_damaged=True)
        if self.frames:
            placed = next(filter(None, (self._on_frames(volume, original) for original in originals)), None)
        else:
            match = self._match(originals)
            placed = match and replace(volume, voxels=match.in_order(volume.array), ijk_to_ras=match.volume.ijk_to_ras)
        if placed is None:
            raise self.refusal(NOT_ONE_IMAGE, volume.name)
        return placed

    def _on_frames(self, volume: Volume, original: Volume) -> Volume | None:
        """Return labels among the frames of their image, of which the others have none; None where they are not on one."""
        if original.voxels.shape[2:4] != volume.voxels.shape[2:4] or original.source is None:
            return None
        voxels = np.zeros((*original.voxels.shape[:4], *volume.voxels.shape[4:]), volume.voxels.dtype)
        for frame, plane in zip(self.frames, volume.array[0], strict=True):
            places = np.argwhere(original.source.metadata.frames[:, :, 1] == frame)
            if len(places) == 1:
                voxels[tuple(places[0])] = plane
            elif plane.any():
                return None
        return replace(volume, voxels=voxels, ijk_to_ras=original.ijk_to_ras)

    def _match(self, volumes: Sequence[Volume]) -> Match | None:
        """Return the volume with these slices; those of one object have one UID, so their grid states which is the first.

        What shows a sequence may have the UIDs of all times.
        """
        uids, shape = list(self.grid.instance_uids), self.grid.voxels.shape[1:4]
        is_one_object = len(set(uids)) == 1 < shape[0]
        uids = uids[:1] * shape[0] if is_one_object else uids[: shape[0]]
        for volume in with_frame(volumes, self.grid.first_frame):
            if volume.source is None or volume.voxels.shape[1:4] != shape:
                continue
            times = slice_uids(volume).tolist()
            for match in (Match(volume, False, (0,)), Match(volume, True, (0,))):
                if (uids[::-1] if match.reverse else uids) not in times:
                    continue
                if not is_one_object or keeps_grid_of(match, self.grid):
                    return match
        return None


def is_on_image_without_position(node: Any) -> bool:
    """Return whether a node is a segmentation or a label map on images that DICOM specifies no position for.

    Of a cine, it has to be known which frame it was made on.
    """
    volume, files = _images_without_position(node)
    if any(map(_has_frames, files)):
        return len(files) == 1 and bool(_frames_of_planes(node, volume))
    return len(files) == 1 or (bool(files) and not any(Database.value_of(path, SLICE_LOCATION) for path in files))


def doubt_of_frame(node: Any) -> str:
    """Return what to do about labels on a frame of a cine without a position, where nothing states which; else empty."""
    volume, files = _images_without_position(node)
    unknown = len(files) == 1 and _has_frames(files[0]) and not _frames_of_planes(node, volume)
    return FRAME_UNKNOWN.format(node.GetName(), volume.GetName()) if unknown else ""


def _frames_of_planes(node: Any, volume: Any) -> tuple[int, ...]:
    """Return which frame of a cine each plane of its labels is of; empty where nothing states that, or it has one frame only.

    Those of a DICOM Segmentation are known; what was drawn in Slicer is on the frames of its items.
    """
    pixels, sequence = pixel_grid_of(node), sequence_of(volume)
    if pixels is None or sequence is None:
        drawn, frame = drawn_frames(node), frame_drawn_on(node, volume)
        return tuple(range(drawn.count)) if drawn is not None else (frame,) if frame >= 0 else ()
    along = np.rint(np.linalg.inv(pixels) @ grid_of(volume))[2]
    return tuple(int(along[2] * item + along[3]) for item in range(sequence.GetNumberOfDataNodes()))


def _has_frames(path: Path) -> bool:
    return Database.value_of(path, FRAMES) not in ("", "1")


def _images_without_position(node: Any) -> tuple[Any, list[Path]]:
    """Return the volume that labels were made on, and the files of its slices; no files if they have positions."""
    if (
        was_dicom(node)
        or (instance_uids_of(node) and pixel_grid_of(node) is None)
        or kind_of_values(node) != "labels"
        or not node.IsA("vtkMRMLTransformableNode")
    ):
        return None, []
    volume = reference_volume(node)
    if volume is None or volume.GetParentTransformNode() is not node.GetParentTransformNode():
        return None, []
    files = Database.files_of_instances(instance_uids_of(volume))
    slices = volume.GetImageData().GetDimensions()[2]
    return volume, files if len(files) == slices and not any(map(_has_position, files)) else []


def _has_position(path: Path) -> bool:
    return bool(Database.value_of(path, POSITION)) or DicomHeaders.has_frame_positions(path)


def shared_transform(node: Any) -> Any:
    """Return the acquisition transform that a node has in common with the volume of DICOM that it was made of; else None."""
    if not node.IsA("vtkMRMLTransformableNode"):  # such as a sequence that nothing displays
        return None
    if was_dicom(node) or instance_uids_of(node) or not is_acquisition_transform(node.GetParentTransformNode()):
        return None
    volume = reference_volume(node)
    transform = node.GetParentTransformNode()
    return transform if volume is not None and volume.GetParentTransformNode() is transform else None


def _at(voxels: np.ndarray, step: np.ndarray, shape: tuple[int, ...]) -> np.ndarray | None:
    """Return labels at their places in a grid of another size; None where one is outside of it."""
    labels = voxels[0] if voxels.ndim == 4 else voxels[0].any(axis=-1)
    kji = np.argwhere(labels)
    place = (kji[:, ::-1] @ step[:3, :3].T + step[:3, 3])[:, ::-1]
    if (place < 0).any() or (place >= shape).any():
        return None
    placed = np.zeros((1, *shape, *voxels.shape[4:]), voxels.dtype)
    placed[0][tuple(place.T)] = voxels[0][tuple(kji.T)]
    return placed
