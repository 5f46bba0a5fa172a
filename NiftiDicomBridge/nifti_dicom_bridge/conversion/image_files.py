"""Which of the inputs are NIfTI images."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from ..formats.zarr import check_package, is_store, stores_below
from ..model.names import is_nifti
from ..model.report import ConversionReport, Entry, Outcome
from .entries import failures_in
from .image_with_record import NiftiFile, open_nifti, open_store


def nifti_files(inputs: Sequence[Path]) -> Iterator[Path]:
    """Yield the NIfTI files among and below the inputs, sorted."""
    for given in inputs:
        if given.is_dir() and not is_store(given):
            for root, folders, names in os.walk(given):
                folders[:] = sorted(f for f in folders if not f.startswith(".") and not is_store(Path(root, f)))
                yield from (Path(root, name) for name in sorted(names) if is_nifti(name) and not name.startswith("."))
        elif is_nifti_file(given):
            yield given


def is_nifti_file(path: Path) -> bool:
    """Whether a path has the suffix of a NIfTI image, and is not a folder."""
    return is_nifti(path) and not path.is_dir()


def opened_images(inputs: Sequence[Path], report: ConversionReport) -> Iterator[NiftiFile]:
    """Yield the images; what cannot be read is a failed entry of the report."""
    yield from _opened(nifti_files(inputs), open_nifti, report)
    stores = list(stores_below(inputs))
    if stores:
        check_package()
    yield from _opened(stores, open_store, report)


def other_inputs(inputs: Sequence[Path]) -> list[Path]:
    """Return the inputs that are no such image themselves."""
    return [path for path in inputs if not is_nifti_file(path) and not is_store(path)]


def _opened(paths: Iterable[Path], opener: Callable[[Path], NiftiFile], report: ConversionReport) -> Iterator[NiftiFile]:
    for path in paths:
        entry, file = Entry(path.name, Outcome.CONVERTED, [path]), None
        with failures_in(entry):
            file = opener(path)
        if file is not None:
            yield file
        else:
            report.entries.append(entry)
