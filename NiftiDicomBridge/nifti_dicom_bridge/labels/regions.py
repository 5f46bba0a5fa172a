"""Segments that are unions of labels: the regions of nnU-Net's dataset.json (version 2), which may overlap."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from ..errors import LabelError
from . import checks, trees
from .checks import Place
from .read import label_text


class Region(NamedTuple):
    """A segment: its name, and the values of the label map that belong to it."""

    label: str
    values: tuple[int, ...]


def read_regions(path: Path) -> list[Region]:
    """Return the regions of a label file; empty if it has none.

    Raises
    ------
    LabelError
        If the file cannot be read, or a region is not a list of label numbers.
    """
    place = Place(str(path))
    try:
        tree = trees.parse_json(label_text(path), place)
    except LabelError:
        return []
    labels = (tree or {}).get("labels")
    if not isinstance(labels, dict) or not any(isinstance(value, list) for value in labels.values()):
        return []
    regions = [Region(checks.label(name, place), _values(value, place.at(f"label {name!r}"))) for name, value in labels.items()]
    return [region for region in regions if any(region.values)]


def _values(value: Any, here: Place) -> tuple[int, ...]:
    listed = value if isinstance(value, list) else [value]
    return tuple(checks.number(one, here) for one in listed)
