"""Segments that were drawn in Slicer on frames of a cine: those of every item of the sequence, each on its own frame.

Slicer shows the item before where a frame has none; what is drawn there is drawn on that item. The frame that is shown must
therefore have an item of its own.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from nifti_dicom_bridge import BridgeError

from ..Nodes.NodeImages import grid_of
from ..Nodes.NodeKinds import SEGMENTATION, displayed_item, frame_drawn_on, sequence_of
from ..Nodes.PixelGrid import pixel_grid_of
from ..Nodes.References import reference_volume
from ..Nodes.SegmentMasks import Grid, masks_of

NO_FRAME = "{} has segments at {} of its sequence, which is not a frame of {}. Remove that item, and convert again."
OTHER_NAMES = (
    "{}: the segment {} has different names on different frames: {}. Give it one name, or draw each structure in a segment "
    "that was added before the first frame."
)
ON_FRAMES = "{} has segments on the frames {} of {}: each was written on its own frame, and the others have none."
OTHER_TIMES = (
    "{} has segments at other times of its sequence, which were not written: show each of them, and convert again. Times: {}."
)


class DrawnFrames(NamedTuple):
    """Items of a segmentation that are on frames of a cine.

    Attributes
    ----------
    items : dict of int to vtkMRMLSegmentationNode
        Number of the frame → what was drawn on it; those with voxels only.
    count : int
        How many frames the cine has.
    grid : SegmentMasks.Grid
        Of a frame.
    name : str
        Of the volume that shows the cine.
    """

    items: dict[int, Any]
    count: int
    grid: Grid
    name: str

    def note(self, node: Any) -> str:
        """Return which frames have segments."""
        return ON_FRAMES.format(node.GetName(), ", ".join(str(frame + 1) for frame in self.items), self.name)


def drawn_frames(node: Any) -> DrawnFrames | None:
    """Return the frames that a segmentation was drawn on; None unless there are others than the one that is shown.

    Raises
    ------
    BridgeError
        If an item is not of a frame, or a segment has several names.
    """
    if not is_of_sequence(node):
        return None
    volume = reference_volume(node)
    images = sequence_of(volume) if volume is not None else None
    if images is None or volume.GetImageData() is None:
        return None
    columns, rows, slices = volume.GetImageData().GetDimensions()
    shown = frame_drawn_on(node, volume)
    if shown < 0 or slices != 1:
        return None
    items = {}
    for place, item in filled_items(node):
        frame = images.GetItemNumberFromIndexValue(place, True)
        if frame < 0:
            raise BridgeError(NO_FRAME.format(node.GetName(), place, volume.GetName()))
        items[int(frame)] = item
    if set(items) <= {shown}:
        return None
    _require_one_name(node, items)
    grid = Grid((1, rows, columns), grid_of(volume))
    return DrawnFrames(dict(sorted(items.items())), images.GetNumberOfDataNodes(), grid, volume.GetName())


def segments_of(node: Any) -> dict[str, Any]:
    """Return the segments of a segmentation by their IDs, those of other frames that it was drawn on, too."""
    drawn = drawn_frames(node)
    segments: dict[str, Any] = {}
    for item in (node, *(drawn.items.values() if drawn is not None else ())):
        segments = own_segments(item) | segments
    return segments


def own_segments(item: Any) -> dict[str, Any]:
    """Return the segments of one node, or of one item of a sequence, by their IDs."""
    segmentation = item.GetSegmentation()
    return {key: segmentation.GetSegment(key) for key in segmentation.GetSegmentIDs()}


def words_of_frames(node: Any) -> tuple[str, ...]:
    """Return warnings about the frames that segments are on."""
    drawn = drawn_frames(node)
    if drawn is not None:
        return (drawn.note(node),)
    if not is_of_sequence(node):
        return ()
    others = [place for place, item in filled_items(node) if item is not node]
    return (OTHER_TIMES.format(node.GetName(), ", ".join(others)),) if others else ()


def is_of_sequence(node: Any) -> bool:
    """Return whether a node is a segmentation that shows the items of a sequence, other than those of a DICOM Segmentation."""
    return bool(node.IsA(SEGMENTATION) and pixel_grid_of(node) is None and sequence_of(node) is not None)


def filled_items(node: Any) -> list[tuple[str, Any]]:
    """Return index value and item of each time with voxels; that which is shown is the node itself."""
    sequence = sequence_of(node)
    shown = displayed_item(node, sequence)
    items = [
        (sequence.GetNthIndexValue(number), node if number == shown else sequence.GetNthDataNode(number))
        for number in range(sequence.GetNumberOfDataNodes())
    ]
    return [(place, item) for place, item in items if any(not mask.is_empty for mask in masks_of(item))]


def _require_one_name(node: Any, items: dict[int, Any]) -> None:
    names: dict[str, set[str]] = {}
    for item in items.values():
        segmentation = item.GetSegmentation()
        for key in segmentation.GetSegmentIDs():
            names.setdefault(key, set()).add(segmentation.GetSegment(key).GetName())
    for key, several in names.items():
        if len(several) > 1:
            raise BridgeError(OTHER_NAMES.format(node.GetName(), key, ", ".join(sorted(several))))
