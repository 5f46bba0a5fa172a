"""Is this image still the one that the record describes? And if only its orientation or data type changed, restore it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..errors import PixelError, SidecarError
from ..model.dicom_source import Origin
from ..model.space.axes import closest_orientation
from ..model.space.grids import same_grid
from ..model.volume import Volume, reoriented
from ..model.voxels.digest import freeze, has_digest
from ..model.voxels.lazy_voxels import LazyVoxels, MappedVoxels, slabs
from ..model.voxels.pixels import Rescale
from ..model.voxels.real_values import to_real_values, to_stored_values
from .record import Record

SINGLE_PRECISION = 1e-6
PART_OF_STEP = 0.01
"""What tools that write integers as floats change at most."""


def attach(image: Volume, record: Record, where: str) -> Volume:
    """Return an image with the record that was next to it.

    Tools turn axes, and write integers as floats. Where the very voxels that the record describes can be had back without
    loss, they are: the volume then counts as unedited.

    Raises
    ------
    SidecarError
        If the record cannot be of this image; `where` names the image.
    """
    origin = record.source.origin
    _check_fit(image, origin, where)
    warnings = (*image.warnings, record.warning) if record.warning else image.warnings
    return _retyped(replace(_reoriented(image, origin), source=record.source, warnings=warnings), origin)


def _check_fit(image: Volume, origin: Origin, where: str) -> None:
    samples, recorded = image.voxels.shape[4:], origin.shape[4:]
    if samples != recorded:
        raise SidecarError(
            f"{where}: the image has {samples[0] if samples else 1} sample(s) per voxel, its sidecar describes one with "
            f"{recorded[0] if recorded else 1}. They do not belong together: use the sidecar of this image."
        )
    if image.times not in (1, origin.shape[0]):
        raise SidecarError(
            f"{where}: the image has {image.times} times, its sidecar describes one with {origin.shape[0]}: they do not belong "
            "together. Use the sidecar of this image, or convert it without one, and with the original series as reference=."
        )
    same_shape = sorted(image.voxels.shape[1:4]) == sorted(origin.shape[1:4])
    if not same_shape and _boxes_apart(image, origin):  # of the same shape, it was moved: registered to something else
        raise SidecarError(
            f"{where}: shape and position of the image differ from those in its sidecar. They "
            "do not belong together: use the sidecar of this image."
        )


def _boxes_apart(image: Volume, origin: Origin) -> bool:
    """Whether the bounding boxes of both grids have nothing in common."""
    low_a, high_a = _box(image.ijk_to_ras, image.shape_ijk)
    low_b, high_b = _box(origin.ijk_to_ras, (origin.shape[3], origin.shape[2], origin.shape[1]))
    return bool((low_a > high_b).any() or (low_b > high_a).any())


def _box(ijk_to_ras: np.ndarray, shape_ijk: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    edges = np.array([[i, j, k, 1] for i in (-0.5, shape_ijk[0] - 0.5) for j in (-0.5, shape_ijk[1] - 0.5)
                      for k in (-0.5, shape_ijk[2] - 0.5)])  # fmt: skip
    points = edges @ ijk_to_ras[:3].T
    return points.min(axis=0), points.max(axis=0)


def _reoriented(image: Volume, origin: Origin) -> Volume:
    """Return the image with its axes in the order and direction of its record; on its very grid where it is the same."""
    order, flips = closest_orientation(image.ijk_to_ras, origin.ijk_to_ras)
    volume = reoriented(image, order, flips)
    same = volume.voxels.shape[1:4] == origin.shape[1:4] and same_grid(volume.ijk_to_ras, origin.ijk_to_ras, origin.shape[1:4])
    return replace(volume, ijk_to_ras=origin.ijk_to_ras) if same else volume


def _retyped(volume: Volume, origin: Origin) -> Volume:
    """Return the volume with the voxel type and rescale of its record, where no value changes by that."""
    dtype = np.dtype(origin.dtype)
    if volume.voxels.dtype.newbyteorder("<") == dtype and same_rescale(volume.rescale, origin.rescale):
        return replace(volume, rescale=origin.rescale)
    if volume.voxels.dtype.kind not in "iuf":
        return volume
    retype = _Retyped(volume, origin)
    if not all(retype.is_same(planes) for _, _, planes in slabs(volume.voxels)):
        return volume
    mapped = MappedVoxels(volume.voxels, dtype, lambda planes, _: retype.stored(planes))
    voxels = mapped if isinstance(volume.voxels, LazyVoxels) else freeze(np.asarray(mapped))
    if not retype.is_exact and not has_digest(voxels, origin.digest):  # rounded, a map of values near 0 is all zeros
        return volume
    return replace(volume, voxels=voxels, rescale=origin.rescale)


class _Retyped:
    """Planes of an image in the type and rescale of its record."""

    def __init__(self, volume: Volume, origin: Origin):
        self._now, self._then, self._dtype = volume.rescale, origin.rescale, np.dtype(origin.dtype)
        both = volume.rescale.is_identity and origin.rescale.is_identity
        self._floats = both and self._dtype.kind == volume.voxels.dtype.kind == "f"
        self._noise = SINGLE_PRECISION * abs(origin.rescale.intercept)
        self._difference, self._nonzero, self._clear = 0.0, 0, 0

    @property
    def is_exact(self) -> bool:
        """Whether the planes so far differ by the single precision of sums with the intercept, and most are not that small."""
        return self._difference <= self._noise and 2 * self._clear >= self._nonzero

    def stored(self, planes: np.ndarray) -> np.ndarray:
        """Return the stored values of planes, in their shape; raises `PixelError` if they do not fit the type."""
        if self._floats:
            return planes.astype(self._dtype)
        real = self._real(planes)
        if self._dtype.kind == "f":
            return ((real - self._then.intercept) / self._then.slope).astype(self._dtype)
        return to_stored_values(real, self._then.slope, self._then.intercept, self._dtype)

    def is_same(self, planes: np.ndarray) -> bool:
        """Whether the stored values of planes are the same values."""
        try:
            stored = self.stored(planes)
        except PixelError:
            return False
        if self._floats:
            return np.allclose(stored, planes, rtol=SINGLE_PRECISION, atol=0, equal_nan=True)
        back, real = stored.astype(np.float64) * self._then.slope + self._then.intercept, self._real(planes)
        if self._dtype.kind == "f":
            return np.allclose(back, real, rtol=SINGLE_PRECISION, atol=0, equal_nan=True)
        if not real.size:
            return True
        different = float((np.abs(back - real) - SINGLE_PRECISION * np.abs(real)).max())
        self._difference = max(self._difference, different)
        self._nonzero += int(np.count_nonzero(real))
        self._clear += int(np.count_nonzero(np.abs(real) > 100 * self._noise))
        return different <= abs(self._then.slope) * PART_OF_STEP

    def _real(self, planes: np.ndarray) -> np.ndarray:
        return to_real_values(planes, self._now.slope, self._now.intercept, np.dtype(np.float64))


def same_rescale(rounded: Rescale, exact: Rescale) -> bool:
    """Whether slope and intercept are those of the record, in single precision."""
    return bool(
        np.isclose(rounded.slope, exact.slope, rtol=SINGLE_PRECISION, atol=0)
        and np.isclose(rounded.intercept, exact.intercept, rtol=SINGLE_PRECISION, atol=1e-30)
    )
