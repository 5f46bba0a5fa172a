"""Values that follow from attributes which many instances have in common: read once for all of them.

Instances of a series share their equal elements in memory. What was read from the very same elements is the same again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, NamedTuple, TypeVar

from .....model.metadata import Element, Elements
from .....model.similar_elements import SimilarElements, like_of

T = TypeVar("T")
MAX_KNOWN = 4096
"""Different values that are remembered for the same attributes."""
MAX_PATHS = 4
"""Sets of attributes of which values are remembered: what is read may depend on what was read before."""
UNKNOWN = object()
TRIALS = 32
"""After this number of values that had to be read again, remembering them must have helped."""


class SimilarDataSets:
    """Data sets of one series, and what they have in common.

    Parameters
    ----------
    data_sets : iterable of Elements
        Of its instances.

    Attributes
    ----------
    likes : dict of int to Elements
        Those that others are similar to, by identity.
    changed : set of int
        Tags of all elements in which any differs from the one that it is similar to.
    others : list of int
        Numbers of those that are not similar to any.
    """

    def __init__(self, data_sets: Iterable[Elements]):
        self.data_sets = list(data_sets)
        similar = [elements for elements in self.data_sets if type(elements) is SimilarElements]
        self.likes = {id(elements.like): elements.like for elements in similar}
        self.changed: set[int] = set().union(*(elements.changes for elements in similar))
        self.others = [n for n, one in enumerate(self.data_sets) if id(like_of(one)) not in self.likes]

    def have(self, tag: int) -> bool:
        """Whether any has an element."""
        return any(tag in like for like in self.likes.values()) or any(tag in self.data_sets[n] for n in self.others)


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
            common = self._common.get(id(elements.like)) or self._common_of(elements.like)
            if common.tags is not None and elements.changes.keys().isdisjoint(common.tags):
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
        return value if tags_read is None else self._first_equal(elements, tuple(sorted(tags_read)), value)

    def of_all(self, similar: SimilarDataSets) -> list[T]:
        """Return the value for each of many data sets."""
        known = self.known_of_all(similar)
        return [
            self._compute(elements) if value is UNKNOWN else value  # type: ignore[misc]
            for elements, value in zip(similar.data_sets, known, strict=True)
        ]

    def known_of_all(self, similar: SimilarDataSets) -> list[T | object]:
        """Return what `known` does for each of many data sets, in less time."""
        common = [self._common.get(key) or self._common_of(like) for key, like in similar.likes.items()]
        if not common or not all(one.tags is not None and one.tags.isdisjoint(similar.changed) for one in common):
            return list(map(self.known, similar.data_sets))
        result: list[T | object] = [common[0].value] * len(similar.data_sets)
        if any(one.value is not common[0].value for one in common):
            values = {id(one.elements): one.value for one in common}
            result = [values.get(id(like_of(elements))) for elements in similar.data_sets]
        for n in similar.others:
            result[n] = self.known(similar.data_sets[n])
        return result

    def _common_of(self, like: Elements) -> _Common[T]:
        """Return what the data sets that are similar to another one have in common, and remember it."""
        tags, value = self._watched(like)
        if tags is not None:
            value = self._first_equal(like, tuple(sorted(tags)), value)
        common = self._common[id(like)] = _Common(like, tags, value)
        return common

    def _first_equal(self, elements: Elements, tags: tuple[int, ...], value: T) -> T:
        """Remember a value, and return it; the one that was remembered of equal elements before, where there is one."""
        if tags not in self._known and len(self._known) >= MAX_PATHS:
            return value
        values = self._known.setdefault(tags, {})
        read = [elements.get(tag) for tag in tags]
        key = _key(read)
        if key not in values and len(values) < MAX_KNOWN:
            values[key] = read, value
        return values[key][1] if key in values else value

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
