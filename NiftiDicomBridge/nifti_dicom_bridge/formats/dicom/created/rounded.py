"""Real values → integers of 16 bits: in the steps that they have, else in even ones; with the error known.

What they become is decided for all of them, then they are computed plane by plane: lazy voxels are never in memory as a whole.
"""

from __future__ import annotations

import numpy as np

from ....errors import PixelError
from ....model.metadata import Log
from ....model.volume import Volume
from ....model.voxels.lazy_voxels import Voxels, mapped
from ....model.voxels.pixels import PixelFormat
from ....model.voxels.quantization import Survey, decimal, lattice_of, quantize, steps_for, steps_with_padding
from ....model.voxels.real_values import to_real_values, to_type
from .stored_error import Difference, became_padding, check, difference, limit_of
from .stored_pixels import PixelConstraints, StoredPixels, packed

_SAME_SLOPE = float(np.finfo(np.float32).eps)
"""Readers that compare slopes in single precision, as dcm2niix does, take slopes that differ by less for the same."""


def measured(volume: Volume, stored: StoredPixels) -> Difference:
    """Return the difference of stored values to the real values of an image."""
    return difference(volume, stored.voxels, stored.slopes, stored.intercepts)


def rounded(volume: Volume, rules: PixelConstraints, max_error: float | None, log: Log) -> StoredPixels:
    """Return real values in 16 bits: in the steps that they have, else in even ones.

    Raises `PixelError` if the kind of object cannot hold them, or the error is larger than it may be.
    """
    real = _real_values(volume)
    survey = Survey.of(real)
    _check_magnitude(survey)
    if survey.missing:
        return _with_padding(volume, real, survey, rules, max_error, log)
    steps = _in_own_steps(real, survey, rules)
    if steps is not None and (error := measured(volume, steps)).worst <= limit_of(volume, error, max_error):
        check(volume, error, max_error, float(steps.slopes.max()), log)
        return steps
    stored = _slice_by_slice(real, survey, rules) if rules.by_slice else _quantized(real, survey, rules)
    check(volume, measured(volume, stored), max_error, float(stored.slopes.max()), log)
    return stored


def _real_values(volume: Volume) -> Voxels:
    """Return real values: the voxels where those are, else float64."""
    rescale = volume.rescale
    if rescale.is_identity:
        return volume.voxels
    dtype = np.dtype(np.float64)
    return mapped(volume.voxels, dtype, lambda planes, _: to_real_values(planes, rescale.slope, rescale.intercept, dtype))


def _check_magnitude(survey: Survey) -> None:
    """Refuse values that readers, which compute in single precision, cannot hold."""
    largest = max(abs(survey.low), abs(survey.high))
    if largest > float(np.finfo(np.float32).max):
        raise PixelError(f'Values up to {largest:.3g} are beyond single precision, which viewers compute in. Use kind="pm".')


def _in_own_steps(real: Voxels, survey: Survey, rules: PixelConstraints) -> StoredPixels | None:
    """Return the whole numbers behind values that are on even steps: nothing is lost."""
    lattice = lattice_of(real, survey)
    if lattice is None or (rules.zero_intercept and lattice.intercept):
        return None
    low, high, intercept, step = lattice.low, lattice.high, lattice.intercept, lattice.slope
    offset = 0
    if low < -(1 << 15) or high > (1 << 15) - 1:
        offset = low if low < 0 or high > (1 << 16) - 1 else 0
    if low - offset < 0 and not rules.signed:
        offset = low
    if offset and rules.zero_intercept:
        return None

    def numbers(planes: np.ndarray, _: int) -> np.ndarray:
        return np.rint((planes.astype(np.float64) - intercept) / step) - offset

    stored = mapped(real, np.dtype(np.float64), numbers)
    return packed(stored, (low - offset, high - offset), rules, decimal(step), decimal(intercept + step * offset))


def _quantized(real: Voxels, survey: Survey, rules: PixelConstraints) -> StoredPixels:
    """Return real values in even steps over the whole image."""
    steps = steps_for(survey.range, zero_intercept=rules.zero_intercept, unsigned=not rules.signed)
    rows, columns = real.shape[2:4]
    pixel = PixelFormat(int(rows), int(columns), signed=steps.dtype.kind == "i")
    ones = np.ones(real.shape[:2])
    voxels = mapped(real, steps.dtype, lambda planes, _: steps.stored(planes.astype(np.float64)))
    return StoredPixels(voxels, pixel, steps.slope * ones, steps.intercept * ones)


def _slice_by_slice(real: Voxels, survey: Survey, rules: PixelConstraints) -> StoredPixels:
    """Return real values in even steps of each slice; of all, where those differ by rounding."""
    rows, columns = real.shape[2:4]
    negative, slopes = survey.low < 0, np.ones(real.shape[:2])
    pixel = PixelFormat(int(rows), int(columns), signed=negative and rules.signed)
    for t, k in np.ndindex(real.shape[:2]):
        slopes[t, k] = quantize(real[t, k], zero_intercept=True, signed=negative).slope

    def own(planes: np.ndarray, _: int) -> np.ndarray:
        return np.stack([quantize(plane, True, negative).stored.astype(pixel.dtype) for plane in planes])

    def common(planes: np.ndarray, _: int) -> np.ndarray:
        return to_type(planes.astype(np.float64) / slopes[0, 0], pixel.dtype)

    is_common = 0 < float(np.abs(slopes - slopes[0, 0]).max()) <= _SAME_SLOPE
    if is_common:
        slopes[:] = slopes.max()
    return StoredPixels(mapped(real, pixel.dtype, common if is_common else own), pixel, slopes, 0 * slopes)


def _with_padding(
    volume: Volume, real: Voxels, survey: Survey, rules: PixelConstraints, max_error: float | None, log: Log
) -> StoredPixels:
    """Return real values where some are not numbers: those become PixelPaddingValue, below all others."""
    if survey.infinite:
        raise PixelError(f'{survey.infinite} voxels are infinite: integer pixels cannot hold them. Use kind="pm".')
    if survey.missing == real.size:
        raise PixelError("all voxels are NaN. Repair the image at its source.")
    steps = steps_with_padding(survey.range, rules.zero_intercept)
    integers = mapped(real, steps.dtype, lambda planes, _: steps.stored(planes.astype(np.float64)))
    lowest = steps.padding or 0
    largest = max(lowest, int(np.rint((survey.high - steps.intercept) / steps.slope)))
    stored = packed(integers, (lowest, largest), rules, steps.slope, steps.intercept, padding=steps.padding)
    check(volume, measured(volume, stored), max_error, steps.slope, log)
    log.warnings.append(became_padding(survey.missing, steps))
    return stored
