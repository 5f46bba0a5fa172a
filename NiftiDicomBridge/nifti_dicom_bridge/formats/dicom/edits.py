"""Attributes that a person sets: on the command line, or by editing the sidecar."""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from ...errors import OptionError, SidecarError
from ...model import metadata
from ...model.charset import AFFECTED_VRS, UTF_8, CharacterSet
from ...model.metadata import NUMBER_FORMATS, Element, Elements, Instance, Item, items
from ...sidecar.dicom_json import SINGLE_TEXT_VRS, encode_value
from ...standard import dictionary
from ...standard.keywords import unknown_keyword
from ...standard.representations import FORMATS
from ...standard.tags import Tag
from .protected import misplaced, refusal

_NAME_COMPONENTS = 5
_DATE_LENGTH = 8
_DATE_TIME = re.compile(r"(\d+(\.\d+)?([+-](0\d|1[0-4])[0-5]\d)?)?")
"""One date and time, not a range, which the VR allows in queries only."""
AttributePath = int | tuple[int, ...]
"""An attribute that can be set: its tag, or the tags on the way to it through the first items of sequences."""
Values = Mapping[int, tuple[str, list[Any]]] | Mapping[AttributePath, tuple[str, list[Any]]]
"""Attributes to set → VR, values."""
_NUMBER_VRS = {"US": int, "SS": int, "UL": int, "SL": int, "UV": int, "SV": int, "FL": float, "FD": float}


def elements_of(values: Mapping[str, str]) -> dict[int, tuple[str, list[Any]]]:
    """Return tag → (VR, values) of keywords and texts, checked against the dictionary.

    Raises
    ------
    OptionError
        If a keyword is unknown, protected, or its value is illegal for its VR.
    """
    return dict(_checked(keyword, text) for keyword, text in values.items())


def _checked(keyword: str, text: str) -> tuple[int, tuple[str, list[Any]]]:
    from pydicom.datadict import dictionary_VR, tag_for_keyword

    tag = tag_for_keyword(keyword)
    if tag is None:
        raise OptionError(unknown_keyword(keyword))
    vr = dictionary_VR(tag)
    if reason := refusal(tag):
        raise OptionError(reason)
    return tag, checked_values(tag, text.split("\\") if vr not in SINGLE_TEXT_VRS else [text])


def checked_values(tag: int, texts: Sequence[str]) -> tuple[str, list[Any]]:
    """Return VR and values of a public attribute from texts.

    Raises
    ------
    OptionError
        If a text is illegal for the VR, or there are more or fewer than the VM specifies.
    """
    from pydicom.config import RAISE
    from pydicom.datadict import dictionary_VM, dictionary_VR
    from pydicom.valuerep import validate_value

    vr = dictionary_VR(tag).split(" or ")[0]
    if vr == "SQ" or vr.startswith("O"):
        raise OptionError(f"{dictionary.describe(tag)} cannot be set: a sequence or binary data is not a single value.")
    shown = "\\".join(texts)
    if any(texts) and not _fits_multiplicity(len(texts), dictionary_VM(tag)):
        raise OptionError(f"{dictionary.describe(tag)}: {shown!r} has {len(texts)} value(s), {dictionary_VM(tag)} are allowed.")
    try:
        if vr in _NUMBER_VRS:
            numbers = [_NUMBER_VRS[vr](part) for part in texts if part]
            struct.pack(f"<{len(numbers)}{NUMBER_FORMATS[vr]}", *numbers)
            return vr, numbers
        for part in texts:
            validate_value(vr, part, RAISE)
            _check_range(vr, part)
    except (ValueError, OverflowError, struct.error):
        expected = FORMATS.get(vr, f"a value of VR {vr}")
        raise OptionError(f"{dictionary.describe(tag)}: {shown[:60]!r} is not valid. Expected: {expected} (VR {vr}).") from None
    if vr == "PN":
        return vr, [_person(part) for part in texts]
    return vr, [part or None for part in texts] if any(texts) else []


