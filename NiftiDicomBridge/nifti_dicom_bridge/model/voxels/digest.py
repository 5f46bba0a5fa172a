"""The digest of voxels, to recognize edits: the same whatever the byte order or memory layout."""

from __future__ import annotations

import hashlib
import os
import weakref
from collections.abc import Callable, Container, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from .checksums import Checksums
from .lazy_voxels import LazyVoxels, Voxels, ranges, read_ahead
from .pixel_bytes import bytes_of

DIGEST_BLOCK = 1 << 22


class Algorithm(NamedTuple):
    """What makes digests: functions like those of `hashlib`.

    Attributes
    ----------
    of_block : callable
        That of a block of voxels.
    of_image : callable
        That of type, shape and the digests of blocks.
    """

    of_block: Callable[..., Any]
    of_image: Callable[..., Any]


HASHES: dict[str, Callable[..., Any]] = {"sha256": hashlib.sha256, "blake2b-256": partial(hashlib.blake2b, digest_size=32)}
"""By the name before the colon of a digest."""
ALGORITHM = "crc32-adler32"
"""That of new records. The others are those of schema versions 2.2 and 2.3, and of versions before 2.2."""
ALGORITHMS = {ALGORITHM: Algorithm(Checksums, hashlib.sha256)} | {name: Algorithm(new, new) for name, new in HASHES.items()}
_known: dict[int, tuple[weakref.ref[Any], str]] = {}
"""Digests of voxels that cannot change, by the identity of their array."""


def digest_of(voxels: Voxels, algorithm: str = ALGORITHM) -> str:
    """Return the digest of voxel values, type and shape: the name of an algorithm, a colon and the hexadecimal number.

    A digest is that of type, shape and the digests of blocks of the little-endian values in C order. A block is as many whole
    planes as fit 4 MiB, at least one; in blocks, so that all processors help. The digests of lazy voxels and of arrays that no
    one can write to are computed once (see `freeze`).
    """
    if not _is_frozen(voxels):
        return _computed(voxels, algorithm)
    known = _known.get(id(voxels))
    if known is None or known[0]() is not voxels or algorithm_of(known[1]) != algorithm:
        return _remember(voxels, _computed(voxels, algorithm))
    return known[1]


def has_digest(voxels: Voxels, digest: str) -> bool:
    """Whether a digest, by any of the `ALGORITHMS`, is that of voxels."""
    return digest_of(voxels, algorithm_of(digest)) == digest


def algorithm_of(digest: str, known: Container[str] = ALGORITHMS) -> str:
    """Return the name of the algorithm of a digest; empty if it is not a `known` one."""
    name, _, number = digest.partition(":")
    return name if name in known and number else ""


def _remember(voxels: Voxels, digest: str) -> str:
    key = id(voxels)
    _known[key] = weakref.ref(voxels, lambda _: _known.pop(key, None)), digest
    return digest


def freeze(voxels: np.ndarray) -> np.ndarray:
    """Return the same array, of any shape, read-only from now on, as is all of its memory."""
    part: Any = voxels
    while isinstance(part, np.ndarray):
        part.flags.writeable = False
        part = part.base
    return voxels


class DigestedVoxels(LazyVoxels):
    """Lazy voxels whose digest is computed when their planes are read, from the first to the last.

    Parameters
    ----------
    voxels : LazyVoxels
        What is read.
    algorithm : str
        One of the `ALGORITHMS`.
    """

    def __init__(self, voxels: LazyVoxels, algorithm: str):
        super().__init__(voxels.shape, voxels.dtype)
        self._voxels = voxels
        self._digester, self._next = Digester(voxels.shape, voxels.dtype, algorithm), 0

    def planes(self, start: int, stop: int) -> np.ndarray:
        """Return planes, shape (stop - start, rows, columns[, samples]), counted through all times."""
        planes = np.ascontiguousarray(self._voxels.planes(start, stop))
        if start <= self._next < stop:
            self._digester.update(planes[self._next - start :])
            self._next = stop
        return planes

    def has_digest(self, digest: str) -> bool:
        """Whether all planes were read in order, and have this digest; to be asked once, at the end."""
        if self._next < self.shape[0] * self.shape[1]:
            return False
        return _remember(self._voxels, self._digester.digest()) == digest


