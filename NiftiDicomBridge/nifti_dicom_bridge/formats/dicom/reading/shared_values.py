"""Values that follow from attributes which many instances have in common: read once for all of them.

Instances of a series share their equal elements in memory. What was read from the very same elements is the same again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Generic, NamedTuple, TypeVar

from ....model.metadata import Element, Elements
from ....model.similar_elements import SimilarElements

T = TypeVar("T")
MAX_KNOWN = 4096
"""Different values that are remembered for the same attributes."""
MAX_PATHS = 4
"""Sets of attributes of which values are remembered: what is read may depend on what was read before."""
UNKNOWN = object()
TRIALS = 32
"""After this number of values that had to be read again, remembering them must have helped."""


class SharedValues(Generic[T]):
    """A function of a data set that is computed again only where an element that it reads is another one.

    Parameters
    ----------
    compute : callable
        Takes the elements of an instance, and depends on nothing else.
    """

    def __init__(self, compute: Callable[[Elements], T]):
        self._compute = compute
        self._known: dict[tuple[int, ...], dict[tuple[Any, ...], tuple[list[Element | None], T]]] = {}
        self._common: dict[int, _Common[T]] = {}
        self._hits = self._misses = 0

    def of(self, elements: Elements) -> T:
        """Return the value for one instance."""
        value = self.known(elements)
        return self._compute(elements) if value is UNKNOWN else value  # type: ignore[return-value]

    def known(self, elements: Elements) -> T | object:
        """Return the value for one instance; `UNKNOWN` where it must be computed, as remembering it does not help."""
        if type(elements) is SimilarElements:
            common = self._common.get(id(elements.like))
            if common is None:
                common = self._common[id(elements.like)] = _Common(elements.like, *self._watched(elements.like))
            if common.tags is not None and common.tags.isdisjoint(elements.changes):
                return common.value
        if self._misses > TRIALS and self._hits < self._misses:
            return UNKNOWN
        for tags, values in self._known.items():
            known = values.get(_key([elements.get(tag) for tag in tags]))
            if known is not None:
                self._hits += 1
                return known[1]
        self._misses += 1
        tags_read, value = self._watched(elements)
        if tags_read is not None:
            self._remember(elements, tuple(sorted(tags_read)), value)
        return value

    def _remember(self, elements: Elements, tags: tuple[int, ...], value: T) -> None:
        if tags not in self._known and len(self._known) >= MAX_PATHS:
            return
        values = self._known.setdefault(tags, {})
        if len(values) < MAX_KNOWN:
            read = [elements.get(tag) for tag in tags]
            values[_key(read)] = read, value

    def _watched(self, elements: Elements) -> tuple[frozenset[int] | None, T]:
        """Return the tags that the value of a data set depends on, None where it depends on all; and the value."""
        watched = _WatchedElements(elements)
        value = self._compute(watched)
        return None if watched.read_all else frozenset(watched.read), value


class _Common(NamedTuple, Generic[T]):
    """What the data sets that are similar to another one have in common: its value, where none of some tags differs."""

    elements: Elements  # as long as they are referenced, no other data set has their identity
    tags: frozenset[int] | None
    value: T


def _key(read: list[Element | None]) -> tuple[Any, ...]:
    """Return what is the same for equal elements; sequences, which have no hash, count as equal if they are the same object."""
    return tuple([id(one) if one is not None and type(one[1]) is tuple else one for one in read])


class _WatchedElements(dict[int, Element]):
    """Elements that note which of them are read."""

    def __init__(self, elements: Elements):
        super().__init__(elements)
        self.read: set[int] = set()
        self.read_all = False

    def get(self, tag: int, default: Any = None) -> Any:
        self.read.add(tag)
        return super().get(tag, default)

    def __getitem__(self, tag: int) -> Element:
        self.read.add(tag)
        return super().__getitem__(tag)

    def __contains__(self, tag: object) -> bool:
        self.read.add(tag)  # type: ignore[arg-type]
        return super().__contains__(tag)

    def __iter__(self) -> Iterator[int]:
        self.read_all = True
        return super().__iter__()

    def keys(self) -> Any:
        self.read_all = True
        return super().keys()

    def items(self) -> Any:
        self.read_all = True
        return super().items()

    def values(self) -> Any:
        self.read_all = True
        return super().values()

    def copy(self) -> Any:
        self.read_all = True
        return super().copy()

    def __or__(self, other: Any) -> Any:
        self.read_all = True
        return super().__or__(other)
