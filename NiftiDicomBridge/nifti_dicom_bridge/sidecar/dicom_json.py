"""Elements ⇄ the DICOM JSON Model (PS3.18 F), without loss.

Text stays text (DS and IS too, as CP-1861 allows), so ``0.50000`` comes back with its zeros. What JSON cannot return to the
last byte is kept as InlineBinary with its VR. Lengths of sequences that were undefined are stated by one key of our own,
``Undefined``.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
import struct
from typing import Any

from ..errors import SidecarError
from ..model.charset import CharacterSet
from ..model.metadata import NUMBER_FORMATS, Element, Elements, Item
from ..standard import dictionary
from ..standard.representations import is_element_tag, is_vr
from .bulk import BulkReader, BulkWriter

TEXT_VRS = frozenset(["AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "SH", "TM", "UC", "UI"])
SINGLE_TEXT_VRS = frozenset(["LT", "ST", "UT", "UR"])
BINARY_VRS = frozenset(["OB", "OD", "OF", "OL", "OV", "OW", "SQ", "UN"])
"""VRs that have no Value in JSON, or a list of items."""
NAME_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")
_NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_NOT_FINITE_NAMES = {math.inf: "Infinity", -math.inf: "-Infinity"}

JsonElement = dict[str, Any]


# --- elements → JSON --------------------------------------------------------------------------------------------------


class Encoder:
    """Turns the elements of data sets into JSON objects.

    Parameters
    ----------
    bulk : BulkWriter
        Takes binary values that are too large to be inline.
    """

    def __init__(self, bulk: BulkWriter):
        self.bulk = bulk

    def data_set(self, elements: Elements, charset: CharacterSet) -> dict[str, JsonElement]:
        """Return a data set: tag → element."""
        own = charset.of(elements)
        return {dictionary.hexadecimal(tag): self.element(element, own) for tag, element in elements.items()}

    def element(self, element: Element, charset: CharacterSet) -> JsonElement:
        """Return one element; the result decodes to the very same one."""
        vr, value, undefined = element
        if isinstance(value, tuple):
            return self._sequence(element, charset)
        result: JsonElement = {"vr": vr}
        if undefined:
            result["Undefined"] = True
        if not value:
            return result
        plain = plain_value(vr, value, charset)
        if plain is not None:
            result["Value"] = plain
        elif len(value) >= self.bulk.threshold:
            result["BulkDataURI"] = self.bulk.add(value)
        else:
            result["InlineBinary"] = base64.b64encode(value).decode("ascii")
        return result

    def _sequence(self, element: Element, charset: CharacterSet) -> JsonElement:
        assert isinstance(element.value, tuple)
        result: JsonElement = {"vr": element.vr}
        if element.value:
            result["Value"] = [self.data_set(item.elements, charset) for item in element.value]
        lengths = lengths_of(element)
        if lengths:
            result["Undefined"] = lengths
        return result


def lengths_of(element: Element) -> bool | str:
    """Return which lengths of a sequence were undefined: False none, True all, else ``"10110"`` (sequence, then items)."""
    assert isinstance(element.value, tuple)
    flags = [element.undefined, *(item.undefined for item in element.value)]
    return "".join("01"[flag] for flag in flags) if len(set(flags)) > 1 else flags[0]


def plain_value(vr: str, value: bytes, charset: CharacterSet) -> list[Any] | None:
    """Return the Value of an element, None where it would not give the same bytes back."""
    try:
        if vr in NUMBER_FORMATS:
            numbers: list[Any] = _numbers(vr, value)
        elif vr == "AT":
            numbers = [f"{group:04X}{number:04X}" for group, number in struct.iter_unpack("<HH", value)]
        elif vr == "PN":
            numbers = [_person(name) for name in charset.decode(_unpadded(vr, value), vr).split("\\")]
        elif vr in TEXT_VRS:
            numbers = [part or None for part in charset.decode(_unpadded(vr, value), vr).split("\\")]
        elif vr in SINGLE_TEXT_VRS:
            numbers = [charset.decode(_unpadded(vr, value), vr)]
        else:
            return None
        return numbers if _bytes_of(vr, numbers, charset) == value else None
    except (struct.error, UnicodeError, LookupError, ValueError):
        return None


def _numbers(vr: str, value: bytes) -> list[Any]:
    numbers = [number for (number,) in struct.iter_unpack("<" + NUMBER_FORMATS[vr], value)]
    if vr in ("FL", "FD"):
        return [number if math.isfinite(number) else _NOT_FINITE_NAMES.get(number, "NaN") for number in numbers]
    return numbers


def _person(name: str) -> dict[str, str]:
    return {group: part for group, part in zip(NAME_GROUPS, name.split("="), strict=False) if part} if name else {}


def _unpadded(vr: str, value: bytes) -> bytes:
    """Return text without the one padding character that an even length may hide."""
    pad = b"\0" if vr == "UI" else b" "
    return value[:-1] if len(value) % 2 == 0 and value.endswith(pad) else value


# --- JSON → elements --------------------------------------------------------------------------------------------------


class Decoder:
    """Turns JSON objects back into elements.

    Parameters
    ----------
    bulk : BulkReader
        Gives binary values that are not inline.
    """

    def __init__(self, bulk: BulkReader):
        self.bulk = bulk

    def data_set(self, content: Any, charset: CharacterSet, where: str) -> Elements:
        """Return the elements of a data set; `where` names the place for errors."""
        if not isinstance(content, dict):
            raise SidecarError(f"{where}: an object with tags was expected, found {_shown(content)}.")
        own = charset.of_json(content)
        return {tag_of(key, where): self.element(value, own, f"{where}/{key}") for key, value in content.items()}

    def element(self, content: Any, charset: CharacterSet, where: str) -> Element:
        """Return one element."""
        if not isinstance(content, dict):
            raise SidecarError(f"{where}: an element was expected, found {_shown(content)}.")
        vr = vr_of(content.get("vr"), where)
        undefined = content.get("Undefined") is True
        if "InlineBinary" in content:
            return Element(vr, _base64(content["InlineBinary"], where), undefined)
        if "BulkDataURI" in content:
            return Element(vr, self.bulk.get(content["BulkDataURI"], where), undefined)
        if vr in ("SQ", "UN"):
            return self._sequence(content, charset, where)
        if "Value" not in content:
            return Element(vr, b"")
        return Element(vr, encode_value(vr, content["Value"], charset, where))

    def _sequence(self, content: JsonElement, charset: CharacterSet, where: str) -> Element:
        items = content.get("Value", [])
        if not isinstance(items, list):
            raise SidecarError(f"{where}: a list of items was expected, found {_shown(items)}.")
        if content["vr"] == "UN" and "Undefined" not in content and not items:
            return Element("UN", b"")
        data_sets = [self.data_set(item, charset, f"{where}[{n}]") for n, item in enumerate(items)]
        return sequence_element(content["vr"], data_sets, content.get("Undefined", False), where)


def sequence_element(vr: str, data_sets: list[Elements], lengths: Any, where: str) -> Element:
    """Return a sequence with the undefined lengths that `lengths_of` returned; raises `SidecarError` for another number."""
    count = len(data_sets)
    flags = [lengths] * (count + 1) if isinstance(lengths, bool) else [c == "1" for c in str(lengths)]
    if len(flags) != count + 1:
        raise SidecarError(f'{where}: "Undefined" describes {len(flags) - 1} items, the sequence has {count}.')
    return Element(vr, tuple(Item(item, flag) for item, flag in zip(data_sets, flags[1:], strict=True)), flags[0])


def encode_value(vr: str, values: Any, charset: CharacterSet, where: str, is_new: bool = False) -> bytes:
    """Return the bytes of a Value list; of one that `is_new`, in the form that the standard specifies.

    Raises
    ------
    SidecarError
        If the values are not of the kind that the VR holds.
    """
    if not isinstance(values, list):
        raise SidecarError(f'{where}: "Value" must be a list, found {_shown(values)}.')
    try:
        return _bytes_of(vr, values, charset, is_new)
    except (struct.error, TypeError, ValueError, AttributeError, LookupError) as error:
        raise SidecarError(f"{where}: {_shown(values)} is not a valid value of VR {vr} ({error}).") from None


def _bytes_of(vr: str, values: list[Any], charset: CharacterSet, is_new: bool = False) -> bytes:
    if vr in NUMBER_FORMATS:
        numbers = [_NOT_FINITE[v] if isinstance(v, str) and v in _NOT_FINITE else v for v in values]
        return struct.pack(f"<{len(numbers)}{NUMBER_FORMATS[vr]}", *numbers)
    if vr == "AT":
        return b"".join(struct.pack("<HH", int(v[:4], 16), int(v[4:], 16)) for v in values)
    if vr == "PN":
        text = "\\".join(_name_text(v or {}) for v in values)
    elif vr in TEXT_VRS or vr in SINGLE_TEXT_VRS:
        text = "\\".join("" if v is None else str(v) for v in values)
    else:
        raise ValueError(f"VR {vr} has binary values")
    raw = charset.encode_new(text, vr) if is_new else charset.encode(text, vr)
    return raw + (b"\0" if vr == "UI" else b" ") * (len(raw) % 2)


def _name_text(name: dict[str, str]) -> str:
    return "=".join(name.get(group, "") for group in NAME_GROUPS).rstrip("=")


def vr_of(result: Any, where: str) -> str:
    """Return a value representation; raises `SidecarError` if it is not one."""
    if isinstance(result, str) and is_vr(result):
        return result
    raise SidecarError(f'{where}: a "vr" of two letters was expected, found {_shown(result)}.')


def tag_of(key: str, where: str) -> int:
    """Return the tag of a key ``GGGGEEEE``; raises `SidecarError` if it is not one."""
    if re.fullmatch("[0-9A-Fa-f]{8}", key) and is_element_tag(int(key, 16)):
        return int(key, 16)
    raise SidecarError(f"{where}: {key!r} is not a tag; expected eight hexadecimal digits.")


def _base64(value: Any, where: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, TypeError, ValueError):
        raise SidecarError(f'{where}: "InlineBinary" is not base64: {_shown(value)}.') from None


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
