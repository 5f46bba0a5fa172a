"""R, L, A, P, S, I at the edges of a picture, and lines of text."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ..model.space.axes import way_along
from .view import View

_PART_OF_SIDE = 18
_SMALLEST, _LARGEST = 9, 40
_MARGIN = 0.3
_Mask = tuple[tuple[slice, slice], np.ndarray, np.ndarray]


def edges_of(view: View, slice_number: int) -> tuple[str, str, str, str]:
    """Return the letters at the left, right, top and bottom of a picture: what of the patient is there."""
    matrix = view.matrix(slice_number)
    across, down = way_along(matrix[:3, 0]), way_along(matrix[:3, 1])
    return across[0], across[1], down[0], down[1]


def with_letters(picture: np.ndarray, letters: Sequence[str]) -> np.ndarray:
    """Return a picture (rows, columns[, 3]), 8 or 16 bits, with letters at its left, right, top and bottom edge."""
    top = np.iinfo(picture.dtype).max
    result = picture.copy()
    for place, ink, rim in _masks(picture.shape[1], picture.shape[0], tuple(letters)):
        if picture.ndim == 3:
            ink, rim = ink[..., None], rim[..., None]
        dark = picture[place] * (1 - rim)
        result[place] = np.rint(dark + (top - dark) * ink).astype(picture.dtype)
    return result


@lru_cache(maxsize=8)
def _masks(width: int, height: int, letters: tuple[str, ...]) -> list[_Mask]:
    """Return the rectangle around each letter, and in it where letters are, and where their dark rim is: 0 to 1."""
    size = int(np.clip(min(width, height) / _PART_OF_SIDE, _SMALLEST, _LARGEST))
    gap = max(1, round(size * _MARGIN))
    places = [(gap, height / 2, "lm"), (width - gap, height / 2, "rm"), (width / 2, gap, "mt"), (width / 2, height - gap, "mb")]
    texts = [(letter, *place) for letter, place in zip(letters, places, strict=True)]
    thick = max(1, size // 8)
    ink, rim = (np.asarray(_drawn(texts, (width, height), size, stroke)) / 255.0 for stroke in (0, thick))
    boxes = [_drawn([text], (width, height), size, thick).getbbox() for text in texts]
    rectangles = [(slice(box[1], box[3]), slice(box[0], box[2])) for box in boxes if box is not None]
    return [(place, ink[place], rim[place]) for place in rectangles]


def _drawn(texts: Sequence[tuple[str, float, float, str]], size: tuple[int, int], height: int, stroke: int) -> Image.Image:
    """Return a picture of this size with letters, white on black; each has its text, place and anchor."""
    image = Image.new("L", size)
    draw = ImageDraw.Draw(image)
    for letter, x, y, anchor in texts:
        draw.text((x, y), letter, 255, font_of(height), anchor=anchor, stroke_width=stroke)
    return image


@lru_cache(maxsize=16)
def font_of(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return the font that comes with pillow."""
    return ImageFont.load_default(size)
