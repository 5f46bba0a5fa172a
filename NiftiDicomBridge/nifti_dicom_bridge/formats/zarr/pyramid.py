"""Coarser levels of an image, made some slices at a time from the level before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...model.volume import Volume
from ...model.voxels.real_values import halved_values
from .ome import scale_and_translation

Triple = tuple[int, int, int]


@dataclass(frozen=True)
class Level:
    """One level.

    Attributes
    ----------
    path : str
        Name of the array.
    factors : tuple of int
        How many voxels of the full image became one, along slices, rows, columns.
    moved : tuple of float
        By how many voxels of the full image the center of the first voxel was moved.
    halved : tuple of bool
        Along which axes it has half of the voxels of the level before.
    """

    path: str
    factors: Triple
    moved: tuple[float, float, float]
    halved: tuple[bool, bool, bool] = (False, False, False)


def next_level(before: Level, path: str, shape: Sequence[int], volume: Volume, labels: bool) -> Level | None:
    """Return the level after one whose array has a shape (slices, rows, columns); None where it has one voxel.

    Axes are halved whose voxels are less than twice as long as the shortest, so that voxels become cubes first.
    """
    spacing = np.array(scale_and_translation(volume.ijk_to_ras)[0]) * before.factors
    shortest = min((s for s, n in zip(spacing, shape, strict=True) if n > 1), default=0.0)
    halved = [n > 1 and s < 2 * shortest for s, n in zip(spacing, shape, strict=True)]
    if not any(halved):
        return None
    factors = [f * 2 if half else f for f, half in zip(before.factors, halved, strict=True)]
    middle = [0.0] * 3 if labels else [(f - 1) / 2 for f in factors]
    return Level(path, _triple(factors), _triple(middle), _triple(halved))


def _triple(values: Sequence[Any]) -> Any:
    return tuple(values)


def shape_of(shape: Sequence[int], halved: Sequence[bool]) -> tuple[int, ...]:
    """Return (slices, rows, columns) of the next level: halves, rounded up."""
    return tuple(-(-n // 2) if half else n for n, half in zip(shape, halved, strict=True))


def regions(shape: Sequence[int], step: int) -> Iterator[tuple[int, int, int]]:
    """Yield (time, first slice, end) of parts of voxels (times, slices, …)."""
    for time in range(shape[0]):
        for first in range(0, shape[1], step):
            yield time, first, min(first + step, shape[1])


def place(region: tuple[int, int, int], names: Sequence[str]) -> tuple[Any, ...]:
    """Return the index of a region in an array with these axes."""
    time, first, end = region
    index_by_axis = {"t": time, "c": slice(None), "z": slice(first, end), "y": slice(None), "x": slice(None)}
    return tuple(index_by_axis[name] for name in names)


def halved(finer: Any, region: tuple[int, int, int], axes: Sequence[bool], names: Sequence[str], labels: bool) -> np.ndarray:
    """Return a region (…, slices, rows, columns) of the next level; labels are not mixed, other values averaged."""
    time, first, end = region
    many = 2 if axes[0] else 1
    block = finer[place((time, first * many, min(end * many, finer.shape[-3])), names)]
    along = [n - 3 for n, half in enumerate(axes) if half]
    planes = [halved_values(block[..., k : k + many, :, :], along, labels) for k in range(0, block.shape[-3], many)]
    return np.concatenate(planes, axis=-3)  # plane by plane, as means are computed in many bytes for each voxel
