"""Voxels → the stored values of an object to be made: exactly where that is possible, else with the error known."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ....errors import PixelError
from ....model.lazy_voxels import MappedVoxels, Voxels, bounds_of
from ....model.metadata import Log
from ....model.pixels import PixelFormat, to_type
from ....model.quantisation import decimal, lattice_of, quantise
from ....model.volume import Volume
from ..reading.rescale import LARGEST_SLOPE, SMALLEST_SLOPE
from .stored_error import Difference, check, difference, limit_of

_SAME_SLOPE = float(np.finfo(np.float32).eps)
"""Readers that compare slopes in single precision, as dcm2niix does, take slopes that differ by less for the same."""

_WINDOW_SLICES = 16


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
    rescale : bool
        The object has RescaleSlope and RescaleIntercept at all.
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
    rescale: bool = True
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
        Different values, ascending, and how often they occur.
    """
    low, high = (_percentile(values, counts, part) for part in (0.005, 0.995)) if values.size else (0.0, 1.0)
    if high <= low:
        low, high = float(values.min(initial=0.0)), float(values.max(initial=1.0))
    return (low + high) / 2, max(high - low, 1e-6)


def _percentile(values: np.ndarray, counts: np.ndarray, part: float) -> float:
    """Return what `numpy.quantile` does of all values, without all of them in memory."""
    ends = np.cumsum(counts)
    place = part * (int(ends[-1]) - 1)
    before = int(place)
    rest = place - before
    one, other = (float(values[np.searchsorted(ends, min(n, int(ends[-1]) - 1), "right")]) for n in (before, before + 1))
    return one + (other - one) * rest if rest < 0.5 else other - (other - one) * (1 - rest)


def stored_values(volume: Volume, rules: PixelConstraints, max_error: float | None, log: Log) -> StoredPixels:
    """Return the stored values for a kind of object.

    Parameters
    ----------
    volume : Volume
        Integers, floats, or 8-bit RGB.
    rules : Rules
        What the kind allows.
    max_error : float, optional
        Largest difference to the real values, in their units; 10⁻⁴ of their range where None.
    log : Log
        Receives what was rounded and how much that changed.

    Raises
    ------
    PixelError
        If values are infinite or complex, or rounding changes one by more than allowed.
    """
    if volume.voxels.ndim > 4:
        return _color(volume, rules)
    voxels = volume.voxels
    if voxels.dtype.kind not in "biuf":
        raise PixelError(f"Voxels of type {voxels.dtype} cannot be stored in DICOM. Convert them to integers or floats.")
    stored = _integers(volume, rules) if voxels.dtype.kind in "biu" else None
    if stored is None or not (error := _measured(volume, stored)).worst <= limit_of(volume, error, max_error):
        stored = _rounded(volume, rules, max_error, log)
    _check_rescale(stored)
    return stored


def _check_rescale(stored: StoredPixels) -> None:
    """Refuse slopes and intercepts that are not usable in single precision, in which viewers and NIfTI headers have them."""
    slopes, intercepts = np.abs(stored.slopes), np.abs(stored.intercepts)
    if (slopes <= SMALLEST_SLOPE).any() or max(slopes.max(), intercepts.max()) >= LARGEST_SLOPE:
        raise PixelError(
            f"The slope would be {slopes.min():.3g}, the intercept {intercepts.max():.3g}: readers that compute in single "
            'precision cannot use them. Scale the values to other units, or use kind="pm".'
        )


def _measured(volume: Volume, stored: StoredPixels) -> Difference:
    return difference(volume, stored.voxels, stored.slopes, stored.intercepts)


def source_stored_values(
    planes: np.ndarray, slopes: np.ndarray, intercepts: np.ndarray, rules: PixelConstraints
) -> StoredPixels | None:
    """Return the stored values of an original as they are, each plane with its own rescale; None where they do not fit.

    Parameters
    ----------
    planes : numpy.ndarray, shape (times, slices, rows, columns)
        Integers.
    slopes, intercepts : numpy.ndarray, shape (times, slices)
        Stored → real values.
    rules : Rules
        What the kind allows.
    """
    low, high = (int(planes.min()), int(planes.max())) if planes.size else (0, 0)
    fits = (low >= -(1 << 15) and high < 1 << 15) or (low >= 0 and high < 1 << 16)
    allowed = rules.rescale and rules.by_frame and fits and (rules.signed or low >= 0)
    if not allowed or (rules.zero_intercept and intercepts.any()):
        return None
    packed = _packed(planes, (low, high), rules, 1.0, 0.0)
    return replace(packed, slopes=slopes, intercepts=intercepts)