def _check_range(vr: str, text: str) -> None:
    """Raise `ValueError` for what has the form of its VR and is beyond its range, or only for queries (PS3.5 6.2)."""
    if vr == "IS" and text.strip():
        struct.pack("<i", int(text))
    if vr == "PN" and any(group.count("^") >= _NAME_COMPONENTS for group in text.split("=")):
        raise ValueError(text)
    if vr in ("DA", "DT") and len(day := re.split("[-+.]", text.strip())[0][:_DATE_LENGTH]) == _DATE_LENGTH:
        datetime.strptime(day, "%Y%m%d")
    if (vr in ("DA", "TM") and "-" in text) or (vr == "DT" and not _DATE_TIME.fullmatch(text.strip())):
        raise ValueError(text)


def _fits_multiplicity(count: int, allowed: str) -> bool:
    """Whether this number of values is allowed by a VM like ``1``, ``1-n``, ``2-2n`` (PS3.5 6.4)."""
    low, _, high = allowed.partition("-")
    if not high:
        return count == int(low)
    step = int(high.removesuffix("n") or 1) if high.endswith("n") else 1
    return count >= int(low) and (count % step == 0 if high.endswith("n") else count <= int(high))


def holds(elements: Elements, tag: int) -> bool:
    """Whether a data set has an attribute, itself or in its functional groups."""
    return tag in _holder(elements, tag)


def _holder(elements: Elements, tag: int) -> Elements:
    """Return the data set, or the first item of its functional groups, that has an attribute; the data set if none has it."""
    if tag in elements:
        return elements
    groups = (
        group
        for sequence in (Tag.SHARED_FUNCTIONAL_GROUPS_SEQUENCE, Tag.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE)
        for item in items(elements, sequence)
        for group in item.elements.values()
    )
    within = (item.elements for group in groups if isinstance(group.value, tuple) for item in group.value)
    return next((holder for holder in within if tag in holder), elements)


def _person(text: str) -> dict[str, str]:
    names = ("Alphabetic", "Ideographic", "Phonetic")
    return {name: part for name, part in zip(names, text.split("="), strict=False) if part}


def apply(instance: Instance, values: Values) -> Instance:
    """Return an instance with attributes set, wherever it holds them: data set or functional groups.

    Those in items of sequences are set in the first item; sequence and item are made where there are none. An instance in
    plain ASCII becomes UTF-8 (ISO_IR 192) where a value needs it.

    Raises
    ------
    OptionError
        If a value has letters that the character set of the instance does not have, or an attribute belongs in items only.
    """
    charset = CharacterSet().of(instance.elements)
    elements = instance.elements
    for target, (vr, value) in values.items():
        try:
            raw = encode_value(vr, value, charset, describe(target), is_new=True)
        except SidecarError as error:
            if any(term not in ("", "ISO_IR 6") for term in charset.terms):
                raise OptionError(f"{error} The files are in {'/'.join(charset.terms)}.") from None
            charset = CharacterSet((UTF_8,))
            elements = in_utf_8(elements)
            raw = encode_value(vr, value, charset, describe(target), is_new=True)
        element = Element(vr, raw)
        elements = _set(elements, target, element) if isinstance(target, int) else _set_nested(elements, target, element)
    return replace(instance, elements=elements) if values else instance


def in_utf_8(elements: Elements) -> Elements:
    """Return the elements of a data set that specifies no character set beyond ASCII, in UTF-8, which it specifies then."""
    return {
        **_in_utf_8(elements, CharacterSet()),
        Tag.SPECIFIC_CHARACTER_SET: Element("CS", UTF_8.encode("ascii")),
    }


