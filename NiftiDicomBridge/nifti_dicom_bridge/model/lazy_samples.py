"""Samples of an image that are read some planes at a time: from their file, or from a temporary one with them decompressed."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Sequence
from io import BufferedReader
from typing import IO, Any

import numpy as np

from ..errors import ImageReadError
from .compressed_parts import Packing
from .input_files import Stamp, change_since, open_file
from .lazy_voxels import LazyVoxels
from .limits import check_expanded
from .packed_samples import SamplesFile, check_length, decompressed, start_of_samples, unreadable
from .remote_files import is_remote
from .surplus import Surplus
from .temporary_files import temporary_file

IN_MEMORY, IN_MEMORY_PACKED = 16 << 20, 64 << 20
"""Bytes of samples up to which they are read at once; of compressed ones."""


def lazy_samples(
    files: Sequence[SamplesFile], shape: Sequence[int], dtype: np.dtype[Any], packing: Packing, surplus: Surplus
) -> LazyVoxels | None:
    """Return samples that are read when they are sliced; None for small ones, and where they must be read at once.

    Parameters are those of `read_samples`; the shape is (times, slices, rows, columns).

    Raises
    ------
    ImageReadError
        If the file is missing, damaged or too short.
    SizeLimitError
        If more is claimed than there may be.
    """
    size = math.prod(shape) * dtype.itemsize
    most = IN_MEMORY if packing is Packing.RAW else IN_MEMORY_PACKED
    if size <= most or len(files) > 1 or packing is Packing.TEXT or is_remote(files[0].path):
        return None
    (file,) = files
    with unreadable(file.path), BufferedReader(open_file(file.path)) as stream:
        start = start_of_samples(stream, file, size)
        if packing is Packing.RAW:
            surplus.add_file(stream, start + file.skip + size)
            return _SamplesInFile(file, shape, dtype, start + file.skip)
        stream.seek(start)
        check_expanded(str(file.path), size, os.fstat(stream.fileno()).st_size)
        expanded = _expanded(stream, file, size, packing, surplus)
    if expanded is None:  # they are read again
        surplus.clear()
        return None
    return _ExpandedSamples(expanded, shape, dtype)


class _Samples(LazyVoxels):
    """Samples that are in a file as they are, one plane after the other."""

    def __init__(self, shape: Sequence[int], stored: np.dtype[Any]):
        super().__init__(shape, stored.newbyteorder("="))
        self._stored, self._plane_bytes = stored, math.prod(self.shape[2:]) * stored.itemsize

    def planes(self, start: int, stop: int) -> np.ndarray:
        """Return planes, counted through all times."""
        raw = self._bytes(start * self._plane_bytes, (stop - start) * self._plane_bytes)
        planes = np.frombuffer(raw, self._stored).astype(self.dtype, copy=False).reshape(stop - start, *self.shape[2:])
        planes.flags.writeable = False
        return planes

    def _bytes(self, start: int, size: int) -> bytes:
        raise NotImplementedError


class _SamplesInFile(_Samples):
    """Samples in the file of the image, which may not change while they are read."""

    def __init__(self, file: SamplesFile, shape: Sequence[int], stored: np.dtype[Any], offset: int):
        super().__init__(shape, stored)
        self._path, self._offset, self._stamp = file.path, offset, Stamp.of(file.path)
        check_length(file, self.nbytes, max(0, self._stamp.size - offset) if self._stamp else 0)

    def _bytes(self, start: int, size: int) -> bytes:
        with unreadable(self._path), BufferedReader(open_file(self._path)) as stream:
            stream.seek(self._offset + start)
            raw = stream.read(size)
        if self._stamp is not None and (change := change_since(self._path, self._stamp, Stamp.of(self._path))):
            raise ImageReadError(change)
        return raw


class _ExpandedSamples(_Samples):
    """Samples in a temporary file, which is gone when it is closed."""

    def __init__(self, file: IO[bytes], shape: Sequence[int], stored: np.dtype[Any]):
        super().__init__(shape, stored)
        self._file, self._lock = file, threading.Lock()

    def _bytes(self, start: int, size: int) -> bytes:
        with self._lock:
            self._file.seek(start)
            return self._file.read(size)


def _expanded(stream: Any, file: SamplesFile, size: int, packing: Packing, surplus: Surplus) -> IO[bytes] | None:
    """Return a temporary file of the samples; None where the disk is full."""
    expanded = temporary_file(lambda plain: plain.writelines(decompressed(stream, file.skip, size, packing, surplus)))
    if expanded is not None:
        check_length(file, size, expanded.seek(0, os.SEEK_END))
    return expanded
