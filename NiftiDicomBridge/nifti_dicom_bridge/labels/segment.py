"""One segment: what a label value represents (PS3.3 C.8.20.4)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

_DESCRIPTION = "Label {} of the label map"
_NUMBER = re.compile(r"^Label (\d+) of the label map$")

RGB = tuple[int, int, int]


class Code(NamedTuple):
    """A coded concept (PS3.3 8.8).

    Attributes
    ----------
    value : str
        Code value (0008,0100), such as ``12738006``.
    scheme : str
        Coding scheme designator (0008,0102), such as ``SCT``.
    meaning : str
        Code meaning (0008,0104), as text for users.

    Examples
    --------
    >>> from nifti_dicom_bridge import Code
    >>> Code("12738006", "SCT", "Brain").meaning
    'Brain'
    """

    value: str
    scheme: str
    meaning: str


@dataclass(frozen=True)
class Segment:
    """What one label value represents.

    Attributes
    ----------
    number : int
        The value of its voxels, above 0.
    label : str
        What a person calls it.
    category, type : Code or None
        Segmented property category (CID 7150) and type (CID 7151); None where the source does not specify.
    modifier : Code or None
        Of the type: mostly a side.
    region, region_modifier : Code or None
        Anatomic region, where the type alone does not specify it: a cyst in the left kidney.
    color : tuple of int or None
        Red, green, blue from 0 to 255.
    algorithm_type : str
        ``AUTOMATIC``, ``SEMIAUTOMATIC``, ``MANUAL``; empty if unknown.
    algorithm_name : str
        Needed next to the first two.
    tracking_id, tracking_uid : str
        Identify the finding that is followed in several images (PS3.3 C.8.20.4); empty or both set.

    Examples
    --------
    >>> from nifti_dicom_bridge import Segment
    >>> Segment(1, "Brain").number
    1
    """

    number: int
    label: str
    category: Code | None = None
    type: Code | None = None
    modifier: Code | None = None
    region: Code | None = None
    region_modifier: Code | None = None
    color: RGB | None = None
    algorithm_type: str = ""
    algorithm_name: str = ""
    tracking_id: str = ""
    tracking_uid: str = ""


def unnamed(number: int) -> str:
    """Return the name of a label whose meaning is not specified.

    Examples
    --------
    >>> unnamed(7)
    'Label 7'
    """
    return f"Label {number}"


def description_of(number: int) -> str:
    """Return the SegmentDescription that keeps the number of a label where DICOM demands another SegmentNumber."""
    return _DESCRIPTION.format(number)


def number_in_description(text: str) -> int | None:
    """Return the label number that `description_of` wrote; None where the text is another one."""
    match = _NUMBER.match(text.strip())
    return int(match.group(1)) if match else None
