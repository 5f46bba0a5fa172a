"""How an image is cut into chunks and shards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...model.voxels.digest import planes_per_block
from .ome import axis_names

SHARD_BYTES = 1 << 26
BLOCK_BYTES = 1 << 23
"""What is written at once: some chunks, so that all processors compress."""


@dataclass(frozen=True)
class Layout:
    """Chunks of whole slices: as many as fit 4 MiB, at least one; shards of many chunks.

    Attributes
    ----------
    shape, chunks : tuple of int
        Of the array, in the order of its axes.
    shards : tuple of int or None
        What becomes one file, in the order of the axes; None where every chunk is one.
    step, planes : int
        Planes of a chunk, and about how many are written at once.
    """

    shape: tuple[int, ...]
    chunks: tuple[int, ...]
    shards: tuple[int, ...] | None
    step: int
    planes: int


def layout_of(shape: Sequence[int], dtype: np.dtype, sharded: bool) -> Layout:
    """Return how voxels (times, slices, rows, columns[, samples]) are cut."""
    times, slices = shape[:2]
    plane = max(1, int(np.prod(shape[2:], dtype=np.int64)) * dtype.itemsize)
    chunk = min(planes_per_block(shape, dtype), slices)
    whole, chunked = array_shape(shape, times, slices), array_shape(shape, 1, chunk)
    if not sharded:
        return Layout(whole, chunked, None, chunk, max(chunk, BLOCK_BYTES // plane))
    across = min(-(-slices // chunk), max(1, SHARD_BYTES // (chunk * plane))) * chunk
    together = max(1, min(times, SHARD_BYTES // (across * plane))) if across >= slices else 1
    return Layout(whole, chunked, array_shape(shape, together, across), across, min(across, slices) * together)


def array_shape(shape: Sequence[int], times: int, slices: int) -> tuple[int, ...]:
    """Return the shape in the array of this number of times and slices of voxels."""
    sizes = {"t": times, "c": shape[4] if len(shape) == 5 else 1, "z": slices, "y": shape[2], "x": shape[3]}
    return tuple(int(sizes[name]) for name in axis_names(shape))
