"""Where an attribute of a frame is found: functional groups of the frame, shared groups, data set."""

from __future__ import annotations

from .....model import metadata
from .....model.legacy_converted import as_original
from .....model.metadata import Elements
from .....standard.dictionary import describe
from .....standard.tags import Tag
from ..frames.philips_volumes import slices_of_volume


def frame_count(elements: Elements) -> int:
    """Return NumberOfFrames, 1 where it is absent or not positive; times the slices of each where frames are volumes."""
    return max(1, metadata.integer(elements, Tag.NUMBER_OF_FRAMES, 1)) * slices_of_volume(elements)


class Lookup:
    """Attributes of one frame: its own functional groups first, then the shared ones, then the data set itself.

    The data set is that of the original where a frame was an object of its own before (`legacy_converted`).
    """

    def __init__(self, elements: Elements, own: Elements):
        shared = metadata.first_item(elements, Tag.SHARED_FUNCTIONAL_GROUPS_SEQUENCE)
        self._layers = [layer for layer in (own, shared) if layer]
        self.data_set = as_original(elements, own) if self._layers else elements
        self.notes: list[str] = []

    @property
    def layers(self) -> list[Elements]:
        """From the most special to the most general."""
        return [*self._layers, self.data_set]

    def group(self, sequence: int) -> Elements:
        """Return the item of a functional group; empty where there is none."""
        for layer in self._layers:
            elements = metadata.first_item(layer, sequence)
            if elements:
                return elements
        return {}

    def group_with(self, sequence: int, tag: int) -> Elements:
        """Return the item of a functional group that has a value of an attribute; empty where there is none.

        A group is either shared or of frames (PS3.3 C.7.6.16.1.1), but some objects divide its attributes between both.
        """
        for layer in self._layers:
            elements = metadata.first_item(layer, sequence)
            if tag in elements and elements[tag].value:
                return elements
        return {}

    def merged(self, sequence: int) -> Elements:
        """Return the attributes of a functional group in all layers that have a value, as of `group_with` for each."""
        items = [metadata.first_item(layer, sequence) for layer in reversed(self._layers)]
        return {tag: element for elements in items for tag, element in elements.items() if element.value}

    def numbers(self, sequence: int, tag: int) -> list[float]:
        """Return numbers of a functional group, or of the data set where no group holds them."""
        for layer in (self.group_with(sequence, tag), self.data_set):
            numbers = metadata.numbers(layer, tag)
            doubt = metadata.doubt_of_numbers(layer, tag)
            if doubt:
                self.notes.append(f"{describe(tag)} {doubt}")
            if numbers:
                return numbers
        return []

    def number(self, sequence: int, tag: int) -> float | None:
        """Return the first of `numbers`, None where there is none."""
        numbers = self.numbers(sequence, tag)
        return numbers[0] if numbers else None

    def texts(self, sequence: int, tag: int) -> list[str]:
        """Return text values of a functional group, or of the data set where no group holds them."""
        return metadata.texts(self.group_with(sequence, tag), tag) or metadata.texts(self.data_set, tag)
