"""Label files in columns of blanks: FreeSurfer's look-up table, ITK-SNAP's label descriptions, 3D Slicer's color table."""

from __future__ import annotations

import re

from . import checks
from .checks import Place
from .segment import Segment

# ITK-SNAP: IDX -R- -G- -B- -A-- VIS MSH LABEL (https://itksnap.org, label description file)
_SNAP = re.compile(r'^\s*(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s+([01])\s+([01])\s+"(.*)"\s*$')
# FreeSurfer: No. Label-Name R G B A; 3D Slicer: the same with a name without blanks
_LUT = re.compile(r"^\s*(\S+)\s+(\S+(?:\s+\S+)*?)\s+(\d+)\s+(\d+)\s+(\d+)(?:\s+(\d+))?\s*$")
_LUT_OF_FRACTIONS = re.compile(r"^\s*(\S+)\s+(\S+(?:\s+\S+)*?)\s+([\d.]+)\s+([\d.]+)\s+([\d.]+)(?:\s+([\d.]+))?\s*$")


def lines_of(text: str) -> list[tuple[int, str]]:
    """Return (number, text) of every line that is neither empty nor a comment."""
    numbered = enumerate(text.splitlines(), 1)
    return [(n, line) for n, line in numbered if line.strip() and not line.lstrip().startswith(("#", "//"))]


def is_snap(text: str) -> bool:
    """Whether a text is a label description file of ITK-SNAP."""
    return any(_SNAP.match(line) for _, line in lines_of(text)[:3])


def is_table(text: str) -> bool:
    """Whether a text is a look-up table of FreeSurfer or a color table of 3D Slicer."""
    lines = lines_of(text)
    matches = [_LUT.match(line) or _LUT_OF_FRACTIONS.match(line) for _, line in lines[:3]]
    return any(parts is not None and parts[1].isdigit() for parts in matches)


def read_snap(text: str, place: Place) -> list[Segment]:
    """Return the labels of ITK-SNAP; raises `LabelError` for a line of another form."""
    segments = []
    for n, line in lines_of(text):
        here = place.at(f"line {n}")
        parts = _SNAP.match(line)
        if parts is None:
            raise here.error(f'{line.strip()!r} is not of the form: number R G B A VIS MSH "name". Repair the line.')
        value = checks.number(parts[1], here)
        segments.append(Segment(value, checks.label(parts[8], here), color=checks.color(parts.group(2, 3, 4), here)))
    return segments


def read_table(text: str, place: Place) -> list[Segment]:
    """Return the labels of FreeSurfer's FreeSurferColorLUT.txt or of a color table of 3D Slicer (.ctbl, .txt).

    Raises `LabelError` for a line of another form.
    """
    segments = []
    for n, line in lines_of(text):
        here = place.at(f"line {n}")
        parts = _LUT.match(line) or _LUT_OF_FRACTIONS.match(line)
        if parts is None:
            raise here.error(f"{line.strip()!r} is not of the form: number name R G B A. Repair the line.")
        value = checks.number(parts[1], here)
        segments.append(Segment(value, checks.label(parts[2], here), color=checks.color(parts.group(3, 4, 5), here)))
    return segments
