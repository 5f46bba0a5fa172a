"""Frames of one bit per pixel that are read from their file one by one."""

from __future__ import annotations

import numpy as np

from .....model.metadata import Instance
from .....model.voxels.pixels import PixelFormat
from ..data_sets.files import read_part

IN_MEMORY = 1 << 24
"""Bytes of pixel data up to which all frames are read at once, which is faster."""


class BitsInFile:
    """What `BitFrames` is, of native pixel data that stay in the file.

    Parameters
    ----------
    instance : Instance
        Little endian.
    pixel : PixelFormat
        Of `bits_allocated` 1.
    """

    def __init__(self, instance: Instance, pixel: PixelFormat):
        self._instance, self._shape = instance, pixel.shape

    def __getitem__(self, n: int) -> np.ndarray:
        """Return frame n, shape (rows, columns): 0 and 1."""
        size = int(np.prod(self._shape))
        start, skip = divmod(n * size, 8)
        raw = np.frombuffer(read_part(self._instance, start, (skip + size + 7) // 8), np.uint8)
        return np.unpackbits(raw, bitorder="little")[skip : skip + size].reshape(self._shape)


def stay_in_file(instance: Instance, pixel: PixelFormat) -> bool:
    """Whether frames are of one bit, and are read one by one."""
    large = instance.pixels is not None and instance.pixels.length > IN_MEMORY
    return large and pixel.bits_allocated == 1 and instance.has_little_pixels
