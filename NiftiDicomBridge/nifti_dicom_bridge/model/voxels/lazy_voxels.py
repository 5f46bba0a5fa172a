"""Voxels that come some planes at a time, so that an image need not fit in memory."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import numpy as np

from ..processes.freed_memory import return_freed_memory


class Voxels(Protocol):
    """What an array of voxels and `LazyVoxels` have in common; `numpy.asarray` makes an array of both."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes: times, slices, rows, columns[, samples]."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of a voxel."""

    @property
    def ndim(self) -> int:
        """Number of axes."""

    @property
    def size(self) -> int:
        """Number of voxels, samples counted one by one."""

    @property
    def nbytes(self) -> int:
        """Bytes that the voxels take in memory."""

    def __len__(self) -> int: ...

    def __getitem__(self, key: Any, /) -> Any: ...

    def __array__(self, dtype: Any = None, /, *, copy: bool | None = None) -> np.ndarray: ...


class LazyVoxels(ABC):
    """What replaces an array of voxels and reads them when they are asked for.

    Slicing the first two axes reads the planes that are wanted and no more; `numpy.asarray` reads all.

    Parameters
    ----------
    shape : tuple of int
        (times, slices, rows, columns[, samples]).
    dtype : numpy.dtype
        Of the voxels.

    Examples
    --------
    >>> from nifti_dicom_bridge import open_zarr, to_zarr
    >>> store = to_zarr("scans", "stores").outputs[0]
    >>> voxels = open_zarr(store).voxels
    >>> voxels.shape, voxels[0, 2:4].shape
    ((1, 7, 40, 48), (2, 40, 48))
    """

    is_read_once = False
    """Whether to restore the original while the digest is computed: reading takes time, and edits are the exception.

    Compressed files with the blocks of this tool are so, as other tools write files without, and so are Zarr stores.
    """

    def __init__(self, shape: Sequence[int], dtype: np.dtype):
        self.shape, self.dtype = tuple(int(n) for n in shape), np.dtype(dtype)

    @abstractmethod
    def planes(self, start: int, stop: int) -> np.ndarray:
        """Return planes, counted through all times, shape (stop - start, rows, columns[, samples])."""

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of voxels, samples counted one by one."""
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def nbytes(self) -> int:
        """Bytes that the voxels would take in memory."""
        return self.size * self.dtype.itemsize

    def __len__(self) -> int:
        return self.shape[0]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        array = self.planes(0, self.shape[0] * self.shape[1]).reshape(self.shape)
        return array if dtype is None else array.astype(dtype, copy=False)

    def __getitem__(self, key: Any) -> np.ndarray:
        result: np.ndarray = self._sliced(key)
        return result

    def _sliced(self, key: Any) -> Any:
        keys = _expanded(key, self.ndim)
        if keys is None or not all(isinstance(part, (int, np.integer, slice)) for part in keys[:2]):
            return np.asarray(self)[key]
        if not isinstance(keys[0], slice) and not isinstance(keys[1], slice):
            return self._plane(int(keys[0]), int(keys[1]))[tuple(keys[2:])]
        times, time = _wanted(keys[0], self.shape[0], 0)
        slices, plane = _wanted(keys[1], self.shape[1], 1)
        if not len(times) or not len(slices):
            return np.empty((len(times), len(slices), *self.shape[2:]), self.dtype)[(time, plane, *keys[2:])]
        if abs(slices.step) > 1:
            some = np.empty((len(times), len(slices), *self.shape[2:]), self.dtype)
            for place in np.ndindex(*some.shape[:2]):  # copies: a plane may keep the slab that it was read with
                some[place] = self._plane(times[place[0]], slices[place[1]])
            return some[(time, plane, *keys[2:])]
        low, high = min(slices), max(slices) + 1
        block = np.stack([self.planes(t * self.shape[1] + low, t * self.shape[1] + high) for t in times])
        return block[:, [k - low for k in slices]][(time, plane, *keys[2:])]

    def _plane(self, time: int, plane: int) -> np.ndarray:
        start = _wanted(time, self.shape[0], 0)[0][0] * self.shape[1] + _wanted(plane, self.shape[1], 1)[0][0]
        result: np.ndarray = self.planes(start, start + 1)[0]
        return result


