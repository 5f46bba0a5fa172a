"""Is this image still the one that the record describes? And if it was only turned or re-typed, put it back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..errors import PixelError, SidecarError
from ..model import geometry
from ..model.dicom_source import Origin
from ..model.digest import freeze
from ..model.grids import same_grid
from ..model.pixels import Rescale, to_stored_values
from ..model.volume import Volume, reoriented
from .record import Record

SINGLE_PRECISION = 1e-6


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
            f"{where}: the image has {image.times} times, its sidecar describes one with {origin.shape[0]}. They do not "
            "belong together: use the sidecar of this image, or convert the times one by one."
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
    order, flips = geometry.closest_orientation(image.ijk_to_ras, origin.ijk_to_ras)
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
    volume = volume.in_memory()
    if volume.rescale.is_identity and origin.rescale.is_identity and dtype.kind == volume.voxels.dtype.kind == "f":
        stored = freeze(volume.array.astype(dtype))
        same = np.allclose(stored, volume.array, rtol=SINGLE_PRECISION, atol=0, equal_nan=True)
        return replace(volume, voxels=stored, rescale=origin.rescale) if same else volume
    try:
        real = volume.real_values()
        if dtype.kind == "f":
            stored = ((real - origin.rescale.intercept) / origin.rescale.slope).astype(dtype)
        else:
            stored = to_stored_values(real, origin.rescale.slope, origin.rescale.intercept, dtype)
    except PixelError:
        return volume
    back = stored.astype(np.float64) * origin.rescale.slope + origin.rescale.intercept
    tolerance = abs(origin.rescale.slope) * 0.01
    if not np.allclose(back, real, rtol=SINGLE_PRECISION, atol=tolerance if dtype.kind != "f" else 0, equal_nan=True):
        return volume
    return replace(volume, voxels=freeze(stored), rescale=origin.rescale)


def same_rescale(rounded: Rescale, exact: Rescale) -> bool:
    """Whether slope and intercept are those of the record, in single precision."""
    return bool(
        np.isclose(rounded.slope, exact.slope, rtol=SINGLE_PRECISION, atol=0)
        and np.isclose(rounded.intercept, exact.intercept, rtol=SINGLE_PRECISION, atol=1e-30)
    )
