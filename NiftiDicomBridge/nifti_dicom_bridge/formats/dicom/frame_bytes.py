"""Pixel data of many frames, which are made one after the other while they are written."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from ...model.voxels.lazy_voxels import Voxels
from ...model.voxels.pixel_bytes import bytes_from_frames
from ...model.voxels.pixels import PixelFormat

_BITS_OF_BYTE = 8


class FrameBytes:
    """The bytes of frames, without all of them in memory.

    Parameters
    ----------
    frames : callable
        Given two numbers, returns the frames from the first to the one before the second, shape (frames, rows,
        columns[, samples]).
    count : int
        How many there are.
    pixel : PixelFormat
        How their pixels are written.
    length : int
        Length of the element; 0 for what the frames need, padded to an even number.
    """

    def __init__(self, frames: Callable[[int, int], np.ndarray], count: int, pixel: PixelFormat, length: int = 0):
        self._frames, self._count, self._pixel = frames, count, pixel
        needed = pixel.bytes_of(count)
        self._length = length or needed + needed % 2

    def __len__(self) -> int:
        return self._length

    @property
    def is_floating(self) -> bool:
        """Whether pixels are floating-point numbers."""
        return self._pixel.floating

    def __iter__(self) -> Iterator[bytes | memoryview]:
        rest, some = self._length, self._frames_of_whole_bytes()
        for start in range(0, self._count, some):
            frames = self._frames(start, min(start + some, self._count))
            part = memoryview(bytes_from_frames(frames, self._pixel))[:rest]
            rest -= len(part)
            yield part
        yield bytes(rest)

    def _frames_of_whole_bytes(self) -> int:
        """Return the least number of frames that are whole bytes together."""
        bits = self._pixel.rows * self._pixel.columns if self._pixel.bits_allocated == 1 else _BITS_OF_BYTE
        return _BITS_OF_BYTE // math.gcd(bits, _BITS_OF_BYTE)


def frames_of_planes(voxels: Voxels, planes: Sequence[tuple[int, int]]) -> Callable[[int, int], np.ndarray]:
    """Return what gives frames, shape (frames, rows, columns[, samples]), of the planes (time, slice) of voxels."""
    return lambda start, stop: np.stack([voxels[t, k] for t, k in planes[start:stop]])
