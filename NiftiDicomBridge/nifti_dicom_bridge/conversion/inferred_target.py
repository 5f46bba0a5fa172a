"""The format to write, by what the inputs are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from ..errors import DicomReadError, OptionError
from ..formats.dicom.reading.data_sets.files import NotDicom, begins_as_dicom, find_files, read_instance
from ..formats.zarr import stores_below
from ..model.files.names import NIFTI_SUFFIXES, suffix_of
from ..model.report import COMPANIONS
from ..options import Target
from ..options.urls import is_address, refuse_missing_input
from .inputs.image_files import nifti_files, other_inputs
from .remote.url_jobs import mirrored


def inferred_target(inputs: Sequence[Path], follow_links: bool = False) -> Target:
    """Return what inputs are converted to if the user does not choose: DICOM becomes NIfTI; NIfTI and Zarr become DICOM.

    Raises
    ------
    OptionError
        If the inputs contain both.
    DicomReadError
        If an input does not exist.
    """
    if any(map(is_address, inputs)):
        return Target.NIFTI
    with mirrored(inputs) as (_, paths, _):
        return _target_of(paths, follow_links)


def _target_of(inputs: Sequence[Path], follow_links: bool) -> Target:
    missing = [path for path in inputs if not path.exists()]
    if missing:
        refuse_missing_input(missing[0])
    image = next(_images(inputs, follow_links), None)
    if image is None:
        return Target.NIFTI
    instance = next(_dicom_files(inputs, follow_links), None)
    if instance is not None:
        raise OptionError(
            f"The inputs contain both DICOM ({instance}) and other images ({image}). Choose what to write by "
            'target="nifti" or target="dicom".'
        )
    return Target.DICOM


def _images(inputs: Sequence[Path], follow_links: bool) -> Iterator[Path]:
    yield from nifti_files(inputs, follow_links)
    yield from stores_below(inputs, follow_links)


def _dicom_files(inputs: Sequence[Path], follow_links: bool) -> Iterator[Path]:
    for path, name in find_files(other_inputs(inputs), [], follow_links):
        if not suffix_of(path, (*NIFTI_SUFFIXES, *COMPANIONS)) and _is_dicom(path, name):
            yield path


def _is_dicom(path: Path, name: str) -> bool:
    if begins_as_dicom(path):
        return True
    try:
        read_instance(path, name)
    except (NotDicom, DicomReadError, OSError):
        return False
    return True
