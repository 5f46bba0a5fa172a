"""What was made of a volume that is under an acquisition transform, on the slices of the series of that volume.

Slicer's DICOM loader shows slices on an even grid, and has a grid transform above it that moves them to their places if they
are not at even distances. Of what is under the same transform and on the same grid, every slice is one of the series.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from nifti_dicom_bridge import BridgeError, Volume, read

from .NodeImages import NodeImage, grid_of
from .NodeKinds import instance_uids_of, was_dicom
from .References import reference_volume
from .SegmentMasks import lattice_step
from .Transforms import is_acquisition_transform
from .VolumeMatching import Match, slice_uids

Progress = Callable[[str, int, int], None]
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
    """

    name: str
    files: tuple[Path, ...]
    grid: NodeImage

    @classmethod
    def of(cls, node: Any, files: Sequence[Path]) -> SeriesSlices | None:
        """Return the slices that a node was made on; None if they are not under the same acquisition transform.

        Parameters
        ----------
        node : vtkMRMLTransformableNode
            A label map, a segmentation or a computed volume.
        files : sequence of pathlib.Path
            Those of the series that it was made of.
        """
        if shared_transform(node) is None:
            return None
        volume = reference_volume(node)
        columns, rows, slices = volume.GetImageData().GetDimensions()
        voxels = np.broadcast_to(np.uint8(0), (1, slices, rows, columns))
        grid = NodeImage(volume.GetName(), voxels, grid_of(volume), instance_uids=instance_uids_of(volume))
        return cls(volume.GetName(), tuple(files), grid)

    def refusal(self, message: str, name: str) -> BridgeError:
        """Return why something that was made on these slices cannot be converted."""
        return BridgeError(message.format(name, self.name, name))

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

    def placed(self, volume: Volume, progress: Progress) -> Volume:
        """Return an image on the grid of the volume as an image on the grid of the series, in the order of its slices.

        Raises
        ------
        BridgeError
            If the series has no image with these slices.
        """
        match = self._match(read(list(self.files), progress))
        if match is None:
            raise self.refusal(NOT_ONE_IMAGE, volume.name)
        return replace(volume, voxels=match.in_order(volume.array), ijk_to_ras=match.volume.ijk_to_ras)

    def _match(self, volumes: Sequence[Volume]) -> Match | None:
        uids = list(self.grid.instance_uids)
        for volume in volumes:
            if volume.source is None or volume.voxels.shape[1:4] != self.grid.voxels.shape[1:4]:
                continue
            times = slice_uids(volume).tolist()
            for reverse in (False, True):
                if (uids[::-1] if reverse else uids) in times:
                    return Match(volume, reverse, (0,))
        return None


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
