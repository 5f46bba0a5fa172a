"""Lists in sentences."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice


def listed(values: Iterable[object], most: int = 5, separator: str = ", ") -> str:
    """Return the first values as text, and how many more there are.

    Examples
    --------
    >>> listed([3, 5, 7]), listed([3, 5, 7, 9], most=2)
    ('3, 5, 7', '3, 5 and 2 more')
    """
    remaining = map(str, values)
    text = separator.join(islice(remaining, most))
    more = sum(1 for _ in remaining)
    return f"{text} and {more} more" if more else text
