"""Names of labels in the datastore of MONAI Label: `datastore_v2.json` describes the files of the folders `labels/TAG`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..errors import LabelError
from ..model.files.names import stem_of
from . import checks, trees
from .checks import Place
from .read import label_text
from .segment import Segment

DATASTORE = "datastore_v2.json"
_FOLDER = "labels"


def datastore_labels(image: Path) -> tuple[Path | None, list[Segment]]:
    """Return the datastore that an image is a label map of, and its labels; none where there is none, or it names no labels.

    Labels that a person submitted are a list of ``name`` and ``idx``; those of a model are a map of names and numbers, which a
    label map that was edited may still have.

    Raises
    ------
    LabelError
        If the datastore is damaged, or a label has no valid number or name.
    """
    path = image.absolute()
    file = path.parents[2] / DATASTORE if len(path.parents) > 2 and path.parents[1].name == _FOLDER else None
    if file is None or not file.is_file():
        return None, []
    place = Place(str(file))
    tree = trees.parse_json(label_text(file), place) or {}
    stored = _inner(tree, "objects", stem_of(path), "labels", path.parent.name, "info")
    pairs = _submitted(stored.get("label_info")) or [*_inner(stored, "params", "label_names").items()]
    segments = [Segment(checks.number(number, place), checks.label(name, place)) for name, number in pairs]
    return file, checks.without_background(segments, place) if segments else []


def _inner(tree: dict[str, Any], *keys: str) -> dict[str, Any]:
    """Return an object inside of others; empty where there is none."""
    for key in keys:
        value = tree.get(key)
        tree = value if isinstance(value, dict) else {}
    return tree


def _submitted(listed: Any) -> list[tuple[Any, Any]]:
    rows = [row for row in listed if isinstance(row, dict)] if isinstance(listed, list) else []
    return [(row["name"], row["idx"]) for row in rows if {"name", "idx"} <= row.keys()]


def has_datastore_labels(image: Path) -> bool:
    """Whether a datastore names labels of an image."""
    try:
        return bool(datastore_labels(image)[1])
    except LabelError:
        return True
