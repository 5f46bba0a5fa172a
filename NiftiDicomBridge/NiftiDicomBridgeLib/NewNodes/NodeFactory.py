"""Volumes → nodes of the scene with all that belongs to them: identity, place in the subject hierarchy, display."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import slicer

from nifti_dicom_bridge import Volume, identity_of, segments_of

from ..Host.Hierarchy import place
from ..Nodes.FirstFrame import remember_first_frame
from ..Nodes.NodeKinds import LABEL_MAP, SEGMENTATION, VOLUME
from ..Nodes.PixelGrid import IMAGE_OF_PIXELS, remember_pixel_grid
from ..Nodes.Segments import companion_table, read_label_table
from ..Nodes.SourceFile import ATTRIBUTE
from ..Originals.PixelsOfSegmentations import Pixels, pixels_of, pixels_of_probabilities
from ..Originals.VolumeMatching import slice_uids
from . import Display
from .AcquisitionTransform import put_slices_in_place
from .NewSegmentations import add_segmentation, refer_to_image
from .NewVolumes import add_sequence, add_volume, step_of
from .SegmentationSequences import add_segmentation_sequence
from .VolumeNames import names_of


def add_nodes(volume: Volume, name: str, source: Path | None = None, shown: bool = True) -> list[Any]:
    """Add a volume to the scene and return the nodes that a user works with.

    Parameters
    ----------
    volume : Volume
        What was read.
    name : str
        For the node; a number is appended if the scene has such a node already.
    source : pathlib.Path, optional
        The NIfTI file that it was read from; recorded at the node if our sidecar is next to it.
    shown : bool
        Show it in the slice views.

    Returns
    -------
    list of vtkMRMLNode
        The volume or segmentation; for several time points the volume that shows the sequence, then the sequence.

    Raises
    ------
    BridgeError
        If VTK has no type that holds the values.
    """
    name = slicer.mrmlScene.GenerateUniqueName(name)
    segments = segments_of(volume)
    browser = None
    if segments:
        nodes = [add_segmentation([(volume, segments)], name)]
    elif volume.times > 1 and volume.gradients is None:
        *nodes, browser = add_sequence(volume, name)
        _remember_frames(nodes[1], volume, source)
    else:
        nodes = [add_volume(volume, name)]
    _finish(nodes, volume, source)
    if shown:
        Display.show(nodes[0], browser)
    return nodes


def add_series(volumes: Sequence[Volume], name: str) -> list[Any]:
    """Add the volumes of one series, show the first one, and return a node for each.

    Parameters
    ----------
    volumes : sequence of Volume
        What was read from DICOM. The layers of one Segmentation object become one segmentation node.
    name : str
        Of the series; what differs between the volumes is appended (see `names_of`).
    """
    objects: dict[str, list[Volume]] = {}
    images: list[tuple[Volume, Pixels | None]] = []
    for volume in volumes:
        if segments_of(volume) and volume.source is not None:
            objects.setdefault(volume.source.metadata.first.uid, []).append(volume)
        else:
            images.append((volume, pixels_of_probabilities(volume)))
    firsts = [layers[0] for layers in objects.values()]
    names = names_of([*firsts, *(volume for volume, _ in images)], name) if volumes else []
    nodes = [_add_object(layers, label) for layers, label in zip(objects.values(), names, strict=False)]
    for number, ((volume, pixels), label) in enumerate(zip(images, names[len(firsts) :], strict=True)):
        placed = volume if pixels is None else pixels.placed(volume)
        nodes.append(add_nodes(placed, label, shown=number == 0)[0])
        if pixels is not None:
            _put_on(nodes[-1], pixels)
    return nodes


def _add_object(layers: Sequence[Volume], name: str) -> Any:
    """Add all layers of a Segmentation object as one node; without a position, on the pixels that it was made from."""
    pixels, name = pixels_of(layers), slicer.mrmlScene.GenerateUniqueName(name)
    described = [(layer if pixels is None else pixels.placed(layer), segments_of(layer)) for layer in layers]
    if pixels is not None and pixels.is_sequence:
        node = add_segmentation_sequence(described, name, pixels, layers[0].dicom.metadata.first.uid)
    else:
        node = add_segmentation(described, name)
    _finish([node], layers[0], None)
    if pixels is not None:
        _put_on(node, pixels)
    Display.show(node)
    return node


def _put_on(node: Any, pixels: Pixels) -> None:
    """Let what was made from the pixels of an image follow it, and record where they are."""
    if not node.IsA(SEGMENTATION):
        node.SetNodeReferenceID(IMAGE_OF_PIXELS, pixels.node.GetID())
        remember_pixel_grid(node, pixels.grid)
    elif pixels.is_sequence:
        node.SetNodeReferenceID(node.GetReferenceImageGeometryReferenceRole(), pixels.node.GetID())
    else:
        node.SetReferenceImageGeometryParameterFromVolumeNode(pixels.node)
        remember_pixel_grid(node, pixels.grid)
    node.SetAndObserveTransformNodeID(pixels.node.GetTransformNodeID())


def _finish(nodes: Sequence[Any], volume: Volume, source: Path | None) -> None:
    """Give new nodes their identity and look."""
    first, identity = nodes[0], identity_of(volume)
    for node in nodes:
        _remember(node, volume, source)
    if first.IsA(VOLUME):
        Display.apply_display(first, volume)
    if first.IsA(LABEL_MAP) and source is not None and companion_table(source).is_file():
        Display.name_labels(first, read_label_table(companion_table(source).read_text("utf-8")))
    place(first, identity)
    put_slices_in_place(first, volume)
    if first.IsA(SEGMENTATION):
        refer_to_image(first, volume)


def _remember(node: Any, volume: Volume, source: Path | None, time: int | None = None) -> None:
    """Record the SOP Instance UIDs at a node, as Slicer's DICOM loader does, and the file that it came from."""
    if volume.source is None:
        return
    uids = slice_uids(volume)[:, :: step_of(volume)]
    if node.IsA(VOLUME) or node.IsA(SEGMENTATION):
        listed = (uids if time is None else uids[time]).reshape(-1).tolist()
        several = len(set(listed)) > 1
        node.SetAttribute("DICOM.instanceUIDs", " ".join(listed if several else listed[:1]))
        if node.IsA(VOLUME) and time is None and not several:
            remember_first_frame(node, volume)
    if source is not None:
        node.SetAttribute(ATTRIBUTE, str(source))


def _remember_frames(sequence: Any, volume: Volume, source: Path | None) -> None:
    for time in range(volume.times):
        frame = sequence.GetNthDataNode(time)
        _remember(frame, volume, source, time)
        Display.set_units(frame, volume)
