"""What a person edited at the top level of a sidecar → attributes to set, and sentences about what they cannot tell."""

from __future__ import annotations

import math
from typing import Any

from .. import bids
from ..errors import OptionError, SidecarError
from ..formats.dicom import edits
from ..formats.dicom.protected import refusal
from ..sidecar import record, sidecar_path
from .image_with_record import NiftiFile


def edited(file: NiftiFile | None) -> dict[edits.Target, tuple[str, list]]:
    """Return what was changed: tag, or tags on the way → (VR, values); empty without a record.

    Raises
    ------
    SidecarError
        If a value is not of the type that its key has, or not legal for the VR of its attribute.
    """
    if file is None or file.record is None:
        return {}
    where, elements = str(sidecar_path(file.path)), file.record.series.first.elements
    found: dict[edits.Target, tuple[str, list]] = {}
    for key, tags, texts in bids.edited_attributes(file.top, file.record.top, where):
        tag = next((tag for tag in tags if edits.holds(elements, tag)), tags[0])
        found[tag] = _checked(tag, texts, f'{where}: "{key}"')
    for key, path, texts in bids.edited_items(file.top, file.record.top, where):
        found[path] = _checked(path[-1], texts, f'{where}: "{key}"')
    for key, path, texts in bids.edited_returns(file.top, file.record.top, where):
        found.setdefault(path if len(path) > 1 else path[0], _checked(path[-1], texts, f'{where}: "{key}"'))
    return found


def _checked(tag: int, texts: list[str], where: str) -> tuple[str, list]:
    if reason := refusal(tag):
        raise SidecarError(f"{where}: {reason} Undo the edit in the sidecar.")
    try:
        return edits.checked_values(tag, texts)
    except OptionError as error:
        raise SidecarError(f"{where}: {error}") from None


def unheard(file: NiftiFile | None) -> list[str]:
    """Return a sentence for every key that was changed and has no attribute, or none that alone tells it."""
    if file is None or file.record is None:
        return []
    computed = [
        f'"{key}" was edited in the sidecar, but is computed of several attributes: set those with --set'
        for key in bids.edits_without_attribute(file.top, file.record.top)
    ]
    told = _told_otherwise(file)
    return [
        *computed,
        *(f'"{key}" was edited in the sidecar and written, but other attributes tell {now!r} as before' for key, now in told),
    ]


def _told_otherwise(file: NiftiFile) -> list[tuple[str, Any]]:
    """Return the computed keys that a public attribute was written for and others still win, with what those tell."""
    assert file.record is not None
    written = dict.fromkeys(item.key for item in bids.edited_returns(file.top, file.record.top, str(sidecar_path(file.path))))
    if not written:
        return []
    now = bids.keys_of_elements(edits.apply(file.record.series.first, edited(file)).elements)
    return [(key, now.get(key)) for key in written if not _is_same(now.get(key), file.top[key])]


def _is_same(one: Any, other: Any) -> bool:
    """Whether two values of a key are equal; numbers up to rounding."""
    numbers = isinstance(one, (int, float)) and isinstance(other, (int, float))
    return math.isclose(one, other, rel_tol=1e-9) if numbers else one == other


def edited_keys(file: NiftiFile) -> dict[str, Any]:
    """Return the BIDS keys that a person changed beside an image; all of them for one that never was DICOM."""
    if file.record is None:
        return {key: value for key, value in file.top.items() if key != record.KEY}
    written = file.record.top
    return {key: value for key, value in file.top.items() if key != record.KEY and written.get(key) != value}
