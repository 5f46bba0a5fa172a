"""Stored values that are beyond what a table or a mapping describes, and yet are scaled as the others: they are reported."""

from __future__ import annotations

import numpy as np

from .....standard.dictionary import describe

Range = tuple[float, float]


class DoubtsOfRange:
    """Which values of voxels are beyond a range.

    Parameters
    ----------
    described : (float, float), optional
        First and last stored value that are described; None if all are.
    tag : int
        Of the attribute that describes them.
    beyond : str
        What is to be known of others.
    """

    def __init__(self, described: Range | None, tag: int, beyond: str):
        self._described, self._found, self._tag, self._beyond = described, described, tag, beyond

    def note(self, planes: np.ndarray) -> None:
        """Note integers, of any shape; of other types, the limits are rounded."""
        if self._found is not None and planes.size and planes.dtype.kind in "iu":
            least, most = planes.min().item(), planes.max().item()
            self._found = min(self._found[0], least), max(self._found[1], most)

    def sentences(self) -> list[str]:
        """Return which of the values that were noted are beyond the range; empty if none is."""
        if self._found is None or self._described is None or self._found == self._described:
            return []
        least, most = self._found
        first, last = self._described
        name = describe(self._tag)
        return [f"stored values are {least:.8g} to {most:.8g}, and {name} maps {first:.8g} to {last:.8g}: {self._beyond}"]


def common_range(ranges: list[Range]) -> Range | None:
    """Return the values that all ranges have in common; None without a range."""
    return (max(low for low, _ in ranges), min(high for _, high in ranges)) if ranges else None
