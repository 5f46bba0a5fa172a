"""The array of a store as voxels that are read when they are sliced."""

from __future__ import annotations

import itertools
import math
import re
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ...errors import ZarrReadError
from ...model.listing import listed
from ...model.processes.limits import check_expanded
from ...model.voxels.lazy_voxels import LazyVoxels
from .ome import OmeImage
from .store_files import AGAIN, StoreFiles

SHOWN = 3
_CHUNK_KEY, _NUMBERS = re.compile(r"(c[/.])?\d+([/.]\d+)*"), re.compile(r"\d+")
"""A key of either encoding of Zarr v3."""
MOST_COMPRESSED = 2000
"""Bytes that one byte of a chunk becomes at most, in an image that is not suspicious."""
KEPT_BYTES = 1 << 24
"""Chunks that are kept while their planes are asked for one by one."""


class ZarrVoxels(LazyVoxels):
    """The voxels of a store; chunks that were read last are kept.

    Parameters
    ----------
    array : zarr.Array
        Of the full image.
    ome : OmeImage
        What its axes are.
    files : StoreFiles
        The store.
    """

    is_read_once = True

    def __init__(self, array: Any, ome: OmeImage, files: StoreFiles):
        path = files.path
        names = [name for name, _, _ in ome.axes]
        order = [n for n in (ome.time, ome.channel, *ome.space) if n is not None]
        if order != sorted(order) or len(array.shape) != len(names) or array.dtype.kind not in "iufb" or 0 in array.shape:
            raise ZarrReadError(
                f"{path}: an array of {array.dtype} with shape {tuple(array.shape)} does not fit the axes {names}: numbers, "
                f"time first, then channels, then space, were expected. {AGAIN}"
            )
        stated = [str(name) for name in array.metadata.dimension_names or ()]
        if stated != names and sorted(stated) == sorted(names):
            raise ZarrReadError(
                f"{path / array.path}: its dimension_names are {stated}, and the axes of the OME-Zarr metadata {names}: which "
                "order is right is unknown. Make them agree."
            )
        _check_size(array, files)
        self._array, self._path, self._files = array, path, files
        self._has_time, self._has_samples = ome.time is not None, ome.channel is not None
        self._has_slices = len(ome.space) == 3
        space = array.shape[-len(ome.space) :]
        times = array.shape[0] if self._has_time else 1
        samples = (array.shape[len(names) - len(ome.space) - 1],) if self._has_samples else ()
        samples = () if samples == (1,) else samples
        shape = (times, *(space if self._has_slices else (1, *space)), *samples)
        super().__init__(shape, np.dtype("u1") if array.dtype.kind == "b" else array.dtype.newbyteorder("<"))
        self._step = int(array.chunks[-3]) if self._has_slices else 1
        self._kept: OrderedDict[tuple[int, int], np.ndarray] = OrderedDict()
        self._keeping = threading.Lock()

    def __getstate__(self) -> dict[str, Any]:
        """Return what another process needs; it reads the chunks itself, under a lock of its own."""
        return {**self.__dict__, "_kept": OrderedDict(), "_keeping": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._keeping = threading.Lock()

    def close(self) -> None:
        """Close the store, if it is a file."""
        self._files.close()

    def check_chunks(self) -> None:
        """Raise `ZarrReadError` where a chunk is missing, as its fill value would pass for voxels, or not of this image."""
        missing = self.missing_chunks()
        if missing:
            wanted = math.prod(self._counts())
            present = sum(not file.endswith("zarr.json") for file in self._files.below(self._array.path))
            raise ZarrReadError(
                f"{self._path / self._array.path}: chunks are missing, such as {', '.join(missing)}: {wanted} should be "
                f"there, the folder has {present} file(s). The store is half-written or was not copied whole. {AGAIN}"
            )
        if outside := self.chunks_outside():
            raise ZarrReadError(f"{self._path / self._array.path}: {outside}, so the shape in zarr.json is too small. {AGAIN}")

    def missing_chunks(self) -> list[str]:
        """Return the first chunks that have no file, or an empty one, which zarr takes for the fill value, too."""
        keys = (self._array.metadata.encode_chunk_key(place) for place in _places(self._counts()))
        sizes, name = self._files.sizes, self._array.path
        return list(itertools.islice((key for key in keys if not sizes.get(f"{name}/{key}")), SHOWN))

    def chunks_outside(self) -> str:
        """Return which chunks are outside of the array, so that its shape may be too small; empty where there are none."""
        counts, folder = self._counts(), f"{self._array.path}/"
        keys = (name.removeprefix(folder) for name in self._files.below(self._array.path))
        places = {key: list(map(int, _NUMBERS.findall(key))) for key in keys if _CHUNK_KEY.fullmatch(key)}
        outside = sorted(
            key
            for key, place in places.items()
            if len(place) == len(counts) and any(n >= count for n, count in zip(place, counts, strict=True))
        )
        return f"{len(outside)} chunk(s) ({listed(outside)}) are outside of the array" if outside else ""

    def _counts(self) -> list[int]:
        """Return how many chunks, or shards, there should be along each axis."""
        outer = self._array.shards or self._array.chunks
        return [-(-n // size) for n, size in zip(self._array.shape, outer, strict=True)]

    def planes(self, start: int, stop: int) -> np.ndarray:
        """Return planes, shape (stop - start, rows, columns[, samples]); only the chunks that they are in are read."""
        slices = self.shape[1]
        if stop - start < self._step and start // slices == (stop - 1) // slices:
            return self._from_kept(start, stop)
        if (stop - start) % slices == 0 and start % slices == 0:
            return self._read(start // slices, stop // slices, 0, slices)
        parts = []
        while start < stop:
            time, first = divmod(start, slices)
            end = min(slices, first + stop - start)
            parts.append(self._read(time, time + 1, first, end))
            start += end - first
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _from_kept(self, start: int, stop: int) -> np.ndarray:
        """Return some planes of one time, fewer than a chunk has."""
        time, first = divmod(start, self.shape[1])
        planes = []
        for n in range(first // self._step, (first + stop - start - 1) // self._step + 1):
            low = n * self._step
            chunk = self._chunk(time, low)
            planes.append(chunk[max(0, first - low) : first - low + stop - start])
        return np.concatenate(planes)

    def _chunk(self, time: int, low: int) -> np.ndarray:
        with self._keeping:
            if (time, low) not in self._kept:
                self._kept[time, low] = self._read(time, time + 1, low, min(low + self._step, self.shape[1]))
                while len(self._kept) > 1 and len(self._kept) * self._kept[time, low].nbytes > KEPT_BYTES:
                    self._kept.popitem(last=False)
            self._kept.move_to_end((time, low))
            return self._kept[time, low]

    def _read(self, time: int, end: int, first: int, last: int) -> np.ndarray:
        key: tuple[Any, ...] = (slice(time, end),) if self._has_time else ()
        key += (slice(None),) if self._has_samples else ()
        key += (slice(first, last),) if self._has_slices else ()
        try:
            block = np.asarray(self._array[key])
        except Exception as error:  # zarr and its codecs raise whatever they raise
            raise ZarrReadError(
                f"{self._path}: slices {first + 1} to {last} of time {time + 1} cannot be read: the store is damaged "
                f"({reason(error)}). {AGAIN}"
            ) from None
        if self._has_samples:
            block = np.moveaxis(block, int(self._has_time), -1)
        return np.ascontiguousarray(block, self.dtype).reshape((end - time) * (last - first), *self.shape[2:])


def _check_size(array: Any, files: StoreFiles) -> None:
    """Refuse chunks of no size, and an array that claims far more than the files of the store can contain."""
    path = files.path
    outer = array.shards or array.chunks
    if min(*outer, *array.chunks) < 1:
        raise ZarrReadError(f"{path}: an array with chunks of shape {tuple(array.chunks)}. {AGAIN}")
    packed = sum(files.below(array.path).values())
    claimed = max(math.prod(array.shape), math.prod(outer)) * array.dtype.itemsize
    check_expanded(str(path), claimed, packed, MOST_COMPRESSED)


def _places(counts: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Yield all indices of a grid, as `itertools.product` does, without making its axes first."""
    if not counts:
        yield ()
        return
    for index in itertools.count():
        if index >= counts[0]:
            return
        yield from ((index, *rest) for rest in _places(counts[1:]))


def reason(error: Exception) -> str:
    """Return the message of an error on one line."""
    return f"{type(error).__name__}: {str(error).strip().splitlines()[0][:200] if str(error).strip() else ''}"
