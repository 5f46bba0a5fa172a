"""Segmentations of the frames of a cine, as a sequence that is browsed with it: an item for every frame, most of them empty.

Slicer shows the item before where a frame has none, so that labels of one frame would be shown on all that follow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import slicer

from nifti_dicom_bridge import Segment, Volume

from ..Nodes.NodeKinds import SEQUENCE, browser_of, sequence_of
from ..Nodes.PixelGrid import remember_pixel_grid
from ..Originals.PixelsOfSegmentations import Pixels
from .NewSegmentations import add_empty_segmentation
from .NewVolumes import label_map_outside_scene

Layers = Sequence[tuple[Volume, Sequence[Segment]]]


def add_segmentation_sequence(layers: Layers, name: str, pixels: Pixels, uids: str) -> Any:
    """Add a segmentation to the sequence browser of a cine, and return the node that shows it.

    Parameters
    ----------
    layers : sequence of (Volume, sequence of Segment)
        Label maps with a plane for every item of the cine, and what their values mean.
    name : str
        For the node.
    pixels : Pixels
        Of the cine.
    uids : str
        SOP Instance UID of the segmentation.
    """
    images, browser = sequence_of(pixels.node), browser_of(pixels.node)
    empty, ids = add_empty_segmentation([segment for _, segments in layers for segment in segments], name)
    empty.SetReferenceImageGeometryParameterFromVolumeNode(pixels.node)
    empty.SetAttribute("DICOM.instanceUIDs", uids)
    remember_pixel_grid(empty, pixels.grid)
    sequence = slicer.mrmlScene.AddNewNodeByClass(SEQUENCE, name)
    sequence.SetIndexName(images.GetIndexName())
    sequence.SetIndexUnit(images.GetIndexUnit())
    sequence.SetIndexType(images.GetIndexType())
    for number in range(images.GetNumberOfDataNodes()):
        sequence.SetDataNodeAtValue(empty, images.GetNthIndexValue(number))
        for volume, segments in layers:
            _fill(
                sequence.GetNthDataNode(number), volume, number, {segment.number: ids[segment.number] for segment in segments}
            )
    slicer.mrmlScene.RemoveNode(empty)
    browser.AddSynchronizedSequenceNode(sequence)
    browser.SetSaveChanges(sequence, True)
    proxy = browser.GetProxyNode(sequence)
    proxy.SetName(name)
    proxy.CreateDefaultDisplayNodes()
    return proxy


def _fill(node: Any, volume: Volume, number: int, ids: dict[int, str]) -> None:
    """Give the segments of an item their voxels in a plane."""
    logic = slicer.vtkSlicerSegmentationsModuleLogic
    plane = volume.voxels[:1, number : number + 1]
    for value in np.unique(plane).tolist():
        if value in ids:
            labels = label_map_outside_scene(replace(volume, voxels=(plane == value).astype(np.uint8)))
            image = logic.CreateOrientedImageDataFromVolumeNode(labels)
            image.UnRegister(None)
            logic.SetBinaryLabelmapToSegment(image, node, ids[value], logic.MODE_REPLACE, image.GetExtent())
