"""Which folders and files are Zarr stores."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from ...model.files.input_files import walk
from ...model.files.names import ZARR_SUFFIX, ZARR_ZIP_SUFFIX, suffix_of

SIGN = "zarr.json"
"""The file that every group of Zarr v3 has."""
OLD_SIGNS = (".zgroup", ".zarray", ".zattrs")
"""What Zarr v2 has instead."""


def is_store(path: Path) -> bool:
    """Whether a path is a Zarr store: a folder that is called like one, or has the file of one; or a ZIP file.

    A folder that cannot be searched is not one: unlike methods of paths, these functions do not raise `PermissionError`.
    """
    if suffix_of(path, [ZARR_ZIP_SUFFIX]):
        return os.path.isfile(path)
    return os.path.isdir(path) and (bool(suffix_of(path, [ZARR_SUFFIX])) or os.path.isfile(path / SIGN))


def stores_below(inputs: Sequence[Path], follow_links: bool = False) -> Iterator[Path]:
    """Yield the stores among and below the inputs, sorted, each once; what is in a store belongs to it."""
    seen: set[str] = set()
    for path in _store_paths(inputs, follow_links):
        if (name := os.path.abspath(path)) not in seen:
            seen.add(name)
            yield path


def _store_paths(inputs: Sequence[Path], follow_links: bool) -> Iterator[Path]:
    for given in inputs:
        if is_store(given):
            yield given
        elif given.is_dir():
            for root, folders, names in walk(given, follow_links, []):
                stores = [name for name in folders if suffix_of(name, [ZARR_SUFFIX])]
                yield from (root / name for name in [*stores, *(name for name in names if suffix_of(name, [ZARR_ZIP_SUFFIX]))])
                folders[:] = [name for name in folders if name not in stores]
