"""Words that specify what kind of MR sequence it was: public attributes, else those of Siemens XA."""

from __future__ import annotations

from ..standard.tags import Tag
from .source import AttributeLocation, PlaneAttributes, Private

GE_SEQUENCE = Private(0x0019, "GEMS_ACQU_01", 0x109C)

SIEMENS_SERIES = "SIEMENS MR SDS 01"
SCANNING_SEQUENCE: tuple[AttributeLocation, ...] = (Tag.SCANNING_SEQUENCE, Private(0x0021, SIEMENS_SERIES, 0x105A))
SEQUENCE_VARIANT: tuple[AttributeLocation, ...] = (Tag.SEQUENCE_VARIANT, Private(0x0021, SIEMENS_SERIES, 0x105B))
SCAN_OPTIONS: tuple[AttributeLocation, ...] = (Tag.SCAN_OPTIONS, Private(0x0021, SIEMENS_SERIES, 0x105C))


def words_of(source: PlaneAttributes, places: tuple[AttributeLocation, ...]) -> set[str]:
    """Return the words of the first of several places that has any."""
    return next((set(source.texts(where)) for where in places if source.has(where)), set())


def is_3d(source: PlaneAttributes) -> bool:
    """Whether the acquisition is 3D."""
    return source.text(Tag.MR_ACQUISITION_TYPE).upper().startswith("3D")
