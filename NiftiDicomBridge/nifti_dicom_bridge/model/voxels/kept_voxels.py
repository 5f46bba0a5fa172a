"""Lazy voxels of which the planes that were read last are kept: planes that are asked for one by one are read together."""

from __future__ import annotations

import threading
from abc import abstractmethod
from collections.abc import Sequence

import numpy as np

from .lazy_voxels import LazyVoxels

KEPT_BYTES = 1 << 23
"""Of planes that are kept while planes near them are asked for one by one."""


class KeepingVoxels(LazyVoxels):
    """What keeps the planes that it read last.

    Parameters
    ----------
    shape : sequence of int
        (times, slices, rows, columns[, samples]).
    dtype : numpy.dtype
        Of the voxels.
    kept : int
        Bytes that are read together.
    """

    def __init__(self, shape: Sequence[int], dtype: np.dtype, kept: int):
        super().__init__(shape, dtype)
        self._some = max(1, kept // max(1, self.nbytes // (self.shape[0] * self.shape[1])))
        self._kept: tuple[int, np.ndarray] = (0, np.empty((0, *self.shape[2:]), self.dtype))
        self._reading = threading.Lock()

    @abstractmethod
    def _read(self, start: int, stop: int) -> np.ndarray:
        """Return planes from their source."""

    def planes(self, start: int, stop: int) -> np.ndarray:
        """Return planes, shape (stop - start, rows, columns[, samples]), counted through all times."""
        with self._reading:
            if stop - start >= self._some:
                return self._read(start, stop)
            first, kept = self._kept
            if not first <= start <= stop <= first + len(kept):
                low = start if start >= first else max(0, stop - self._some)  # planes may be asked for from the last on
                high = min(low + self._some, self.shape[0] * self.shape[1])
                self._kept = first, kept = low, self._read(low, high)
            return kept[start - first : stop - first]


class KeptVoxels(KeepingVoxels):
    """Other lazy voxels, some of whose planes are kept."""

    def __init__(self, voxels: LazyVoxels):
        super().__init__(voxels.shape, voxels.dtype, KEPT_BYTES)
        self._voxels = voxels

    def _read(self, start: int, stop: int) -> np.ndarray:
        return self._voxels.planes(start, stop)
