"""RT Structure Set → its regions of interest: number, name, color, codes, contours (PS3.3 C.8.8.5, C.8.8.6, C.8.8.8)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ....labels import Segment
from ....labels.segment import RGB
from ....model import metadata
from ....model.charset import CharacterSet
from ....model.metadata import Element, Elements, Instance, Item, can_be_labels
from ....model.volume import Volume
from ....standard.tags import Tag
from ..reading.attributes.item_values import code_of
from . import is_structure_set

CLOSED_PLANAR = "CLOSED_PLANAR"
"""ContourGeometricType of the contours that are written, and of those without a type."""
_CLOSED = frozenset({CLOSED_PLANAR, "CLOSEDPLANAR_XOR"})
"""Kinds of contours that enclose a region; POINT, OPEN_PLANAR and OPEN_NONPLANAR do not."""
_ALSO_CLOSED = frozenset({"CLOSEDPLANAR", "CLOSEDPLANARXOR", "INTERPOLATEDPLANAR"})
"""Other spellings of them, and contours that a program computed between drawn ones, which PS3.3 does not define."""


def is_closed(kind: str) -> bool:
    """Whether contours of a kind enclose a region."""
    return kind in _CLOSED or is_unusual(kind)


def is_unusual(kind: str) -> bool:
    """Whether a kind of contours encloses a region, but is none of PS3.3 C.8.8.6."""
    return kind not in _CLOSED and kind.upper().replace("_", "") in _ALSO_CLOSED


class ContourImage(NamedTuple):
    """An image that a contour refers to.

    Attributes
    ----------
    uid : str
        SOPInstanceUID.
    frame : int
        Number of the frame, from 1; 0 for the whole instance.
    """

    uid: str
    frame: int


@dataclass(frozen=True)
class Contour:
    """One contour.

    Attributes
    ----------
    kind : str
        ContourGeometricType.
    points : numpy.ndarray, shape (points, 3)
        LPS, mm.
    images : tuple of ContourImage
        Which it refers to.
    is_shifted : bool
        Whether it has an offset that is not zero, which earlier editions of the standard describe.
    """

    kind: str
    points: np.ndarray
    images: tuple[ContourImage, ...]
    is_shifted: bool = False


@dataclass(frozen=True)
class Roi:
    """A region of interest.

    Attributes
    ----------
    index : int
        Its place in StructureSetROISequence.
    number : int
        ROINumber.
    label : int
        What its voxels are in a label map: its number, where all numbers of the object can be labels.
    name : str
        ROIName.
    frame_of_reference : str
        UID of the space that its contours are in.
    contours : tuple of Contour
        In the order of the object.
    damaged : int
        Contours whose points cannot be read.
    shares_number : bool
        Whether other ROIs have the same number: then it has no contours here, as it is unknown which are its own.
    """

    index: int
    number: int
    label: int
    name: str
    frame_of_reference: str
    contours: tuple[Contour, ...]
    damaged: int = 0
    shares_number: bool = False


def roi_count(instance: Instance) -> int:
    """Return the number of ROIs of an RT Structure Set."""
    return len(metadata.items(instance.elements, Tag.STRUCTURE_SET_ROI_SEQUENCE))


def numbers_of(instance: Instance) -> list[int]:
    """Return the numbers of the ROIs of an RT Structure Set in the order of StructureSetROISequence."""
    items = metadata.items(instance.elements, Tag.STRUCTURE_SET_ROI_SEQUENCE)
    return [metadata.integer(item.elements, Tag.ROI_NUMBER) for item in items]


def shared_numbers(instance: Instance) -> set[int]:
    """Return the numbers that several ROIs have: to which of them contours and observations belong is unknown."""
    numbers = numbers_of(instance)
    return {number for number in numbers if numbers.count(number) > 1}


def labels_of(instance: Instance) -> list[int]:
    """Return the label of every ROI: its number, or its place from 1 if the numbers of the object cannot all be labels."""
    numbers = numbers_of(instance)
    return numbers if can_be_labels(numbers) else list(range(1, len(numbers) + 1))


def rois_of(instance: Instance) -> list[Roi]:
    """Return the ROIs of an RT Structure Set in the order of StructureSetROISequence."""
    charset = CharacterSet().of(instance.elements)
    contours = _by_number(instance, Tag.ROI_CONTOUR_SEQUENCE)
    shared = shared_numbers(instance)
    rois = []
    for index, (item, label) in enumerate(
        zip(metadata.items(instance.elements, Tag.STRUCTURE_SET_ROI_SEQUENCE), labels_of(instance), strict=True)
    ):
        number = metadata.integer(item.elements, Tag.ROI_NUMBER)
        items = metadata.items(contours.get(number, {}), Tag.CONTOUR_SEQUENCE)
        read = [_contour(one.elements) for one in items]
        whole = tuple(contour for contour in read if contour is not None)
        name = charset.text(item.elements, Tag.ROI_NAME) or f"ROI {number}"
        frame = metadata.text(item.elements, Tag.REFERENCED_FRAME_OF_REFERENCE_UID)
        damaged = len(read) - len(whole)
        rois.append(Roi(index, number, label, name, frame, whole, damaged, number in shared))
    return rois


def contours_left_out(instance: Instance) -> list[str]:
    """Return warnings about contours of ROIs that are not described or not known, and about further items of one ROI."""
    known, shared = set(numbers_of(instance)), shared_numbers(instance)
    with_contours = [
        metadata.integer(item.elements, Tag.REFERENCED_ROI_NUMBER, -1)
        for item in metadata.items(instance.elements, Tag.ROI_CONTOUR_SEQUENCE)
        if metadata.items(item.elements, Tag.CONTOUR_SEQUENCE)
    ]
    unknown = sorted(set(with_contours) - known)
    repeated = sorted({number for number in known - shared if with_contours.count(number) > 1})
    return [
        f"ROI {', '.join(map(str, numbers))}: {reason}"
        for numbers, reason in (
            (unknown, "it has contours, but no item of StructureSetROISequence: they were left out"),
            (
                sorted(shared.intersection(with_contours)),
                "several regions have this number, so it is unknown to which of them the contours belong: they were left out",
            ),
            (repeated, "several items of ROIContourSequence refer to it: the contours of all were used"),
        )
        if numbers
    ]


def one_item_per_roi(items: Sequence[Item], shared: Collection[int]) -> list[Item]:
    """Return items of ROIContourSequence: the first of each ROI, with the contours of all items that refer to it.

    Parameters
    ----------
    items : sequence of Item
        Of the sequence.
    shared : collection of int
        Numbers that several ROIs have: their items stay as they are.
    """
    merged: list[Item] = []
    places: dict[int, int] = {}
    for item in items:
        number = metadata.integer(item.elements, Tag.REFERENCED_ROI_NUMBER, -1)
        place = places.setdefault(number, len(merged))
        if place == len(merged) or number < 0 or number in shared:
            merged.append(item)
            continue
        contours = [*_contours_of(merged[place]), *_contours_of(item)]
        elements = {**item.elements, **merged[place].elements}
        merged[place] = Item({**elements, **({Tag.CONTOUR_SEQUENCE: Element("SQ", tuple(contours))} if contours else {})})
    return merged


def _contours_of(item: Item) -> Sequence[Item]:
    return metadata.items(item.elements, Tag.CONTOUR_SEQUENCE)


def _by_number(instance: Instance, sequence: int) -> dict[int, Elements]:
    """Return the items of a sequence by the ROI that they refer to; the first where several refer to one ROI."""
    by_number: dict[int, Elements] = {}
    shared = shared_numbers(instance)
    items = metadata.items(instance.elements, sequence)
    for item in one_item_per_roi(items, shared) if sequence == Tag.ROI_CONTOUR_SEQUENCE else items:
        by_number.setdefault(metadata.integer(item.elements, Tag.REFERENCED_ROI_NUMBER, -1), item.elements)
    return {number: elements for number, elements in by_number.items() if number not in shared}


def _contour(item: Elements) -> Contour | None:
    """Return a contour; None if its points are not numbers, or are not all there."""
    numbers = np.array(metadata.numbers(item, Tag.CONTOUR_DATA), float)
    if not numbers.size or numbers.size % 3 or not np.isfinite(numbers).all():
        return None
    count = metadata.integer(item, Tag.NUMBER_OF_CONTOUR_POINTS, numbers.size // 3)
    if count != numbers.size // 3:
        return None
    images = tuple(
        ContourImage(metadata.text(image.elements, Tag.REFERENCED_SOP_INSTANCE_UID), int(frame))
        for image in metadata.items(item, Tag.CONTOUR_IMAGE_SEQUENCE)
        for frame in metadata.numbers(image.elements, Tag.REFERENCED_FRAME_NUMBER) or [0]
    )
    kind = metadata.text(item, Tag.CONTOUR_GEOMETRIC_TYPE, CLOSED_PLANAR)
    return Contour(kind, numbers.reshape(-1, 3), images, any(metadata.numbers(item, Tag.CONTOUR_OFFSET_VECTOR)))


def segments_of_rois(instance: Instance) -> list[Segment]:
    """Return the ROIs as segments by their labels: name, color, codes, and how they were made."""
    charset = CharacterSet().of(instance.elements)
    contours, observations = (
        _by_number(instance, sequence) for sequence in (Tag.ROI_CONTOUR_SEQUENCE, Tag.RTROI_OBSERVATIONS_SEQUENCE)
    )
    items = metadata.items(instance.elements, Tag.STRUCTURE_SET_ROI_SEQUENCE)
    return [
        _segment(item.elements, label, contours.get(number, {}), observations.get(number, {}), charset)
        for item, label in zip(items, labels_of(instance), strict=True)
        for number in [metadata.integer(item.elements, Tag.ROI_NUMBER)]
    ]


def space_of_regions(volume: Volume) -> str:
    """Return the frame of reference of the regions in a label map; empty if it is not of an RT Structure Set, or of several."""
    series = volume.dicom.metadata
    if not is_structure_set(series.first) or series.layers is None:
        return ""
    drawn = {index for index, label in series.layers[:, 2:].tolist() if label}
    spaces = {roi.frame_of_reference for roi in rois_of(series.first) if roi.index in drawn}
    return spaces.pop() if len(spaces) == 1 else ""


def _segment(roi: Elements, label: int, contours: Elements, observation: Elements, charset: CharacterSet) -> Segment:
    kind = metadata.first_item(observation, Tag.RTROI_IDENTIFICATION_CODE_SEQUENCE)
    region = metadata.first_item(observation, Tag.ANATOMIC_REGION_SEQUENCE)
    modifier = metadata.first_item(kind, Tag.SEGMENTED_PROPERTY_TYPE_MODIFIER_CODE_SEQUENCE)
    category = metadata.first_item(observation, Tag.SEGMENTED_PROPERTY_CATEGORY_CODE_SEQUENCE)
    return Segment(
        number=label,
        label=charset.text(roi, Tag.ROI_NAME) or f"ROI {metadata.integer(roi, Tag.ROI_NUMBER)}",
        category=code_of(category, charset),
        type=code_of(kind, charset),
        modifier=code_of(modifier, charset),
        region=code_of(region, charset),
        region_modifier=code_of(metadata.first_item(region, Tag.ANATOMIC_REGION_MODIFIER_SEQUENCE), charset),
        color=_color(metadata.numbers(contours, Tag.ROI_DISPLAY_COLOR)),
        algorithm_type=metadata.text(roi, Tag.ROI_GENERATION_ALGORITHM),
        algorithm_name=charset.text(roi, Tag.ROI_GENERATION_DESCRIPTION),
    )


def _color(values: list[float]) -> RGB | None:
    if len(values) != 3 or not all(0 <= value <= 255 for value in values):
        return None
    red, green, blue = (round(value) for value in values)
    return red, green, blue
