"""Voxel values: bytes ⇄ stored values ⇄ real values. The only place where values are cast.

Functions of values take arrays of any shape and return the same shape; frames are (frames, rows, columns[, samples]).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from ..errors import PixelError
from .lazy_voxels import Voxels, slabs

RGB = "RGB"
YBR_FULL = "YBR_FULL"
YBR_FULL_422 = "YBR_FULL_422"
YBR_PARTIAL_422 = "YBR_PARTIAL_422"
_OPAQUE = 255
# PS3.3 C.7.6.3.1.2: luminance and chrominance of full-range 8-bit YBR
_YBR_TO_RGB = np.array([[1.0, 0.0, 1.402], [1.0, -0.114 * 1.772 / 0.587, -0.299 * 1.402 / 0.587], [1.0, 1.772, 0.0]])
_RGB_TO_YBR = np.linalg.inv(_YBR_TO_RGB)
# of the partial range (retired), black is 16 and white 235, chrominance goes from 16 to 240
_PARTIAL_ZERO, _PARTIAL_RANGE = np.array([16, 128, 128]), np.array([219, 224, 224]) / 255


class Rescale(NamedTuple):
    """Stored value → real value: ``real = slope · stored + intercept`` (PS3.3 C.11.1.1.2).

    Attributes
    ----------
    slope, intercept : float
        Of the whole volume.
    units : str
        Units of the real values as the file names them (``HU``, ``BQML``…), empty where unknown.

    Examples
    --------
    >>> from nifti_dicom_bridge import Rescale
    >>> Rescale(2.0, -1024.0, "HU").is_identity
    False
    """

    slope: float = 1.0
    intercept: float = 0.0
    units: str = ""

    @property
    def is_identity(self) -> bool:
        """Whether stored values are real values."""
        return self.slope == 1.0 and self.intercept == 0.0


class PixelFormat(NamedTuple):
    """How pixels are in a pixel data element (PS3.3 C.7.6.3.1, PS3.5 8).

    Attributes
    ----------
    rows, columns, samples : int
        Of one frame.
    bits_allocated, bits_stored, high_bit : int
        Of one sample; `bits_allocated` is 1, 8, 16, 32 or 64.
    signed : bool
        PixelRepresentation 1.
    floating : bool
        Float or Double Float Pixel Data.
    planar : bool
        PlanarConfiguration 1: all red, all green, all blue.
    photometric : str
        PhotometricInterpretation.
    """

    rows: int
    columns: int
    samples: int = 1
    bits_allocated: int = 16
    bits_stored: int = 16
    high_bit: int = 15
    signed: bool = False
    floating: bool = False
    planar: bool = False
    photometric: str = "MONOCHROME2"

    @property
    def dtype(self) -> np.dtype:
        """Type of one stored value, little endian."""
        if self.floating:
            return np.dtype(f"<f{self.bits_allocated // 8}")
        return np.dtype(f"<{'i' if self.signed else 'u'}{max(self.bits_allocated, 8) // 8}")

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one frame: rows, columns[, samples]."""
        return (self.rows, self.columns) + ((self.samples,) if self.samples > 1 else ())

    @property
    def is_subsampled(self) -> bool:
        """Whether two pixels share their color (YBR_FULL_422 and YBR_PARTIAL_422, native)."""
        return self.photometric in (YBR_FULL_422, YBR_PARTIAL_422) and self.samples == 3

    @property
    def is_whole_words(self) -> bool:
        """Whether every bit of a word belongs to the value."""
        return self.floating or (self.bits_stored == self.bits_allocated and self.high_bit == self.bits_stored - 1)

    def bytes_of(self, frames: int) -> int:
        """Return the number of bytes that this number of frames takes, without padding."""
        pixels = self.rows * self.columns * frames
        if self.bits_allocated == 1:
            return (pixels * self.samples + 7) // 8
        if self.is_subsampled:
            return pixels * 2
        return pixels * self.samples * self.bits_allocated // 8


@dataclass(frozen=True)
class PixelRecord:
    """What the voxels of a volume do not specify about the pixel data they came from.

    Attributes
    ----------
    stored_type : str
        NumPy type of the stored values, like ``<i2``.
    rescaled : bool
        The voxels are real values because slope and intercept differ between frames.
    across, down : int
        Tiles per row and per column of an image; 0 where images are not tiled.
    residues : dict of int to bytes
        Instance index → exclusive or of the original pixel data and what the voxels alone would give: bits beyond
        BitsStored, colors lost in YBR ⇄ RGB, tiles without a slice. Only where they differ.
    tails : dict of int to bytes
        Instance index → bytes behind the last pixel, where they are not the usual padding.
    decoded : dict of int to str
        Instance index → transfer syntax that the pixel data were compressed with.

    Examples
    --------
    >>> from nifti_dicom_bridge import read
    >>> read("scans")[0].source.pixel_record.stored_type
    '<u2'
    """

    stored_type: str
    rescaled: bool = False
    across: int = 0
    down: int = 0
    residues: dict[int, bytes] = field(default_factory=dict)
    tails: dict[int, bytes] = field(default_factory=dict)
    decoded: dict[int, str] = field(default_factory=dict)


# --- bytes ⇄ frames ---------------------------------------------------------------------------------------------------


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


# --- color -----------------------------------------------------------------------------------------------------------


