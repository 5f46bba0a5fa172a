"""Data sets that differ from another one in some values: what they have in common is in memory once.

The headers of a series of thousands of files have the same elements, and most of them are equal. A dictionary for each file
would be most of the memory that a long series takes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NoReturn

from .metadata import Element


class SimilarElements(dict[int, Element]):
    """The elements of another data set with other values for some of their tags, in the same order.

    It behaves as a dictionary, except that it cannot be changed: ``dict(elements)`` is a copy that can.

    Parameters
    ----------
    like : dict of int to Element
        The other data set, which no one may change.
    changes : dict of int to Element, optional
        The elements that differ; their tags are in `like`. Without them, the result is an ordinary dictionary.
    """

    __slots__ = ("changes", "like")
    like: dict[int, Element]
    changes: dict[int, Element]

    def __new__(cls, like: Any = (), changes: dict[int, Element] | None = None) -> Any:
        """Return the elements; an ordinary dictionary where nothing is changed."""
        if changes is None:  # so does `dataclasses.asdict` copy dictionaries
            return dict(like)
        new = super().__new__(cls)
        new.like, new.changes = like, changes
        return new

    def __init__(self, like: Any = (), changes: dict[int, Element] | None = None):
        """Everything is in `like` and `changes`; the dictionary itself stays empty."""
        super().__init__()

    def __reduce_ex__(self, protocol: Any) -> Any:
        return SimilarElements, (self.like, self.changes)

    # --- looking up ---------------------------------------------------------------------------------------------------

    def get(self, tag: int, default: Any = None) -> Any:
        """Return the element with a tag, `default` where there is none."""
        changes = self.changes
        return changes[tag] if tag in changes else self.like.get(tag, default)

    def __getitem__(self, tag: int) -> Element:
        changes = self.changes
        return changes[tag] if tag in changes else self.like[tag]

    def __contains__(self, tag: object) -> bool:
        return tag in self.like

    def __len__(self) -> int:
        return len(self.like)

    def __iter__(self) -> Iterator[int]:
        return iter(self.like)

    def __reversed__(self) -> Iterator[int]:
        return reversed(dict(self.like))

    def copy(self) -> dict[int, Element]:
        """Return an ordinary dictionary."""
        return {**self.like, **self.changes}

    def keys(self) -> Any:
        """Return the tags."""
        return self.like.keys()

    def values(self) -> Any:
        """Return the elements, in the order of their tags."""
        return self.copy().values()

    def items(self) -> Any:
        """Return tags and elements."""
        return self.copy().items()

    def __eq__(self, other: object) -> bool:
        if isinstance(other, SimilarElements) and other.like is self.like:
            return all(self[tag] == other[tag] for tag in self.changes.keys() | other.changes.keys())
        return self.copy() == (other.copy() if isinstance(other, SimilarElements) else other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None

    def __or__(self, other: Any) -> Any:
        return self.copy() | (other.copy() if isinstance(other, SimilarElements) else other)

    def __ror__(self, other: Any) -> Any:
        return other | self.copy()

    def __repr__(self) -> str:
        return repr(self.copy())

    # --- changing -----------------------------------------------------------------------------------------------------

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("These elements are shared with other instances; dict(elements) is a copy that can be changed.")

    __setitem__ = __delitem__ = __ior__ = clear = pop = popitem = setdefault = update = _refuse


def like_of(elements: dict[int, Element]) -> dict[int, Element]:
    """Return the data set that one is similar to; itself where it is an ordinary one."""
    return elements.like if type(elements) is SimilarElements else elements


def column_of(data_sets: Iterable[dict[int, Element]], tag: int) -> list[Element | None]:
    """Return the element with a tag of each data set, None where it has none; in less time than `get` takes for each."""
    return [(one.changes.get(tag) or one.like.get(tag)) if type(one) is SimilarElements else one.get(tag) for one in data_sets]


def changes_of(elements: dict[int, Element]) -> dict[int, Element]:
    """Return the elements that differ from those of `like_of`."""
    return elements.changes if type(elements) is SimilarElements else {}
