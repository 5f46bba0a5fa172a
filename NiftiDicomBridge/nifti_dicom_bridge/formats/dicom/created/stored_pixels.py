"""What a kind of object allows its pixels to be, and the stored values of all frames of an object."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ....model.volume import Volume
from ....model.voxels.lazy_voxels import Voxels, mapped
from ....model.voxels.pixels import PixelFormat
from ....model.voxels.real_values import to_type

_WINDOW_SLICES = 16


_NARROWEST, _WIDEST = 1e-2, 20.0
"""Widths of a window in relation to that of nearly all values: beyond, hardly any difference would be visible."""


@dataclass(frozen=True)
class PixelConstraints:
    """What a kind of object allows (PS3.3, Image Pixel of each IOD).

    Attributes
    ----------
    zero_intercept : bool
        RescaleIntercept must be 0 (PET: C.8.9.4).
    signed : bool
        Negative stored values are allowed.
    by_slice : bool
        Slices may have slopes of their own.
    by_frame : bool
        Frames may have a rescale of their own where an original has it.
    eight_bits : bool
        Values from 0 to 255 are stored in 8 bits.
    bits : tuple of int
        What BitsStored may be for images of 16 bits, ascending (PET: 16 only, C.8.9.4; Enhanced MR: 12 or 16, C.8.13.1).
    """

    zero_intercept: bool = False
    signed: bool = True
    by_slice: bool = False
    by_frame: bool = True
    eight_bits: bool = False
    bits: tuple[int, ...] = (12, 13, 14, 15, 16)


@dataclass(frozen=True)
class StoredPixels:
    """The stored values of all frames of an object or series.

    Attributes
    ----------
    voxels : ndarray or LazyVoxels, shape (times, slices, rows, columns[, 3])
        Of the type that `pixel` specifies.
    pixel : PixelFormat
        The Image Pixel module.
    slopes, intercepts : numpy.ndarray, shape (times, slices)
        Stored → real values; exactly what their decimal text specifies.
    padding : int or None
        PixelPaddingValue: the stored value of voxels that are not a number.
    """

    voxels: Voxels
    pixel: PixelFormat
    slopes: np.ndarray
    intercepts: np.ndarray
    padding: int | None = None

    @cached_property
    def window(self) -> tuple[float, float]:
        """Center and width that show nearly all real values."""
        some = slice(None, None, max(1, self.voxels.shape[1] // _WINDOW_SLICES))
        slopes, intercepts = self.slopes[:, some], self.intercepts[:, some]
        if self.padding is None and (slopes == slopes[0, 0]).all() and (intercepts == intercepts[0, 0]).all():
            values, counts = _counted(self.voxels, some)
            order = slice(None, None, -1 if slopes[0, 0] < 0 else 1)
            return window_of((values * slopes[0, 0] + intercepts[0, 0])[order], counts[order])
        real = self.voxels[:, some].astype(np.float64) * slopes[..., None, None] + intercepts[..., None, None]
        inside = real if self.padding is None else real[self.voxels[:, some] != self.padding]
        return window_of(*np.unique(inside, return_counts=True))


def _counted(voxels: Voxels, some: slice) -> tuple[np.ndarray, np.ndarray]:
    """Return the values of integers of 16 bits in some slices, ascending as float64, and how often they occur."""
    limits = np.iinfo(voxels.dtype)
    counts = np.zeros(limits.max - limits.min + 1, np.int64)
    for t in range(voxels.shape[0]):
        for k in range(voxels.shape[1])[some]:
            plane = np.asarray(voxels[t, k]).reshape(-1).astype(np.int64) - limits.min
            counts += np.bincount(plane, minlength=len(counts))
    present = np.flatnonzero(counts)
    return (present + limits.min).astype(np.float64), counts[present]


def window_of(values: np.ndarray, counts: np.ndarray) -> tuple[float, float]:
    """Return center and width that show all but the lowest and highest half percent of values.

    Parameters
    ----------
    values, counts : numpy.ndarray
        Different values, ascending, and how often they occur; shape (n,).
    """
    low, high = (_percentile(values, counts, part) for part in (0.005, 0.995)) if values.size else (0.0, 1.0)
    if high <= low:
        low, high = float(values.min(initial=0.0)), float(values.max(initial=1.0))
    return (low + high) / 2, max(high - low, 1e-6)


def fitting_window(image: Volume, centre: float, width: float) -> tuple[float, float]:
    """Return center and width of the range that the image file specifies; those given if it does not fit the values.

    Tools copy the range of the image that they were given to the one that they make of it, whatever its values are.
    """
    if image.display_range is None:
        return centre, width
    low, high = image.display_range
    overlap = min(high, centre + width / 2) - max(low, centre - width / 2)
    if overlap <= 0 or not width * _NARROWEST <= high - low <= width * _WIDEST:
        return centre, width
    return (low + high) / 2, high - low


def _percentile(values: np.ndarray, counts: np.ndarray, part: float) -> float:
    """Return what `numpy.quantile` does of all values, without all of them in memory."""
    ends = np.cumsum(counts)
    place = part * (int(ends[-1]) - 1)
    before = int(place)
    rest = place - before
    one, other = (float(values[np.searchsorted(ends, min(n, int(ends[-1]) - 1), "right")]) for n in (before, before + 1))
    return one + (other - one) * rest if rest < 0.5 else other - (other - one) * (1 - rest)


def packed(
    stored: Voxels,
    limits: tuple[int, int],
    rules: PixelConstraints,
    slope: float,
    intercept: float,
    padding: int | None = None,
) -> StoredPixels:
    """Return whole numbers with the fewest bits that hold them, as far as the object allows."""
    low, high = limits
    signed = low < 0
    rows, columns = stored.shape[2:4]
    if rules.eight_bits and not signed and high < 256 and (slope, intercept) == (1.0, 0.0):
        pixel = PixelFormat(int(rows), int(columns), 1, 8, 8, 7)
    else:
        needed = max(int(high).bit_length(), int(low if low >= 0 else -low - 1).bit_length()) + signed
        bits = next((bits for bits in rules.bits if bits >= needed), 16)
        pixel = PixelFormat(int(rows), int(columns), 1, 16, bits, bits - 1, signed)
    ones = np.ones(stored.shape[:2])
    voxels = mapped(stored, pixel.dtype, lambda planes, _: to_type(planes, pixel.dtype))
    return StoredPixels(voxels, pixel, slope * ones, intercept * ones, padding)
