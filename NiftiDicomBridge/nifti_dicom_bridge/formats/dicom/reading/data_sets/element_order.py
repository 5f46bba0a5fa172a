"""Whether elements were in ascending order of their tags in the file (PS3.5 7.1)."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from .....model.metadata import Element, Elements
from .....model.similar_elements import SimilarElements


def count_unordered(data_sets: Iterable[Elements]) -> int:
    """Return how many data sets have elements, or items with elements, out of the ascending order of tags (PS3.5 7.1)."""
    order = _Order()
    return sum(not order.is_ascending(elements) for elements in data_sets)


class _Order:
    """Checks whether elements are in order; what data sets of a series have in common is looked at once."""

    def __init__(self) -> None:
        self._tags: dict[tuple[int, ...], bool] = {}
        self._sequences: dict[int, tuple[Element, bool]] = {}
        self._alike: dict[int, tuple[Elements, bool]] = {}

    def is_ascending(self, elements: Elements) -> bool:
        """Whether the elements of a data set, and of its items, are in order."""
        if type(elements) is not SimilarElements:
            return self._is_ascending(elements)
        like = elements.like
        if id(like) not in self._alike:
            self._alike[id(like)] = like, self._is_ascending(like)
        if self._alike[id(like)][1]:
            return all(self._has_ordered_items(one) for one in elements.changes.values() if type(one[1]) is tuple)
        return self._is_ascending(elements)

    def _is_ascending(self, elements: Elements) -> bool:
        tags = tuple(elements)
        if tags not in self._tags:
            self._tags[tags] = all(a < b for a, b in pairwise(tags))
        sequences = [element for element in elements.values() if type(element.value) is tuple]
        return self._tags[tags] and all(map(self._has_ordered_items, sequences))

    def _has_ordered_items(self, element: Element) -> bool:
        assert isinstance(element.value, tuple)
        if id(element) not in self._sequences:
            self._sequences[id(element)] = element, all(_is_ascending(item.elements) for item in element.value)
        return self._sequences[id(element)][1]


def _is_ascending(elements: Elements) -> bool:
    if list(elements) != sorted(elements):
        return False
    sequences = [element.value for element in elements.values() if type(element.value) is tuple]
    return all(_is_ascending(item.elements) for value in sequences for item in value)
