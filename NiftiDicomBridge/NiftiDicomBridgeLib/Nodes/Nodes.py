"""MRML nodes → plain data that another thread may use: volumes and sequences here, segmentations in `Segments`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import slicer
import vtk

from nifti_dicom_bridge import BridgeError

from ..Originals.DrawnTimes import DrawnTime
from .FirstFrame import first_frame_of
from .NodeImages import DIFFERENT_VOLUMES, Label, NodeImage, bytes_of_color, grid_of, remove_with_displays
from .NodeKinds import (
    DIFFUSION,
    LABEL_MAP,
    SEGMENTATION,
    VOLUME,
    displayed_item,
    holds_volumes,
    instance_uids_of,
    refused_as,
    sequence_of,
)
from .PixelGrid import IMAGE_OF_PIXELS, pixel_grid_of
from .Segments import image_of_segmentation
from .SourceFile import source_of
from .Transforms import HARDEN_FIRST, REFUSED, Nonlinear, linear_parents

SECONDS = {"s": 1.0, "sec": 1.0, "second": 1.0, "seconds": 1.0, "ms": 1e-3}


def image_of(node: Any, nonlinear: Nonlinear = REFUSED, time: DrawnTime | None = None) -> NodeImage:
    """Return a copy of what a node contains.

    Parameters
    ----------
    node : vtkMRMLVolumeNode, vtkMRMLSegmentationNode or vtkMRMLSequenceNode
        What to read. The volume that shows a sequence represents the whole sequence.
    nonlinear : Nonlinear
        What to do with nonlinear transforms.
    time : DrawnTime, optional
        Which of the times that segments were drawn at.

    Raises
    ------
    BridgeError
        If the node is none that can be written, is empty, or is under a nonlinear transform of a person's making.
    """
    if node is not None and node.IsA(SEGMENTATION):
        return image_of_segmentation(node, *_parents_of(node, nonlinear, HARDEN_FIRST), time)
    sequence = sequence_of(node)
    return _image_of_sequence(sequence, node) if sequence is not None else _image_of_volume(node, nonlinear)


def _parents_of(node: Any, nonlinear: Nonlinear, advice: str) -> tuple[np.ndarray, bool]:
    """Return the transforms of a node to world; none if it is of a Segmentation without a position, and follows its image."""
    transform = node.GetParentTransformNode()
    if pixel_grid_of(node) is None or transform is None:
        return linear_parents(node, advice, nonlinear.left_out)
    role = node.GetReferenceImageGeometryReferenceRole() if node.IsA(SEGMENTATION) else IMAGE_OF_PIXELS
    image = node.GetNodeReference(role)
    if image is None or image.GetParentTransformNode() is not transform:
        raise BridgeError(
            f"{node.GetName()} is under the transform {transform.GetName()}, and the image that it was made from is not. It "
            "has no position in space that could be transformed: take it out of the transform, and export again."
        )
    return np.eye(4), False


# --- volumes ----------------------------------------------------------------------------------------------------------


def _image_of_volume(node: Any, nonlinear: Nonlinear) -> NodeImage:
    _require_convertible(node)
    try:
        parent_to_world, acquisition = _parents_of(node, nonlinear, nonlinear.advice)
    except BridgeError:
        if not nonlinear.resample:
            raise
        return _hardened(node)
    image = NodeImage(
        name=node.GetName() or node.GetID(),
        voxels=np.array(slicer.util.arrayFromVolume(node))[np.newaxis],
        ijk_to_ras=grid_of(node),
        parent_to_world=parent_to_world,
        instance_uids=instance_uids_of(node),
        has_acquisition_transform=acquisition,
        source=source_of(node),
        is_label_map=bool(node.IsA(LABEL_MAP)),
        first_frame=first_frame_of(node),
        pixel_grid=pixel_grid_of(node),
        labels=_labels_of(node, [slicer.util.arrayFromVolume(node)]) if node.IsA(LABEL_MAP) else (),
    )
    return _with_directions(image, node) if node.IsA(DIFFUSION) else image


def _require_convertible(node: Any) -> None:
    if node is None or not node.IsA(VOLUME):
        what = "nothing" if node is None else f"a {node.GetClassName()}"
        raise BridgeError(
            f"A volume was asked for, {what} was given. Choose volumes, label maps, segmentations or sequences of volumes."
        )
    refused = refused_as(node)
    if refused:
        raise BridgeError(f"{node.GetName()} is {refused}, which NIfTI and DICOM images cannot hold. Choose a volume.")
    image = node.GetImageData()
    if image is None or image.GetNumberOfPoints() == 0:
        raise BridgeError(f"{node.GetName()} contains no image. Load or compute its voxels first.")


def _hardened(node: Any) -> NodeImage:
    """Read a resampled copy; the node itself stays as it is."""
    copy = slicer.vtkSlicerVolumesLogic.CloneVolumeGeneric(node.GetScene(), node, node.GetName(), True)
    try:
        copy.SetAndObserveTransformNodeID(node.GetTransformNodeID())
        if not copy.HardenTransform():
            raise BridgeError(
                f"{node.GetName()} could not be resampled under its transforms. Slicer's log contains the reason."
            )
        image = _image_of_volume(copy, REFUSED)
    finally:
        remove_with_displays(copy)
    return replace(image, name=node.GetName(), instance_uids=(), source=None, hardened=True)


def _with_directions(image: NodeImage, node: Any) -> NodeImage:
    """Take the components for times, and the gradients from the measurement frame to world RAS.

    NRRD, "Defining measurement frame": its columns are the axes of the gradients in world coordinates.
    """
    frame = vtk.vtkMatrix4x4()
    node.GetMeasurementFrameMatrix(frame)
    turn = image.parent_to_world[:3, :3] @ slicer.util.arrayFromVTKMatrix(frame)[:3, :3]
    rows = [_gradient(node, n, turn) for n in range(node.GetNumberOfGradients())]
    voxels = np.moveaxis(image.voxels[0], -1, 0) if image.voxels.ndim == 5 else image.voxels
    if len(rows) != len(voxels):
        raise BridgeError(f"{image.name} has {len(voxels)} images and {len(rows)} gradients. Repair it and export again.")
    return replace(image, voxels=np.ascontiguousarray(voxels), gradients=np.array(rows))


def _gradient(node: Any, number: int, turn: np.ndarray) -> list[float]:
    direction = turn @ np.array(node.GetDiffusionGradient(number))
    length = float(np.linalg.norm(direction))
    return [node.GetBValue(number), *(direction / length if length else direction)]


def _labels_of(node: Any, arrays: Sequence[np.ndarray]) -> tuple[Label, ...]:
    """Return the names and colors of the numbers that are in the arrays of a label map, as its color table specifies them.

    Slicer's own tables specify what every application calls a number, and nothing of this image.
    """
    display = node.GetDisplayNode()
    table = display.GetColorNode() if display is not None else None
    if table is None or table.GetSingletonTag():
        return ()
    labels = []
    for number in sorted({number for array in arrays for number in np.unique(array).tolist()}):
        name = table.GetColorName(int(number)) if 0 < number < table.GetNumberOfColors() else ""
        if name and name != "(none)":
            rgba = [0.0] * 4
            table.GetColor(int(number), rgba)
            labels.append(Label(int(number), name, bytes_of_color(rgba)))
    return tuple(labels)


# --- sequences --------------------------------------------------------------------------------------------------------


def _image_of_sequence(sequence: Any, shown: Any) -> NodeImage:
    """Stack the volumes of a sequence; transforms are those of the node that shows it, for frames have none."""
    originals = [sequence.GetNthDataNode(n) for n in range(sequence.GetNumberOfDataNodes())]
    frames = _as_displayed(originals, sequence, shown)
    if not holds_volumes(sequence):
        raise BridgeError(
            f"{sequence.GetName()} is not a sequence of volumes. Choose volumes, segmentations, or such a sequence."
        )
    for frame in frames:
        _require_convertible(frame)
    grids = np.array([grid_of(frame) for frame in frames])
    arrays = [np.array(slicer.util.arrayFromVolume(frame)) for frame in frames]
    if len({array.shape for array in arrays}) > 1:
        raise BridgeError(DIFFERENT_VOLUMES.format(sequence.GetName()))
    uids = tuple(uid for frame in originals for uid in instance_uids_of(frame))
    same_place = np.allclose(grids, grids[0], rtol=0, atol=1e-3)
    if not same_place and not uids:
        raise BridgeError(DIFFERENT_VOLUMES.format(sequence.GetName()))
    parent_to_world, acquisition = linear_parents(shown, HARDEN_FIRST) if shown is not sequence else (np.eye(4), False)
    return NodeImage(
        name=shown.GetName() or sequence.GetName() or sequence.GetID(),
        voxels=np.stack(arrays),
        ijk_to_ras=grids[0],
        parent_to_world=parent_to_world,
        instance_uids=uids,
        has_acquisition_transform=acquisition,
        source=source_of(originals[0]),
        time_step_s=_time_step_s(sequence),
        is_label_map=bool(originals[0].IsA(LABEL_MAP)),
        labels=_labels_of(shown, arrays) if shown.IsA(LABEL_MAP) else (),
        warnings=() if uids else _doubt_of_times(sequence),
        grids=None if same_place else grids,
    )


def _as_displayed(frames: list[Any], sequence: Any, shown: Any) -> list[Any]:
    """Return the volumes of a sequence, with the displayed one as the user sees it, who may have edited it."""
    displayed = displayed_item(shown, sequence)
    if not 0 <= displayed < len(frames) or shown.GetImageData() is None:
        return frames
    return [*frames[:displayed], shown, *frames[displayed + 1 :]]


def _time_step_s(sequence: Any) -> float:
    """Return the distance of the times where they are even and in a unit of time; 0 otherwise."""
    steps = _time_steps_s(sequence)
    even = steps.size > 0 and np.allclose(steps, steps[0], rtol=1e-3, atol=0) and steps[0] > 0
    return float(steps[0]) if even else 0.0


def _doubt_of_times(sequence: Any) -> tuple[str, ...]:
    """Return that times are stated, but cannot be written, as NIfTI has one distance for all."""
    if not _time_steps_s(sequence).size or _time_step_s(sequence):
        return ()
    return (
        f"The times of {sequence.GetName()} are not evenly spaced: they were left out, and the order of its volumes was kept.",
    )


def _time_steps_s(sequence: Any) -> np.ndarray:
    """Return the seconds from each time to the next one; empty if the index is not in a unit of time."""
    unit = SECONDS.get((sequence.GetIndexUnit() or "").lower())
    if unit is None or (sequence.GetIndexName() or "time") != "time":
        return np.zeros(0)
    try:
        times = [float(sequence.GetNthIndexValue(n)) for n in range(sequence.GetNumberOfDataNodes())]
    except ValueError:
        return np.zeros(0)
    return np.diff(times) * unit
