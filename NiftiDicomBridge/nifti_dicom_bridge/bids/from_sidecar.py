"""Keys of a sidecar → attributes: those that were edited, or all of a sidecar that another tool wrote."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..errors import SidecarError
from ..standard.dictionary import keyword_of
from ..standard.tags import Tag
from .reverse_pet import pet_attributes
from .reverse_rows import REVERSE_ROWS, TRACER, WITHHELD, ReverseRow
from .row import Row
from .tables import BY_KEY, NESTED, ORDER, PLACEHOLDERS

_NUCLIDE = (TRACER, Tag.RADIONUCLIDE_CODE_SEQUENCE)


class AttributeOfKey(NamedTuple):
    """An attribute that a key specifies.

    Attributes
    ----------
    key : str
        The key.
    paths : tuple of tuple of int
        Tags on the way to the attribute; several where one of several attributes can hold the value.
    texts : list of str
        Its values.
    """

    key: str
    paths: tuple[tuple[int, ...], ...]
    texts: list[str]

    @property
    def path(self) -> tuple[int, ...]:
        """The first of `paths`."""
        return self.paths[0]


@dataclass(frozen=True)
class EditedKeys:
    """Which keys at the top level of a sidecar were edited, and which attributes can hold the new values.

    Attributes
    ----------
    direct : tuple of AttributeOfKey
        Keys that are an attribute.
    computed : tuple of AttributeOfKey
        Keys that follow from several attributes, one of which can hold the new value.
    ignored : tuple of str
        Keys that no attribute holds by itself.
    """

    direct: tuple[AttributeOfKey, ...] = ()
    computed: tuple[AttributeOfKey, ...] = ()
    ignored: tuple[str, ...] = ()


def edited_keys(now: Mapping[str, Any], written: Mapping[str, Any], where: str) -> EditedKeys:
    """Return what was edited at the top level of a sidecar.

    Parameters
    ----------
    now : mapping
        The top level of the sidecar as it is.
    written : mapping
        As it was when this tool wrote it.
    where : str
        The sidecar, for messages.

    Raises
    ------
    SidecarError
        If an edited value is not of the type that its key has.
    """
    computed = _computed(now, written, where)
    known = {*BY_KEY, *NESTED, *(attribute.key for attribute in computed)}
    ignored = [key for key in now if key in ORDER and key not in known and now[key] != written.get(key)]
    return EditedKeys((*_flat(now, written, where), *_nested(now, written, where)), tuple(computed), tuple(ignored))


def _flat(now: Mapping[str, Any], written: Mapping[str, Any], where: str) -> list[AttributeOfKey]:
    return [
        AttributeOfKey(row.key, tuple((tag,) for tag in row.tags), _texts(row, now[row.key], where))
        for row in _changed(BY_KEY, now, written)
    ]


def _nested(now: Mapping[str, Any], written: Mapping[str, Any], where: str) -> list[AttributeOfKey]:
    """Return edited keys whose attribute is in an item of a sequence."""
    changed = [row for row in _changed(NESTED, now, written) if row.key not in BY_KEY]
    return [AttributeOfKey(row.key, (row.path or (),), _texts(row, now[row.key], where)) for row in changed]


def _computed(now: Mapping[str, Any], written: Mapping[str, Any], where: str) -> list[AttributeOfKey]:
    """Return edited keys that are computed, as far as a public attribute can hold them.

    A key with several attributes is written to those whose values changed: another day is not another time.
    """
    rows = [row for row in _reverse_rows(now) if now[row.key] != written.get(row.key) and row.key not in (BY_KEY | NESTED)]
    attributes = [(row, _texts(row, now[row.key], where)) for row in rows]
    return [
        AttributeOfKey(row.key, (row.path,), texts)
        for row, texts in attributes
        if any(texts) and not (row.key in written and texts == _texts(row, written[row.key], where))
    ]


def _reverse_rows(top: Mapping[str, Any]) -> list[ReverseRow]:
    return [row for row in REVERSE_ROWS if row.key in top and row.when(top)]


def attributes_from_keys(top: dict[str, Any], where: str, sentences: list[str]) -> list[AttributeOfKey]:
    """Return the attributes that a sidecar of another tool specifies; of those with the same path the first counts.

    Parameters
    ----------
    top : dict
        The keys of the sidecar.
    where : str
        The sidecar, for messages.
    sentences : list of str
        Receives what was assumed.

    Raises
    ------
    SidecarError
        If a value is not of the type that its key has.
    """
    flat = [attribute for attribute in _flat(top, {}, where) if attribute.paths]
    flat.sort(key=lambda attribute: keyword_of(attribute.path[0]) != attribute.key)  # EchoTime before EchoTime1
    attributes = [*flat, *_nested(top, {}, where)]
    attributes = [attribute for attribute in attributes if attribute.key not in WITHHELD or not WITHHELD[attribute.key][0](top)]
    attributes += [AttributeOfKey(key, (path,), texts) for path, (key, texts) in pet_attributes(top, where, sentences).items()]
    attributes += [AttributeOfKey(row.key, (row.path,), _texts(row, top[row.key], where)) for row in _reverse_rows(top)]
    attributes = [attribute for attribute in attributes if not attribute.key or any(attribute.texts)]
    paths = {path for attribute in attributes for path in attribute.paths}
    if any(path[0] == TRACER for path in paths) and not any(path[:2] == _NUCLIDE for path in paths):
        attributes.append(AttributeOfKey("", (_NUCLIDE,), []))  # Type 2
    return attributes


def _changed(rows: Mapping[str, Row], now: Mapping[str, Any], written: Mapping[str, Any]) -> list[Row]:
    """Return the rows whose value is not as it was written, and is one."""
    return [
        row
        for key, row in rows.items()
        if key in now and now[key] != written.get(key) and not (isinstance(now[key], str) and (key, now[key]) in PLACEHOLDERS)
    ]


def _texts(row: Row | ReverseRow, value: Any, where: str) -> list[str]:
    """Return a value as DICOM texts."""
    good = isinstance(value, row.kind.types) and (bool in row.kind.types or not isinstance(value, bool))
    if isinstance(value, list):
        good = good and all(isinstance(part, (str, int, float)) and not isinstance(part, bool) for part in value)
    if isinstance(value, float) and not math.isfinite(value):
        good = False
    if not good:
        wanted = " or ".join(dict.fromkeys(_TYPE_WORDS[type_] for type_ in row.kind.types))
        raise SidecarError(f"{where}: {row.key!r} is {value!r}; a {wanted} was expected.")
    try:
        return list(row.kind.to_dicom(value, row.factor))
    except (TypeError, ValueError, AttributeError, LookupError, OverflowError):
        raise SidecarError(f"{where}: {row.key!r} is {str(value)[:60]}: not a value of its kind.") from None


_TYPE_WORDS = {str: "text", int: "number", float: "number", list: "list", bool: "truth value"}
