"""Images that are read with their sidecars, among inputs and below them: NIfTI files and Zarr stores."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from ..formats.zarr import check_package, is_store, stores_below
from ..model.report import ConversionReport, Entry, Outcome
from .image_file import NiftiFile, open_nifti
from .image_files import is_nifti, nifti_files
from .stage_zarr import open_store
from .to_nifti import failures_in


def opened_images(inputs: Sequence[Path], report: ConversionReport) -> Iterator[NiftiFile]:
    """Yield the images; what cannot be read is a failed entry of the report."""
    yield from _opened(nifti_files(inputs), open_nifti, report)
    stores = list(stores_below(inputs))
    if stores:
        check_package()
    yield from _opened(stores, open_store, report)


def other_inputs(inputs: Sequence[Path]) -> list[Path]:
    """Return the inputs that are no such image themselves."""
    return [path for path in inputs if not is_nifti(path) and not is_store(path)]


def _opened(paths: Iterable[Path], opener: Callable[[Path], NiftiFile], report: ConversionReport) -> Iterator[NiftiFile]:
    for path in paths:
        entry, file = Entry(path.name, Outcome.CONVERTED, [path]), None
        with failures_in(entry):
            file = opener(path)
        if file is not None:
            yield file
        else:
            report.entries.append(entry)
