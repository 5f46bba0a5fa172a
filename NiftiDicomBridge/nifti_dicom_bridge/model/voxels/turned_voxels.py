"""Lazy voxels with their spatial axes in another order: slices are cut in another plane than they are read in."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import IO, Any

import numpy as np

from ..files.temporary_files import temporary_file
from .lazy_voxels import FlippedVoxels, LazyVoxels, Voxels, ranges, read_ahead
from .pixel_bytes import bytes_of

BLOCK = 1 << 23
"""Bytes of voxels that are turned at once: every slice of the result gets a piece of each block."""


def turned_voxels(voxels: Voxels, order: Sequence[int], flips: Sequence[int]) -> Voxels:
    """Return voxels with their spatial axes in another order and direction (see `geometry.closest_orientation`)."""
    same = tuple(order) == (0, 1, 2)
    if same and min(flips) > 0:  # nothing to turn, and nothing to read
        return voxels
    if not isinstance(voxels, LazyVoxels):
        return _turned_array(voxels, order, flips)
    flip_of = dict(zip(order, flips, strict=True))
    flipped = voxels if min(flips) > 0 else FlippedVoxels(voxels, [flip_of[axis] for axis in range(3)])
    return flipped if same else _SwappedVoxels(flipped) if order[2] == 2 else _RecutVoxels(flipped, order)


def _turned_array(stored: Voxels, order: Sequence[int], flips: Sequence[int]) -> np.ndarray:
    voxels = np.asarray(stored)
    axes = {0: 3, 1: 2, 2: 1}  # i, j, k in an array of (times, slices, rows, columns)
    for source, flip in zip(order, flips, strict=True):
        if flip < 0:
            voxels = np.flip(voxels, axes[source])
    wanted = [0, axes[order[2]], axes[order[1]], axes[order[0]], *range(4, voxels.ndim)]
    return voxels.transpose(wanted)


class _SwappedVoxels(LazyVoxels):
    """Voxels whose rows became columns; slices stay slices."""

    def __init__(self, voxels: LazyVoxels):
        times, slices, rows, columns, *samples = voxels.shape
        super().__init__((times, slices, columns, rows, *samples), voxels.dtype)
        self._voxels = voxels

    def planes(self, start: int, stop: int) -> np.ndarray:
        """Return planes, shape (stop - start, rows, columns[, samples]), counted through all times."""
        return self._voxels.planes(start, stop).swapaxes(1, 2)


class _RecutVoxels(LazyVoxels):
    """Voxels whose slices were rows or columns: they are put in this order into a temporary file when they are first asked for.

    Each plane of the file has a row for each slice of the source. Where the disk is full, they are in memory.
    """

    def __init__(self, voxels: LazyVoxels, order: Sequence[int]):
        times, slices, rows, columns, *samples = voxels.shape
        sizes = (columns, rows, slices)
        super().__init__((times, sizes[order[2]], sizes[order[1]], sizes[order[0]], *samples), voxels.dtype)
        self._voxels, self._order = voxels, tuple(order)
        self._row = sizes[1 - order[2]] * int(np.prod(samples, dtype=np.int64))
        self._lock = threading.Lock()
        self._file: IO[bytes] | None = None
        self._whole: np.ndarray | None = None

    def planes(self, start: int, stop: int) -> np.ndarray:
        """Return planes, shape (stop - start, rows, columns[, samples]), counted through all times."""
        with self._lock:
            if self._file is None and self._whole is None:
                self._recut()
            if self._whole is not None:
                return self._whole[start:stop]
            assert self._file is not None
            size = self._voxels.shape[1] * self._row * self.dtype.itemsize
            planes = np.empty((stop - start) * size, np.uint8)
            self._file.seek(start * size)
            view = planes.data
            while view:
                view = view[self._file.readinto(view) :]  # type: ignore[attr-defined]
        samples = self.shape[4:]
        ordered = planes.view(self.dtype).reshape(stop - start, self._voxels.shape[1], -1, *samples)
        return ordered if self._order[1] == 2 else ordered.swapaxes(1, 2)

    def _recut(self) -> None:
        self._file = temporary_file(self._write)
        if self._file is None:
            whole = _turned_array(self._voxels, self._order, (1, 1, 1))
            self._whole = np.ascontiguousarray(whole).reshape(-1, *self.shape[2:])

    def _write(self, file: Any) -> None:
        """Write all planes, a block of the source at a time."""
        source, slices, bytes_of_row = self._voxels, self.shape[1], self._row * self.dtype.itemsize
        times, own = source.shape[:2]
        some = max(1, BLOCK // max(1, source.nbytes // max(1, times * own)))
        for time in range(times):
            places = [(time * own + low, time * own + high) for low, high in ranges((1, own), some, some)]
            for start, _, block in read_ahead(source, places):
                pieces = np.ascontiguousarray(np.moveaxis(block, 2 - self._order[2], 0))
                for k, piece in enumerate(pieces):
                    file.seek(((time * slices + k) * own + start - time * own) * bytes_of_row)
                    file.write(bytes_of(piece))
