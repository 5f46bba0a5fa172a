"""Bytes of pixel data ⇄ frames (PS3.5 8.1.1), and slices ⇄ tiles of a mosaic."""

from __future__ import annotations

import numpy as np

from .color_models import YBR_FULL, YBR_FULL_422, YBR_PARTIAL_422, rgb_from_ybr, ybr_from_rgb
from .pixels import PixelFormat


def frames_from_bytes(raw: bytes | np.ndarray, pixel: PixelFormat, count: int) -> np.ndarray:
    """Return the stored values in native pixel data.

    Parameters
    ----------
    raw : bytes-like
        Little endian, at least ``pixel.bytes_of(count)`` bytes.
    pixel : PixelFormat
        How they are there.
    count : int
        Number of frames.

    Returns
    -------
    numpy.ndarray, shape (count, rows, columns[, samples])
        Sign-extended by BitsStored; RGB where the pixels are YBR.
    """
    total = count * pixel.rows * pixel.columns * pixel.samples
    if pixel.bits_allocated == 1:
        bits = np.unpackbits(np.frombuffer(raw, np.uint8, pixel.bytes_of(count)), count=total, bitorder="little")
        return bits.reshape(count, *pixel.shape)
    if pixel.is_subsampled:
        pairs = _upsample(np.frombuffer(raw, np.uint8, pixel.bytes_of(count)), pixel, count)
        return rgb_from_ybr(pairs, pixel.photometric == YBR_PARTIAL_422)
    words = np.frombuffer(raw, pixel.dtype, total)
    if pixel.samples > 1 and pixel.planar:
        frames = words.reshape(count, pixel.samples, pixel.rows, pixel.columns)
        frames = np.ascontiguousarray(np.moveaxis(frames, 1, -1))
    else:
        frames = words.reshape(count, *pixel.shape)
    if pixel.photometric == YBR_FULL and pixel.samples == 3 and pixel.bits_allocated == 8:
        return rgb_from_ybr(frames)
    return values_of_words(frames, pixel)


class BitFrames:
    """Frames of one bit per pixel, unpacked one by one when asked for: all of them at once take eight times the memory.

    Parameters
    ----------
    raw : bytes
        Pixel data, little endian: frames need not begin at a byte (PS3.5 8.1.1).
    pixel : PixelFormat
        Of `bits_allocated` 1.
    """

    def __init__(self, raw: bytes, pixel: PixelFormat):
        self._raw, self._shape = np.frombuffer(raw, np.uint8), pixel.shape

    def __getitem__(self, n: int) -> np.ndarray:
        """Return frame n, shape (rows, columns): 0 and 1."""
        size = int(np.prod(self._shape))
        start, skip = divmod(n * size, 8)
        bits = np.unpackbits(self._raw[start : start + (skip + size + 7) // 8], bitorder="little")
        return bits[skip : skip + size].reshape(self._shape)


def bytes_from_frames(frames: np.ndarray, pixel: PixelFormat) -> bytes | memoryview:
    """Return native pixel data of frames (frames, rows, columns[, samples]), little endian, without padding (PS3.5 8.1.1).

    It is the inverse of `frames_from_bytes`.
    """
    if pixel.bits_allocated == 1:
        bits = frames if frames.dtype == bool else frames.astype(np.uint8, copy=False)
        return np.packbits(bits.reshape(-1), bitorder="little").tobytes()
    if pixel.samples == 3 and pixel.bits_allocated == 8 and pixel.photometric in (YBR_FULL, YBR_FULL_422, YBR_PARTIAL_422):
        frames = ybr_from_rgb(frames, pixel.photometric == YBR_PARTIAL_422)
        if pixel.is_subsampled:
            return _downsample(frames)
    if not pixel.is_whole_words and pixel.high_bit != pixel.bits_stored - 1:
        frames = np.left_shift(frames, pixel.high_bit + 1 - pixel.bits_stored)
    if pixel.samples > 1 and pixel.planar:
        frames = np.moveaxis(frames, -1, 1)
    packed = np.ascontiguousarray(frames, dtype=pixel.dtype)
    return bytes_of(packed)


def bytes_of(array: np.ndarray) -> memoryview:
    """Return the memory of an array in C order as bytes, without a copy."""
    return array.reshape(-1).view(np.uint8).data if array.size else memoryview(b"")


def values_of_words(words: np.ndarray, pixel: PixelFormat) -> np.ndarray:
    """Return the values in words of which only BitsStored bits up to HighBit belong to the value (PS3.5 8.1.1).

    Words are returned as they are where their other bits do not matter: nothing set, or copies of the sign.
    """
    if are_values(words, pixel):
        return words
    up = pixel.bits_allocated - 1 - pixel.high_bit
    result: np.ndarray = np.right_shift(np.left_shift(words, up), pixel.bits_allocated - pixel.bits_stored)
    return result


def are_values(words: np.ndarray, pixel: PixelFormat) -> bool:
    """Whether words are values as they are: nothing is set in their other bits but copies of the sign."""
    if pixel.is_whole_words or not words.size:
        return True
    if pixel.high_bit != pixel.bits_stored - 1:
        return False
    low = -(1 << pixel.bits_stored - 1) if pixel.signed else 0
    high = (1 << pixel.bits_stored - 1) - 1 if pixel.signed else (1 << pixel.bits_stored) - 1
    return bool(words.min() >= low and words.max() <= high)


def exclusive_or(a: bytes | memoryview, b: bytes | memoryview) -> bytes:
    """Return the bytes by which `a` and `b` differ, empty where they are equal.

    `b` counts as padded with zeros, or cut, to the length of `a`.
    """
    left = np.frombuffer(a, np.uint8)
    right = np.zeros(left.size, np.uint8)
    other = np.frombuffer(b, np.uint8)[: left.size]
    right[: other.size] = other
    if np.array_equal(left, right):
        return b""
    return (left ^ right).tobytes()


def _upsample(raw: np.ndarray, pixel: PixelFormat, count: int) -> np.ndarray:
    """Return YBR with a color for every pixel from Y1 Y2 B R quadruples (PS3.3 C.7.6.3.1.2, YBR_FULL_422)."""
    quads = raw.reshape(count, -1, 4)
    pairs = np.empty((count, quads.shape[1], 2, 3), np.uint8)
    pairs[..., 0], pairs[..., 1], pairs[..., 2] = quads[..., :2], quads[..., 2:3], quads[..., 3:4]
    return pairs.reshape(count, pixel.rows, pixel.columns, 3)


def _downsample(frames: np.ndarray) -> bytes:
    pairs = frames.reshape(-1, 2, 3)
    quads = np.stack([pairs[:, 0, 0], pairs[:, 1, 0], pairs[:, 0, 1], pairs[:, 0, 2]], axis=-1)
    return quads.tobytes()


def untile(image: np.ndarray, across: int, down: int, count: int) -> np.ndarray:
    """Return the slices that are side by side in an image (rows, columns), as (count, rows / down, columns / across)."""
    rows, columns = image.shape[0] // down, image.shape[1] // across
    grid = image[: rows * down, : columns * across].reshape(down, rows, across, columns)
    return grid.swapaxes(1, 2).reshape(down * across, rows, columns)[:count]


def tile(slices: np.ndarray, across: int, down: int, shape: tuple[int, int]) -> np.ndarray:
    """Return slices (count, rows, columns) side by side in an image of the given shape; the rest is zero."""
    count, rows, columns = slices.shape
    image = np.zeros(shape, slices.dtype)
    for k in range(count):
        top, left = k // across * rows, k % across * columns
        image[top : top + rows, left : left + columns] = slices[k]
    return image
