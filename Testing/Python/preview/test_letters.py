"""Letters at the edges of pictures: only where they are, and in rims of their own."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from nifti_dicom_bridge.preview.letters import font_of, with_letters

LETTERS = ("R", "L", "A", "P")


def expected(picture: np.ndarray, size: int) -> np.ndarray:
    """Return a picture with letters, computed in every pixel."""
    height, width = picture.shape[:2]
    gap = max(1, round(size * 0.3))
    places = [(gap, height / 2, "lm"), (width - gap, height / 2, "rm"), (width / 2, gap, "mt"), (width / 2, height - gap, "mb")]
    masks = []
    for stroke in (0, max(1, size // 8)):
        image = Image.new("L", (width, height))
        for letter, (x, y, anchor) in zip(LETTERS, places, strict=True):
            ImageDraw.Draw(image).text((x, y), letter, 255, font_of(size), anchor=anchor, stroke_width=stroke)
        masks.append(np.asarray(image).reshape(height, width, *[1] * (picture.ndim - 2)) / 255)
    top = np.iinfo(picture.dtype).max
    dark = picture * (1 - masks[1])
    return np.rint(dark + (top - dark) * masks[0]).astype(picture.dtype)


@pytest.mark.parametrize(("shape", "size"), [((300, 400), 16), ((300, 400, 3), 16), ((12, 14), 9), ((5, 40), 9)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_letters_are_drawn_where_they_are_even_over_each_other(shape: tuple[int, ...], size: int, dtype: type) -> None:
    picture = np.random.default_rng(2).integers(0, np.iinfo(dtype).max, shape).astype(dtype)

    assert np.array_equal(with_letters(picture, LETTERS), expected(picture, size))
