"""Samples of an image that are read some planes at a time: from their file, or from a temporary one with them decompressed."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Iterator, Sequence
from io import BufferedReader
from typing import IO, Any

import numpy as np

from ...errors import ImageReadError
from ..files.input_files import Stamp, change_since, open_file
from ..files.remote_files import is_remote
from ..files.temporary_files import temporary_file
from ..processes.limits import check_expanded
from .compressed_parts import Packing
from .lazy_voxels import LazyVoxels, slabs
from .packed_samples import SamplesFile, check_length, decompressed, start_of_samples, unreadable
from .pixel_bytes import bytes_of
from .surplus_bytes import Surplus

IN_MEMORY, IN_MEMORY_PACKED = 16 << 20, 64 << 20
"""Bytes of samples up to which they are read at once; of compressed ones."""


def lazy_samples(
    files: Sequence[SamplesFile], shape: Sequence[int], dtype: np.dtype[Any], packing: Packing, surplus: Surplus
) -> LazyVoxels | None:
    """Return samples that are read when they are sliced; None for small ones, and where they must be read at once.

    Parameters are those of `read_samples`; the shape is (times, slices, rows, columns[, samples]).

    Raises
    ------
    ImageReadError
        If a file is missing, damaged or too short.
    SizeLimitError
        If more is claimed than there may be.
    """
    count = math.prod(shape)
    most = IN_MEMORY if packing is Packing.RAW else IN_MEMORY_PACKED
    cannot_wait = packing is Packing.TEXT or count % len(files) or any(is_remote(file.path) for file in files)
    if count * dtype.itemsize <= most or cannot_wait:
        return None
    if packing is Packing.RAW:
        return _SamplesInFiles(files, shape, dtype, surplus)
    parts = _decompressed(files, count // len(files) * dtype.itemsize, packing, surplus)
    expanded = temporary_file(lambda plain: plain.writelines(parts))
    if expanded is None:  # they are read again
        surplus.clear()
        return None
    return ExpandedSamples(expanded, shape, dtype)


def reordered_samples(samples: LazyVoxels, axes: Sequence[int], shape: Sequence[int]) -> LazyVoxels | None:
    """Return samples with their axes in another order, in a temporary file; None where the disk is full.

    Parameters
    ----------
    samples : LazyVoxels
        Planes are read along their second axis; the first has a size of 1.
    axes : sequence of int
        Their other axes, counted from 0, in the order of the result.
    shape : sequence of int
        Of the result: (times, slices, rows, columns[, samples]).
    """
    sizes = [samples.shape[1 + axis] for axis in axes]
    before, after = math.prod(sizes[: list(axes).index(0)]), math.prod(sizes[list(axes).index(0) + 1 :])

    def write(file: IO[bytes]) -> None:
        for start, _, planes in slabs(samples):
            pieces = np.ascontiguousarray(planes.transpose(axes)).reshape(before, -1)
            for n, piece in enumerate(pieces):
                file.seek((n * samples.shape[1] + start) * after * samples.dtype.itemsize)
                file.write(bytes_of(piece))

    file = temporary_file(write)
    return None if file is None else ExpandedSamples(file, shape, samples.dtype)


class _Samples(LazyVoxels):
    """Samples that are in a file as they are, one plane after the other."""

    def __init__(self, shape: Sequence[int], stored: np.dtype[Any]):
        super().__init__(shape, stored.newbyteorder("="))
        self._stored, self._plane_bytes = stored, math.prod(self.shape[2:]) * stored.itemsize

    def planes(self, start: int, stop: int) -> np.ndarray:
        """Return planes, shape (stop - start, rows, columns[, samples]), counted through all times."""
        raw = self._bytes(start * self._plane_bytes, (stop - start) * self._plane_bytes)
        planes = np.frombuffer(raw, self._stored).astype(self.dtype, copy=False).reshape(stop - start, *self.shape[2:])
        planes.flags.writeable = False
        return planes

    def _bytes(self, start: int, size: int) -> bytes:
        raise NotImplementedError


class _SamplesInFiles(_Samples):
    """Samples in the files of the image, which may not change while they are read."""

    def __init__(self, files: Sequence[SamplesFile], shape: Sequence[int], stored: np.dtype[Any], surplus: Surplus):
        super().__init__(shape, stored)
        self._size = self.nbytes // len(files)
        self._files = [(file.path, self._start(file, surplus), Stamp.of(file.path)) for file in files]

    def _start(self, file: SamplesFile, surplus: Surplus) -> int:
        with unreadable(file.path), BufferedReader(open_file(file.path)) as stream:
            start = start_of_samples(stream, file, self._size) + file.skip
            there = os.fstat(stream.fileno()).st_size - start
            surplus.add_file(stream, start + self._size)
        check_length(file, self._size, max(0, there))
        return start

    def _bytes(self, start: int, size: int) -> bytes:
        parts = []
        while size:
            number, offset = divmod(start, self._size)
            own = min(size, self._size - offset)
            parts.append(self._part(number, offset, own))
            start, size = start + own, size - own
        return b"".join(parts)

    def _part(self, number: int, offset: int, size: int) -> bytes:
        path, start, stamp = self._files[number]
        with unreadable(path), BufferedReader(open_file(path)) as stream:
            stream.seek(start + offset)
            raw = stream.read(size)
        if stamp is not None and (change := change_since(path, stamp, Stamp.of(path))):
            raise ImageReadError(change)
        return raw


class ExpandedSamples(_Samples):
    """Samples in a temporary file, which is gone when it is closed."""

    def __init__(self, file: IO[bytes], shape: Sequence[int], stored: np.dtype[Any]):
        super().__init__(shape, stored)
        self._file, self._lock = file, threading.Lock()

    def _bytes(self, start: int, size: int) -> bytes:
        with self._lock:
            self._file.seek(start)
            return self._file.read(size)


def _decompressed(files: Sequence[SamplesFile], size: int, packing: Packing, surplus: Surplus) -> Iterator[bytes]:
    """Yield the decompressed samples of files, of which each has a number of bytes."""
    for file in files:
        taken = 0
        with unreadable(file.path), BufferedReader(open_file(file.path)) as stream:
            stream.seek(start_of_samples(stream, file, size))
            check_expanded(str(file.path), size, os.fstat(stream.fileno()).st_size)
            for part in decompressed(stream, file.skip, size, packing, surplus):
                taken += len(part)
                yield part
        check_length(file, size, taken)
