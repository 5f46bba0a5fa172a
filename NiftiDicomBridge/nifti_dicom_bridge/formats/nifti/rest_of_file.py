"""What is behind the voxels of a NIfTI file: nothing, padding, or voxels that its header does not state."""

from __future__ import annotations

import os
import struct
from io import BufferedReader
from pathlib import Path
from typing import IO, BinaryIO

from ...errors import NiftiReadError
from ...model.files.input_files import open_file
from ...model.files.temporary_files import temporary_file
from ...model.voxels.compressed_parts import Packing, decompressed_parts
from ...model.voxels.packed_samples import decompressed
from ...model.voxels.surplus_bytes import Surplus
from . import gzip_file
from .header import SIZES, is_nifti

_LARGEST_HEADER = max(SIZES)


def read_start(file: BinaryIO, path: Path) -> bytes:
    """Return the bytes of the largest header at the beginning of a file, decompressed, whatever is at its end."""
    try:
        return file.read(_LARGEST_HEADER)
    except gzip_file.damage_errors():
        if not gzip_file.is_packed(path):
            raise
    with BufferedReader(open_file(path)) as stream:
        return next(decompressed_parts(stream, Packing.GZIP, Surplus((1,), 1)))[:_LARGEST_HEADER]


def read_behind(file: BinaryIO, path: Path, end: int, known: bytes, surplus: Surplus) -> None:
    """Count what is behind the voxels of a file; of a compressed one all is read, and its checksum compared.

    Parameters
    ----------
    file : binary file
        Its bytes, decompressed.
    path : pathlib.Path
        The file.
    end : int
        Where the voxels end; after decompression.
    known : bytes
        What was read behind them already.
    surplus : Surplus
        Counts the bytes.

    Raises
    ------
    NiftiReadError
        If it is a further image.
    """
    if not gzip_file.is_packed(path):
        surplus.add_file(file, end)
        return
    surplus.add(known)
    surplus.add_stream(file)
    _check(path, surplus)


def read_with_surplus(path: Path, offset: int, view: memoryview, surplus: Surplus) -> int:
    """Read voxels of a compressed file that may end with other bytes, and count those; return how many bytes were read.

    Raises
    ------
    NiftiReadError
        If a further image is behind them.
    """
    surplus.clear()
    got = 0
    with BufferedReader(open_file(path)) as stream:
        for part in decompressed(stream, offset, len(view), Packing.GZIP, surplus):
            view[got : got + len(part)] = part
            got += len(part)
    _check(path, surplus)
    return got


def expanded_with_surplus(path: Path, end: int, surplus: Surplus) -> IO[bytes] | None:
    """Count what is behind the voxels of a file that is read later; of a compressed one with anything there, return its bytes.

    They are in a temporary file; None where nothing is behind the voxels, or the disk is full.

    Raises
    ------
    NiftiReadError
        If a further image is behind them.
    """
    with BufferedReader(open_file(path)) as stream:
        if not gzip_file.is_packed(path):
            surplus.add_file(stream, end)
        elif not _states_size(stream, end):
            plain = temporary_file(lambda plain: plain.writelines(decompressed(stream, 0, end, Packing.GZIP, surplus)))
            _check(path, surplus)
            return plain
    return None


def _states_size(stream: IO[bytes], size: int) -> bool:
    """Whether the last member of a gzip file states a number of bytes (modulo 2³²; RFC 1952, ISIZE)."""
    stream.seek(-min(4, stream.seek(0, os.SEEK_END)), os.SEEK_END)
    states = stream.read(4) == struct.pack("<I", size & 0xFFFFFFFF)
    stream.seek(0)
    return states


def _check(path: Path, surplus: Surplus) -> None:
    if is_nifti(surplus.start):
        refuse_several(path)


def refuse_several(path: Path) -> None:
    """Raise `NiftiReadError` for a file with further images behind the first."""
    raise NiftiReadError(f"{path}: contains further compressed data behind the image. Save each image in a file of its own.")
