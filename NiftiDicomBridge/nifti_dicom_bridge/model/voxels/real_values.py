"""Stored values ⇄ real values (PS3.3 C.11.1), and numbers of one type as those of another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...errors import PixelError


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
