"""Items that there must be: assertions about each of nothing prove nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

Item = TypeVar("Item")


def some(items: Iterable[Item]) -> list[Item]:
    """Return items as a list, which must not be empty."""
    listed = list(items)
    assert listed, "there is nothing to check"
    return listed
