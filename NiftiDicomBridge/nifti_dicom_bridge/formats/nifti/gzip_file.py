"""Gzip files that are read: of our blocks in threads, others by isal where it is installed, else by the standard library."""

from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from io import BufferedReader
from pathlib import Path
from typing import Any

from ...model.files.input_files import open_file
from ...model.files.names import is_compressed, is_nifti
from .gzip_blocks import BlockReader, open_blocks

_GZIP = b"\x1f\x8b\x08"
"""How gzip files begin: magic number, deflate (RFC 1952)."""
_HEADERS = frozenset(struct.pack(order + "i", size) for order in "<>" for size in (348, 540))
"""How NIfTI begins."""
_DAMAGE: tuple[type[Exception], ...] = (OSError, EOFError, ValueError, KeyError, struct.error, zlib.error)


def is_packed(path: Path) -> bool:
    """Whether a file is gzip: by its content, which tools that rename files do not change; by its name, if it is not NIfTI."""
    by_name = is_compressed(path)
    if not is_nifti(path):  # voxels of two-file images may begin with any bytes
        return by_name
    with open_file(path) as file:
        start = file.read(4)
    return start not in _HEADERS if by_name else start.startswith(_GZIP)


@contextmanager
def open_for_reading(path: Path) -> Iterator[Any]:
    """Return a context that reads decompressed bytes; damaged ones raise one of `damage_errors`."""
    blocks = open_blocks(path)
    if blocks is not None:
        with closing(blocks), BlockReader(blocks) as reader:
            yield reader
        return
    try:
        from isal import igzip as opener
    except ImportError:
        opener = gzip
    with BufferedReader(open_file(path)) as packed, opener.open(packed, "rb") as plain:
        yield plain


def damage_errors() -> tuple[type[Exception], ...]:
    """Return what reading damaged files raises: headers, files, and the decompressors."""
    try:
        from isal import igzip_lib
    except ImportError:
        return _DAMAGE
    isal_error: type[Exception] = igzip_lib.IsalError  # type: ignore[assignment]  # declared as an instance
    return *_DAMAGE, isal_error