def share_digest(of: Voxels, voxels: np.ndarray) -> np.ndarray:
    """Return `voxels`, which are a copy `of` others in memory, read-only; with the digest of those, if it is known."""
    freeze(voxels)
    known = _known.get(id(of))
    if known is not None and known[0]() is of:
        _remember(voxels, known[1])
    return voxels


def _is_frozen(voxels: Any) -> bool:
    """Whether voxels cannot change: neither the array, nor another one of the same memory."""
    while isinstance(voxels, np.ndarray):
        if voxels.flags.writeable:
            return False
        voxels = voxels.base
    return voxels is None or isinstance(voxels, (LazyVoxels, bytes))


def _computed(voxels: Voxels, algorithm: str) -> str:
    if isinstance(voxels, LazyVoxels):
        return _lazy_digest(voxels, algorithm)
    planes = np.asarray(voxels).reshape(-1, *voxels.shape[2:])
    dtype = voxels.dtype.newbyteorder("<")
    some = planes_per_block(voxels.shape, dtype)
    state, new = _digest_state(voxels.shape, dtype, algorithm), ALGORITHMS[algorithm].of_block

    def block_digest(start: int) -> bytes:
        digest: bytes = new(bytes_of(np.ascontiguousarray(planes[start : start + some], dtype))).digest()
        return digest

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for digest in pool.map(block_digest, range(0, len(planes), some)):
            state.update(digest)
    return f"{algorithm}:{state.hexdigest()}"


def _lazy_digest(voxels: LazyVoxels, algorithm: str) -> str:
    digester = Digester(voxels.shape, voxels.dtype, algorithm)
    some = planes_per_block(voxels.shape, voxels.dtype)
    for _, _, planes in read_ahead(voxels, ranges(voxels.shape, some, 2 * some)):
        digester.update(planes)
    return digester.digest()


def planes_per_block(shape: Sequence[int], dtype: np.dtype) -> int:
    """Return how many planes of voxels (times, slices, rows, columns…) a block of the digest has."""
    return max(1, DIGEST_BLOCK // max(1, int(np.prod(shape[2:], dtype=np.int64)) * dtype.itemsize))


def _digest_state(shape: Sequence[int], dtype: np.dtype, algorithm: str) -> Any:
    return ALGORITHMS[algorithm].of_image(f"{dtype.str}{tuple(int(n) for n in shape)}".encode("ascii"))


class Digester:
    """Computes `digest_of` voxels that come plane by plane, in order.

    Parameters
    ----------
    shape : sequence of int
        (times, slices, rows, columns[, samples]) of all of them.
    dtype : numpy.dtype
        Of the voxels.
    algorithm : str, optional
        One of the `ALGORITHMS`.
    """

    def __init__(self, shape: Sequence[int], dtype: np.dtype, algorithm: str = ALGORITHM):
        self._dtype, self._algorithm, self._new = dtype.newbyteorder("<"), algorithm, ALGORITHMS[algorithm].of_block
        self._some = planes_per_block(shape, self._dtype)
        self._state = _digest_state(shape, self._dtype, algorithm)
        self._block, self._filled = self._new(), 0

    def update(self, planes: np.ndarray) -> None:
        """Add planes, shape (any number, rows, columns[, samples])."""
        start = 0
        while start < len(planes):
            part = planes[start : start + self._some - self._filled]
            self._block.update(bytes_of(np.ascontiguousarray(part, self._dtype)))
            start, self._filled = start + len(part), self._filled + len(part)
            if self._filled == self._some:
                self._close_block()

    def digest(self) -> str:
        """Return the digest of all planes; to be asked once, at the end."""
        if self._filled:
            self._close_block()
        return f"{self._algorithm}:{self._state.hexdigest()}"

    def _close_block(self) -> None:
        self._state.update(self._block.digest())
        self._block, self._filled = self._new(), 0