def _color(volume: Volume, rules: PixelConstraints) -> StoredPixels:
    if volume.intent == "vector":
        raise PixelError(
            f"{volume.voxels.shape[-1]} values per voxel are a vector, not a color. Split the image into one per component; if "
            "they are colors, set the intent code 2003 or the data type RGB24 (NIfTI), or the kind RGB-color (NRRD)."
        )
    if volume.voxels.dtype != np.uint8 or volume.voxels.shape[-1] not in (3, 4):
        raise PixelError(
            f"{volume.voxels.shape[-1]} values of type {volume.voxels.dtype} per voxel cannot become DICOM pixels: red, green "
            "and blue of 8 bits can. Split the image into one per component."
        )
    if not rules.eight_bits:
        raise PixelError('Color images become Secondary Capture: use kind="sc" or kind="sc-multiframe".')
    rows, columns = volume.voxels.shape[2:4]
    pixel = PixelFormat(int(rows), int(columns), 3, 8, 8, 7, photometric="RGB")
    ones = np.ones(volume.voxels.shape[:2])
    return StoredPixels(volume.voxels[..., :3], pixel, ones, 0 * ones)


def _integers(volume: Volume, rules: PixelConstraints) -> StoredPixels | None:
    """Return integers as they are, or less a whole number; None where they do not fit."""
    voxels = volume.voxels
    low, high = (int(bound) for bound in bounds_of(voxels)) if voxels.size else (0, 0)
    slope, intercept = decimal(volume.rescale.slope), decimal(volume.rescale.intercept)
    if (slope, intercept) != (1.0, 0.0) and (not rules.rescale or (rules.zero_intercept and intercept)):
        return None
    offset = 0
    if not (low >= -(1 << 15) and high < 1 << 15) and not (low >= 0 and high < 1 << 16):
        if high - low > 65535 or not rules.rescale or rules.zero_intercept:
            return None
        offset = low
    if low - offset < 0 and not rules.signed:
        if not rules.rescale or rules.zero_intercept:
            return None
        offset = low
    wide = np.dtype(np.int64 if voxels.dtype != np.uint64 else np.uint64)
    stored = MappedVoxels(voxels, wide, lambda planes, _: planes - np.array(offset, wide)) if offset else voxels
    return _packed(stored, (low - offset, high - offset), rules, slope, decimal(intercept + slope * offset))


