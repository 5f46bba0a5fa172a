"""Label files without a delimiter: tables of FreeSurfer, ITK-SNAP, 3D Slicer and Connectome Workbench, numbers and names."""

from __future__ import annotations

import re

from . import checks
from .checks import Place
from .columns import is_number
from .segment import Segment

# ITK-SNAP: IDX -R- -G- -B- -A-- VIS MSH LABEL (https://itksnap.org, label description file)
_SNAP = re.compile(r'^\s*(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s+([01])\s+([01])\s+"(.*)"\s*$')
# FreeSurfer: No. Label-Name R G B A; 3D Slicer: the same with a name without blanks
_LUT = re.compile(r"^\s*(\S+)\s+(\S+(?:\s+\S+)*?)\s+(\d+)\s+(\d+)\s+(\d+)(?:\s+(\d+))?\s*$")
_LUT_OF_FRACTIONS = re.compile(r"^\s*(\S+)\s+(\S+(?:\s+\S+)*?)\s+([\d.]+)\s+([\d.]+)\s+([\d.]+)(?:\s+([\d.]+))?\s*$")
# Connectome Workbench, wb_command -volume-label-import: a line with the name before each of these, key R G B A
_KEY = re.compile(r"^\s*(-?\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s+\d+\s*$")
_PLAIN = re.compile(r"^\s*(\d+)(?:\s*[:=]\s*|\s+)([^\s\d].*)$")


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
    return any(parts is not None and parts[1].isdigit() and not is_number(parts[2]) for parts in matches)


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


def is_workbench(text: str) -> bool:
    """Whether a text is a list of labels for Connectome Workbench: names and numbers in turn."""
    lines = [line for _, line in lines_of(text)]
    return len(lines) >= 2 and not _KEY.match(lines[0]) and _KEY.match(lines[1]) is not None


def read_workbench(text: str, place: Place) -> list[Segment]:
    """Return the labels of a list for Connectome Workbench; raises `LabelError` for a line of another form."""
    lines = lines_of(text)
    segments = []
    for (_, name), (n, line) in zip(lines[::2], [*lines[1::2], (lines[-1][0], "")], strict=False):
        here = place.at(f"line {n}")
        parts = _KEY.match(line)
        if parts is None:
            raise here.error(f"{line.strip()!r} is not of the form: number R G B A. Repair the line.")
        value = checks.number(parts[1], here)
        segments.append(Segment(value, checks.label(name, here), color=checks.color(parts.group(2, 3, 4), here)))
    return segments


def is_plain(text: str) -> bool:
    """Whether each line of a text is a number and a name, as in ``1 spleen``, ``1: spleen`` or ``1 = spleen``."""
    lines = lines_of(text)
    return bool(lines) and all(_PLAIN.match(line) for _, line in lines)


def read_plain(text: str, place: Place) -> list[Segment]:
    """Return the labels of lines of numbers and names (see `is_plain`)."""
    matches = ((n, parts) for n, line in lines_of(text) if (parts := _PLAIN.match(line)))
    return [Segment(int(parts[1]), checks.label(parts[2].strip("\"' "), place.at(f"line {n}"))) for n, parts in matches]
