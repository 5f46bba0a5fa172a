"""Voxels → the stored values of an object to be made: exactly where that is possible, else with the error known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ....errors import PixelError
from ....model.metadata import Log
from ....model.volume import Volume
from ....model.voxels.lazy_voxels import MappedVoxels, Voxels, bounds_of, samples_of
from ....model.voxels.pixels import PixelFormat
from ....model.voxels.quantization import decimal
from ..reading.values.rescale import LARGEST_SLOPE, SMALLEST_SLOPE
from .rounded import measured, rounded
from .stored_error import limit_of
from .stored_pixels import PixelConstraints, StoredPixels, packed


def stored_values(volume: Volume, rules: PixelConstraints, max_error: float | None, log: Log) -> StoredPixels:
    """Return the stored values for a kind of object.

    Parameters
    ----------
    volume : Volume
        Integers, floats, or 8-bit RGB.
    rules : PixelConstraints
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
    if stored is None or not (error := measured(volume, stored)).worst <= limit_of(volume, error, max_error):
        stored = rounded(volume, rules, max_error, log)
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


def source_stored_values(
    planes: Voxels, slopes: np.ndarray, intercepts: np.ndarray, rules: PixelConstraints
) -> StoredPixels | None:
    """Return the stored values of an original as they are, each plane with its own rescale; None where they do not fit.

    Parameters
    ----------
    planes : ndarray or LazyVoxels, shape (times, slices, rows, columns)
        Integers.
    slopes, intercepts : numpy.ndarray, shape (times, slices)
        Stored → real values.
    rules : PixelConstraints
        What the kind allows.
    """
    low, high = (int(bound) for bound in bounds_of(planes)) if planes.size else (0, 0)
    fits = (low >= -(1 << 15) and high < 1 << 15) or (low >= 0 and high < 1 << 16)
    allowed = rules.by_frame and fits and (rules.signed or low >= 0)
    if not allowed or (rules.zero_intercept and intercepts.any()):
        return None
    stored = packed(planes, (low, high), rules, 1.0, 0.0)
    return replace(stored, slopes=slopes, intercepts=intercepts)


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
    return StoredPixels(samples_of(volume.voxels, slice(3)), pixel, ones, 0 * ones)


def _integers(volume: Volume, rules: PixelConstraints) -> StoredPixels | None:
    """Return integers as they are, or less a whole number; None where they do not fit."""
    voxels = volume.voxels
    low, high = (int(bound) for bound in bounds_of(voxels)) if voxels.size else (0, 0)
    slope, intercept = decimal(volume.rescale.slope), decimal(volume.rescale.intercept)
    if rules.zero_intercept and intercept:
        return None
    offset = 0
    if not (low >= -(1 << 15) and high < 1 << 15) and not (low >= 0 and high < 1 << 16):
        if high - low > 65535 or rules.zero_intercept:
            return None
        offset = low
    if low - offset < 0 and not rules.signed:
        offset = low
    wide = np.dtype(np.int64 if voxels.dtype != np.uint64 else np.uint64)
    stored = MappedVoxels(voxels, wide, lambda planes, _: planes - np.array(offset, wide)) if offset else voxels
    return packed(stored, (low - offset, high - offset), rules, slope, decimal(intercept + slope * offset))
