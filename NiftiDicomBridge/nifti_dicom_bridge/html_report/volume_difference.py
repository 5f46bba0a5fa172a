"""An image before and after: how far its voxels, its grid and its attributes are apart."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..model.volume import Volume
from ..model.voxels.pixels import Rescale
from ..model.voxels.real_values import to_real_values
from .images import is_on_same_grid


@dataclass(frozen=True)
class Difference:
    """How far two images on one grid are apart.

    Attributes
    ----------
    voxels, different : int
        How many there are, and how many differ in their real values.
    largest : float
        Largest difference of real values; infinite where one is not a number and the other is.
    place : tuple of int
        Where that is: time, slice, row, column of the images.
    reach : float
        From the lowest to the highest real value before; 0 where nothing differs.
    """

    voxels: int
    different: int = 0
    largest: float = 0.0
    place: tuple[int, ...] = ()
    reach: float = 0.0

    @property
    def is_none(self) -> bool:
        """Whether all voxels are the same."""
        return self.different == 0


def difference_of(before: Volume, after: Volume) -> Difference | None:
    """Return how far two images are apart; None where they are not on the same grid.

    Parameters
    ----------
    before, after : Volume
        Reoriented alike.
    """
    if before.voxels.shape != after.voxels.shape or not is_on_same_grid(before, after):
        return None
    same_scale = _same_scale(before.rescale, after.rescale)
    difference = Difference(before.voxels.size)
    for t, (a, b) in enumerate(zip(before.array, after.array, strict=True)):
        for k in range(a.shape[0]):
            if not (same_scale and _equal(a[k], b[k])):
                difference = _with_slice(difference, (t, k), _apart(_real(a[k], before), _real(b[k], after)))
    return difference if difference.is_none else replace(difference, reach=_reach(before))


def _reach(volume: Volume) -> float:
    finite = volume.array[np.isfinite(volume.array)] if volume.voxels.dtype.kind == "f" else volume.array
    return abs(volume.rescale.slope) * (float(finite.max()) - float(finite.min())) if finite.size else 0.0


def _same_scale(a: Rescale, b: Rescale) -> bool:
    """Whether two rescales are one, up to the 32 bits that NIfTI keeps of each number."""
    return all(np.float32(x) == np.float32(y) for x, y in ((a.slope, b.slope), (a.intercept, b.intercept)))


def _equal(a: np.ndarray, b: np.ndarray) -> bool:
    return np.array_equal(a, b, equal_nan=a.dtype.kind == "f" and b.dtype.kind == "f")


def _real(stored: np.ndarray, volume: Volume) -> np.ndarray:
    return to_real_values(stored, volume.rescale.slope, volume.rescale.intercept, np.dtype(np.float64))


def _apart(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the size of the difference; 0 where both are not numbers, infinity where one is."""
    with np.errstate(invalid="ignore"):
        apart = np.abs(b - a)
    apart[(a == b) | (np.isnan(a) & np.isnan(b))] = 0.0
    apart[np.isnan(apart)] = np.inf
    result: np.ndarray = apart
    return result


def _with_slice(difference: Difference, where: tuple[int, int], apart: np.ndarray) -> Difference:
    largest, different = float(apart.max(initial=0.0)), int(np.count_nonzero(apart))
    place = difference.place
    if largest > difference.largest:
        place = (*where, *(int(n) for n in np.unravel_index(int(apart.argmax()), apart.shape)[:2]))
    return replace(
        difference, different=difference.different + different, largest=max(difference.largest, largest), place=place
    )


def corners_apart_mm(before: Volume, after: Volume) -> float | None:
    """Return how far the corners of two grids, reoriented alike, are apart at most; None where they have other sizes."""
    if before.shape_ijk != after.shape_ijk:
        return None
    last = np.array(before.shape_ijk) - 1
    corners = np.array([[i, j, k, 1] for i in (0, last[0]) for j in (0, last[1]) for k in (0, last[2])]).T
    return float(np.abs((before.ijk_to_ras - after.ijk_to_ras) @ corners).max())