def _packed(
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
    voxels: Voxels = MappedVoxels(stored, pixel.dtype, lambda planes, _: to_type(planes, pixel.dtype))
    if isinstance(stored, np.ndarray):
        voxels = to_type(stored, pixel.dtype)
    return StoredPixels(voxels, pixel, slope * ones, intercept * ones, padding)


def _rounded(volume: Volume, rules: PixelConstraints, max_error: float | None, log: Log) -> StoredPixels:
    """Return real values in 16 bits: in the steps that they have, else in even ones."""
    volume = volume.in_memory()
    real = volume.real_values() if not volume.rescale.is_identity else volume.array
    _check_magnitude(real)
    missing = ~np.isfinite(real) if real.dtype.kind == "f" else np.zeros(1, bool)
    if missing.any():
        return _with_padding(volume, real, missing, rules, max_error, log)
    steps = _in_own_steps(real, rules)
    if steps is not None and (error := _measured(volume, steps)).worst <= limit_of(volume, error, max_error):
        check(volume, error, max_error, float(steps.slopes.max()), log)
        return steps
    if not rules.rescale:
        raise PixelError(
            f"Values from {real.min():.6g} to {real.max():.6g} are not whole numbers of 16 bits, and this kind of object has "
            'no rescale. Use kind="pm", or another kind.'
        )
    stored = _quantised(real, rules)
    check(volume, _measured(volume, stored), max_error, float(stored.slopes.max()), log)
    return stored


def _check_magnitude(real: np.ndarray) -> None:
    """Refuse values that readers, which compute in single precision, cannot hold."""
    with np.errstate(invalid="ignore"):
        largest = float(np.nanmax(np.abs(real[np.isfinite(real)]), initial=0.0))
    if largest > float(np.finfo(np.float32).max):
        raise PixelError(f'Values up to {largest:.3g} are beyond single precision, which viewers compute in. Use kind="pm".')


def _in_own_steps(real: np.ndarray, rules: PixelConstraints) -> StoredPixels | None:
    """Return the whole numbers behind values that are on even steps: nothing is lost."""
    lattice = lattice_of(real) if rules.rescale else None
    if lattice is None or (rules.zero_intercept and lattice.intercept):
        return None
    low, high, intercept = lattice.low, lattice.high, lattice.intercept
    offset = 0
    if low < -(1 << 15) or high > (1 << 15) - 1:
        offset = low if low < 0 or high > (1 << 16) - 1 else 0
    if low - offset < 0 and not rules.signed:
        offset = low
    if offset and rules.zero_intercept:
        return None
    numbers = np.rint((real.astype(np.float64) - intercept) / lattice.slope) - offset
    slope = decimal(lattice.slope)
    return _packed(numbers, (low - offset, high - offset), rules, slope, decimal(intercept + lattice.slope * offset))


def _quantised(real: np.ndarray, rules: PixelConstraints) -> StoredPixels:
    """Return real values in even steps, over the whole image or slice by slice."""
    rows, columns = real.shape[2:4]
    negative = bool(real.min() < 0)
    if not rules.by_slice:
        quantised = quantise(real, zero_intercept=rules.zero_intercept, unsigned=not rules.signed)
        pixel = PixelFormat(int(rows), int(columns), signed=quantised.stored.dtype.kind == "i")
        ones = np.ones(real.shape[:2])
        return StoredPixels(quantised.stored, pixel, quantised.slope * ones, quantised.intercept * ones)
    pixel = PixelFormat(int(rows), int(columns), signed=negative and rules.signed)
    stored, slopes = np.empty(real.shape, pixel.dtype), np.ones(real.shape[:2])
    for t in range(real.shape[0]):
        for k in range(real.shape[1]):
            plane = quantise(real[t, k], zero_intercept=True, signed=negative)
            stored[t, k], slopes[t, k] = plane.stored, plane.slope
    if 0 < float(np.abs(slopes - slopes[0, 0]).max()) <= _SAME_SLOPE:
        slopes[:] = slopes.max()
        stored = to_type(real.astype(np.float64) / slopes[0, 0], pixel.dtype)
    return StoredPixels(stored, pixel, slopes, 0 * slopes)


def _with_padding(
    volume: Volume, real: np.ndarray, missing: np.ndarray, rules: PixelConstraints, max_error: float | None, log: Log
) -> StoredPixels:
    """Return real values where some are not numbers: those become PixelPaddingValue, below all others."""
    if np.isinf(real).any():
        raise PixelError(f'{int(np.isinf(real).sum())} voxels are infinite: integer pixels cannot hold them. Use kind="pm".')
    if missing.all():
        raise PixelError("all voxels are NaN. Repair the image at its source.")
    if rules.zero_intercept or not rules.rescale:
        raise PixelError(f'{int(missing.sum())} voxels are NaN: this kind of object cannot hold them. Use kind="pm".')
    low, high = float(real[~missing].min()), float(real[~missing].max())
    slope = decimal((high - low) / 65533, up=True) if high > low else 1.0
    whole = np.array_equal(np.rint(real[~missing]), real[~missing]) and high - low <= 65533
    slope = 1.0 if whole else slope
    intercept = decimal(low - slope)
    numbers = np.where(missing, 0, np.rint((np.where(missing, low, real).astype(np.float64) - intercept) / slope))
    packed = _packed(numbers, (0, int(numbers.max())), rules, slope, intercept, padding=0)
    check(volume, _measured(volume, packed), max_error, slope, log)
    log.warnings.append(f"{int(missing.sum())} voxels are NaN: they became PixelPaddingValue (stored value 0)")
    return packed
