"""Legacy Converted Enhanced objects (PS3.3 A.70 to A.72): what their frames specified when they were objects of their own.

What has no place in such an object is in two sequences of unassigned attributes: of all frames, and of each.
"""

from __future__ import annotations

from ..standard.tags import Tag
from . import metadata
from .metadata import Element, Elements
from .time_zones import local_date_time

# the object may have others than its originals had, and those count
_OF_THE_OBJECT = frozenset({Tag.SPECIFIC_CHARACTER_SET, Tag.SERIES_NUMBER})


def own_groups(elements: Elements, frame: int) -> Elements:
    """Return the functional groups of a frame, counted from 0 (PS3.3 C.7.6.16); empty for objects without."""
    per_frame = metadata.items(elements, Tag.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE)
    return per_frame[frame].elements if frame < len(per_frame) else {}


def as_original(elements: Elements, own: Elements) -> Elements:
    """Return a data set that specifies for a frame what its original specified; that of the object itself where it was not
    converted.

    Parameters
    ----------
    elements : Elements
        The object.
    own : Elements
        The functional groups of the frame.
    """
    shared = metadata.first_item(
        metadata.first_item(elements, Tag.SHARED_FUNCTIONAL_GROUPS_SEQUENCE),
        Tag.UNASSIGNED_SHARED_CONVERTED_ATTRIBUTES_SEQUENCE,
    )
    original = {**shared, **metadata.first_item(own, Tag.UNASSIGNED_PER_FRAME_CONVERTED_ATTRIBUTES_SEQUENCE)}
    if not original:
        return elements
    kept = {tag: element for tag, element in original.items() if tag not in _OF_THE_OBJECT}
    zone = metadata.text(elements, Tag.TIMEZONE_OFFSET_FROM_UTC)
    return {**elements, **_acquisition(metadata.first_item(own, Tag.FRAME_CONTENT_SEQUENCE), zone), **kept}


def _acquisition(content: Elements, zone: str) -> Elements:
    """Return when a frame was acquired, and the number of its acquisition, as objects of one frame specify it."""
    date, time = local_date_time(metadata.text(content, Tag.FRAME_ACQUISITION_DATE_TIME), zone)
    number = metadata.integer(content, Tag.FRAME_ACQUISITION_NUMBER)
    values = {Tag.ACQUISITION_DATE: ("DA", date), Tag.ACQUISITION_TIME: ("TM", time)}
    values[Tag.ACQUISITION_NUMBER] = ("IS", str(number) if number else "")
    return {tag: Element(vr, text.encode("ascii", "replace")) for tag, (vr, text) in values.items() if text}
