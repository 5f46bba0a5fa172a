"""Colors → numbers of a palette, exactly, where there are few: label maps and color bars on gray images."""

from __future__ import annotations

import numpy as np
from PIL import Image

MOST = 256
"""Colors that a palette holds."""
_ALL_COLORS, _NONE = 1 << 24, (1 << 32) - 1


class FewColors:
    """A palette that grows from picture to picture."""

    def __init__(self) -> None:
        self._numbers = np.zeros(_ALL_COLORS, np.uint8)
        self._colors = np.full(MOST, _NONE, np.uint32)
        self._count = 0

    @property
    def palette(self) -> bytes:
        """Red, green and blue of every number; black where there is none yet."""
        known = self._colors[: self._count]
        return np.stack([known >> 16, known >> 8, known], axis=-1).astype(np.uint8).tobytes().ljust(3 * MOST, b"\0")

    def numbers_of(self, picture: np.ndarray) -> np.ndarray | None:
        """Return the color numbers (rows, columns) of an RGB picture, uint8; None where there are more than a palette holds."""
        colors = _as_numbers(picture)
        numbers: np.ndarray = self._numbers[colors]
        if not np.array_equal(self._colors[numbers], colors):
            present = Image.fromarray(np.ascontiguousarray(picture)).getcolors(MOST)
            if present is None:
                return None
            self._learn(_as_numbers(np.array([color for _, color in present], np.uint8)))
            np.take(self._numbers, colors, out=numbers)
        return numbers

    def _learn(self, colors: np.ndarray) -> None:
        new = np.setdiff1d(colors, self._colors[: self._count])
        if self._count + len(new) > MOST:
            self._count, new = 0, np.unique(colors)
            self._colors[:] = _NONE
        end = self._count + len(new)
        self._colors[self._count : end] = new
        self._numbers[new] = np.arange(self._count, end)
        self._count = end


def _as_numbers(colors: np.ndarray) -> np.ndarray:
    red, green, blue = (colors[..., n].astype(np.uint32) for n in range(3))
    return red << 16 | green << 8 | blue
