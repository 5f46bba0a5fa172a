"""The attributes of an object to be made, each with where its value comes from; the first source that has one wins."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from ....errors import SidecarError
from ....model import metadata
from ....model.charset import CharacterSet
from ....model.metadata import Change, Element, Elements, Instance, Item
from ....sidecar.bulk import BulkWriter
from ....sidecar.dicom_json import Encoder, encode_value
from ....standard import tags
from .. import new_element
from ..edits import UTF_8

_UTF_8 = CharacterSet((UTF_8,))
DEFAULT = "default"


@dataclass
class Attributes:
    """Elements in UTF-8, and their sources.

    Attributes
    ----------
    elements : dict of int to Element
        What is decided so far.
    sources : dict of int to str
        Tag → where the value comes from, in words: ``--set``, a file, ``reference``, ``default``.
    """

    elements: Elements = field(default_factory=dict)
    sources: dict[int, str] = field(default_factory=dict)

    def offer(self, found: Elements, source: str) -> None:
        """Take elements that no earlier source gave."""
        for tag, element in found.items():
            if tag not in self.elements:
                self.elements[tag], self.sources[tag] = element, source

    def offer_values(self, found: Mapping[int, tuple[str, list]], source: str) -> None:
        """Take tag → (VR, values in the DICOM JSON Model) that no earlier source gave."""
        self.offer({tag: element_of(tag, vr, value) for tag, (vr, value) in found.items()}, source)

    def text(self, tag: int) -> str:
        """Return a text that was decided, empty where there is none."""
        element = self.elements.get(tag)
        if element is None or not isinstance(element.value, bytes):
            return ""
        return element.value.decode("utf-8", "replace").strip(metadata.SPACE_AND_NULL)

    def told(self) -> list[Change]:
        """Return every attribute with its value and source, for the report."""
        from pydicom.datadict import keyword_for_tag

        return [
            Change(keyword_for_tag(tag) or tags.describe(tag), "", _shown(element), self.sources[tag])
            for tag, element in sorted(self.elements.items())
        ]


def element_of(tag: int, vr: str, found: list) -> Element:
    """Return the element of values in the DICOM JSON Model, in UTF-8."""
    return Element(vr, encode_value(vr, found, _UTF_8, tags.describe(tag)))


def in_utf_8(instance: Instance, wanted: Collection[int]) -> Elements:
    """Return some elements of an instance, with text in UTF-8 whatever its character set was.

    Text that cannot be read in the character set it claims is left out.
    """
    charset = CharacterSet().of(instance.elements)
    chosen = {tag: element for tag, element in instance.elements.items() if tag in wanted}
    if all(term in ("", "ISO_IR 6", UTF_8) for term in charset.terms):
        return chosen
    found = {}
    for tag, element in chosen.items():
        recoded = _recoded(tag, element, charset)
        if recoded is not None:
            found[tag] = recoded
    return found


def _recoded(tag: int, element: Element, charset: CharacterSet) -> Element | None:
    if isinstance(element.value, tuple):
        own = [{t: _recoded(t, e, charset.of(item.elements)) for t, e in item.elements.items()} for item in element.value]
        return Element(element.vr, tuple(Item({t: e for t, e in one.items() if e is not None}) for one in own))
    if element.value.isascii() and b"\x1b" not in element.value:
        return element
    plain = Encoder(BulkWriter()).element(element, charset).get("Value")
    if plain is None:
        return None
    try:
        return element_of(tag, element.vr, plain)
    except SidecarError:
        return None


def with_charset(elements: Elements) -> Elements:
    """Return elements with SpecificCharacterSet where a text is not plain ASCII (PS3.3 C.12.1.1.2)."""
    if all(_is_ascii(element) for element in elements.values()):
        return elements
    return {**elements, tags.SPECIFIC_CHARACTER_SET: new_element.text("CS", UTF_8)}


def _is_ascii(element: Element) -> bool:
    if isinstance(element.value, tuple):
        return all(_is_ascii(one) for item in element.value for one in item.elements.values())
    return element.vr not in ("LO", "LT", "PN", "SH", "ST", "UC", "UT") or element.value.isascii()


def _shown(element: Element) -> str:
    if isinstance(element.value, tuple):
        return f"({len(element.value)} item(s))"
    numbers = metadata.numbers({0: element}, 0) if element.vr in metadata.NUMBER_FORMATS else None
    if numbers is not None:
        return "\\".join(f"{number:g}" for number in numbers[:16])
    return element.value.decode("utf-8", "replace").strip(metadata.SPACE_AND_NULL)[:120]
