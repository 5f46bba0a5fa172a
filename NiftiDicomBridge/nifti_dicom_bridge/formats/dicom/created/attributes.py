"""The attributes of an object to be made, each with where its value comes from; the first source that has one wins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ....model import metadata
from ....model.metadata import Change, Element, Elements
from ....standard import dictionary
from ..pydicom_conversion import element_of

DEFAULT = "default"


@dataclass
class Attributes:
    """Elements in UTF-8, and their sources.

    Attributes
    ----------
    elements : dict of int to Element
        What is decided so far.
    sources : dict of int to str
        Tag → where the value comes from, in words: ``set_values``, a file, ``reference``, ``default``.
    """

    elements: Elements = field(default_factory=dict)
    sources: dict[int, str] = field(default_factory=dict)

    def offer(self, elements: Elements, source: str) -> None:
        """Take elements that no earlier source gave."""
        for tag, element in elements.items():
            if tag not in self.elements:
                self.elements[tag], self.sources[tag] = element, source

    def offer_values(self, values: Mapping[int, tuple[str, list[Any]]], source: str) -> None:
        """Take tag → (VR, values in the DICOM JSON Model) that no earlier source gave."""
        self.offer({tag: element_of(tag, vr, value) for tag, (vr, value) in values.items()}, source)

    def text(self, tag: int) -> str:
        """Return a text that was decided, empty where there is none."""
        element = self.elements.get(tag)
        if element is None or not isinstance(element.value, bytes):
            return ""
        return element.value.decode("utf-8", "replace").strip(metadata.SPACE_AND_NULL)

    def as_changes(self) -> list[Change]:
        """Return every attribute with its value and source, for the report."""
        from pydicom.datadict import keyword_for_tag

        return [
            Change(keyword_for_tag(tag) or dictionary.describe(tag), "", _shown(element), self.sources[tag])
            for tag, element in sorted(self.elements.items())
        ]


def _shown(element: Element) -> str:
    if isinstance(element.value, tuple):
        return f"({len(element.value)} item(s))"
    numbers = metadata.numbers({0: element}, 0) if element.vr in metadata.NUMBER_FORMATS else None
    if numbers is not None:
        return "\\".join(f"{number:g}" for number in numbers[:16])
    return element.value.decode("utf-8", "replace").strip(metadata.SPACE_AND_NULL)[:120]
