"""BIDS names ⇄ DICOM attributes, by tables: one row per key, for both directions.

`rows` has what public attributes tell whoever made the image, the other files what needs a vendor's private elements or a
computation. Names and units are those of the BIDS specification and, where it is silent, of dcm2niix.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from ...errors import SidecarError
from ...volume import Volume
from . import acceleration, asl, ge, image_type, pet, phase_encoding, philips, readout, rows, sequence, siemens, timing, uih
from .kinds import number_text
from .row import AnyRow, Row
from .source import Source, Storage

# of rows with the same key, the first that has something to say counts
TABLES: dict[str, tuple[AnyRow, ...]] = {
    "Arterial spin labelling": asl.ROWS,
    "Timing": timing.ROWS,
    "Any vendor": rows.ROWS,
    "Image type": image_type.ROWS,
    "Sequence": sequence.ROWS,
    "Siemens": siemens.ROWS,
    "GE": ge.ROWS,
    "Philips": philips.ROWS,
    "United Imaging": uih.ROWS,
    "Acceleration and matrix": acceleration.ROWS,
    "Phase encoding": phase_encoding.ROWS,
    "Readout": readout.ROWS,
    "Positron emission tomography": pet.ROWS,
}
ALL_ROWS = tuple(row for table in TABLES.values() for row in table)
ORDER = {row.key: n for n, row in reversed(list(enumerate((*rows.ROWS, *ALL_ROWS))))}
BY_KEY: dict[str, Row] = {}
NESTED: dict[str, Row] = {}
"""Keys whose attribute is in an item of a sequence."""
for _row in reversed(ALL_ROWS):
    if isinstance(_row, Row) and _row.tag is not None:
        BY_KEY[_row.key] = _row
    elif isinstance(_row, Row) and _row.path is not None:
        NESTED[_row.key] = _row
# what dcm2niix writes where there is nothing to say: no value of any attribute
PLACEHOLDERS = {("InstitutionalDepartmentName", rows.NO_DEPARTMENT)}

__all__ = [
    "BY_KEY",
    "NESTED",
    "TABLES",
    "Edited",
    "EditedItem",
    "Source",
    "Storage",
    "edited_attributes",
    "edited_items",
    "edits_without_attribute",
    "keys_of",
    "number_text",
]


def keys_of(volume: Volume, stored_affine: np.ndarray | None = None) -> dict[str, Any]:
    """Return the BIDS keys that a volume's attributes tell; what is absent or empty is left out.

    Parameters
    ----------
    volume : Volume
        With `metadata`.
    stored_affine : numpy.ndarray, shape (4, 4), optional
        Voxel indices of the file → mm, RAS, where the file has another order than the volume: what BIDS says of axes is
        said of those of the file.
    """
    source = Source.of(volume, Storage.of(volume, volume.ijk_to_ras if stored_affine is None else stored_affine))
    found: dict[str, Any] = {}
    for row in ALL_ROWS:
        if row.key not in found:
            value = row.read(source)
            if value is not None:
                found[row.key] = value
    return dict(sorted(found.items(), key=lambda item: ORDER[item[0]]))


class Edited(NamedTuple):
    """A key whose value is to be written to DICOM: the attributes that can hold it, and the values as text."""

    key: str
    tags: tuple[int, ...]
    texts: list[str]


class EditedItem(NamedTuple):
    """A key whose value is to be written into an item of a sequence: the tags on the way, and the values as text."""

    key: str
    path: tuple[int, ...]
    texts: list[str]


def edited_attributes(now: dict[str, Any], written: dict[str, Any], where: str) -> list[Edited]:
    """Return what a person changed at the top level.

    Parameters
    ----------
    now : dict
        The top level of the sidecar as it is.
    written : dict
        As it was when this tool wrote it; empty for a sidecar of another tool, all of which counts then.
    where : str
        The sidecar, for messages.

    Raises
    ------
    SidecarError
        If a changed value is not of the type that its key has.
    """
    return [Edited(row.key, row.tags, _texts(row, now[row.key], where)) for row in _changed(BY_KEY, now, written)]


def edited_items(now: dict[str, Any], written: dict[str, Any], where: str) -> list[EditedItem]:
    """Return what a person changed at the top level that DICOM keeps in an item of a sequence; see `edited_attributes`."""
    changed = [row for row in _changed(NESTED, now, written) if row.key not in BY_KEY]
    return [EditedItem(row.key, row.path or (), _texts(row, now[row.key], where)) for row in changed]


def _changed(rows: dict[str, Row], now: dict[str, Any], written: dict[str, Any]) -> list[Row]:
    """Return the rows whose value is not as it was written, and is one."""
    return [
        row
        for key, row in rows.items()
        if key in now and now[key] != written.get(key) and not (isinstance(now[key], str) and (key, now[key]) in PLACEHOLDERS)
    ]


def edits_without_attribute(now: dict[str, Any], written: dict[str, Any]) -> list[str]:
    """Return the keys that a person changed and that no DICOM attribute holds by itself, in the order of the sidecar."""
    known = {*BY_KEY, *NESTED}
    return [key for key in now if key in ORDER and key not in known and now[key] != written.get(key)]


def _texts(row: Row, value: Any, where: str) -> list[str]:
    """Return a value as DICOM texts."""
    good = isinstance(value, row.kind.types) and (bool in row.kind.types or not isinstance(value, bool))
    if isinstance(value, list):
        good = good and all(isinstance(part, (str, int, float)) and not isinstance(part, bool) for part in value)
    if isinstance(value, float) and not math.isfinite(value):
        good = False
    if not good:
        wanted = " or ".join(dict.fromkeys(_TYPE_WORDS[found] for found in row.kind.types))
        raise SidecarError(f"{where}: {row.key!r} is {value!r}; a {wanted} was expected.")
    try:
        return list(row.kind.to_dicom(value, row.factor))
    except (TypeError, ValueError, AttributeError, KeyError, OverflowError):
        raise SidecarError(f"{where}: {row.key!r} is {str(value)[:60]}: not a value of its kind.") from None


_TYPE_WORDS = {str: "text", int: "number", float: "number", list: "list", bool: "truth value"}
