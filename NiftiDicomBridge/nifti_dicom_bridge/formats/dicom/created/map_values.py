"""The real values of a Parametric Map: in single precision where that holds every one of them, read some planes at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ....errors import PixelError
from ....model.metadata import Log
from ....model.volume import Volume
from ....model.voxels.lazy_voxels import Voxels, mapped, slabs
from ....model.voxels.real_values import to_real_values
from .stored_error import DEFAULT_RELATIVE_ERROR, difference, limit_of

_SMALL_PART_OF_STEP = 0.01
_SINGLE, _DOUBLE = np.dtype(np.float32), np.dtype(np.float64)


def real_values(volume: Volume, log: Log) -> Voxels:
    """Return real values as float32 where it holds every value, else as float64.

    Integers with a rescale become float32 unless an offset leaves that too few digits to distinguish neighboring values.
    Raises `PixelError` for colors and complex numbers.
    """
    voxels, rescale = volume.voxels, volume.rescale
    if voxels.dtype.kind not in "iubf":
        raise PixelError(f"voxels of type {voxels.dtype} cannot be a parametric map: only real numbers can.")
    if not rescale.is_identity:
        real = mapped(voxels, _DOUBLE, lambda planes, _: to_real_values(planes, rescale.slope, rescale.intercept, _DOUBLE))
        if voxels.dtype.kind in "iu" and _is_single(real, rescale.slope):
            return _as(_SINGLE, real)
        voxels = real
    if voxels.dtype == _SINGLE or all(_holds(planes) for _, _, planes in slabs(voxels)):
        return _as(_SINGLE, voxels)
    _check_double(volume)
    log.warnings.append("values need double precision, which some viewers cannot read (3D Slicer 5.12 among them)")
    return _as(_DOUBLE, voxels)


def _as(dtype: np.dtype, voxels: Voxels) -> Voxels:
    return mapped(voxels, dtype, lambda planes, _: planes.astype(dtype, copy=False))


def _holds(planes: np.ndarray) -> bool:
    """Whether single precision holds every voxel; 64-bit integers are compared as such: some systems have no float for them."""
    with np.errstate(over="ignore"):
        single = planes.astype(_SINGLE)
    if planes.dtype.kind in "iu" and planes.dtype.itemsize == 8:
        beyond = float(np.iinfo(planes.dtype).max)  # rounded up to a power of two
        return bool((single < beyond).all() and np.array_equal(single.astype(planes.dtype), planes))
    return bool(np.array_equal(single, planes, equal_nan=planes.dtype.kind == "f"))


def _is_single(real: Voxels, slope: float) -> bool:
    """Whether single precision changes integers with a rescale by a small part of their steps and of their range."""
    error, low, high = 0.0, np.inf, -np.inf
    for _, _, planes in slabs(real):
        error = max(error, float(np.abs(planes.astype(_SINGLE) - planes).max(initial=0.0)))
        low, high = float(planes.min(initial=low)), float(planes.max(initial=high))
    return error <= min(_SMALL_PART_OF_STEP * abs(slope), DEFAULT_RELATIVE_ERROR * (high - low))


def _check_double(volume: Volume) -> None:
    """Refuse integers that double precision changes by more than a small part of their range."""
    if volume.voxels.dtype.kind not in "iu" or volume.voxels.dtype.itemsize < 8 or not volume.rescale.is_identity:
        return
    ones = np.ones(volume.voxels.shape[:2])
    error = difference(volume, _as(_DOUBLE, volume.voxels), ones, 0 * ones)
    if error.worst > limit_of(volume, error, None):
        raise PixelError(
            f"In double precision a value would change by {error.worst:.3g}; the range of the image is {error.span:.3g}. "
            "Subtract an offset from the voxels first."
        )


@dataclass(frozen=True)
class Bounds:
    """Smallest and largest value of one time; 0 where there are none.

    Attributes
    ----------
    numbers : tuple of float
        Of all numbers, infinity too: highdicom refuses to read values beyond them.
    finite : tuple of float
        Of finite ones.
    """

    numbers: tuple[float, float]
    finite: tuple[float, float]


def bounds_of_times(values: Voxels) -> Iterator[Bounds]:
    """Yield the bounds of the values of each time."""
    count = values.shape[1]
    ends = np.array([[*_ends(plane, ~np.isnan(plane)), *_ends(plane, np.isfinite(plane))] for plane in _planes(values)])
    for of_time in ends.reshape(-1, count, 4):
        low, high, finite_low, finite_high = of_time[:, 0].min(), of_time[:, 1].max(), of_time[:, 2].min(), of_time[:, 3].max()
        yield Bounds(_known(low, high), _known(finite_low, finite_high))


def _planes(values: Voxels) -> Iterator[np.ndarray]:
    for _, _, planes in slabs(values):
        yield from planes


def _ends(plane: np.ndarray, wanted: np.ndarray) -> tuple[float, float]:
    some = plane[wanted]
    return (float(some.min()), float(some.max())) if some.size else (np.inf, -np.inf)


def _known(low: float, high: float) -> tuple[float, float]:
    return (float(low), float(high)) if low <= high else (0.0, 0.0)
