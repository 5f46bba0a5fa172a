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

from ...model.input_files import open_file
from .gzip_blocks import BlockReader, open_blocks

_DAMAGE: tuple[type[Exception], ...] = (OSError, EOFError, ValueError, KeyError, struct.error, zlib.error)


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
