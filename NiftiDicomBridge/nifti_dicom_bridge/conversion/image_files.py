"""Which of the inputs are NIfTI images."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..formats import nifti
from ..formats.zarr import is_store


def nifti_files(inputs: Sequence[Path]) -> Iterator[Path]:
    """Yield the NIfTI files among and below the inputs, sorted."""
    for given in inputs:
        if given.is_dir() and not is_store(given):
            for root, folders, names in os.walk(given):
                folders[:] = sorted(f for f in folders if not f.startswith(".") and not is_store(Path(root, f)))
                yield from (Path(root, name) for name in sorted(names) if is_nifti(Path(name)) and not name.startswith("."))
        elif is_nifti(given):
            yield given


def is_nifti(path: Path) -> bool:
    """Whether a file is called like a NIfTI image."""
    return path.name.lower().endswith(nifti.SUFFIXES) and not path.is_dir()
