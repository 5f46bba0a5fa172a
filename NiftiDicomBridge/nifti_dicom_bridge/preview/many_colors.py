"""Colors → the 256 that are nearest to them, where there are many more."""

from __future__ import annotations

import numpy as np
from PIL import Image

from .few_colors import MOST

_NO_DITHER = Image.Dither.NONE
"""Noise that comes and goes from picture to picture disturbs, and takes room."""
_BITS = 5
_BOXES = 1 << 3 * _BITS
"""Colors that differ only in the lower bits are one box, and become the same color."""
_COMPARED_EVERY = 16


class ManyColors:
    """Chooses 256 colors of each picture: by boxes of similar colors where that is at least as near as the median cut.

    It is where colors are spread, as in maps of directions, and ten times as fast; it is not where most of a picture is nearly
    gray, as in ultrasound. Which one is nearer is measured in every 16th picture of a movie.
    """

    def __init__(self) -> None:
        self._count, self._by_boxes = 0, False

    def numbers_of(self, picture: np.ndarray) -> tuple[bytes, np.ndarray]:
        """Return a palette, and the color numbers (rows, columns) of an RGB picture (rows, columns, 3)."""
        compare = self._count % _COMPARED_EVERY == 0
        self._count += 1
        by_boxes = _by_boxes(picture) if compare or self._by_boxes else None
        by_median = _by_median_cut(picture) if compare or by_boxes is None else None
        if by_boxes is not None and by_median is not None:
            self._by_boxes = all(a <= b for a, b in zip(_errors(picture, *by_boxes), _errors(picture, *by_median), strict=True))
        chosen = by_boxes if self._by_boxes else by_median
        assert chosen is not None
        palette, numbers = chosen
        return palette.tobytes().ljust(3 * MOST, b"\0"), numbers


def _errors(picture: np.ndarray, palette: np.ndarray, numbers: np.ndarray) -> tuple[float, float]:
    """Return the mean, and the mean square, of the distances of colors."""
    difference = picture.astype(np.int32) - palette[numbers]
    squares = (difference * difference).sum(axis=-1)
    return float(np.sqrt(squares).mean()), float(squares.mean())


def _by_median_cut(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return _parts(Image.fromarray(np.ascontiguousarray(picture)).quantize(MOST, dither=_NO_DITHER))


def _by_boxes(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the colors of an octree after one step of k-means, and the nearest of them to the mean color of each box."""
    image = Image.fromarray(np.ascontiguousarray(picture))
    palette = _parts(image.quantize(MOST, Image.Quantize.FASTOCTREE, dither=_NO_DITHER))[0].astype(np.float32)
    boxes = _boxes(picture)
    sizes = np.bincount(boxes, minlength=_BOXES)
    used = np.flatnonzero(sizes)
    sums = np.stack([np.bincount(boxes, picture[..., n].ravel(), _BOXES)[used] for n in range(3)], axis=-1)
    means = (sums / sizes[used, None]).astype(np.float32)
    nearest = _nearest(means, palette)
    counts = np.bincount(nearest, sizes[used], len(palette))
    totals = np.stack([np.bincount(nearest, sums[:, n], len(palette)) for n in range(3)], axis=-1)
    palette = np.where(counts[:, None] > 0, np.rint(totals / np.maximum(counts, 1)[:, None]), palette).astype(np.float32)
    number_of_box = np.zeros(_BOXES, np.uint8)
    number_of_box[used] = _nearest(means, palette)
    return palette.astype(np.uint8), number_of_box[boxes].reshape(picture.shape[:2])


def _boxes(picture: np.ndarray) -> np.ndarray:
    """Return the number of the box of each pixel."""
    red, green, blue = ((picture[..., n] >> (8 - _BITS)).astype(np.intp) for n in range(3))
    return (red << 2 * _BITS | green << _BITS | blue).ravel()


def _nearest(colors: np.ndarray, palette: np.ndarray) -> np.ndarray:
    distances = (palette * palette).sum(axis=-1) - 2 * colors @ palette.T  # the square of the color itself is the same for all
    result: np.ndarray = np.argmin(distances, axis=-1)
    return result


def _parts(image: Image.Image) -> tuple[np.ndarray, np.ndarray]:
    """Return the palette, shape (n, 3), and the pixels of an image of mode P."""
    return np.array(image.getpalette(), np.uint8).reshape(-1, 3), np.asarray(image)
