"""Values that follow from attributes which many instances have in common: read once for all of them.

Instances of a series share their equal elements in memory. What was read from the very same elements is the same again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

from ....model.metadata import Element, Elements

T = TypeVar("T")
MAX_KNOWN = 8
"""Different values that are remembered: echoes, components, the parts of a series."""
TRIALS = 32
"""After so many values that had to be read again, remembering them must have helped."""


class SharedValues(Generic[T]):
    """A function of a data set that is computed again only where an element that it reads is another one.

    Parameters
    ----------
    compute : callable
        Takes the elements of an instance, and depends on nothing else.
    """

    def __init__(self, compute: Callable[[Elements], T]):
        self._compute = compute
        self._known: list[tuple[list[tuple[int, Element | None]], T]] = []
        self._hits = self._misses = 0

    def of(self, elements: Elements) -> T:
        """Return the value for one instance."""
        if self._misses > TRIALS and self._hits < self._misses:
            return self._compute(elements)
        get = elements.get
        for read, value in self._known:
            for tag, element in read:
                if get(tag) is not element:
                    break
            else:
                self._hits += 1
                return value
        self._misses += 1
        watched = _WatchedElements(elements)
        value = self._compute(watched)
        if not watched.read_all:
            self._known.insert(0, (list(watched.read.items()), value))
            del self._known[MAX_KNOWN:]
        return value


class _WatchedElements(dict[int, Element]):
    """Elements that note which of them are read."""

    def __init__(self, elements: Elements):
        super().__init__(elements)
        self.read: dict[int, Element | None] = {}
        self.read_all = False

    def get(self, tag: int, default: Any = None) -> Any:
        element = super().get(tag)
        self.read[tag] = element
        return default if element is None else element

    def __getitem__(self, tag: int) -> Element:
        self.read[tag] = super().get(tag)
        return super().__getitem__(tag)

    def __contains__(self, tag: object) -> bool:
        element = super().get(tag)  # type: ignore[call-overload]
        self.read[tag] = element  # type: ignore[index]
        return element is not None

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
