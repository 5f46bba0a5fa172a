"""One image, written in any format."""

from __future__ import annotations

import os
import warnings
from dataclasses import replace
from pathlib import Path

from ...creation.image_with_sidecar import ImageWithSidecar, read_top
from ...creation.metadata_file import given_values
from ...deidentification import Deidentifier
from ...errors import BridgeWarning
from ...formats.dicom.edits import elements_of
from ...formats.dicom.job import DicomJob
from ...formats.dicom.write import write_dicom
from ...model.files.names import NIFTI_SUFFIXES, PREVIEW_SUFFIXES, suffix_of
from ...model.metadata import Log
from ...model.report import Entry, Outcome
from ...model.volume import Volume
from ...options import ConversionOptions, Kind, Target
from ...options.checks import check_single_image
from ...options.path_fields import AnyPath
from ...output import Staging
from ...sidecar import KEY
from .stage_nifti import stage_labels, stage_nifti


def write(volume: Volume, path: AnyPath, options: ConversionOptions | None = None, log: Log | None = None) -> list[Path]:
    """Write one image.

    Parameters
    ----------
    volume : Volume
        The image.
    path : path
        NIfTI, Zarr and pictures: the file, with or without suffix. DICOM: the folder.
    options : ConversionOptions, optional
        The target and all other choices. What applies only to the conversion of many images is refused.
    log : Log, optional
        Receives notes, warnings, and for new DICOM the source of each value. Without it, warnings are issued as
        `BridgeWarning`.

    Returns
    -------
    list of pathlib.Path
        The files written.

    Raises
    ------
    OptionError
        If options contradict each other, or apply only to the conversion of many images.
    OutputError
        If an output exists and may not be replaced.
    BridgeError
        If the image cannot be expressed in the format.

    Examples
    --------
    >>> from nifti_dicom_bridge import ConversionOptions, read, write
    >>> image = read("scans")[0]
    >>> [path.name for path in write(image, "copies/MR.nii")]
    ['MR.nii', 'MR.json']
    >>> len(write(image, "copies", ConversionOptions(target="dicom", uids="keep")))
    7
    """
    if log is not None:
        return _write(volume, path, options or ConversionOptions(), log)
    own = Log()
    outputs = _write(volume, path, options or ConversionOptions(), own)
    for text in dict.fromkeys(own.warnings):
        warnings.warn(text, BridgeWarning, stacklevel=2)
    return outputs


def _write(volume: Volume, path: AnyPath, options: ConversionOptions, log: Log) -> list[Path]:
    check_single_image(options)
    if options.target is Target.DICOM:
        return _write_dicom(volume, Path(path), options, log)
    if options.target is Target.PREVIEW:
        from ..to_preview import write_preview

        return write_preview(volume, _without_suffix(Path(path), (*PREVIEW_SUFFIXES, ".txt")), options, log)
    if options.deidentify:
        volume = Deidentifier.of(options).clean(volume, log)
    if options.target is Target.ZARR:
        from .stage_zarr import write_store

        return write_store(volume, Path(path), options)
    return _write_nifti(volume, Path(path), options)


def _without_suffix(path: Path, suffixes: tuple[str, ...]) -> Path:
    return path.with_name(path.name.removesuffix(suffix_of(path, suffixes)))


def _write_nifti(volume: Volume, path: Path, options: ConversionOptions) -> list[Path]:
    suffix = suffix_of(path, NIFTI_SUFFIXES)
    options = replace(options, gzip=suffix.lower().endswith(".gz")) if suffix else options
    name = path.name.removesuffix(suffix)
    with Staging(path.parent, options.overwrite) as staging:
        stage_nifti(volume, name, staging, options)
        stage_labels(volume, name, staging)
        return staging.commit()


def _write_dicom(volume: Volume, folder: Path, options: ConversionOptions, log: Log) -> list[Path]:
    """Restore the series of an image, or create a new object; the latter is checked against the standard."""
    from ..new_objects import violations

    job = DicomJob(options)
    if options.deidentify:
        volume = Deidentifier.of(options).clean(volume, log)
    entry = Entry(volume.name, Outcome.RESTORED, log=log)
    values = {keyword: text for keyword, (text, _) in given_values(options).items()}
    if not _create(volume, folder, job, entry):
        with Staging(folder, options.overwrite) as staging:
            entry.outcome = write_dicom([volume], staging, job, log, elements_of(values))
            entry.outputs = staging.commit()
    if entry.outcome in (Outcome.CONVERTED, Outcome.DERIVED):
        log.warnings += violations(entry.outputs)
    return entry.outputs


def _create(volume: Volume, folder: Path, job: DicomJob, entry: Entry) -> bool:
    """Create a new object of an image that has no record, or that becomes another kind; return whether that was done."""
    if volume.source is not None and job.options.kind is Kind.AUTO:
        return False
    from ..new_objects import ObjectBuilder

    objects = ObjectBuilder(job, folder)
    if volume.source is not None:
        return objects.recast([volume], entry)
    sidecar = job.options.sidecar
    keys = {key: value for key, value in read_top(sidecar).items() if key != KEY} if sidecar is not None else {}
    nowhere = Path(os.sep, "in memory", volume.name + ".nii")  # no file next to it can be taken for its own
    objects.create_of(ImageWithSidecar(volume, nowhere, keys, str(sidecar or "")), entry)
    return True
