"""Segments that were drawn in Slicer at times of a sequence: those of each time become an image of their own.

DICOM Segmentations have no time (PS3.3 C.8.20): that of their frames is the time of the images that they refer to.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from nifti_dicom_bridge import BridgeError

from ..Nodes.NodeKinds import instance_uids_of, sequence_of
from ..Nodes.References import reference_volume
from .DrawnFrames import drawn_frames, filled_items, is_of_sequence
from .SeriesSlices import doubt_of_frame, is_on_image_without_position, shared_transform


class DrawnTime(NamedTuple):
    """What was drawn at a time.

    Attributes
    ----------
    title : str
        Name of the segmentation, with the time if it has several.
    item : vtkMRMLSegmentationNode
        The item of the sequence; the node itself for the time that it shows.
    uids : tuple of str
        SOP Instance UIDs of the images of that time; empty if they are not known, or are of all times.
    """

    title: str
    item: Any
    uids: tuple[str, ...] = ()


def times_of(node: Any) -> list[DrawnTime | None]:
    """Return the times that segments were drawn at; None for what has no times, or is one image with all of them."""
    if node is None or not is_of_sequence(node) or instance_uids_of(node) or _is_on_cine(node):
        return [None]
    items = filled_items(node)
    titles = [_title(node, place) if len(items) > 1 else node.GetName() for place, _ in items]
    return [DrawnTime(title, item, _images_at(node, place)) for title, (place, item) in zip(titles, items, strict=True)] or [
        None
    ]


def _is_on_cine(node: Any) -> bool:
    """Whether the times are frames of one image, which has all segments; or where it is not known which."""
    try:
        return is_on_image_without_position(node) or bool(doubt_of_frame(node)) or drawn_frames(node) is not None
    except BridgeError:  # a reason not to write the node, which is reported when it is read
        return True


def _title(node: Any, place: str) -> str:
    sequence = sequence_of(node)
    words = (node.GetName(), sequence.GetIndexName(), place, sequence.GetIndexUnit())
    return " ".join(word for word in words if word)


def _images_at(node: Any, place: str) -> tuple[str, ...]:
    """Return the SOP Instance UIDs of the images at a time."""
    volume = reference_volume(node)
    images = sequence_of(volume) if volume is not None else None
    number = images.GetItemNumberFromIndexValue(place, True) if images is not None else -1
    if number < 0 or shared_transform(node) is not None:
        return ()
    own = instance_uids_of(images.GetNthDataNode(number))
    others = (images.GetNthDataNode(other) for other in range(images.GetNumberOfDataNodes()) if other != number)
    return () if any(set(own) & set(instance_uids_of(other)) for other in others) else own
