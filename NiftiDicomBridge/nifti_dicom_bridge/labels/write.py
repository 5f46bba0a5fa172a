"""Segments → BIDS ``_dseg.tsv``."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..model.files.safe_text import tsv_cell
from .codes import bids_label
from .segment import RGB, Code, Segment

_COLUMNS = ("index", "name", "color", "mapping")
_CODES = {
    "category": "category", "type": "type", "modifier": "typemodifier", "region": "region", "region_modifier": "regionmodifier",
}  # fmt: skip
"""Field of Segment → beginning of its columns, which are those of 3D Slicer's table of colors and terminology."""
_PARTS = ("codevalue", "codingscheme", "codemeaning")
_NOTHING = "n/a"
_STANDARD = 12
"""This number of labels has the standard labels of BIDS, background included."""


def write_dseg(segments: Iterable[Segment], path: Path) -> None:
    """Write the names and colors of segments as BIDS requires them (derivatives, segmentations: ``_dseg.tsv``).

    The column ``mapping`` holds the standard label whose name is that of the segment or of its type, where there is one. Codes
    follow in columns that `read_labels` reads, those of each kind that a segment has.
    """
    listed = list(segments)
    fields = [field for field in _CODES if any(getattr(segment, field) for segment in listed)]
    lines = ["\t".join((*_COLUMNS, *(f"{_CODES[field]}_{part}" for field in fields for part in _PARTS)))]
    lines += ["\t".join((*_cells(segment), *_code_cells(segment, fields))) for segment in listed]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", errors="backslashreplace", newline="\n")


def _cells(segment: Segment) -> tuple[str, ...]:
    return str(segment.number), tsv_cell(segment.label, _NOTHING), _hex(segment.color), _mapping(segment)


def _code_cells(segment: Segment, fields: Iterable[str]) -> list[str]:
    codes: list[Code | None] = [getattr(segment, field) for field in fields]
    return [tsv_cell(part, _NOTHING) for code in codes for part in code or ("", "", "")]


def _hex(color: RGB | None) -> str:
    return _NOTHING if color is None else "#" + bytes(color).hex()


def _mapping(segment: Segment) -> str:
    names = {segment.label.lower(), segment.type.meaning.lower() if segment.type else ""}
    return next((str(n) for n in range(_STANDARD) if bids_label(n).lower() in names), _NOTHING)