def rgb_from_ybr(frames: np.ndarray, partial: bool = False) -> np.ndarray:
    """Return 8-bit RGB of YBR, of full or partial range (PS3.3 C.7.6.3.1.2); samples are the last axis."""
    values = frames.astype(np.float64) - (_PARTIAL_ZERO if partial else np.array([0, 128, 128]))
    values = values / _PARTIAL_RANGE if partial else values
    result: np.ndarray = np.clip(np.rint(values @ _YBR_TO_RGB.T), 0, 255).astype(np.uint8)
    return result


def ybr_from_rgb(frames: np.ndarray, partial: bool = False) -> np.ndarray:
    """Return 8-bit YBR of RGB, samples last: the inverse of `rgb_from_ybr` up to rounding."""
    values = frames.astype(np.float64) @ _RGB_TO_YBR.T
    values = values * _PARTIAL_RANGE + _PARTIAL_ZERO if partial else values + np.array([0, 128, 128])
    result: np.ndarray = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return result


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


# --- tiles ------------------------------------------------------------------------------------------------------------


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


# --- stored ⇄ real ----------------------------------------------------------------------------------------------------


def to_real_values(stored: np.ndarray, slope: float, intercept: float, dtype: np.dtype) -> np.ndarray:
    """Return slope · stored + intercept, computed in float64, as `dtype` (PS3.3 C.11.1.1.2)."""
    return (stored.astype(np.float64) * slope + intercept).astype(dtype)


def to_stored_values(real: np.ndarray, slope: float, intercept: float, dtype: np.dtype) -> np.ndarray:
    """Return the stored values nearest to real values: the inverse of `to_real_values`.

    Raises
    ------
    PixelError
        If a value is not finite or does not fit `dtype`: nothing is wrapped or clipped.
    """
    values = (real.astype(np.float64) - intercept) / slope
    if dtype.kind == "f":
        return values.astype(dtype)
    rounded = np.rint(values)
    if rounded.size:
        check_fit(float(rounded.min()), float(rounded.max()), int((~np.isfinite(values)).sum()), dtype)
    return rounded.astype(dtype)


def check_fit(low: float, high: float, missing: int, dtype: np.dtype) -> None:
    """Raise `PixelError` if integers from `low` to `high` do not fit an integer type, or some are missing (not finite)."""
    if missing:
        raise PixelError(f"{missing} voxels are NaN or infinite: {dtype} cannot hold them.")
    limits = np.iinfo(dtype)
    if low < limits.min or high > limits.max:
        raise PixelError(f"Values from {low:.6g} to {high:.6g} do not fit {dtype} ({limits.min} to {limits.max}).")


def to_numbers(stored: np.ndarray) -> np.ndarray:
    """Return stored values as float64, to compute with."""
    return stored.astype(np.float64)


def to_type(computed: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Return computed values, which must fit `dtype`, in that type: whole numbers nearest to them where it is an integer."""
    return (computed if dtype.kind == "f" else np.rint(computed)).astype(dtype)


def to_levels(brightness: np.ndarray, bits: int) -> np.ndarray:
    """Return levels of 8 or 16 bits of brightness from 0 to 1; black where it is not a number."""
    top = (1 << bits) - 1
    visible = np.fmin(np.fmax(brightness, 0), 1)  # of 0 and no number, fmax returns 0
    result: np.ndarray = np.rint(visible * top).astype(np.uint8 if bits == 8 else np.uint16)
    return result


def reinterpret_bits(number: int, dtype: np.dtype) -> float:
    """Return what a number means whose bits were written as another kind of integer, as PixelPaddingValue often is."""
    bits = dtype.itemsize * 8
    bits_value = number % (1 << bits)
    return float(bits_value - (1 << bits) if dtype.kind == "i" and bits_value >> bits - 1 else bits_value)


def float_type_for(stored: np.ndarray, slope: float, intercept: float) -> np.dtype | None:
    """Return the smallest float type that gives stored values back exactly after rescaling; None where none does."""
    for dtype in (np.dtype("<f4"), np.dtype("<f8")):
        real = to_real_values(stored, slope, intercept, dtype)
        back = np.rint((real.astype(np.float64) - intercept) / slope)
        if np.array_equal(back, stored):
            return dtype
    return None


def halved_values(values: np.ndarray, axes: Sequence[int], labels: bool) -> np.ndarray:
    """Return values with half as many along some axes (rounded up), of the same type.

    Parameters
    ----------
    values : numpy.ndarray
        Any shape.
    axes : sequence of int
        Which axes.
    labels : bool
        Take every other value; else means of two, where the last is alone that value, rounded to whole numbers in
        integer types.
    """
    if labels:
        index: list[slice] = [slice(None)] * values.ndim
        for axis in axes:
            index[axis] = slice(None, None, 2)
        return values[tuple(index)]
    halved = values.astype(np.float64)
    for axis in axes:
        last = halved.shape[axis] - 1
        pairs = np.arange(0, last + 1, 2)
        halved = (np.take(halved, pairs, axis) + np.take(halved, np.minimum(pairs + 1, last), axis)) / 2
    return (np.rint(halved) if values.dtype.kind in "iu" else halved).astype(values.dtype)


def transparency(voxels: Voxels, intent: str) -> list[str]:
    """Return that the transparency of colors counts for something, as DICOM has no place for it."""
    if intent != "rgb" or voxels.ndim < 5 or voxels.shape[-1] != 4:
        return []
    count = sum(int(np.count_nonzero(planes[..., 3] != _OPAQUE)) for _, _, planes in slabs(voxels))
    if not count:
        return []
    return [
        f"{count} voxels are transparent (alpha below {_OPAQUE}): DICOM has no place for that, their colors are kept as they "
        "are"
    ]