class FlippedVoxels(LazyVoxels):
    """Lazy voxels with some of their spatial axes in the other direction.

    Parameters
    ----------
    voxels : LazyVoxels
        What is read.
    flips : sequence of int
        -1 for columns (i), rows (j) and slices (k) that are counted from the other end.
    """

    def __init__(self, voxels: LazyVoxels, flips: Sequence[int]):
        super().__init__(voxels.shape, voxels.dtype)
        self._voxels, self._flips = voxels, tuple(flips)
        self.is_read_once = voxels.is_read_once

    def planes(self, start: int, stop: int) -> np.ndarray:
        """Return planes, shape (stop - start, rows, columns[, samples]), counted through all times."""
        i, j, k = (slice(None, None, flip) for flip in self._flips)
        if self._flips[2] > 0:
            return self._voxels.planes(start, stop)[:, j, i]
        slices, parts = self.shape[1], []
        while start < stop:
            time, first = divmod(start, slices)
            count = min(stop - start, slices - first)
            end = (time + 1) * slices - first
            parts.append(self._voxels.planes(end - count, end)[k, j, i])
            start += count
        return parts[0] if len(parts) == 1 else np.concatenate(parts)


class SamplesLast(LazyVoxels):
    """Voxels of several samples, of which all of the first sample are read first, then all of the second, and so on.

    Parameters
    ----------
    voxels : LazyVoxels
        What is read: its times are those of the first sample, then those of the second…
    samples : int
        How many there are.
    """

    def __init__(self, voxels: LazyVoxels, samples: int):
        times, *sizes = voxels.shape
        super().__init__((times // samples, *sizes, samples), voxels.dtype)
        self._voxels = voxels

    def planes(self, start: int, stop: int) -> np.ndarray:
        """Return planes, shape (stop - start, rows, columns[, samples]), counted through all times."""
        places = range(0, self._voxels.shape[0] * self.shape[1], self.shape[0] * self.shape[1])
        return np.stack([self._voxels.planes(place + start, place + stop) for place in places], axis=-1)


class MappedVoxels(LazyVoxels):
    """Voxels that are computed from others when they are asked for.

    Parameters
    ----------
    voxels : ndarray or LazyVoxels
        What they are computed from, plane by plane.
    dtype : numpy.dtype
        Of the result.
    compute : callable
        Given planes and the number of the first, counted through all times, returns the planes of the result.
    shape : sequence of int, optional
        Of the result, if it has other samples than the voxels.
    """

    def __init__(
        self, voxels: Voxels, dtype: np.dtype, compute: Callable[[np.ndarray, int], np.ndarray], shape: Sequence[int] = ()
    ):
        super().__init__(shape or voxels.shape, dtype)
        self._read, self._compute = _reader_of(voxels), compute
        self._count = voxels.shape[0] * voxels.shape[1]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """Return all planes, computed some at a time: what is computed with may be several times as large."""
        result = np.empty(self.shape, self.dtype)
        flat, some = result.reshape(-1, *self.shape[2:]), max(1, SLAB * self._count // max(1, self.nbytes))
        for start in range(0, self._count, some):
            flat[start : start + some] = self.planes(start, min(start + some, self._count))
        return result if dtype is None else result.astype(dtype, copy=False)

    def planes(self, start: int, stop: int) -> np.ndarray:
        """Return planes, shape (stop - start, rows, columns[, samples]), counted through all times."""
        return self._compute(self._read(start, stop), start)


def mapped(voxels: Voxels, dtype: np.dtype, compute: Callable[[np.ndarray, int], np.ndarray]) -> Voxels:
    """Return voxels computed from planes and the number of the first: lazily of lazy and of large ones, else an array."""
    result = MappedVoxels(voxels, dtype, compute)
    return result if isinstance(voxels, LazyVoxels) or voxels.nbytes > 4 * SLAB else np.asarray(result)


class _OneTime(LazyVoxels):
    """Lazy voxels of one time."""

    def __init__(self, voxels: LazyVoxels, time: int):
        super().__init__((1, *voxels.shape[1:]), voxels.dtype)
        self._voxels, self._start = voxels, time * voxels.shape[1]

    def planes(self, start: int, stop: int) -> np.ndarray:
        """Return planes, shape (stop - start, rows, columns[, samples])."""
        return self._voxels.planes(self._start + start, self._start + stop)


def time_of(voxels: Voxels, time: int) -> Voxels:
    """Return the voxels of one time, in the same shape, lazy if they are."""
    return _OneTime(voxels, time) if isinstance(voxels, LazyVoxels) else np.asarray(voxels)[time : time + 1]


def samples_of(voxels: Voxels, which: int | slice) -> Voxels:
    """Return one or some samples of voxels that have several; they are read when they are sliced if the voxels are."""
    if not isinstance(voxels, LazyVoxels):
        return np.asarray(voxels)[..., which]
    shape = (*voxels.shape[:-1], *np.empty(voxels.shape[-1])[which].shape)
    return MappedVoxels(voxels, voxels.dtype, lambda planes, _: planes[..., which], shape)


def _expanded(key: Any, ndim: int) -> tuple[Any, ...] | None:
    """Return a key with an entry for each of the first two axes at least; None where it has other things in it."""
    keys = key if isinstance(key, tuple) else (key,)
    if any(part is None or isinstance(part, (list, np.ndarray)) for part in keys):
        return None
    if Ellipsis in keys:
        at = keys.index(Ellipsis)
        keys = (*keys[:at], *[slice(None)] * (ndim - len(keys) + 1), *keys[at + 1 :])
    return (*keys, *[slice(None)] * (2 - len(keys)))


def _wanted(key: Any, count: int, axis: int) -> tuple[range, Any]:
    """Return which indices a key asks for, and what to apply to the axis when exactly those are there."""
    if isinstance(key, slice):
        return range(count)[key], slice(None)
    if not -count <= key < count:
        raise IndexError(f"index {key} is out of bounds for axis {axis} with size {count}")
    return range(key % count, key % count + 1), 0


def ranges(shape: Sequence[int], step: int, planes: int) -> list[tuple[int, int]]:
    """Return (start, stop) of planes, counted through all times: some within one time, or all of some times.

    Parameters
    ----------
    shape : sequence of int
        (times, slices, …).
    step : int
        Within a time, every start is a multiple of it.
    planes : int
        About how many at once; at least one time or one step.
    """
    times, slices = shape[:2]
    if slices <= planes:
        some = max(1, planes // slices) * slices
        return [(start, min(start + some, times * slices)) for start in range(0, times * slices, some)]
    some = max(1, planes // step) * step
    return [(t * slices + k, t * slices + min(k + some, slices)) for t in range(times) for k in range(0, slices, some)]


FRAGMENTED = 1 << 26
"""Bytes of voxels after which freed memory is returned: blocks of many sizes leave gaps, which add up to 60 MB for a store."""
SLAB = 1 << 22
"""Bytes of voxels that are read and computed with at once, where a plane does not have more."""


def slabs(voxels: Voxels) -> Iterator[tuple[int, int, np.ndarray]]:
    """Yield (start, stop, planes) of all planes, in order, about `SLAB` bytes at a time; see `read_ahead`."""
    count = voxels.shape[0] * voxels.shape[1]
    some = max(1, SLAB // max(1, voxels.nbytes // max(1, count)))
    return read_ahead(voxels, ranges(voxels.shape, some, some)) if count else iter(())


def plane_bounds(voxels: Voxels) -> tuple[np.ndarray, np.ndarray]:
    """Return the smallest and the largest value of every plane, shape (times, slices), of the type of the voxels.

    NaN, as outside of the field of view, counts only where a plane has nothing else.
    """
    low, high = (np.empty(voxels.shape[0] * voxels.shape[1], voxels.dtype) for _ in range(2))
    for start, stop, planes in slabs(voxels):
        flat = planes.reshape(stop - start, -1)
        low[start:stop], high[start:stop] = np.fmin.reduce(flat, axis=1), np.fmax.reduce(flat, axis=1)
    return low.reshape(voxels.shape[:2]), high.reshape(voxels.shape[:2])


def bounds_of(voxels: Voxels) -> tuple[Any, Any]:
    """Return the smallest and the largest of all values; NaN only where there is nothing else."""
    low, high = (voxels, voxels) if isinstance(voxels, np.ndarray) else plane_bounds(voxels)
    return np.fmin.reduce(low, axis=None), np.fmax.reduce(high, axis=None)


def read_ahead(voxels: Voxels, places: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int, np.ndarray]]:
    """Yield (start, stop, planes (stop - start, rows, columns[, samples])) for each range; the next are read meanwhile."""
    read, passed = _reader_of(voxels), 0

    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(read, *places[0])
        for n, place in enumerate(places):
            block = coming.result()
            passed += block.nbytes
            if passed > FRAGMENTED:
                return_freed_memory()
                passed = 0
            if n + 1 < len(places):
                coming = pool.submit(read, *places[n + 1])
            yield *place, block


def _reader_of(voxels: Voxels) -> Callable[[int, int], np.ndarray]:
    """Return what gives the planes from one number to another, counted through all times."""
    if isinstance(voxels, LazyVoxels):
        return voxels.planes
    flat = np.asarray(voxels).reshape(-1, *voxels.shape[2:])
    return lambda start, stop: flat[start:stop]
