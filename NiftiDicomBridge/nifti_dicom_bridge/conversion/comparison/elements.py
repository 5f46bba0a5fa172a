"""Comparison of data sets, nested ones too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ...model import metadata
from ...model.metadata import Element, Elements
from ...model.similar_elements import changes_of, like_of
from ...standard import dictionary

MOST_KNOWN = 4096
"""Pairs of sequences that are remembered."""

Path_ = tuple[int, ...]


def flatten(elements: Elements, path: Path_ = ()) -> Iterator[tuple[Path_, object]]:
    """Yield the path of tags (and item numbers) and the value of every element, nested ones too."""
    for tag, element in elements.items():
        here = (*path, tag)
        if isinstance(element.value, tuple):
            yield here, f"{len(element.value)} item(s)"
            for n, item in enumerate(element.value):
                yield from flatten(item.elements, (*here, n))
        else:
            yield here, element


class SharedElements:
    """Sequences that many instances share: compared once for all of them."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], tuple[Element, Element, int]] = {}
        self._alike: dict[tuple[int, int], _AlikePair] = {}

    def have_one_order(self, a: Elements, b: Elements) -> bool:
        """Whether data sets have the same tags in the same order."""
        alike = self._alike_pair(a, b)
        return list(a) == list(b) if alike is None else alike.one_order

    def equal_elements(self, a: Elements, b: Elements) -> dict[int, int]:
        """Return the tags whose elements are equal, with the number of elements in each: one, and those in its items.

        Both data sets have the same tags.
        """
        alike = self._alike_pair(a, b)
        if alike is None:
            return {tag: count for tag, x in a.items() if (count := self._count_if_equal(x, b[tag]))}
        if not alike.counts:
            alike.counts.update(self.equal_elements(*alike.likes))
        counts = alike.counts.copy()
        for tag in changes_of(a).keys() | changes_of(b).keys():
            counts[tag] = self._count_if_equal(a[tag], b[tag])
            if not counts[tag]:
                del counts[tag]
        return counts

    def _alike_pair(self, a: Elements, b: Elements) -> _AlikePair | None:
        """Return what is known of the data sets that two are similar to; None where neither is similar to another one."""
        likes = like_of(a), like_of(b)
        if likes[0] is a and likes[1] is b:
            return None
        key = id(likes[0]), id(likes[1])
        if key not in self._alike:
            self._alike[key] = _AlikePair(likes, list(likes[0]) == list(likes[1]), {})
        return self._alike[key]

    def _count_if_equal(self, x: Element, y: Element) -> int:
        """Return the number of elements in equal ones, whose items have them in the same order; 0 for others."""
        if not isinstance(x.value, tuple):
            return int(x.value == y.value)
        known = self._known.get((id(x), id(y)))
        if known is None or known[0] is not x or known[1] is not y:
            one, two = (list(flatten({0: element})) for element in (x, y))
            same = len(one) == len(two) and all(p == q and same_value(v, w) for (p, v), (q, w) in zip(one, two, strict=True))
            known = self._known[id(x), id(y)] = x, y, len(one) * same
            if len(self._known) > MOST_KNOWN:
                self._known.pop(next(iter(self._known)))
        return known[2]


class _AlikePair(NamedTuple):
    """Two data sets that others are similar to: whether their tags are in the same order, and what in them is equal."""

    likes: tuple[Elements, Elements]  # as long as they are referenced, no other data set has their identity
    one_order: bool
    counts: dict[int, int]


def same_value(x: object, y: object) -> bool:
    """Whether elements have the same value bytes; other values, such as numbers of items, are compared as they are."""
    if isinstance(x, Element) and isinstance(y, Element):
        return x.value == y.value
    return x == y


def is_reissued(x: object, y: object, reissued: dict[str, str]) -> bool:
    """Whether a UID was replaced by the one that always replaces it."""
    if not (isinstance(x, Element) and isinstance(y, Element) and x.vr == y.vr == "UI"):
        return False
    old, new = (metadata.text({0: element}, 0) for element in (x, y))
    if not old or not new or not new.startswith("2.25."):
        return False
    return reissued.setdefault(old, new) == new


def path_text(path: Path_) -> str:
    """Return the path of an element as text: attributes, and items counted from 1."""
    parts = [dictionary.describe(step) if step > 0xFFFF else f"item {step + 1}" for step in path]
    return " > ".join(parts)
