"""Segments → BIDS ``_dseg.tsv``."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..model.safe_text import tsv_cell
from .codes import bids_label
from .segment import RGB, Segment

_COLUMNS = ("index", "name", "color", "mapping")
_NOTHING = "n/a"
_STANDARD = 12
"""So many numbers have the standard labels of BIDS, background included."""


def write_dseg(segments: Iterable[Segment], path: Path) -> None:
    """Write the names and colors of segments as BIDS requires them (derivatives, segmentations: ``_dseg.tsv``).

    The column ``mapping`` holds the standard label whose name is that of the segment or of its type, where there is one.
    """
    lines = ["\t".join(_COLUMNS)]
    lines += ["\t".join((str(s.number), tsv_cell(s.label, _NOTHING), _hex(s.colour), _mapping(s))) for s in segments]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", errors="backslashreplace")


def _hex(colour: RGB | None) -> str:
    return _NOTHING if colour is None else "#" + bytes(colour).hex()


def _mapping(segment: Segment) -> str:
    names = {segment.label.lower(), segment.type.meaning.lower() if segment.type else ""}
    return next((str(n) for n in range(_STANDARD) if bids_label(n).lower() in names), _NOTHING)
