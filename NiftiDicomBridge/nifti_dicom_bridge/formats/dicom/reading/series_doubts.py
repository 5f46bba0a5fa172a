"""What to know of a series before it is loaded: doubts that follow from the headers of its instances alone."""

from __future__ import annotations

from .encoding import count_unordered
from .owners import contradiction, doubt_of_private_elements, doubt_of_text
from .series import Series
from .spaces import doubt_of_positions


def doubts_of(series: Series) -> list[str]:
    """Return a sentence for each doubt."""
    headers = [instance.elements for instance in series.instances]
    doubts = [
        contradiction(headers),
        _doubt_of_order(count_unordered(headers)),
        doubt_of_text(headers[0]),
        doubt_of_private_elements(headers[0]),
        doubt_of_positions(headers),
    ]
    return list(filter(None, doubts))


def _doubt_of_order(count: int) -> str:
    reason = "file(s) with elements that are not in ascending order of their tags: written in order (PS3.5 7.1)"
    return f"{count} {reason}" if count else ""
