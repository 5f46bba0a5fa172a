"""Words that tell what kind of MR sequence it was: public attributes, else those of Siemens XA."""

from __future__ import annotations

from .source import Private, Source, Where

GE_SEQUENCE = Private(0x0019, "GEMS_ACQU_01", 0x109C)

SIEMENS_SERIES = "SIEMENS MR SDS 01"
SCANNING_SEQUENCE: tuple[Where, ...] = (0x00180020, Private(0x0021, SIEMENS_SERIES, 0x105A))
SEQUENCE_VARIANT: tuple[Where, ...] = (0x00180021, Private(0x0021, SIEMENS_SERIES, 0x105B))
SCAN_OPTIONS: tuple[Where, ...] = (0x00180022, Private(0x0021, SIEMENS_SERIES, 0x105C))


def words_of(source: Source, places: tuple[Where, ...]) -> set[str]:
    """Return the words of the first of several places that has any."""
    return next((set(source.texts(where)) for where in places if source.has(where)), set())


def is_3d(source: Source) -> bool:
    """Whether the acquisition is 3D."""
    return source.text(0x00180023).upper().startswith("3D")
