"""Colors of GIF: exact where a palette holds them, else as near as the median cut of pillow at least."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nifti_dicom_bridge.preview.few_colors import FewColors
from nifti_dicom_bridge.preview.gif import GifWriter

ALL = np.random.default_rng(5).permutation(1 << 24)[:2000]
COLORS = np.stack([ALL >> 16, ALL >> 8, ALL], axis=-1).astype(np.uint8)


def movie(path: Path, pictures: list[np.ndarray]) -> list[np.ndarray]:
    """Return the pictures of a GIF as pillow reads them."""
    with GifWriter(path, 10) as gif:
        for picture in pictures:
            gif.add(picture)
    with Image.open(path) as read:
        return [seek(read, n) for n in range(len(pictures))]


def seek(gif: Image.Image, n: int) -> np.ndarray:
    gif.seek(n)
    return np.asarray(gif.convert("RGB"))


def with_colors(first: int, count: int) -> np.ndarray:
    """Return a picture of 32 × 16 that has exactly these colors."""
    return COLORS[first + np.arange(512) % count].reshape(32, 16, 3)


def spread(size: int = 256) -> np.ndarray:
    """Return a picture of ten thousands of colors: ramps of red, green and blue, with noise."""
    y, x = np.mgrid[:size, :size] / size
    ramps = np.stack([x * 200, y * 100, x * y * 200], axis=-1)
    return np.clip(np.random.default_rng(0).normal(ramps, 8), 0, 255).astype(np.uint8)


def nearly_gray(size: int = 96) -> np.ndarray:
    """Return a picture like ultrasound in color: gray, with a region of flow."""
    rng = np.random.default_rng(4)
    picture = np.repeat(np.linspace(0, 255, size * size).astype(np.uint8).reshape(size, size, 1), 3, axis=-1)
    picture[20:30, 20:30] = rng.integers(0, 255, (10, 10, 3))
    picture[40:60, 40:60, 2] |= 15
    picture[60:70, 60:80] = rng.integers(100, 255, (10, 20, 3))
    return picture


def errors(shown: np.ndarray, picture: np.ndarray) -> tuple[float, float]:
    squares = ((shown.astype(int) - picture) ** 2).sum(axis=-1)
    return np.sqrt(squares).mean(), np.sqrt(squares.mean())


def median_cut(picture: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(picture).quantize(256, dither=Image.Dither.NONE).convert("RGB"))


@pytest.mark.parametrize("count", [1, 2, 255, 256])
def test_colors_that_a_palette_holds_are_exact(count: int, tmp_path: Path) -> None:
    picture = with_colors(0, count)

    (shown,) = movie(tmp_path / "a.gif", [picture])

    assert np.array_equal(shown, picture)


def test_each_picture_of_a_movie_is_exact_where_the_movie_has_more_colors(tmp_path: Path) -> None:
    pictures = [with_colors(first, count) for first, count in ((0, 200), (150, 100), (250, 256), (0, 256), (700, 3))]

    shown = movie(tmp_path / "a.gif", pictures)

    assert all(np.array_equal(a, b) for a, b in zip(shown, pictures, strict=True))


def test_few_colors_after_many_are_exact(tmp_path: Path) -> None:
    pictures = [with_colors(0, 10), with_colors(0, 400), with_colors(0, 12)]

    shown = movie(tmp_path / "a.gif", pictures)

    assert [np.array_equal(a, b) for a, b in zip(shown, pictures, strict=True)] == [True, False, True]


def test_more_colors_than_a_palette_holds_have_no_exact_numbers() -> None:
    assert FewColors().numbers_of(with_colors(0, 257)) is None


def test_gray_pictures_in_rgb_are_exact(tmp_path: Path) -> None:
    picture = np.repeat(np.arange(256, dtype=np.uint8).reshape(16, 16, 1), 3, axis=-1)

    (shown,) = movie(tmp_path / "a.gif", [picture])

    assert np.array_equal(shown, picture)


@pytest.mark.slow
@pytest.mark.parametrize("picture", [spread(), nearly_gray(), with_colors(0, 300)], ids=["spread", "nearly gray", "300"])
def test_many_colors_are_as_near_as_by_the_median_cut(picture: np.ndarray, tmp_path: Path) -> None:
    (shown,) = movie(tmp_path / "a.gif", [picture])

    assert np.all(np.array(errors(shown, picture)) <= np.array(errors(median_cut(picture), picture)) + 1e-9)


@pytest.mark.slow
def test_spread_colors_are_nearer_than_by_the_median_cut(tmp_path: Path) -> None:
    picture = spread()

    shown = movie(tmp_path / "a.gif", [picture] * 3)

    assert errors(shown[2], picture)[1] < 0.97 * errors(median_cut(picture), picture)[1]


def test_the_image_data_are_those_that_pillow_writes(tmp_path: Path) -> None:
    picture = np.random.default_rng(1).integers(0, 256, (70, 90), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "GIF", optimize=False, interlace=False)

    movie(tmp_path / "a.gif", [picture])

    data = buffer.getvalue()[-len(picture.tobytes()) :]  # noise takes more room compressed
    assert (tmp_path / "a.gif").read_bytes().endswith(data)
