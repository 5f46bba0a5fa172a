"""Legacy Converted Enhanced objects (PS3.3 A.70 to A.72): what their frames said when they were objects of their own.

What has no place in such an object stands in two sequences of unassigned attributes: of all frames, and of each.
"""

from __future__ import annotations

from ..standard import tags
from . import metadata
from .metadata import Element, Elements

UNASSIGNED_SHARED, UNASSIGNED_PER_FRAME = 0x00209170, 0x00209171
_FRAME_CONTENT, _FRAME_DATE_TIME, _FRAME_ACQUISITION = 0x00209111, 0x00189074, 0x00209156
_ACQUISITION_NUMBER = 0x00200012
# the object may have others than its originals had, and those count
_OF_THE_OBJECT = frozenset({tags.SPECIFIC_CHARACTER_SET, tags.SERIES_NUMBER})


def as_original(elements: Elements, own: Elements) -> Elements:
    """Return a data set that says of a frame what its original said; that of the object itself where it was not converted.

    Parameters
    ----------
    elements : Elements
        The object.
    own : Elements
        The functional groups of the frame.
    """
    shared = metadata.first_item(metadata.first_item(elements, tags.SHARED_FUNCTIONAL_GROUPS_SEQUENCE), UNASSIGNED_SHARED)
    found = {**shared, **metadata.first_item(own, UNASSIGNED_PER_FRAME)}
    if not found:
        return elements
    kept = {tag: element for tag, element in found.items() if tag not in _OF_THE_OBJECT}
    return {**elements, **_acquisition(metadata.first_item(own, _FRAME_CONTENT)), **kept}


def _acquisition(content: Elements) -> Elements:
    """Return when a frame was acquired, and the number of its acquisition, as objects of one frame say it."""
    moment = metadata.text(content, _FRAME_DATE_TIME).partition("+")[0]
    number = metadata.integer(content, _FRAME_ACQUISITION)
    found = {tags.ACQUISITION_DATE: ("DA", moment[:8]), tags.ACQUISITION_TIME: ("TM", moment[8:])}
    found[_ACQUISITION_NUMBER] = ("IS", str(number) if number else "")
    return {tag: Element(vr, text.encode("ascii", "replace")) for tag, (vr, text) in found.items() if text}
