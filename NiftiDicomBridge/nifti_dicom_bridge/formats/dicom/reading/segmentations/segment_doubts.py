"""What Segmentation objects leave open: which segment a number means, and whether slices were left out."""

from __future__ import annotations

from collections import Counter

import numpy as np

from .....errors import DicomReadError
from .....model import metadata
from .....model.listing import listed
from .....model.metadata import Elements
from .....standard.tags import Tag
from .segment_background import LABEL_MAP, background_of, doubts_of_background

THICKER = 1.05
"""Slices that are further apart than this multiple of their thickness may have others between them."""

FILLED = "slice(s) without a frame were filled with background: segmentations leave empty ones out"
LEFT_OUT = "slices without a segment may have been left out between them"


class DoubtsOfValues:
    """What values of voxels are not described by their Segmentation: numbers without a segment, fractions and bits above 1.

    Parameters
    ----------
    elements : dict of int to Element
        Of the object that the voxels are from; others than Segmentations of whole bytes have no doubts.
    """

    def __init__(self, elements: Elements):
        self._kind = metadata.text(elements, Tag.SEGMENTATION_TYPE)
        items = [item.elements for item in metadata.items(elements, Tag.SEGMENT_SEQUENCE)]
        background = {0, background_of(elements)}
        self._described = background | {metadata.integer(item, Tag.SEGMENT_NUMBER) for item in items}
        self._one = metadata.integer(elements, Tag.MAXIMUM_FRACTIONAL_VALUE)
        self._are_whole_masks = self._kind == "BINARY" and metadata.integer(elements, Tag.BITS_ALLOCATED) > 1
        self._found: set[int] = set()

    def note(self, planes: np.ndarray) -> None:
        """Note values, of any shape."""
        if self._kind == LABEL_MAP:
            self._found |= set(np.unique(planes).tolist()) - self._described
        elif self._kind == "FRACTIONAL" and planes.size and planes.max() > self._one > 0:
            self._found = {max(int(planes.max()), *self._found, 0)}
        elif self._are_whole_masks:
            self._found |= set(np.unique(planes).tolist()) - {0, 1}

    def sentences(self) -> list[str]:
        """Return what is wrong with the values that were noted."""
        if not self._found:
            return []
        if self._kind == LABEL_MAP:
            numbers = listed(sorted(self._found))
            return [f"SegmentSequence (0062,0002) does not describe segment {numbers}, which voxels are of"]
        if self._kind == "BINARY":
            return [
                f"voxels have the value {listed(sorted(self._found))}, and SegmentationType (0062,0001) BINARY knows 0 and 1 "
                "only: no segment has these numbers, which are kept"
            ]
        name = "MaximumFractionalValue (0062,000E)"
        return [f"the largest value is {max(self._found)}, above {name}, {self._one}: more than 1 has no meaning"]


def doubts_of_numbers(elements: Elements, numbers: set[int | None]) -> list[str]:
    """Return what is wrong with the numbers of segments: several have one, or frames are of one that is not described.

    Parameters
    ----------
    elements : dict of int to Element
        Of the object.
    numbers : set of int or None
        Segments that frames are of; None where a frame does not specify it.

    Raises
    ------
    DicomReadError
        If it is unknown which of several segments a frame is of.
    """
    items = [item.elements for item in metadata.items(elements, Tag.SEGMENT_SEQUENCE)]
    described = Counter(metadata.integer(item, Tag.SEGMENT_NUMBER) for item in items)
    doubts = []
    if several := [number for number, count in described.items() if count > 1]:
        doubts.append(f"several segments have the number {listed(several)}: which name and code it has is unknown")
    if metadata.text(elements, Tag.SEGMENTATION_TYPE) == LABEL_MAP:
        return [*doubts, *doubts_of_background(elements)]
    if None in numbers and len(items) > 1:
        raise DicomReadError(
            f"Frames of the segmentation do not specify which of its {len(items)} segments they are of "
            "(SegmentIdentificationSequence (0062,000A) is missing). Copy it again from its source."
        )
    if unknown := sorted(number for number in numbers - described.keys() if number is not None):
        doubts.append(f"SegmentSequence (0062,0002) does not describe segment {listed(unknown)}, which frames are of")
    return doubts


def doubt_of_type(elements: Elements) -> list[str]:
    """Return that it is unknown what the values of an object mean, of which they are not labels."""
    kind = metadata.text(elements, Tag.SEGMENTATION_TYPE)
    if kind == "FRACTIONAL":
        return []
    state = f"is {kind!r}, which is not known" if kind else "is missing"
    return [f"SegmentationType (0062,0001) {state}: whether the values are labels or probabilities is unknown"]


def doubt_of_gaps(steps_mm: np.ndarray, thickness_mm: float) -> list[str]:
    """Return that slices may have been left out between those that are there, where only their thickness is known.

    Parameters
    ----------
    steps_mm : numpy.ndarray
        From slice to slice.
    thickness_mm : float
        Of a slice; 0 where the distance of the slices is known.
    """
    distances = np.abs(steps_mm)
    if not thickness_mm or not distances.size or distances.min() < THICKER * thickness_mm:
        return []
    return [
        f"no SpacingBetweenSlices (0018,0088): the slices are {distances.min():g} mm apart and {thickness_mm:g} mm thick, so "
        f"{LEFT_OUT}"
    ]
