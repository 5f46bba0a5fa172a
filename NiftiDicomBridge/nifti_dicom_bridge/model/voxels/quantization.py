"""Real values → integers of 16 bits, exactly where they are on even steps."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ...errors import PixelError
from ...standard.numbers import decimal_text
from .lazy_voxels import Voxels, slabs

LATTICE_SAMPLE = 1 << 16
SMALLEST_SLOPE = 1e-300
"""Steps between values are not smaller; the step of values near the smallest numbers of their type would be 0."""


@dataclass(frozen=True)
class Quantized:
    """Real values as 16-bit integers.

    Attributes
    ----------
    stored : numpy.ndarray
        int16 or uint16.
    slope, intercept : float
        ``real ≈ slope · stored + intercept``; both are exactly what their decimal text of 16 characters specifies.
    error : float
        Largest difference to the real values.
    """

    stored: np.ndarray
    slope: float
    intercept: float
    error: float


def quantize(real: np.ndarray, zero_intercept: bool = False, signed: bool = False) -> Quantized:
    """Return real values in 16 bits: exactly where they are integers that fit, else in 65 535 even steps.

    Parameters
    ----------
    real : numpy.ndarray, any shape
        Finite values.
    zero_intercept : bool
        The object allows no intercept (PET: PS3.3 C.8.9.4).
    signed : bool
        With `zero_intercept`: use signed integers even where no value is negative.

    Raises
    ------
    PixelError
        If a value is NaN or infinite.
    """
    values = real.astype(np.float64)
    steps = steps_for(ValueRange.of(values), zero_intercept, signed)
    stored = steps.stored(values)
    return Quantized(stored, steps.slope, steps.intercept, steps.error(values, stored))


@dataclass(frozen=True)
class ValueRange:
    """What must be known of all values before the first of them can be stored.

    Attributes
    ----------
    low, high : float
        Smallest and largest value; 0 where there are none.
    whole : bool
        All are integers.
    missing, infinite : int
        How many are NaN or infinite, and how many of those infinite.
    is_empty : bool
        There is no finite value.
    """

    low: float = 0.0
    high: float = 0.0
    whole: bool = True
    missing: int = 0
    infinite: int = 0
    is_empty: bool = False

    @classmethod
    def of(cls, values: np.ndarray) -> ValueRange:
        """Return the range of float64 values."""
        missing, infinite = 0, 0
        if not (finite := np.isfinite(values)).all():
            missing, infinite = values.size - int(np.count_nonzero(finite)), int(np.count_nonzero(np.isinf(values)))
            values = values[finite]
        if not values.size:
            return cls(missing=missing, infinite=infinite, is_empty=True)
        whole = bool((np.rint(values) == values).all())
        return cls(float(values.min()), float(values.max()), whole, missing, infinite)

    def joined(self, other: ValueRange) -> ValueRange:
        """Return the range of the values of both."""
        ends = [end for one in (self, other) if not one.is_empty for end in (one.low, one.high)]
        return ValueRange(
            min(ends, default=0.0), max(ends, default=0.0), self.whole and other.whole, self.missing + other.missing,
            self.infinite + other.infinite, not ends,
        )  # fmt: skip


@dataclass(frozen=True)
class Steps:
    """How real values become integers of 16 bits.

    Attributes
    ----------
    dtype : numpy.dtype
        Of the integers.
    slope, intercept : float
        As those of `Quantized`.
    exact : bool
        The values are integers that are stored as they are.
    constant : bool
        All values are the intercept, up to its decimal text.
    padding : int or None
        The integer of values that are not a number.
    """

    dtype: np.dtype
    slope: float = 1.0
    intercept: float = 0.0
    exact: bool = False
    constant: bool = False
    padding: int | None = None

    def stored(self, values: np.ndarray) -> np.ndarray:
        """Return the integers of float64 values."""
        if self.exact:
            return values.astype(self.dtype)
        if self.constant:
            return np.zeros(values.shape, self.dtype)
        if self.padding is not None:
            is_missing = ~np.isfinite(values)
            known = replace(self, padding=None).stored(np.where(is_missing, self.intercept, values))
            return np.where(is_missing, self.dtype.type(self.padding), known)
        limits = np.iinfo(self.dtype)
        return np.clip(np.rint((values - self.intercept) / self.slope), limits.min, limits.max).astype(self.dtype)

    def error(self, values: np.ndarray, stored: np.ndarray) -> float:
        """Return the largest difference of integers to the values that they are of."""
        if self.exact or not values.size:
            return 0.0
        errors = np.abs(stored * self.slope + self.intercept - values)
        return float(errors.max() if self.padding is None else np.nanmax(errors, initial=0.0))


def steps_for(values: ValueRange, zero_intercept: bool = False, signed: bool = False, unsigned: bool = False) -> Steps:
    """Return how values of a range are stored in 16 bits; it has the parameters of `quantize`, and raises its errors."""
    if values.missing:
        raise PixelError(
            f"{values.missing} voxels are NaN or infinite: 16-bit pixels cannot hold them. "
            'Set them to a number, or use kind="pm", which keeps them.'
        )
    low, high = values.low, values.high
    for dtype in (np.dtype("<u2"),) if unsigned else (np.dtype("<i2"), np.dtype("<u2")):
        limits = np.iinfo(dtype)
        if low >= limits.min and high <= limits.max and values.whole:
            return Steps(dtype, exact=True)
    if low == high and not zero_intercept:
        return Steps(np.dtype("<u2"), 1.0, decimal(low), constant=True)
    if zero_intercept:
        dtype = np.dtype("<i2") if low < 0 or signed else np.dtype("<u2")
        slope, intercept = decimal(max(abs(low), abs(high)) / np.iinfo(dtype).max, up=True), 0.0
    else:
        dtype = np.dtype("<u2")
        intercept = decimal(low)
        slope = decimal((high - intercept) / 65534, up=True)
    return Steps(dtype, max(slope, SMALLEST_SLOPE), intercept)


def steps_with_padding(values: ValueRange, zero_intercept: bool = False) -> Steps:
    """Return how finite values are stored in 16 bits, and NaN as the padding value: the integer below all others.

    Viewers that do not know of padding show it like the lowest value, or like nothing in PET, whose intercept is 0.
    """
    if zero_intercept:
        limit = np.iinfo(np.int16).max
        largest = max(abs(values.low), abs(values.high))
        slope = decimal(largest / limit, up=True) if largest > 0 else 1.0
        slope = 1.0 if values.whole and largest <= limit else max(slope, SMALLEST_SLOPE)
        return Steps(np.dtype("<i2"), slope, padding=min(0, int(np.rint(values.low / slope))) - 1)
    slope = decimal((values.high - values.low) / 65533, up=True) if values.high > values.low else 1.0
    slope = 1.0 if values.whole and values.high - values.low <= 65533 else slope
    return Steps(np.dtype("<u2"), slope, decimal(values.low - slope), padding=0)


def decimal(value: float, up: bool = False) -> float:
    """Return the number nearest to `value`, or not below it, whose text has at most 16 characters (VR DS)."""
    return float(decimal_text(value, up))


@dataclass(frozen=True)
class Lattice:
    """Even steps that real values keep to: ``real = slope · n + intercept`` with whole numbers n."""

    slope: float
    intercept: float
    low: int
    high: int


@dataclass(frozen=True)
class Survey:
    """What is known of all real values of an image after they were read once.

    Attributes
    ----------
    low, high : float
        Smallest and largest finite value; 0 where there are none.
    whole : bool
        All finite values are integers.
    missing, infinite : int
        How many are NaN or infinite, and how many of those infinite.
    sample : numpy.ndarray
        Some values, at even distances, as float64.
    """

    low: float
    high: float
    whole: bool
    missing: int
    infinite: int
    sample: np.ndarray

    @classmethod
    def of(cls, real: Voxels) -> Survey:
        """Return the survey of real values, which are read some planes at a time."""
        low, high, whole, missing, infinite, start = [], [], True, 0, 0, 0
        step, sample = max(1, real.size // LATTICE_SAMPLE), [np.empty(0)]
        for _, _, planes in slabs(real):
            flat = planes.reshape(-1)
            sample.append(flat[-start % step :: step].astype(np.float64))
            start += flat.size
            if flat.dtype.kind == "f" and not (finite := np.isfinite(flat)).all():
                missing += flat.size - int(np.count_nonzero(finite))
                infinite += int(np.count_nonzero(np.isinf(flat)))
                flat = flat[finite]
            if flat.size:
                low.append(float(flat.min()))
                high.append(float(flat.max()))
                whole = whole and (flat.dtype.kind != "f" or bool((np.rint(flat) == flat).all()))
        return cls(min(low, default=0.0), max(high, default=0.0), whole, missing, infinite, np.concatenate(sample))

    @property
    def range(self) -> ValueRange:
        """The range of the values."""
        return ValueRange(self.low, self.high, self.whole, self.missing, self.infinite)


def lattice_of(real: Voxels, survey: Survey) -> Lattice | None:
    """Return the steps that finite real values were once quantized in; None where there are more than 65 536 or none.

    The step is guessed from a sample, and verified on every value: none may be further from its step than the rounding of
    its own float type.
    """
    sample = np.unique(survey.sample)  # 64-bit integers become equal
    if sample.size < 3:
        return None
    gaps = np.diff(sample)
    step = float(gaps[gaps < 1.5 * gaps.min()].mean())
    rounding = float(np.finfo(real.dtype if real.dtype.kind == "f" else np.float64).eps * np.abs(sample).max())
    if step <= 8 * rounding:
        return None
    count = float(np.rint(gaps / step).sum())  # gap by gap: a small error of the step would add up over the whole range
    if count > 65535:
        return None
    step = float(sample[-1] - sample[0]) / count
    zero = float(sample[np.argmin(np.abs(sample))])
    intercept = 0.0 if abs(np.rint(zero / step) * step - zero) <= rounding else float(sample[0])
    low, high = (int(np.rint((bound - intercept) / step)) for bound in (survey.low, survey.high))
    if high - low > 65535:
        return None
    for _, _, planes in slabs(real):
        part = planes.astype(np.float64)
        if part.size and np.abs(np.rint((part - intercept) / step) * step + intercept - part).max() > 2 * rounding:
            return None
    return Lattice(step, intercept, low, high)
