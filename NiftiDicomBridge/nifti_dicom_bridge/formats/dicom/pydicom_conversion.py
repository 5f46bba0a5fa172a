"""Our elements ⇄ data sets of pydicom, and the character sets of both."""

from __future__ import annotations

from collections.abc import Collection
from io import BytesIO
from typing import TYPE_CHECKING, Any

from ...model.charset import UTF_8, CharacterSet
from ...model.metadata import Element, Elements, Encoding, Instance, Item
from ...sidecar.dicom_json import SINGLE_TEXT_VRS, TEXT_VRS, encode_value
from ...standard import dictionary
from ...standard.tags import Tag
from . import new_element
from .reading.data_sets.data_set_writing import write_data_set

_UTF_8 = CharacterSet((UTF_8,))
_TEXTS = TEXT_VRS | SINGLE_TEXT_VRS | {"PN"}
if TYPE_CHECKING:
    from pydicom.dataset import Dataset


def data_set_of(elements: Elements) -> Dataset:
    """Return elements as a pydicom data set."""
    from pydicom.filereader import read_dataset

    raw = write_data_set(with_charset(elements), Encoding())
    return read_dataset(BytesIO(raw), is_implicit_VR=False, is_little_endian=True)


def items_of(data_set: Dataset, keyword: str) -> list[Dataset]:
    """Return the items of a sequence; none where it is missing, or damaged so that it is not a sequence."""
    from pydicom.sequence import Sequence

    value = data_set.get(keyword)
    return list(value) if isinstance(value, Sequence) else []


def element_of(tag: int, vr: str, values: list[Any]) -> Element:
    """Return the element of values in the DICOM JSON Model, in UTF-8."""
    return Element(vr, encode_value(vr, values, _UTF_8, dictionary.describe(tag)))


def in_utf_8(instance: Instance, wanted: Collection[int]) -> Elements:
    """Return some elements of an instance, with text in UTF-8 whatever its character set was.

    Text that cannot be read in the character set it claims is left out.
    """
    charset = CharacterSet().of(instance.elements)
    chosen = {tag: element for tag, element in instance.elements.items() if tag in wanted}
    if charset.terms == (UTF_8,):
        return chosen
    decoded = {}
    for tag, element in chosen.items():
        recoded = _recoded(tag, element, charset)
        if recoded is not None:
            decoded[tag] = recoded
    return decoded


def _recoded(tag: int, element: Element, charset: CharacterSet) -> Element | None:
    if isinstance(element.value, tuple):
        own = [{t: _recoded(t, e, charset.of(item.elements)) for t, e in item.elements.items()} for item in element.value]
        return Element(element.vr, tuple(Item({t: e for t, e in one.items() if e is not None}) for one in own))
    if element.vr not in _TEXTS:
        return element
    try:
        return element._replace(value=charset.in_utf_8(element.value, element.vr))
    except (UnicodeError, LookupError):
        return None


def with_charset(elements: Elements) -> Elements:
    """Return elements with SpecificCharacterSet where a text is not plain ASCII (PS3.3 C.12.1.1.2)."""
    if all(_is_ascii(element) for element in elements.values()):
        return elements
    return {**elements, Tag.SPECIFIC_CHARACTER_SET: new_element.text("CS", UTF_8)}


def _is_ascii(element: Element) -> bool:
    if isinstance(element.value, tuple):
        return all(_is_ascii(one) for item in element.value for one in item.elements.values())
    return element.vr not in ("LO", "LT", "PN", "SH", "ST", "UC", "UT") or element.value.isascii()
