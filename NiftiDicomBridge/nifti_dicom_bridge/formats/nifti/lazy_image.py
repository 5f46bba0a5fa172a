"""Voxels of a NIfTI file that are read some planes at a time."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

import numpy as np

from ...errors import NiftiReadError
from ...model.files.input_files import open_file, read_to_end
from ...model.files.temporary_files import temporary_file
from ...model.voxels.kept_voxels import KEPT_BYTES, KeepingVoxels
from . import gzip_file
from .gzip_blocks import BlockFile, open_blocks
from .rest_of_file import refuse_several

SKIPPED = 1 << 22
MOST_RESTARTS = 6
"""So often a file that can only be read forwards is read from its beginning; then its bytes are put into a temporary file."""


class NiftiVoxels(KeepingVoxels):
    """The voxels of an image, read from its file when they are asked for.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    shape : sequence of int
        (times, slices, rows, columns[, samples]).
    dtype : numpy.dtype
        Of the voxels, in the byte order of the file.
    offset : int
        Where they begin, bytes; after decompression.
    plain : binary file, optional
        All bytes of a compressed file up to the end of the voxels.
    """

    def __init__(self, path: Path, shape: Sequence[int], dtype: np.dtype, offset: int, plain: IO[bytes] | None = None):
        super().__init__(shape, dtype, KEPT_BYTES)
        self._path, self._offset = path, offset
        self._plane_bytes = self.nbytes // (self.shape[0] * self.shape[1])
        end = offset + self.nbytes
        blocks = _blocks_of(path, end)
        self.is_read_once = blocks is not None
        self._bytes = blocks.bytes_between if blocks is not None else _reader_of(path, end, plain)

    def _read(self, start: int, stop: int) -> np.ndarray:
        low, high = (self._offset + n * self._plane_bytes for n in (start, stop))
        try:
            raw = self._bytes(low, high)
        except gzip_file.damage_errors() as error:
            raise NiftiReadError(f"{self._path}: damaged ({error}). Create it again from its source.") from None
        if len(raw) != high - low:
            raise NiftiReadError(
                f"{self._path}: too short: {low + len(raw)} bytes are there, {self._offset + self.nbytes} are promised by the "
                "header. Create it again from its source."
            )
        planes = np.frombuffer(raw, self.dtype).reshape(stop - start, *self.shape[2:])
        planes.flags.writeable = False
        return planes


def _blocks_of(path: Path, end: int) -> BlockFile | None:
    """Return the blocks of a file whose voxels reach to its end, so that all are read and their checksum is compared."""
    blocks = open_blocks(path) if gzip_file.is_packed(path) else None
    if blocks is None or blocks.size == end:
        return blocks
    blocks.close()
    return None


def _reader_of(path: Path, end: int, plain: IO[bytes] | None) -> Callable[[int, int], bytes]:
    """Return what reads the bytes of a file, decompressed, from one position to another; `end` is that behind the voxels."""
    if gzip_file.is_packed(path):
        return _ForwardReader(path, end, plain).bytes_between
    return lambda low, high: _plain_bytes(path, low, high)


def _plain_bytes(path: Path, low: int, high: int) -> bytes:
    with open_file(path) as file:
        file.seek(low)
        parts = []
        while low < high and (part := file.read(high - low)):
            parts.append(part)
            low += len(part)
    return b"".join(parts)


class _ForwardReader:
    """Reads a compressed file from its beginning; again where earlier bytes are asked for, some times."""

    def __init__(self, path: Path, end: int, plain: IO[bytes] | None):
        self._path, self._end, self._at, self._restarts = path, end, 0, 0
        self._file: Any = None
        self._plain: Any = plain
        self._open = ExitStack()

    def bytes_between(self, low: int, high: int) -> bytes:
        """Return some of the decompressed bytes."""
        self._restarts += low < self._at
        if self._plain is None and self._restarts > MOST_RESTARTS:
            self._plain = self._decompressed()
        if self._plain:
            self._plain.seek(low)
            raw: bytes = self._plain.read(high - low)
            return raw
        if self._file is None or low < self._at:
            self._open.close()
            self._file, self._at = self._open.enter_context(gzip_file.open_for_reading(self._path)), 0
        self._take(low, None)
        parts: list[bytes] = []
        self._take(high, parts)
        return b"".join(parts)

    def _decompressed(self) -> Any:
        """Return a temporary file of all bytes, which is gone when it is closed; False where the disk is full."""
        self._open.close()
        self._file = None
        with gzip_file.open_for_reading(self._path) as packed:
            plain = temporary_file(lambda plain: shutil.copyfileobj(packed, plain, SKIPPED))
        if plain is not None and plain.tell() > self._end:
            refuse_several(self._path)
        return plain or False

    def _take(self, end: int, parts: list[bytes] | None) -> None:
        """Read up to a position; what is read is dropped without a list to add it to."""
        while self._at < end:
            part = self._file.read(min(SKIPPED, end - self._at))
            if not part:
                return
            self._at += len(part)
            if parts is not None:
                parts.append(part)
            if self._at == self._end and read_to_end(self._file):
                refuse_several(self._path)
