"""Volumes of ultrasound in multi-frame objects of Philips (QLAB, "Cartesian DICOM"), by private elements.

NumberOfFrames counts the times; a private element specifies how many slices each volume has. MITK, ITK-SNAP and 3D Slicer read
them in the same way.
"""

from __future__ import annotations

from typing import NamedTuple

from .....model import metadata
from .....model.metadata import Elements
from .....standard.tags import Tag
from ..attributes import vendor
from .tolerances import LARGEST, SMALLEST

CREATOR = "Philips3D"
_BLOCK = 0x30010010
_SLICES, _STEP = (0x3001, CREATOR, 0x01), (0x3001, CREATOR, 0x03)
_MM = 10.0
"""Millimeters of the unit of PhysicalDeltaX and of the distance of slices, cm."""
_NOTE = "slices are those that Philips (3001,xx01) specifies: the position of the volume is assumed"
_NO_SIZE = (
    ", and so are distances of 1 mm, as PhysicalDeltaX (0018,602C), PhysicalDeltaY or (3001,xx03) is missing or not valid"
)


class PhilipsVolume(NamedTuple):
    """Slices of each volume, the distances of rows, columns and slices, mm, and what of them is assumed."""

    slices: int
    spacing_mm: tuple[float, float]
    step_mm: float
    note: str


def slices_of_volume(elements: Elements) -> int:
    """Return how many slices each frame of an object has, 1 for other objects; cheap, as it is asked of every instance."""
    if _BLOCK not in elements or metadata.text(elements, _BLOCK) != CREATOR:
        return 1
    numbers = vendor.private_numbers(elements, _SLICES)
    return max(1, int(numbers[0])) if numbers else 1


def volume_of(elements: Elements) -> PhilipsVolume | None:
    """Return what each frame of an object is; None where it is not a volume."""
    slices = slices_of_volume(elements)
    if slices == 1:
        return None
    steps = vendor.private_numbers(elements, _STEP)
    sizes = [metadata.number(elements, tag) for tag in (Tag.PHYSICAL_DELTA_Y, Tag.PHYSICAL_DELTA_X)]
    rows, columns, step = map(_distance, (*sizes, steps[0] if steps else None))
    note = _NOTE if rows and columns and step else _NOTE + _NO_SIZE
    return PhilipsVolume(slices, (rows or 1.0, columns or 1.0), step or 1.0, note)


def _distance(size_cm: float | None) -> float:
    """Return a distance in mm; 0 where it is not plausible."""
    distance = abs(size_cm or 0.0) * _MM
    return distance if SMALLEST < distance < LARGEST else 0.0


def kept_elements(elements: Elements) -> Elements:
    """Return the private elements that specify the slices, which an edited object of the same frames must keep."""
    if slices_of_volume(elements) == 1:
        return {}
    tags = (_BLOCK, *(vendor.private(elements, *key) for key in (_SLICES, _STEP)))
    return {tag: elements[tag] for tag in tags if tag is not None and tag in elements}
