"""Words that tell what kind of MR sequence it was: public attributes, else those of Siemens XA."""

from __future__ import annotations

from .source import Private, Source, Where

SIEMENS_SERIES = "SIEMENS MR SDS 01"
SCANNING_SEQUENCE: tuple[Where, ...] = (0x00180020, Private(0x0021, SIEMENS_SERIES, 0x105A))
SEQUENCE_VARIANT: tuple[Where, ...] = (0x00180021, Private(0x0021, SIEMENS_SERIES, 0x105B))
SCAN_OPTIONS: tuple[Where, ...] = (0x00180022, Private(0x0021, SIEMENS_SERIES, 0x105C))


def words_of(source: Source, places: tuple[Where, ...]) -> set[str]:
    """Return the words of the first of several places that has any."""
    return next((set(source.texts(where)) for where in places if source.has(where)), set())
