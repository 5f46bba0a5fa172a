"""What a person edited at the top level of a sidecar, and what becomes of each key."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ... import bids
from ...bids import from_sidecar, reverse_rows
from ...bids.tables import BY_KEY
from ...creation.sidecar_units import check_possible
from ...errors import OptionError, SidecarError
from ...formats.dicom import edits
from ...formats.dicom.protected import refusal
from ...model.metadata import Elements, Instance
from ...sidecar import KEY
from ...standard.dictionary import tag_of
from ...standard.numbers import is_number
from .image_with_record import ImageWithRecord

_DATE_OR_TIME = re.compile(r"[\d:T-]+(\.\d+)?")
_ROUNDED = 1e-5
"""Relative rounding of numbers in keys, some of which have six digits."""


@dataclass(frozen=True)
class SidecarEdits:
    """The edits of one sidecar; without any for an image without a record.

    Attributes
    ----------
    written : dict
        Attributes to set: tag, or tags on the way to it → VR and values.
    ignored : tuple of str
        Keys that no attribute holds by itself: they stay as they were.
    overridden : dict of str to object
        Keys that were written and follow from other attributes, too, which win: key → what those specify.
    unknown : tuple of str
        Keys that are neither of BIDS with an attribute nor keywords of DICOM.
    """

    written: dict[edits.AttributePath, tuple[str, list[Any]]] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    overridden: dict[str, Any] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()

    @classmethod
    def of(cls, file: ImageWithRecord | None) -> SidecarEdits:
        """Return the edits of an image file; raises `SidecarError` where a value is not legal for its key or attribute."""
        if file is None or file.record is None:
            return cls()
        where, first = str(file.sidecar), file.record.source.metadata.first
        edited = from_sidecar.edited_keys(file.top, file.record.written_bids_keys, where)
        keys = _without_other_keys(edited, first, file.record.written_bids_keys, file.top, where)
        of_bids = {*bids.ORDER, *(row.key for row in reverse_rows.REVERSE_ROWS)}
        by_person = edited_keys(file)
        check_possible(by_person, where)
        others = {key: value for key, value in by_person.items() if key not in of_bids}
        keywords = {key: value for key, value in others.items() if tag_of(key)}
        written = _written_keywords(keywords, where) | _written(keys, first.elements, where)
        unknown = tuple(key for key in others if key not in keywords)
        return cls(written, keys.ignored, _overridden(keys, first, written, file.top), unknown)

    def warnings(self, quoted: bool = True) -> list[str]:
        """Return a sentence for every key that does not reach the DICOM, or not alone.

        Names of unknown keys may be anything that a person wrote, and values identify people: they are `quoted` unless the
        image is de-identified.
        """
        unknown = map('"{}"'.format, self.unknown) if quoted else ["a key that is not known"] * len(self.unknown)
        former = {key: repr(value) if quoted else "the former value" for key, value in self.overridden.items()}
        return [
            *(f'"{key}" was edited in the sidecar, but is computed of several attributes: set those with set_values=.'
              for key in self.ignored),
            *(f'"{key}" was edited in the sidecar and written, but other attributes still have {value} as before'
              for key, value in former.items()),
            *(f"{key} was edited in the sidecar, but no DICOM attribute holds it: it stays in the sidecar only"
              for key in unknown),
        ]  # fmt: skip


def _without_other_keys(
    edited: from_sidecar.EditedKeys, first: Instance, before: Mapping[str, Any], top: Mapping[str, Any], where: str
) -> from_sidecar.EditedKeys:
    """Return the edits without keys that this image has from elsewhere, and whose attribute specifies another of its keys.

    EchoTime (0018,0081) is EchoTime1 in field maps of GE. In those of other manufacturers it is the second echo.
    """

    def is_other(attribute: from_sidecar.AttributeOfKey) -> bool:
        tag = _path_of(attribute, first.elements)[-1]
        if not any(key in before and key != attribute.key and tag in row.tags for key, row in BY_KEY.items()):
            return False
        alone = _written(from_sidecar.EditedKeys(direct=(attribute,)), first.elements, where)
        now = bids.keys_of_elements(edits.apply(first, alone).elements)
        return not _is_same(now.get(attribute.key), top[attribute.key])

    others = [attribute for attribute in edited.direct if is_other(attribute)]
    direct = tuple(attribute for attribute in edited.direct if attribute not in others)
    return from_sidecar.EditedKeys(direct, edited.computed, (*edited.ignored, *(attribute.key for attribute in others)))


def _written(keys: from_sidecar.EditedKeys, elements: Elements, where: str) -> dict[edits.AttributePath, tuple[str, list[Any]]]:
    written: dict[edits.AttributePath, tuple[str, list[Any]]] = {}
    for attribute in keys.direct:
        path = _path_of(attribute, elements)
        written[_target(path)] = _checked(path[-1], attribute.texts, f'{where}: "{attribute.key}"')
    for key, (path, *_), texts in keys.computed:
        written.setdefault(_target(path), _checked(path[-1], texts, f'{where}: "{key}"'))
    return written


def _path_of(attribute: from_sidecar.AttributeOfKey, elements: Elements) -> tuple[int, ...]:
    """Return where a value is to be written: the attribute that the data set has, else the first that can hold it."""
    present = (path for path in attribute.paths if len(path) == 1 and edits.holds(elements, path[0]))
    return next(present, attribute.path)


def _written_keywords(keywords: Mapping[str, Any], where: str) -> dict[edits.AttributePath, tuple[str, list[Any]]]:
    """Return the values of keys that are keywords of DICOM, and of no key of BIDS."""
    written: dict[edits.AttributePath, tuple[str, list[Any]]] = {}
    for key, value in keywords.items():
        parts = value if isinstance(value, list) else [value]
        if not all(isinstance(part, (str, int, float)) and not isinstance(part, bool) for part in parts):
            raise SidecarError(
                f'{where}: "{key}": a text, a number or a list of them was expected. Undo the edit in the sidecar.'
            )
        written[tag_of(key)] = _checked(tag_of(key), [str(part) for part in parts], f'{where}: "{key}"')
    return written


def _target(path: tuple[int, ...]) -> edits.AttributePath:
    return path[0] if len(path) == 1 else path


def _checked(tag: int, texts: list[str], where: str) -> tuple[str, list[Any]]:
    if reason := refusal(tag):
        raise SidecarError(f"{where}: {reason} Undo the edit in the sidecar.")
    try:
        return edits.checked_values(tag, texts)
    except OptionError as error:
        raise SidecarError(f"{where}: {error}") from None


def _overridden(
    edited: from_sidecar.EditedKeys,
    first: Instance,
    written: dict[edits.AttributePath, tuple[str, list[Any]]],
    top: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the keys that were written and other attributes still win over, with what those specify."""
    keys = dict.fromkeys(attribute.key for attribute in (*edited.direct, *edited.computed))
    if not keys:
        return {}
    now = bids.keys_of_elements(edits.apply(first, written).elements)
    return {key: now[key] for key in keys if key in now and not _is_same(now[key], top[key])}


def _is_same(one: Any, other: Any) -> bool:
    """Whether two values of a key are equal; numbers up to the rounding of keys, dates and times in any form."""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_is_same, one, other))
    if is_number(one) and is_number(other):
        return math.isclose(one, other, rel_tol=_ROUNDED)
    return bool(_plain(one) == _plain(other))


def _plain(value: Any) -> Any:
    """Return a date or time as digits, without zeros at the end of its fraction; other values as they are."""
    if not isinstance(value, str) or not _DATE_OR_TIME.fullmatch(value):
        return value
    whole, _, fraction = re.sub("[-:T]", "", value).partition(".")
    return f"{whole}.{fraction.rstrip('0')}"


def edited_keys(file: ImageWithRecord) -> dict[str, Any]:
    """Return the BIDS keys next to an image that a person edited; all of them for one that never was DICOM."""
    written = {} if file.record is None else file.record.written_bids_keys
    edited = file.record is not None
    return {key: value for key, value in file.top.items() if key != KEY and not (edited and written.get(key) == value)}
