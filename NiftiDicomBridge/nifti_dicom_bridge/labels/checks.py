"""Values of label files, checked: what every reader needs, with the place in the file for its complaints."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import LabelError
from .segment import RGB, Segment

LARGEST = 2**32 - 1
OUTSIDE = -1
"""The number of voxels without a label for some tools, which number labels from 0 or from 1."""
LONGEST_LABEL = 64
"""SegmentLabel, ROIName and CodeMeaning are LO: at most 64 characters (PS3.5 6.2)."""


@dataclass(frozen=True)
class Place:
    """Where in a file something is: the file, and words such as ``line 3``."""

    path: str
    where: str = ""

    def at(self, where: str) -> Place:
        """Return another place of the same file."""
        return Place(self.path, where)

    def error(self, problem: str) -> LabelError:
        """Return an error that names the place."""
        return LabelError(f"{self.path}{', ' + self.where if self.where else ''}: {problem}")


def number(value: object, place: Place) -> int:
    """Return a label number; 0 is the background, and so is -1 for some tools; raises `LabelError` for other text."""
    text = str(value).strip()
    try:
        parsed = float(text)
    except ValueError:
        raise place.error(f"{text!r} is not a label number. Label numbers are integers from 0.") from None
    if parsed == OUTSIDE:
        return 0
    if not 0 <= parsed <= LARGEST or parsed != int(parsed):
        raise place.error(f"the label number {text} is not possible. Label numbers are whole, from 0 upwards.")
    return int(parsed)


def label(value: object, place: Place) -> str:
    """Return the name of a label, without what ends a DICOM value; raises `LabelError` if nothing is left."""
    text = re.sub(r"[\\\x00-\x1f]+", " ", "" if value is None else str(value)).strip()
    if not text:
        raise place.error("the name of the label is empty. Give it one.")
    return text


def color(parts: Sequence[object], place: Place) -> RGB | None:
    """Return red, green, blue from 0 to 255; numbers from 0 to 1 are taken as such where one has a decimal point.

    Raises `LabelError` for others.
    """
    texts = [str(part).strip() for part in parts[:3]]
    if not any(texts):
        return None
    try:
        values = [float(text) for text in texts]
    except ValueError:
        raise place.error(f"{' '.join(texts)!r} is not a color. Write three numbers from 0 to 255.") from None
    if len(values) == 3 and any("." in text for text in texts) and all(0 <= value <= 1 for value in values):
        values = [value * 255 for value in values]
    if len(values) != 3 or not all(0 <= value <= 255 for value in values):
        raise place.error(f"{' '.join(texts)!r} is not a color. Write three numbers from 0 to 255.")
    red, green, blue = (round(value) for value in values)
    return red, green, blue


def hex_color(text: str, place: Place) -> RGB | None:
    """Return the color of ``#rrggbb``; None for none (empty, ``n/a``); raises `LabelError` for other text."""
    text = text.strip()
    if text.lower() in ("", "n/a"):
        return None
    match = re.fullmatch(r"#?([0-9a-fA-F]{6})(?:[0-9a-fA-F]{2})?", text)
    if match is None:
        parts = re.findall(r"[\d.]+", text)
        if len(parts) in (3, 4):
            return color(parts, place)
        raise place.error(f"{text!r} is not a color. Write it as #rrggbb.")
    red, green, blue = bytes.fromhex(match.group(1))
    return red, green, blue


def without_background(segments: list[Segment], place: Place) -> list[Segment]:
    """Return segments in the order of their numbers, less the background 0.

    Raises
    ------
    LabelError
        If a number occurs twice, or nothing is left.
    """
    twice = [n for n, count in Counter(segment.number for segment in segments).items() if count > 1 and n]
    if twice:
        names = ", ".join(repr(segment.label) for segment in segments if segment.number == twice[0])
        raise place.error(f"label {twice[0]} occurs more than once ({names}). Keep one of them.")
    result = sorted((segment for segment in segments if segment.number), key=lambda segment: segment.number)
    if not result:
        raise place.error("it contains no label except the background.")
    return result
