"""How much storing voxels in 16 bits changes their values, and whether that is allowed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ....errors import PixelError
from ....model.metadata import Log
from ....model.volume import Volume
from ....model.voxels.lazy_voxels import Voxels
from ....model.voxels.quantization import Steps
from ....options.remedies import remedy

DEFAULT_RELATIVE_ERROR = 1e-4
"""Without a limit, rounding may change a value by this part of the range of the image."""
USUAL_RELATIVE_ERROR = 0.01
"""The same, of the range without extreme values, which may be a small part of it."""
_EXACT = 1e-9
_SAMPLE = 1 << 16
"""How many voxels are enough to know which values are usual."""
_USUAL = (5, 95)
"""Percentiles of the different values between which values are usual."""


@dataclass(frozen=True)
class Difference:
    """Difference between the real values of an image and those that readers compute.

    Attributes
    ----------
    worst, root_mean_square : float
        In the units of the image.
    low, high : float
        Smallest and largest real value.
    span : float
        Their difference, computed before they are rounded to double precision.
    coarse : float
        Largest difference of a value that its own float type does not explain.
    usual_low, usual_high : float
        Smallest and largest real value without the extreme ones: few of those must not hide what happens to all others.
    """

    worst: float
    root_mean_square: float
    low: float
    high: float
    span: float
    coarse: float = 0.0
    usual_low: float = 0.0
    usual_high: float = 0.0


def difference(volume: Volume, voxels: Voxels, slopes: np.ndarray, intercepts: np.ndarray) -> Difference:
    """Return the difference of stored to real values, NaN left out; slopes and intercepts have the shape (times, slices).

    Real values are computed in extended precision, where the system has it, and 64-bit integers exactly everywhere; those of
    readers in double precision.
    """
    worst, coarse, square, own = 0.0, 0.0, np.longdouble(0), _own_precision(volume)
    sample = []
    ends: list[Any] = []
    count = 0
    for t, k in np.ndindex(voxels.shape[:2]):
        real, offset = _exact(volume.voxels[t, k], volume)
        back = voxels[t, k].astype(np.float64) * slopes[t, k] + intercepts[t, k]
        valid = np.isfinite(real)
        if valid.any():
            rounded = float(offset)
            off = np.abs((back.astype(np.longdouble) - rounded) - (offset - int(rounded)) - real)
            worst = max(worst, float(off[valid].max()))
            larger = valid & (off > coarse)
            coarse = max(coarse, float(off[larger][off[larger] > own * np.abs(real[larger])].max(initial=0)))
            sample.append(np.unique((real[valid][:: max(1, real.size * slopes.size // _SAMPLE)] + rounded).astype(np.float64)))
            square += (off[valid] ** 2).sum()
            ends += [offset + (int(end) if offset else end) for end in (real[valid].min(), real[valid].max())]
            count += int(valid.sum())
    usual = usual_range(sample)
    mean = float(np.sqrt(square / max(1, count)))
    low, high = min(ends, default=np.inf), max(ends, default=-np.inf)
    return Difference(worst, mean, float(low), float(high), float(high - low), coarse, *usual)


def some_of(real: np.ndarray, size: int) -> np.ndarray:
    """Return different finite values of a part of an image of that size, enough to know which values are usual."""
    some = real.reshape(-1)[:: max(1, size // _SAMPLE)]
    return np.unique(some[np.isfinite(some)].astype(np.float64))


def usual_range(sample: Sequence[np.ndarray]) -> tuple[float, float]:
    """Return the smallest and the largest of the values of all parts, without the extreme ones."""
    values = np.unique(np.concatenate(sample)) if sample else np.empty(0)
    low, high = np.percentile(values, _USUAL).tolist() if values.size else (0.0, 0.0)
    return low, high


def _exact(plane: np.ndarray, volume: Volume) -> tuple[np.ndarray, int]:
    """Return the real values of a plane above an offset: 0 but for 64-bit integers, which no float of some systems holds."""
    if plane.dtype.kind in "iu" and plane.dtype.itemsize == 8 and volume.rescale.is_identity and plane.size:
        offset = int(plane.min())
        above = plane.astype(np.uint64) - np.uint64(offset % (1 << 64))  # modulo 2**64, as all of them are between 0 and that
        return above.astype(np.longdouble), offset
    real = plane.astype(np.longdouble)
    if not volume.rescale.is_identity:
        real = real * np.longdouble(volume.rescale.slope) + np.longdouble(volume.rescale.intercept)
    return real, 0


def _own_precision(volume: Volume) -> float:
    """Return the relative precision of the values themselves."""
    dtype = volume.voxels.dtype
    exact = dtype.kind in "biu" and volume.rescale.is_identity
    return 0.0 if exact else float(np.finfo(dtype if dtype.kind == "f" else np.float64).eps)


def precision_of(volume: Volume, error: Difference) -> float:
    """Return the precision of the values themselves, in the units of the image."""
    return _own_precision(volume) * max(abs(error.low), abs(error.high))


def limit_of(volume: Volume, error: Difference, max_error: float | None) -> float:
    """Return the largest difference that is allowed, never less than the precision of the values themselves."""
    return max_error if max_error is not None else max(DEFAULT_RELATIVE_ERROR * error.span, precision_of(volume, error))


def became_padding(missing: int, steps: Steps) -> str:
    """Return what became of voxels that are not a number."""
    return f"{missing} voxels are NaN: they became PixelPaddingValue (stored value {steps.padding})"


def check(volume: Volume, error: Difference, max_error: float | None, step: float, log: Log) -> None:
    """Report the difference; raises `PixelError` if it is larger than allowed."""
    refuse_coarse(error, limit_of(volume, error, max_error), max_error)
    largest = max(abs(error.usual_low), abs(error.usual_high))
    seen = min(_EXACT * largest, DEFAULT_RELATIVE_ERROR / 10 * (error.usual_high - error.usual_low))
    if error.coarse > max(seen, _own_precision(volume) * largest):
        log.warnings.append(
            f"values were rounded to 16 bits, steps of {step:.6g}: the largest error is {error.worst:.3g}, the mean one (RMS) "
            f'{error.root_mean_square:.3g}. kind="pm" keeps every value'
        )


def refuse_coarse(error: Difference, limit: float, max_error: float | None) -> None:
    """Raise `PixelError` if the difference is above a limit; without `max_error`, if it is a large part of the usual values."""
    if not error.worst <= limit:
        raise PixelError(
            f"In 16 bits a value would change by {error.worst:.3g}; {limit:.3g} is allowed. {remedy('allow-error')}"
        )
    if max_error is None and 0 < USUAL_RELATIVE_ERROR * (error.usual_high - error.usual_low) < error.coarse:
        raise PixelError(
            f"In 16 bits a value would change by {error.coarse:.3g}, while most values are from {error.usual_low:.3g} to "
            f"{error.usual_high:.3g}. {remedy('allow-error')}"
        )
