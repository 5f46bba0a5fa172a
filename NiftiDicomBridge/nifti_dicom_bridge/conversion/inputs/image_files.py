"""Which of the inputs are images of NIfTI, NRRD, MetaImage or MGH."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from ...errors import BridgeError
from ...formats.dicom.reading.grouping.found_files import Leftover
from ...formats.dicom.reading.grouping.series import Inventory
from ...formats.zarr import check_package, is_store, stores_below
from ...model.files.input_files import HIDDEN, Problem, is_apple_double, walk
from ...model.files.names import OTHER_SUFFIXES, is_nifti, pair_of, suffix_of
from ...model.report import ConversionReport, Entry, Outcome
from ...options import ConversionOptions, Progress
from ..execution.recorded_errors import errors_recorded_in
from ..execution.task_runner import TaskRunner
from .image_with_record import ImageWithRecord, open_nifti, open_store, with_record
from .selection import Selection, find_selected

_ARCHIVES = frozenset({".zip", ".tar", ".tgz", ".tbz2", ".txz", ".gz", ".bz2", ".xz", ".zst", ".7z", ".rar"})


def nifti_files(inputs: Sequence[Path], follow_links: bool = False) -> Iterator[Path]:
    """Yield the images among and below the inputs, sorted, each once: NIfTI, and other formats that become DICOM alike."""
    seen: set[str] = set()
    for path in _image_paths(inputs, follow_links):
        header, _ = pair_of(path) or (path, path)
        if (name := os.path.abspath(header)) not in seen:
            seen.add(name)
            yield path


def _image_paths(inputs: Sequence[Path], follow_links: bool) -> Iterator[Path]:
    for given in inputs:
        if given.is_dir() and not is_store(given):
            for root, folders, names in walk(given, follow_links, []):
                folders[:] = [name for name in folders if not is_store(root / name)]
                yield from (root / name for name in names if _is_listed(root / name))
        elif is_nifti_file(given):
            yield given


def _is_listed(path: Path) -> bool:
    """Whether a file of a folder is an image; of images in two files, the header is."""
    if not is_nifti_file(path):
        return False
    pair = pair_of(path)
    return pair is None or path == pair[0]


def lone_halves(inputs: Sequence[Path]) -> Iterator[tuple[Path, Path]]:
    """Yield the inputs that are half of an image in two files, each with the other half, which is missing."""
    for path in inputs:
        if (pair := pair_of(path)) and path.is_file():
            yield from ((path, other) for other in pair if not other.is_file())


_FOREIGN = {
    ".mif": ("MRtrix", "mrconvert"), ".mih": ("MRtrix", "mrconvert"), ".mnc": ("MINC", "mnc2nii"),
    ".head": ("AFNI", "3dAFNItoNIFTI"), ".brik": ("AFNI", "3dAFNItoNIFTI"), ".par": ("Philips PAR/REC", "dcm2niix"),
    ".nia": ("ASCII NIfTI", "fslchfiletype"), ".gipl": ("GIPL", "SimpleITK"), ".vtk": ("VTK", "SimpleITK"),
    ".v": ("ECAT", "nibabel"),
}  # fmt: skip
"""Images of other tools: suffix → format, and what writes them as NIfTI."""


def note_of_foreign(inputs: Sequence[Path], follow_links: bool = False) -> str:
    """Return that inputs, or files below them, are images of a format that is not read, and what converts them."""
    for path in _files(inputs, follow_links):
        suffix = Path(path.name.lower().removesuffix(".gz")).suffix
        if suffix in _FOREIGN:
            name, tool = _FOREIGN[suffix]
            return f" {path.name} has the suffix of {name} images, which are not read: convert it to NIfTI, as with {tool}."
    return ""


def _files(inputs: Sequence[Path], follow_links: bool) -> Iterator[Path]:
    for given in inputs:
        if given.is_file():
            yield given
        elif given.is_dir():
            yield from (root / name for root, _, names in walk(given, follow_links, []) for name in names)


def note_of_archives(inputs: Sequence[Path], follow_links: bool = False) -> str:
    """Return that inputs are archives, or folders with archives, whose files are not read; empty for others."""
    for given in inputs:
        archives = [path for path in _files([given], follow_links) if path.suffix.lower() in _ARCHIVES]
        if archives:
            others = f" and {len(archives) - 1} more" if len(archives) > 1 else ""
            is_zip = archives[0].suffix.lower() == ".zip"
            remedy = f", or use the input zip://::{archives[0]}" if is_zip else ""
            return f" {archives[0].name}{others} must be unpacked first{remedy}."
    return ""


def is_nifti_file(path: Path) -> bool:
    """Whether a path has the suffix of an image, and is not a folder; of NIfTI in two files, both must exist."""
    if pair := pair_of(path):
        return all(map(os.path.isfile, pair))
    return bool(is_nifti(path) or suffix_of(path, OTHER_SUFFIXES)) and not os.path.isdir(path)


def opened_images(
    inputs: Sequence[Path], report: ConversionReport, options: ConversionOptions, runner: TaskRunner
) -> Iterator[ImageWithRecord]:
    """Yield the images that are selected; what cannot be read is a failed entry of the report."""
    selection = Selection.of(options)
    opener = partial(open_nifti, named=with_record(options.sidecar))
    yield from filter(selection.of_file, _opened(nifti_files(inputs, options.follow_links), opener, report, runner))
    stores = list(stores_below(inputs, options.follow_links))
    if stores:
        check_package()
    yield from filter(selection.of_file, _opened(stores, open_store, report, runner))


def selected_files(paths: Iterable[Path], selection: Selection) -> Iterator[Path]:
    """Yield the NIfTI files that are selected, and those that cannot be read."""
    return (path for path in paths if not selection.patterns or _is_selected(path, open_nifti, selection))


def selected_stores(paths: Iterable[Path], selection: Selection) -> Iterator[Path]:
    """Yield the Zarr stores that are selected, and those that cannot be read."""
    return (path for path in paths if not selection.patterns or _is_selected(path, open_store, selection))


def _is_selected(path: Path, opener: Callable[[Path], ImageWithRecord], selection: Selection) -> bool:
    try:
        return selection.of_file(opener(path))
    except BridgeError:  # its conversion reports the reason
        return True


def other_inputs(inputs: Sequence[Path]) -> list[Path]:
    """Return the inputs other than such images."""
    return [path for path in inputs if not is_nifti_file(path) and not is_store(path)]


def find_other_series(
    inputs: Sequence[Path], options: ConversionOptions, progress: Progress | None = None, jobs: int = 1
) -> Inventory:
    """Return the DICOM series that are selected; where such images cannot be read, their own reader reports it."""
    selection = Selection.of(options)
    inventory = find_selected(other_inputs(inputs), selection, progress, options.follow_links, jobs)
    inventory.leftovers = [leftover for leftover in inventory.leftovers if not is_nifti_file(Path(leftover.path))]
    if not selection.patterns:
        inventory.leftovers += _hidden_images(inputs, options.follow_links, {one.path for one in inventory.leftovers})
    return inventory


def _hidden_images(inputs: Sequence[Path], follow_links: bool, known: Collection[str]) -> list[Leftover]:
    """Return the hidden files and folders of the inputs with images other than DICOM, without those that are known."""
    problems: list[Problem] = []
    for given in inputs:
        if given.is_dir() and not is_store(given):
            for root, folders, _ in walk(given, follow_links, problems, _is_hidden_image):
                folders[:] = [name for name in folders if not is_store(root / name)]
    return [Leftover(path, reason) for path, reason, _ in problems if reason == HIDDEN and path not in known]


def _is_hidden_image(path: Path) -> bool:
    return (_is_listed(path) and not is_apple_double(path)) or is_store(path) or is_store(path.parent)


def _opened(
    paths: Iterable[Path], opener: Callable[[Path], ImageWithRecord], report: ConversionReport, runner: TaskRunner
) -> Iterator[ImageWithRecord]:
    for path in paths:
        entry, file = Entry(path.name, Outcome.CONVERTED, [path]), None
        with errors_recorded_in(entry):
            file = opener(path)
        if file is not None:
            yield file
        else:
            runner.report([entry], report)
