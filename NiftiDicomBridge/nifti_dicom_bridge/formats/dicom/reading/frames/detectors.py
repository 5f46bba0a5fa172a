"""Where the detector of an NM object is: its frames are there (PS3.3 C.8.4.11)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .....model import metadata
from .....model.metadata import Element, Elements, Item
from .....standard.dictionary import describe
from .....standard.tags import Tag
from .tolerances import SAME_PLACE_MM

_PROJECTIONS = frozenset({"TOMO", "GATED TOMO"})
"""ImageType value 3 of images from several angles (PS3.3 C.8.4.9), of which the detector has the position of the first."""
_TWO_PLACES = (
    "{position} of the object and of its detector ({sequence}) are {distance:.4g} mm apart: that of the detector is used, as "
    "PS3.3 C.8.4.11 specifies"
)


def place_of_detector(elements: Elements, position: Sequence[float], notes: list[str]) -> tuple[list[float], list[float]]:
    """Return position and orientation of the detector of an object, empty where it has none, or turns around the patient.

    Parameters
    ----------
    elements : Elements
        The object.
    position : sequence of float
        That of the object itself, which NM objects do not have by the standard; empty where it has none.
    notes : list of str
        Receives that the two contradict each other.
    """
    is_projection = bool(_PROJECTIONS & set(metadata.texts(elements, Tag.IMAGE_TYPE)[2:3]))
    detector = _items(elements)[_number(elements)].elements if _items(elements) and not is_projection else {}
    own = metadata.numbers(detector, Tag.IMAGE_POSITION_PATIENT)
    if len(own) != 3:
        return [], []
    distance = float(np.linalg.norm(np.subtract(own, position))) if len(position) == 3 else 0.0
    if distance > SAME_PLACE_MM:
        names = {"position": describe(Tag.IMAGE_POSITION_PATIENT), "sequence": describe(Tag.DETECTOR_INFORMATION_SEQUENCE)}
        notes.append(_TWO_PLACES.format(distance=distance, **names))
    return own, metadata.numbers(detector, Tag.IMAGE_ORIENTATION_PATIENT)


def of_each_detector(elements: Elements) -> list[Elements]:
    """Return an object once for each of its detectors, whose attributes are those of the object."""
    rest = metadata.without(elements, {Tag.DETECTOR_INFORMATION_SEQUENCE})
    return [{**rest, **item.elements} for item in _items(elements)]


def with_place(elements: Elements, place: Elements) -> Elements:
    """Return where position and orientation of an object belong: in the item of its detector, if that has a position, and in
    the object, if that has one itself.
    """
    items, n = _items(elements), _number(elements)
    if not items or Tag.IMAGE_POSITION_PATIENT not in items[n].elements:
        return place
    changed = tuple(Item({**item.elements, **place}) if k == n else item for k, item in enumerate(items))
    own = place if Tag.IMAGE_POSITION_PATIENT in elements else {}
    return {**own, Tag.DETECTOR_INFORMATION_SEQUENCE: Element("SQ", changed)}


def _items(elements: Elements) -> Sequence[Item]:
    return metadata.items(elements, Tag.DETECTOR_INFORMATION_SEQUENCE)


def _number(elements: Elements) -> int:
    """Return which detector the first frame is of, from 0 (PS3.3 C.8.4.8)."""
    numbers = metadata.numbers(elements, Tag.DETECTOR_VECTOR)
    n = int(numbers[0]) - 1 if numbers else 0
    return n if 0 <= n < len(_items(elements)) else 0
