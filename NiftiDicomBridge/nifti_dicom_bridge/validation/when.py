"""Conditions of attributes, in words and as tests of a data set: the vocabulary of the table in `conditions`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from ..model import metadata
from ..model.metadata import Elements
from ..standard.tags import Tag
from .subject import tag_of


class Scope(NamedTuple):
    """Where a condition is looked at: the elements next to the attribute, and the whole data set."""

    here: Elements
    root: Elements


class When(NamedTuple):
    """A condition, in words and as a test."""

    words: str
    test: Callable[[Scope], bool]

    def __and__(self, other: When) -> When:
        return When(f"{self.words} and {other.words}", lambda scope: self.test(scope) and other.test(scope))

    def __or__(self, other: When) -> When:
        return When(f"{self.words} or {other.words}", lambda scope: self.test(scope) or other.test(scope))


def equals(keyword: str, *values: str, number: int = 0, root: bool = False) -> When:
    """Return whether a text attribute has one of the values: any of its own, or the one with this number."""
    tag = tag_of(keyword)

    def test(scope: Scope) -> bool:
        texts = metadata.texts(scope.root if root else scope.here, tag)
        return any(value in values for value in (texts[number - 1 : number] if number else texts))

    which = f" value {number}" if number else ""
    return When(f"{keyword}{which} is {' or '.join(values)}", test)


def differs(keyword: str, *values: str) -> When:
    """Return whether a text attribute has a value, which is none of these."""
    tag = tag_of(keyword)
    return When(
        f"{keyword} is not {' or '.join(values)}", lambda scope: metadata.text(scope.here, tag, values[0]) not in values
    )


def present(*keywords: str) -> When:
    """Return whether one of the attributes has a value."""
    tags = [tag_of(keyword) for keyword in keywords]
    return When(f"{' or '.join(keywords)} is present", lambda scope: any(is_filled(scope.here, tag) for tag in tags))


def lacking(*keywords: str) -> When:
    """Return whether none of the attributes has a value."""
    tags = [tag_of(keyword) for keyword in keywords]
    names = f"{', '.join(keywords[:-1])} and {keywords[-1]} are" if len(keywords) > 1 else f"{keywords[0]} is"
    return When(f"{names} absent", lambda scope: not any(is_filled(scope.here, tag) for tag in tags))


def absent(keyword: str) -> When:
    """Return whether the attribute is missing, rather than empty."""
    tag = tag_of(keyword)
    return When(f"{keyword} is absent", lambda scope: tag not in scope.here)


def is_filled(elements: Elements, tag: int) -> bool:
    """Whether an attribute has a value."""
    element = elements.get(tag)
    return element is not None and bool(element.value)


def above(keyword: str, least: int) -> When:
    """Return whether a number is larger than another one."""
    tag = tag_of(keyword)
    return When(f"{keyword} is above {least}", lambda scope: metadata.integer(scope.here, tag) > least)


def contains(keyword: str) -> When:
    """Return whether a sequence has items at the top level or in a functional group."""
    tag = tag_of(keyword)

    def test(scope: Scope) -> bool:
        return any(metadata.items(elements, tag) for elements in (scope.root, *_functional_groups(scope.root)))

    return When(f"{keyword} has items", test)


def _functional_groups(root: Elements) -> Iterator[Elements]:
    """Yield the items of shared and per-frame functional groups, and of the sequences in them."""
    for places in (Tag.SHARED_FUNCTIONAL_GROUPS_SEQUENCE, Tag.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE):
        for item in metadata.items(root, places):
            yield item.elements
            for group in item.elements:
                yield from (inner.elements for inner in metadata.items(item.elements, group))


def repetition_time_applies(scope: Scope) -> bool:
    """Return whether an MR image has a repetition time: not one of a single echo planar shot (PS3.3 C.8.3.1)."""
    sequences = metadata.texts(scope.here, tag_of("ScanningSequence"))
    return bool(sequences) and ("EP" not in sequences or "SK" in metadata.texts(scope.here, tag_of("SequenceVariant")))


def points_to(scope: Scope, keyword: str) -> bool:
    """Return whether FrameIncrementPointer (0028,0009) names an attribute."""
    element = scope.here.get(tag_of("FrameIncrementPointer"))
    if element is None or not isinstance(element.value, bytes):
        return False
    raw, wanted = element.value, tag_of(keyword)
    words = [int.from_bytes(raw[at : at + 2], "little") << 16 | int.from_bytes(raw[at + 2 : at + 4], "little")
             for at in range(0, len(raw) - 3, 4)]  # fmt: skip
    return wanted in words
