"""Bytes behind the voxels that a header states: if it is wrong, slices or times are missing from the image."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from typing import IO, Any

from ..files.input_files import SKIPPED

KEPT = 1 << 20
"""Bytes that are kept for formats with something behind the voxels."""


class Surplus:
    """Counts the bytes behind the voxels of an image, in all of its files.

    Attributes
    ----------
    size : int
        Bytes there are.
    start : bytes
        The first of them.
    step : int
        Bytes of one more along the slowest axis.

    Parameters
    ----------
    shape : sequence of int
        Of all voxels, the slowest axis first.
    itemsize : int
        Bytes of a voxel.
    """

    def __init__(self, shape: Sequence[int], itemsize: int):
        longer = [n for n, length in enumerate(shape) if length > 1]
        self._last, *others = shape[longer[0] :] if longer else [1]
        self.step, self._itemsize = math.prod(others) * itemsize, itemsize
        self.clear()

    def clear(self) -> None:
        """Begin again."""
        self.size, self.start, self._is_zero, self._unit = 0, b"", True, "bytes"

    def add(self, part: bytes) -> None:
        """Count bytes."""
        if self.size < self.step:  # more bytes than that are not padding
            self._is_zero = self._is_zero and not any(part)
        self.start += part[: KEPT - len(self.start)]
        self.size += len(part)

    def add_numbers(self, count: int) -> None:
        """Count numbers of a text."""
        if count > 0:
            self.size, self._unit, self._is_zero = self.size + count * self._itemsize, "numbers", False

    def add_stream(self, stream: Any) -> None:
        """Count what is left of a compressed stream; its checksum, by which damage is found, is at its end."""
        while part := stream.read(SKIPPED):
            self.add(part)

    def add_file(self, file: IO[bytes], position: int) -> None:
        """Count the bytes of an uncompressed file behind a position; no more are read than may be padding."""
        size = os.fstat(file.fileno()).st_size - position
        if size > 0:
            file.seek(position)
            some = min(size, max(self.step, KEPT))
            self.add(file.read(some))
            self.size += size - some

    def warnings(self) -> tuple[str, ...]:
        """Return the sentence on the bytes; none where there are none, or a few zeros, which are padding."""
        if not self.size or (self._is_zero and self.size < self.step):
            return ()
        count = self.size if self._unit == "bytes" else self.size // self._itemsize
        more = self.size // self.step
        enough = f", enough for {more} more along the last axis, where the header states {self._last}" if more else ""
        return (f"{count} {self._unit} behind the voxels were not read{enough}. {CHECK_HEADER}",)


CHECK_HEADER = "Its header may state wrong dimensions or a wrong data type: check that no slices or times are missing"
