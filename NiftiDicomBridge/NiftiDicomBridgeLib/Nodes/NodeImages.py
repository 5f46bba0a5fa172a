"""What is read of a node: plain data that another thread may use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import slicer
import vtk

DIFFERENT_VOLUMES = (
    "The volumes of {} differ in size or place, which one 4D image cannot hold. Export them one by one, or export the original "
    "series."
)


class Label(NamedTuple):
    """What a number in a label map means: name, color (0 to 255), terminology as Slicer writes it, DICOM properties."""

    number: int
    name: str
    color: tuple[int, int, int]
    terminology: str = ""
    algorithm_type: str = ""
    algorithm_name: str = ""
    tracking_id: str = ""
    tracking_uid: str = ""


def bytes_of_color(parts: Sequence[float]) -> tuple[int, int, int]:
    """Return a color of Slicer as 0 to 255; readers of CIELab colors give parts that are slightly outside of 0 to 1."""
    red, green, blue = (round(255 * min(1.0, max(0.0, part))) for part in parts[:3])
    return red, green, blue


@dataclass(frozen=True, eq=False)
class Mask:
    """One segment.

    Attributes
    ----------
    segment_id : str
        Its ID in the node.
    inside : numpy.ndarray of bool, shape (slices, rows, columns)
        Its voxels, without empty borders; of size 0 where it is empty.
    ijk_to_ras : numpy.ndarray, shape (4, 4)
        Of that array, mm.
    value : int
        The number that its voxels have in Slicer.
    """

    segment_id: str
    inside: np.ndarray
    ijk_to_ras: np.ndarray
    value: int = 1

    @property
    def is_empty(self) -> bool:
        """Whether the segment has no voxel."""
        return not self.inside.size


@dataclass(frozen=True, eq=False)
class NodeImage:
    """What a node holds.

    Attributes
    ----------
    name : str
        Name of the node.
    voxels : numpy.ndarray, shape (times, slices, rows, columns) or (times, slices, rows, columns, components)
        A copy, as Slicer shows it. The components of a segmentation are its label maps, where segments overlap.
    ijk_to_ras : numpy.ndarray, shape (4, 4)
        The node's own grid, mm, without parent transforms.
    parent_to_world : numpy.ndarray, shape (4, 4)
        All linear parent transforms in one, mm, RAS.
    instance_uids : tuple of str
        SOP Instance UIDs of the slices in the order of the node, time after time; empty if the node never was DICOM.
    has_acquisition_transform : bool
        Whether the node is under the nonlinear transform of a DICOM loader, which is left out here.
    source : pathlib.Path or None
        The NIfTI file with our sidecar that the node was loaded from.
    gradients : numpy.ndarray or None, shape (times, 4)
        b-value in s/mm² and unit direction in world RAS.
    time_step_s : float
        Seconds between two times; 0 where unknown.
    labels : tuple of Label
        Of a label map; empty where no one named them.
    is_label_map : bool
        Whether its numbers are labels.
    hardened : bool
        Whether it was resampled under a nonlinear transform, on request.
    masks : tuple of Mask
        The segments of a segmentation that have voxels, all if none has any, in the order of `labels`.
    warnings : tuple of str
        What of the node could not be included.
    grids : numpy.ndarray or None, shape (times, 4, 4)
        The grid of every time where they differ, as in a sequence of single slices; None where all have `ijk_to_ras`.
    pixel_grid : numpy.ndarray or None, shape (4, 4)
        Where Slicer has the pixels of a DICOM Segmentation without a position, mm; None for all others.
    first_frame : tuple of (str, int) or None
        SOP Instance UID and number of its first frame, where that is recorded.
    """

    name: str
    voxels: np.ndarray
    ijk_to_ras: np.ndarray
    parent_to_world: np.ndarray = field(default_factory=lambda: np.eye(4))
    instance_uids: tuple[str, ...] = ()
    has_acquisition_transform: bool = False
    source: Path | None = None
    gradients: np.ndarray | None = None
    time_step_s: float = 0.0
    labels: tuple[Label, ...] = ()
    is_label_map: bool = False
    hardened: bool = False
    masks: tuple[Mask, ...] = ()
    warnings: tuple[str, ...] = ()
    grids: np.ndarray | None = None
    pixel_grid: np.ndarray | None = None
    first_frame: tuple[str, int] | None = None


def grid_of(node: Any) -> np.ndarray:
    """Return IJK → RAS of a volume node, mm."""
    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    return slicer.util.arrayFromVTKMatrix(matrix)


def view_of(node: Any, instance_uids: tuple[str, ...]) -> NodeImage:
    """Return the voxels and the grid of a volume node without a copy, to be looked at only."""
    voxels = slicer.util.arrayFromVolume(node)[np.newaxis]
    return NodeImage(node.GetName(), voxels, grid_of(node), instance_uids=instance_uids)


def remove_with_displays(node: Any) -> None:
    """Take a temporary node out of the scene, and what came with it."""
    extra = [node.GetNthDisplayNode(n) for n in range(node.GetNumberOfDisplayNodes())] + [node.GetStorageNode()]
    slicer.mrmlScene.RemoveNode(node)
    for other in extra:
        if other is not None:
            slicer.mrmlScene.RemoveNode(other)
