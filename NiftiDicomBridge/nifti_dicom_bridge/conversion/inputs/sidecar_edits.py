"""What a person edited at the top level of a sidecar, and what becomes of each key."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ... import bids
from ...bids import from_sidecar, reverse_rows
from ...creation.sidecar_units import check_possible
from ...errors import OptionError, SidecarError
from ...formats.dicom import edits
from ...formats.dicom.protected import refusal
from ...model.metadata import Elements, Instance
from ...sidecar import KEY
from ...standard.dictionary import tag_of
from ...standard.numbers import is_number
from .image_with_record import ImageWithRecord


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
        keys = from_sidecar.edited_keys(file.top, file.record.written_bids_keys, where)
        of_bids = {*bids.ORDER, *(row.key for row in reverse_rows.REVERSE_ROWS)}
        edited = edited_keys(file)
        check_possible(edited, where)
        others = {key: value for key, value in edited.items() if key not in of_bids}
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


def _written(keys: from_sidecar.EditedKeys, elements: Elements, where: str) -> dict[edits.AttributePath, tuple[str, list[Any]]]:
    written: dict[edits.AttributePath, tuple[str, list[Any]]] = {}
    for key, paths, texts in keys.direct:
        present = (path for path in paths if len(path) == 1 and edits.holds(elements, path[0]))
        path = next(present, paths[0])
        written[_target(path)] = _checked(path[-1], texts, f'{where}: "{key}"')
    for key, (path, *_), texts in keys.computed:
        written.setdefault(_target(path), _checked(path[-1], texts, f'{where}: "{key}"'))
    return written


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
    """Return the computed keys that were written and other attributes still win over, with what those specify."""
    if not edited.computed:
        return {}
    now = bids.keys_of_elements(edits.apply(first, written).elements)
    keys = dict.fromkeys(attribute.key for attribute in edited.computed)
    return {key: now[key] for key in keys if key in now and not _is_same(now[key], top[key])}


def _is_same(one: Any, other: Any) -> bool:
    """Whether two values of a key are equal; numbers up to rounding."""
    if is_number(one) and is_number(other):
        return math.isclose(one, other, rel_tol=1e-9)
    return bool(one == other)


def edited_keys(file: ImageWithRecord) -> dict[str, Any]:
    """Return the BIDS keys next to an image that a person edited; all of them for one that never was DICOM."""
    written = {} if file.record is None else file.record.written_bids_keys
    edited = file.record is not None
    return {key: value for key, value in file.top.items() if key != KEY and not (edited and written.get(key) == value)}
