"""The stored values of a derived volume: what they are is decided for all of them, then they are computed plane by plane.

So a volume that is read some planes at a time is never in memory as a whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from ....errors import PixelError
from ....model import metadata
from ....model.metadata import Log
from ....model.volume import Volume
from ....model.voxels.lazy_voxels import MappedVoxels, Voxels, plane_bounds, slabs
from ....model.voxels.pixels import PixelFormat
from ....model.voxels.quantization import Steps, ValueRange, quantize, steps_for, steps_with_padding
from ....model.voxels.real_values import check_fit, to_real_values, to_stored_values
from ....standard.sop_classes import PARAMETRIC_MAP, PET, SEGMENTATIONS
from ....standard.tags import Tag
from ..created.stored_error import Difference, became_padding, limit_of, refuse_coarse, some_of, usual_range
from ..reading.frames.frame_info import FrameInfo
from ..reading.frames.frames import frames_of
from ..reading.pixel_data import decode

# objects whose integers are what they are: no rescale can be between pixels and values
_X_RAYS = "1.2.840.10008.5.1.4.1.1.1."
Bounds = tuple[np.ndarray, np.ndarray]
"""Smallest and largest stored value of every plane, shape (times, slices)."""
_FARTHEST = 1e38
"""Ends of a window of infinite values, whose width is a number."""


class DerivedPixels:
    """Stored values of a derived volume.

    Attributes
    ----------
    voxels : ndarray or LazyVoxels
        Stored values.
    pixel : PixelFormat
        How they are written.
    slopes, intercepts : numpy.ndarray, shape (times, slices)
        Stored → real values of every plane.
    padding : int or None
        PixelPaddingValue: the stored value of voxels that are not a number.

    Raises
    ------
    PixelError
        If the kind of object cannot hold the values, or rounding changes them by more than `max_error`.
    """

    def __init__(self, volume: Volume, templates: np.ndarray, max_error: float | None, log: Log):
        self._volume, self._templates, self._max_error, self._log = volume, templates, max_error, log
        self.padding: int | None = None
        first = volume.dicom.metadata.first
        self.pixel = decode.pixel_format(first)
        self._sop_class = metadata.text(first.elements, Tag.SOP_CLASS_UID)
        self._is_x_ray = self._sop_class.startswith(_X_RAYS)
        self._is_dose = Tag.DOSE_GRID_SCALING in first.elements
        self.slopes = np.full(volume.voxels.shape[:2], volume.rescale.slope)
        self.intercepts = np.full(volume.voxels.shape[:2], volume.rescale.intercept)
        self.voxels: Voxels = self._values()
        self.pixel = self._pixel_format()

    @cached_property
    def bounds(self) -> Bounds:
        """Smallest and largest stored value of every plane."""
        return plane_bounds(self.voxels)

    @cached_property
    def real_range(self) -> tuple[float, float]:
        """Smallest and largest real value; 0 where all are NaN."""
        return _range_of([bounds * self.slopes + self.intercepts for bounds in self.bounds])

    @property
    def stored_range(self) -> tuple[float, float]:
        """Smallest and largest stored value; 0 where all are NaN."""
        return _range_of(self.bounds)

    @property
    def is_whole(self) -> bool:
        """Whether all real values are whole numbers."""
        return bool((self.slopes == 1).all() and (np.rint(self.intercepts) == self.intercepts).all())

    @cached_property
    def window(self) -> tuple[float, float]:
        """Center and width that show all real values."""
        low, high = np.clip(self.real_range, -_FARTHEST, _FARTHEST).tolist()
        return (low + high) / 2, max(abs(high - low), 1.0)

    def _values(self) -> Voxels:
        """Return stored values, and set the slope and intercept of every plane."""
        voxels = self._volume.voxels
        if self.pixel.floating:
            if self._sop_class != PARAMETRIC_MAP:  # the value mapping of which has a slope
                self.slopes[:], self.intercepts[:] = 1.0, 0.0
            return self._as_stored()
        if voxels.ndim > 4:
            if voxels.dtype not in (np.dtype(np.uint8), self.pixel.dtype):
                raise PixelError(
                    f"color voxels of type {voxels.dtype} cannot be stored: colors have 8 bits in DICOM, or "
                    f"{self.pixel.bits_allocated} as those of the original."
                )
            return voxels
        if self._volume.dicom.pixel_record.rescaled:
            return self._plane_by_plane()
        if voxels.dtype.kind in "iu" and self._may_keep_rescale():
            low, high = plane_bounds(voxels)
            if _fit((low, high), self.pixel):
                self.bounds = low.astype(self.pixel.dtype), high.astype(self.pixel.dtype)
                return self._as_stored()
        return self._quantized()

    def _may_keep_rescale(self) -> bool:
        """Whether the kind of object can have the rescale of the image file: that of the original, or another one.

        X-rays have none (PS3.3 C.8.11.3), PET has no intercept (C.8.9.4), doses are multiples of DoseGridScaling (C.8.8.3).
        """
        rescale, before = self._volume.rescale, self._volume.dicom.origin.rescale
        if rescale.is_identity or (rescale.slope, rescale.intercept) == (before.slope, before.intercept):
            return True
        return not self._is_x_ray and (not self._has_only_slope or (rescale.slope > 0 and rescale.intercept == 0))

    @property
    def _has_only_slope(self) -> bool:
        return self._sop_class == PET or self._is_dose

    def _as_stored(self) -> Voxels:
        """Return the voxels, in the type of stored values."""
        dtype, voxels = self.pixel.dtype, self._volume.voxels
        return MappedVoxels(voxels, dtype, lambda planes, _: planes.astype(dtype, copy=False))

    def _real(self, planes: np.ndarray) -> np.ndarray:
        rescale = self._volume.rescale
        return to_real_values(planes, rescale.slope, rescale.intercept, np.dtype(np.float64))

    def _quantized(self) -> Voxels:
        """Return real values as 16-bit integers, as exactly as the kind of object allows."""
        values = range_of(self._volume)
        self._check_segments(values)
        steps = self._whole_numbers(values) if self._is_x_ray else self._steps(values)
        self.slopes[:], self.intercepts[:], self.padding = steps.slope, steps.intercept, steps.padding
        worst, sample = self._error(steps)
        self._check_rounding(worst, sample, steps.slope, self._is_x_ray)
        return MappedVoxels(self._volume.voxels, steps.dtype, lambda planes, _: steps.stored(self._real(planes)))

    def _error(self, steps: Steps) -> tuple[float, list[np.ndarray]]:
        """Return the largest difference of stored to real values, and some of these; note the bounds of the former."""
        voxels, low, high, worst = self._volume.voxels, [], [], 0.0
        sample: list[np.ndarray] = []
        for _, _, planes in slabs(voxels):
            real = self._real(planes)
            stored = steps.stored(real)
            worst = max(worst, steps.error(real, stored))
            sample += [] if steps.exact else [some_of(real, voxels.size)]
            low.append(stored.reshape(len(stored), -1).min(axis=1))
            high.append(stored.reshape(len(stored), -1).max(axis=1))
        shape = voxels.shape[:2]
        self.bounds = np.concatenate(low).reshape(shape), np.concatenate(high).reshape(shape)
        return worst, sample

    def _check_segments(self, values: ValueRange) -> None:
        """Refuse values that are not labels where the object contains segments."""
        if self._sop_class in SEGMENTATIONS or self.pixel.bits_allocated == 1:
            missing = f" ({values.missing} voxels are NaN or infinite)" if values.missing else ""
            raise PixelError(
                f"the image came from a segmentation of {self.pixel.bits_stored} bit(s), its values now are from "
                f"{values.low:g} to {values.high:g}{missing} and do not fit. Write whole numbers that do."
            )

    def _whole_numbers(self, values: ValueRange) -> Steps:
        check_fit(float(np.rint(values.low)), float(np.rint(values.high)), values.missing, np.dtype("<u2"))
        return Steps(np.dtype("<u2"))

    def _steps(self, values: ValueRange) -> Steps:
        """Return steps of 16 bits; voxels that are not a number become padding, except in doses, which have none."""
        if values.missing and not (self._is_dose or values.infinite or values.is_empty):
            steps = steps_with_padding(values, zero_intercept=self._has_only_slope)
            self._log.warnings.append(became_padding(values.missing, steps))
            return steps
        return steps_for(values, zero_intercept=self._has_only_slope)

    def _check_rounding(self, worst: float, sample: list[np.ndarray], step: float, whole_only: bool = False) -> None:
        """Report how much rounding changes values; raises `PixelError` if that is more than allowed."""
        if not worst:
            return
        low, high = self.real_range
        error = Difference(worst, worst, low, high, high - low, worst, *usual_range(sample))
        has_limit = not whole_only or self._max_error is not None
        refuse_coarse(error, limit_of(self._volume, error, self._max_error) if has_limit else np.inf, self._max_error)
        self._log.warnings.append(
            f"values were rounded to steps of {step:.6g} to fit 16 bits; the largest error is {worst:.3g}"
        )

    def _plane_by_plane(self) -> Voxels:
        """Return stored values where every plane has its own rescale: the original one where the plane still is what it was."""
        voxels, pixel = self._volume.voxels, self.pixel
        instances, infos = self._volume.dicom.metadata.instances, dict[int, list[FrameInfo]]()
        exact, low, high = (np.zeros(voxels.shape[:2], dtype) for dtype in (bool, pixel.dtype, pixel.dtype))
        worst, step, sample = 0.0, 0.0, list[np.ndarray]()
        for t, times in enumerate(self._templates.tolist()):
            for k, (n, frame) in enumerate(times):
                infos = infos if n in infos else {n: frames_of(instances[n], n)}
                info = infos[n][frame]
                slope, intercept = info.slope, info.intercept
                plane = _exactly(voxels[t, k], slope, intercept, pixel)
                exact[t, k] = plane is not None
                sample.append(some_of(voxels[t, k], voxels.size))
                if plane is None and not np.isfinite(voxels[t, k]).all():
                    return self._quantized()
                if plane is None:
                    quantized = quantize(voxels[t, k], zero_intercept=True, signed=pixel.signed)
                    plane, slope, intercept = quantized.stored, quantized.slope, quantized.intercept
                    worst, step = max(worst, quantized.error), max(step, quantized.slope)
                if not _fit((plane, plane), pixel):
                    return self._quantized()
                low[t, k], high[t, k] = (plane.min(), plane.max()) if plane.size else (0, 0)
                self.slopes[t, k], self.intercepts[t, k] = slope, intercept
        self.bounds = low, high
        self._check_rounding(worst, sample, step)
        return MappedVoxels(voxels, pixel.dtype, lambda planes, start: self._planes_by_rescale(planes, start, exact))

    def _planes_by_rescale(self, planes: np.ndarray, start: int, exact: np.ndarray) -> np.ndarray:
        """Return stored values of planes: with the rescale of the original where that is exact."""
        stored = np.empty(planes.shape, self.pixel.dtype)
        for n, plane in enumerate(planes):
            t, k = divmod(start + n, exact.shape[1])
            if exact[t, k]:
                stored[n] = to_stored_values(plane, self.slopes[t, k], self.intercepts[t, k], self.pixel.dtype)
            else:
                stored[n] = quantize(plane, zero_intercept=True, signed=self.pixel.signed).stored
        return stored

    def _pixel_format(self) -> PixelFormat:
        rows, columns = self._volume.voxels.shape[2:4]
        changes: dict[str, Any] = {"rows": int(rows), "columns": int(columns), "planar": False}
        if self._volume.voxels.ndim > 4:
            changes["photometric"] = "RGB"
        if not self.pixel.floating and self.pixel.bits_allocated > 1 and not _fit(self.bounds, self.pixel):
            bits = self.voxels.dtype.itemsize * 8
            changes |= {
                "bits_allocated": bits,
                "bits_stored": bits,
                "high_bit": bits - 1,
                "signed": self.voxels.dtype.kind == "i",
            }
        elif not self.pixel.floating and self.pixel.high_bit != self.pixel.bits_stored - 1:
            changes["high_bit"] = self.pixel.bits_stored - 1
        return self.pixel._replace(**changes)


def range_of(volume: Volume) -> ValueRange:
    """Return the range of the real values of a volume, which is read some planes at a time."""
    values: ValueRange | None = None
    for _, _, planes in slabs(volume.voxels):
        real = to_real_values(planes, volume.rescale.slope, volume.rescale.intercept, np.dtype(np.float64))
        values = ValueRange.of(real) if values is None else values.joined(ValueRange.of(real))
    return values or ValueRange()


def _fit(bounds: Bounds, pixel: PixelFormat) -> bool:
    """Whether all values can be stored in the bits that the template has."""
    if pixel.bits_allocated == 1:
        low, high = 0, 1
    else:
        low = -(1 << pixel.bits_stored - 1) if pixel.signed else 0
        high = (1 << pixel.bits_stored - 1) - 1 if pixel.signed else (1 << pixel.bits_stored) - 1
    return not bounds[0].size or bool(bounds[0].min() >= low and bounds[1].max() <= high)


def _range_of(bounds: Sequence[np.ndarray]) -> tuple[float, float]:
    low, high = np.fmin.reduce(bounds, axis=None), np.fmax.reduce(bounds, axis=None)
    return (0.0, 0.0) if np.isnan(low) else (float(low), float(high))


def _exactly(real: np.ndarray, slope: float, intercept: float, pixel: PixelFormat) -> np.ndarray | None:
    """Return the stored values of a plane that still has its rescale; None where rounding would change a value."""
    try:
        stored = to_stored_values(real, slope, intercept, pixel.dtype)
    except PixelError:
        return None
    same = np.array_equal(to_real_values(stored, slope, intercept, real.dtype), real)
    return stored if same and _fit((stored, stored), pixel) else None