def _in_utf_8(elements: Elements, charset: CharacterSet) -> Elements:
    """Return elements of which texts beyond ASCII, in no character set that is specified, are UTF-8."""
    converted = dict(elements)
    for tag, element in elements.items():
        if isinstance(element.value, tuple):
            items = (Item(_in_utf_8(item.elements, charset.of(item.elements)), item.undefined) for item in element.value)
            converted[tag] = element._replace(value=tuple(items))
        elif element.vr in AFFECTED_VRS and not any(charset.terms):
            converted[tag] = element._replace(value=charset.in_utf_8(element.value, element.vr))
    return converted


def is_value_of(instance: Instance, tag: int, value: tuple[str, list[Any]]) -> bool:
    """Whether an instance has this value already."""
    try:
        raw = encode_value(*value, CharacterSet().of(instance.elements), describe(tag), is_new=True)
    except SidecarError:
        return False
    wanted = metadata.text({tag: Element(value[0], raw)}, tag)
    return wanted.rstrip("^ ") == metadata.text(instance.elements, tag).rstrip("^ ")


def describe(target: AttributePath) -> str:
    """Return a tag, or the tags on the way, for messages."""
    return dictionary.describe(target) if isinstance(target, int) else dictionary.describe_path(target)


def old_text(elements: Elements, target: AttributePath) -> str:
    """Return what an attribute specifies before it is set, the first of several values; empty where it is not there."""
    path, charset = (target,) if isinstance(target, int) else target, CharacterSet().of(elements)
    for sequence in path[:-1]:
        elements = metadata.first_item(elements, sequence)
    holder = _holder(elements, path[-1])
    if path[-1] in holder and holder[path[-1]].vr in NUMBER_FORMATS:
        return "\\".join(f"{number:.8g}" for number in metadata.numbers(holder, path[-1]))
    return charset.text(holder, path[-1])


def _set_nested(elements: Elements, path: tuple[int, ...], element: Element) -> Elements:
    """Set an attribute in the first item of a sequence, or of one in it."""
    tag, *rest = path
    if not rest:
        return {**elements, tag: element}
    sequence = elements.get(tag)
    present = sequence.value if sequence is not None and isinstance(sequence.value, tuple) and sequence.value else (Item({}),)
    changed = (present[0]._replace(elements=_set_nested(present[0].elements, tuple(rest), element)), *present[1:])
    return {**elements, tag: sequence._replace(value=changed) if sequence is not None else Element("SQ", changed)}


def _set(elements: Elements, tag: int, element: Element) -> Elements:
    nested, hits = _set_in_groups(elements, tag, element)
    if hits and tag not in elements:
        return nested
    reason = "" if tag in elements else misplaced(tag, Tag.SHARED_FUNCTIONAL_GROUPS_SEQUENCE in elements)
    if reason:
        raise OptionError(reason)
    return {**nested, tag: element}


def _set_in_groups(elements: Elements, tag: int, element: Element) -> tuple[Elements, int]:
    """Set an attribute where functional groups hold it; return the elements and how often."""
    updated, hits = dict(elements), 0
    for sequence in (Tag.SHARED_FUNCTIONAL_GROUPS_SEQUENCE, Tag.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE):
        group = elements.get(sequence)
        if group is None or not isinstance(group.value, tuple):
            continue
        changed_items = []
        for item in group.value:
            changed, count = _set_below(item.elements, tag, element)
            changed_items.append(Item(changed, item.undefined) if count else item)
            hits += count
        if hits:
            updated[sequence] = group._replace(value=tuple(changed_items))
    return updated, hits


def _set_below(elements: Elements, tag: int, element: Element) -> tuple[Elements, int]:
    """Set an attribute in the functional groups of one item: one level of sequences down."""
    changed, hits = dict(elements), 0
    for key, group in elements.items():
        if not isinstance(group.value, tuple) or dictionary.is_private(key):
            continue
        if any(tag in item.elements for item in group.value):
            new = [Item({**i.elements, tag: element}, i.undefined) if tag in i.elements else i for i in group.value]
            changed[key] = group._replace(value=tuple(new))
            hits += 1
    return changed, hits
