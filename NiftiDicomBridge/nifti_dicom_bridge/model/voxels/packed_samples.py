"""Samples of an image in a file: as they are, compressed, or as text; no more is read than the header states."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path, PurePath
from typing import IO, Any, NamedTuple

import numpy as np

from ...errors import ImageReadError
from ..files.input_files import open_file
from ..processes.limits import check_expanded, check_memory
from .compressed_parts import DAMAGE, Packing, decompressed_parts
from .surplus_bytes import Surplus

MOST_FILES = 1 << 16
"""Files of one image: slices, or slices of all times."""
_PATTERN = re.compile(r"[^%]*%0?\d?\d?[diu][^%]*")


class SamplesFile(NamedTuple):
    """Where samples are.

    Attributes
    ----------
    path : pathlib.Path
        The file.
    offset : int
        Bytes before them; -1 if they are at the end of the file.
    lines : int
        Lines before those bytes.
    skip : int
        Bytes before them once they are decompressed.
    start : int
        Bytes before those lines: a header in the same file.
    """

    path: Path
    offset: int = 0
    lines: int = 0
    skip: int = 0
    start: int = 0


def read_samples(
    files: Sequence[SamplesFile], shape: Sequence[int], dtype: np.dtype[Any], packing: Packing, surplus: Surplus
) -> np.ndarray:
    """Return the samples of some files, one after the other, in the byte order of this computer.

    Parameters
    ----------
    files : sequence of SamplesFile
        All of the same size.
    shape : sequence of int
        Of all samples, the slowest axis first.
    dtype : numpy.dtype
        As stored.
    packing : Packing
        Of every file.
    surplus : Surplus
        Counts what is behind the samples.

    Raises
    ------
    ImageReadError
        If a file is missing, damaged or too short.
    SizeLimitError
        If more is claimed than there may be.
    """
    count = math.prod(shape)
    where = str(files[0].path)
    check_memory(where, count * dtype.itemsize)
    if count % len(files):
        raise ImageReadError(f"{where}: {count} samples cannot be divided into {len(files)} files. Repair the header.")
    parts = [_read(file, count // len(files), dtype, packing, surplus) for file in files]
    samples = parts[0] if len(parts) == 1 else np.concatenate(parts)
    return samples.astype(dtype.newbyteorder("="), copy=False).reshape(shape)


def _read(file: SamplesFile, count: int, dtype: np.dtype[Any], packing: Packing, surplus: Surplus) -> np.ndarray:
    size = count * dtype.itemsize
    with unreadable(file.path):
        if packing is Packing.TEXT:
            return _numbers(file, count, dtype, surplus)
        raw = _bytes(file, size, packing, surplus)
    check_length(file, size, len(raw))
    return np.frombuffer(raw, dtype, count)


@contextmanager
def unreadable(path: Path) -> Iterator[None]:
    """Raise `ImageReadError` where the voxels of a file cannot be read."""
    try:
        yield
    except FileNotFoundError:
        raise ImageReadError(f"{path}: no such file; the header of the image names it for its voxels.") from None
    except DAMAGE as error:
        raise ImageReadError(f"{path}: the voxels cannot be read ({error}). Copy the file again from its source.") from None


def check_length(file: SamplesFile, size: int, there: int) -> None:
    """Raise `ImageReadError` if a file has fewer bytes of voxels than it needs."""
    if there < size:
        raise ImageReadError(
            f"{file.path}: {there} bytes of voxels, {size} are needed by the header. Copy the file again from its source."
        )


def _bytes(file: SamplesFile, size: int, packing: Packing, surplus: Surplus) -> bytes:
    with BufferedReader(open_file(file.path)) as stream:
        start = start_of_samples(stream, file, size) + (file.skip if packing is Packing.RAW else 0)
        stream.seek(start)
        if packing is not Packing.RAW and file.offset >= 0:
            check_expanded(str(file.path), size, os.fstat(stream.fileno()).st_size)
            return b"".join(decompressed(stream, file.skip, size, packing, surplus))
        raw = stream.read(size)
        surplus.add_file(stream, start + size)
        return raw


def decompressed(stream: Any, skip: int, size: int, packing: Packing, surplus: Surplus) -> Iterator[bytes]:
    """Yield the bytes of samples behind those to skip; all of the stream is read, as its checksum is at its end."""
    taken = 0
    for part in decompressed_parts(stream, packing, surplus):
        wanted = part[skip : skip + size - taken]
        surplus.add(part[skip + size - taken :])
        skip -= min(skip, len(part))
        taken += len(wanted)
        yield wanted


def start_of_samples(stream: IO[bytes], file: SamplesFile, size: int) -> int:
    """Return where samples of a size begin in a file, still compressed if they are."""
    if file.offset < 0:
        return max(0, os.fstat(stream.fileno()).st_size - size)
    _skip_start(stream, file)
    return stream.tell() + file.offset


def _skip_start(stream: IO[bytes], file: SamplesFile) -> None:
    stream.seek(file.start)
    for _ in range(file.lines):
        stream.readline()


def _numbers(file: SamplesFile, count: int, dtype: np.dtype[Any], surplus: Surplus) -> np.ndarray:
    with BufferedReader(open_file(file.path)) as stream:
        _skip_start(stream, file)
        stream.seek(stream.tell() + max(0, file.offset))
        words = stream.read().replace(b",", b" ").split()
    if len(words) < count:
        raise ValueError(f"{len(words)} numbers, {count} are needed")
    surplus.add_numbers(len(words) - count)
    values = np.array(words[:count], dtype=np.float64)
    if dtype.kind in "iu" and (np.any(values != np.rint(values)) or np.any(np.abs(values) > 2**53)):
        raise ValueError("numbers that are not whole, or above 2^53")
    if dtype.kind in "iu" and (values.min() < np.iinfo(dtype).min or values.max() > np.iinfo(dtype).max):
        raise ValueError(f"numbers from {values.min():g} to {values.max():g}, which {dtype.name} cannot hold")
    return values.astype(dtype)


def numbered_names(pattern: str, first: str, last: str, step: str = "1") -> list[str]:
    """Return the names of a pattern such as ``slice%03d.raw``, of numbers from the first to the last.

    Raises
    ------
    ValueError
        If there is no such pattern, number or name, or there are too many.
    """
    if not _PATTERN.fullmatch(pattern):
        raise ValueError(f"{pattern!r} has no number such as %03d")
    numbers = range(int(first), int(last) + (1 if int(step) > 0 else -1), int(step))
    if not 0 < len(numbers) <= MOST_FILES:
        raise ValueError(f"it names {len(numbers)} files")
    return [pattern % number for number in numbers]


def file_next_to(path: Path, name: str) -> Path:
    """Return a file that a header names, in the folder of the header or below it.

    Raises
    ------
    ImageReadError
        If it is elsewhere: a header could have any file of this computer read.
    """
    given = PurePath(name.replace("\\", "/"))
    if given.anchor or ".." in given.parts or not given.parts:  # on Windows, /a and C:a are not absolute, but elsewhere
        raise ImageReadError(f"{path}: its voxels are in {name!r}, outside of its folder. Put that file next to the header.")
    return path.parent.joinpath(*given.parts)
