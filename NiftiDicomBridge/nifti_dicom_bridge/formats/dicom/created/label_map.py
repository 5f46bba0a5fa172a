"""Voxels that are labels, checked, and which labels every plane has; read some planes at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ....errors import LabelError
from ....labels.checks import OUTSIDE
from ....model.metadata import Log
from ....model.processes.freed_memory import return_freed_memory
from ....model.volume import Volume
from ....model.voxels.lazy_voxels import MappedVoxels, Voxels, slabs
from ....model.voxels.real_values import to_real_values
from ....options.remedies import remedy
from ..reading.segmentations.segment_background import background_of, segment_zero
from .label_evidence import WHOLE, became_background

_BYTE = 256
_COUNTED = 1 << 16
"""Voxels that are counted at once, in eight bytes each."""


@dataclass(frozen=True)
class LabelMap:
    """A label map.

    Attributes
    ----------
    voxels : ndarray or LazyVoxels, shape (times, slices, rows, columns)
        Unsigned integers.
    labels : list of list of frozenset of int
        The labels of every plane, by time and slice; without 0.
    """

    voxels: Voxels
    labels: list[list[frozenset[int]]]

    @classmethod
    def of(cls, volume: Volume, log: Log) -> LabelMap:
        """Return the labels of a volume.

        Values that are whole within 1e-3, as a scale in the header leaves them, are rounded, with a note. NaN is background,
        with a warning, and so is -1 where no voxel is 0.

        Raises
        ------
        LabelError
            If a voxel is otherwise negative, not whole or infinite, all are NaN, or 0 is a segment and not background.
        """
        values, labels = _Values(volume), list[frozenset[int]]()
        for _, _, planes in slabs(volume.voxels):
            labels += [_labels_in(plane) for plane in values.checked(planes)]
        values.report(log)
        return_freed_memory()  # small objects follow, of highdicom
        slices = volume.voxels.shape[1]
        dtype = np.min_scalar_type(values.largest)
        voxels = MappedVoxels(volume.voxels, dtype, lambda planes, _: values.whole(planes).astype(dtype, copy=False))
        return cls(voxels, [labels[start : start + slices] for start in range(0, len(labels), slices)])

    def all_labels(self) -> list[int]:
        """Return the labels of all voxels, ascending."""
        return sorted(frozenset().union(*(plane for time in self.labels for plane in time)))

    def labels_of_time(self, t: int) -> frozenset[int]:
        """Return the labels of a time."""
        return frozenset().union(*self.labels[t])


def label_voxels(volume: Volume, log: Log) -> np.ndarray:
    """Return a label map as unsigned integers, shape (times, slices, rows, columns); raises as `LabelMap.of` does."""
    return np.asarray(LabelMap.of(volume, log).voxels)


class _Values:
    """The values of a volume, and what is wrong with them."""

    def __init__(self, volume: Volume):
        self._rescale, self._dtype = volume.rescale, volume.voxels.dtype
        original = volume.source.metadata.first.elements if volume.source else {}
        self._background, self._segment_zero = background_of(original), segment_zero(original)
        self._count = self._missing = self._infinite = self._odd = self._negative = 0
        self._first_odd, self._error, self._low, self.largest, self._has_zero = 0.0, 0.0, 0.0, 0, False

    def whole(self, planes: np.ndarray) -> np.ndarray:
        """Return the whole numbers nearest to the real values of planes, in their shape."""
        real = self._real(planes)
        return self._with_zeros(np.rint(self._without_nan(real)) if real.dtype.kind == "f" else real)

    def _with_zeros(self, whole: np.ndarray) -> np.ndarray:
        """Return labels with 0 for background, also of a Segmentation that has another value for it, and where it is -1."""
        for value in filter(None, (self._background, OUTSIDE if self._negative else 0)):
            whole = np.where(whole == value, 0, whole).astype(whole.dtype)
        return whole

    def _without_nan(self, real: np.ndarray) -> np.ndarray:
        """Return floating-point values with the background for NaN, which no label is."""
        missing = np.isnan(real)
        return np.where(missing, real.dtype.type(self._background or 0), real) if missing.any() else real

    def _real(self, planes: np.ndarray) -> np.ndarray:
        if self._rescale.is_identity:
            return planes
        return to_real_values(planes, self._rescale.slope, self._rescale.intercept, np.dtype(np.float64))

    def checked(self, planes: np.ndarray) -> np.ndarray:
        """Return what `whole` does, and note what is wrong with the values; what is not finite becomes 0."""
        real = self._real(planes)
        if real.dtype.kind == "f":
            real = self._rounded(real)
        elif real.dtype.kind not in "iub":
            raise LabelError(f"Voxels of type {real.dtype} are not labels. Labels are whole numbers.")
        if real.dtype.kind in "if":
            self._note_negative(real)
        whole = self._with_zeros(real)
        self.largest = max(self.largest, int(whole.max(initial=0)))
        return whole

    def _note_negative(self, real: np.ndarray) -> None:
        self._has_zero = self._has_zero or not real.all()
        low = float(real.min(initial=0))
        if low < 0:
            self._negative += int((real < 0).sum())
            self._low = min(self._low, low)

    def _rounded(self, real: np.ndarray) -> np.ndarray:
        self._count += real.size
        finite = np.isfinite(real)
        if not finite.all():
            self._missing += int(np.isnan(real).sum())
            self._infinite += int(np.isinf(real).sum())
            real = np.where(np.isinf(real), 0, self._without_nan(real))
        rounded: np.ndarray = np.rint(real)
        error = np.abs(rounded - real.astype(np.float64))
        odd = real[error > WHOLE]
        if odd.size:
            self._first_odd = self._first_odd if self._odd else float(odd[0])
            self._odd += odd.size
        if error.size:
            self._error = max(self._error, float(error.max()))
        return rounded

    def report(self, log: Log) -> None:
        """Report how values were rounded; raise `LabelError` if they are not labels."""
        if self._segment_zero:
            raise LabelError(
                f"The value 0 is the segment {self._segment_zero!r} of the original, and background of what is to be made: the "
                "segment would be lost. Give its voxels another value, and remove the record (the sidecar)."
            )
        if self._infinite:
            raise LabelError(f"{self._infinite} voxels are infinite: labels are whole numbers. Set them to 0 for background.")
        if self._missing:
            log.warnings.append(became_background(self._missing, self._count))
        if self._odd:
            raise LabelError(
                f"{self._odd} voxels are not whole numbers, such as {self._first_odd!r}: labels are. {remedy('label-values')}"
            )
        if self._error > 0:
            log.notes.append(f"labels were rounded to whole numbers: the largest difference is {self._error:.2g}")
        self._report_negative(log)
        if self.largest >= 1 << 32:
            raise LabelError(
                f'The label {self.largest} is too large: labels go up to {(1 << 32) - 1}. Use kind="pm" for an image of values.'
            )

    def _report_negative(self, log: Log) -> None:
        """Report that -1 is background; raise `LabelError` for other negative values, or if 0 may be the background, too."""
        if not self._negative:
            return
        if self._low != OUTSIDE or self._has_zero or not self.largest:
            raise LabelError(
                f"{self._negative} voxels are negative (down to {self._low:g}): labels are whole numbers from 0 "
                'upwards. Set the background to 0 and labels above it. If it is an image of values, use kind="pm".'
            )
        log.warnings.append(f"{self._negative} voxels are {OUTSIDE}, and none is 0: {OUTSIDE} was taken for background")


def _labels_in(plane: np.ndarray) -> frozenset[int]:
    if plane.dtype == np.uint8:  # ten times as fast as sorting
        flat, counts = plane.reshape(-1), np.zeros(_BYTE, np.intp)
        for start in range(0, flat.size, _COUNTED):
            counts += np.bincount(flat[start : start + _COUNTED], minlength=_BYTE)
        return frozenset((1 + np.flatnonzero(counts[1:])).tolist())
    return frozenset(int(value) for value in np.unique(plane)) - {0}
