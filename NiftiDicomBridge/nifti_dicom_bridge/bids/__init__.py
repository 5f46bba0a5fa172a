"""BIDS names ⇄ DICOM attributes, by tables: one row per key, for both directions.

`rows` has what public attributes tell whoever made the image, the other files what needs a vendor's private elements or a
computation. Names and units are those of the BIDS specification and, where it is silent, of dcm2niix.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from ..errors import SidecarError
from ..model.metadata import Elements, Encoding, Instance
from ..model.volume import Volume
from ..standard.dictionary import keyword_of
from . import acceleration, asl, ge, image_type, pet, phase_encoding, philips, readout, rows, sequence, siemens, timing, uih
from .kinds import number_text
from .private_block import KEYS_TAG, block_of, direction_of, remembered_block, with_remembered
from .reverse_pet import decay_factors, per_time, pet_attributes
from .reverse_rows import MAY_BE_LISTS, RETURNS, WITHHELD, Return
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
    "KEYS_TAG",
    "MAY_BE_LISTS",
    "NESTED",
    "PLACEHOLDERS",
    "RETURNS",
    "TABLES",
    "WITHHELD",
    "Edited",
    "EditedItem",
    "Source",
    "Storage",
    "attributes_told",
    "block_of",
    "decay_factors",
    "direction_of",
    "edited_attributes",
    "edited_items",
    "edited_returns",
    "edits_without_attribute",
    "keys_of",
    "keys_of_elements",
    "number_text",
    "per_time",
    "remembered_block",
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
    found = with_remembered(_told_by(source), source)
    return dict(sorted(found.items(), key=lambda item: ORDER.get(item[0], len(ORDER))))


def keys_of_elements(elements: Elements) -> dict[str, Any]:
    """Return the BIDS keys that the attributes of one data set tell by themselves, whatever its place and time."""
    return _told_by(Source(Instance(elements, {}, None, Encoding(), None)))


def _told_by(source: Source) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for row in ALL_ROWS:
        if row.key not in found:
            value = row.read(source)
            if value is not None:
                found[row.key] = value
    return found


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


def edited_returns(now: dict[str, Any], written: dict[str, Any], where: str) -> list[EditedItem]:
    """Return what a person changed of computed keys, as far as a public attribute can hold it; see `edited_attributes`.

    A key with several attributes is written to those whose values changed: another day is no other time.
    """
    found = [(row, _texts(row, now[row.key], where)) for row in _returning(now, written)]
    return [
        EditedItem(row.key, row.path, texts)
        for row, texts in found
        if any(texts) and not (row.key in written and texts == _texts(row, written[row.key], where))
    ]


def _returning(now: dict[str, Any], written: dict[str, Any]) -> list[Return]:
    """Return the rows by which changed keys go back that are computed."""
    return [
        row
        for row in RETURNS
        if row.key in now and now[row.key] != written.get(row.key) and row.key not in (BY_KEY | NESTED) and row.when(now)
    ]


def attributes_told(top: dict[str, Any], where: str, sentences: list[str]) -> list[EditedItem]:
    """Return all that a sidecar tells in attributes, for an image that never was DICOM.

    Of those with the same attribute the first counts.

    Parameters
    ----------
    top : dict
        The keys of the sidecar.
    where : str
        The sidecar, for messages.
    sentences : list of str
        Told what was assumed.

    Raises
    ------
    SidecarError
        If a value is not of the type that its key has.
    """
    flat = [
        EditedItem(row.key, (tag,), _texts(row, top[row.key], where))
        for row in _changed(BY_KEY, top, {})
        for tag in row.tags[:1]
    ]
    flat.sort(key=lambda one: keyword_of(one.path[0]) != one.key)  # EchoTime before EchoTime1
    told = [*flat, *edited_items(top, {}, where)]
    told = [one for one in told if one.key not in WITHHELD or not WITHHELD[one.key][0](top)]
    told += [EditedItem(key, path, texts) for path, (key, texts) in pet_attributes(top, where, sentences).items()]
    returned = [row for row in RETURNS if row.key in top and row.when(top)]
    told += [EditedItem(row.key, row.path, _texts(row, top[row.key], where)) for row in returned]
    return [one for one in told if not one.key or any(one.texts)]


def _changed(rows: dict[str, Row], now: dict[str, Any], written: dict[str, Any]) -> list[Row]:
    """Return the rows whose value is not as it was written, and is one."""
    return [
        row
        for key, row in rows.items()
        if key in now and now[key] != written.get(key) and not (isinstance(now[key], str) and (key, now[key]) in PLACEHOLDERS)
    ]


def edits_without_attribute(now: dict[str, Any], written: dict[str, Any]) -> list[str]:
    """Return the keys that a person changed and that no DICOM attribute holds by itself, in the order of the sidecar."""
    known = {*BY_KEY, *NESTED, *(item.key for item in edited_returns(now, written, ""))}
    return [key for key in now if key in ORDER and key not in known and now[key] != written.get(key)]


def _texts(row: Row | Return, value: Any, where: str) -> list[str]:
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
    except (TypeError, ValueError, AttributeError, LookupError, OverflowError):
        raise SidecarError(f"{where}: {row.key!r} is {str(value)[:60]}: not a value of its kind.") from None


_TYPE_WORDS = {str: "text", int: "number", float: "number", list: "list", bool: "truth value"}
