"""Jobs: what goes in, what comes out, and a report of everything in between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import BridgeError, OptionError
from ..model.report import ConversionReport, Outcome
from ..options import ConversionOptions, Layout, Names, Progress, Target, Uids


@dataclass
class Job:
    """One conversion.

    Attributes
    ----------
    inputs : sequence of pathlib.Path
        Files and folders.
    output : pathlib.Path
        Folder to write to; made when missing.
    options : ConversionOptions
        All choices.
    """

    inputs: Sequence[Path]
    output: Path
    options: ConversionOptions = field(default_factory=ConversionOptions)


def convert(job: Job, progress: Progress | None = None) -> ConversionReport:
    """Convert everything that a job names; one failure does not stop the others.

    Parameters
    ----------
    job : Job
        What to do.
    progress : Progress, optional
        Told how far it is; may raise `Cancelled`.

    Returns
    -------
    ConversionReport
        One entry per series or image, and per file that was left out.

    Raises
    ------
    BridgeError
        If nothing can be started: an input does not exist, there is nothing to convert, an option contradicts itself.
    Cancelled
        If `progress` said so; nothing half-written is left.
    """
    inputs = [Path(path) for path in job.inputs]
    if not inputs:
        raise OptionError("No input was given. Name the files or folders to convert.")
    _check_deidentification(job.options)
    if job.options.target is Target.NIFTI and job.options.layout is Layout.BIDS:
        from .to_bids import to_bids as run
    elif job.options.target is Target.NIFTI:
        from .to_nifti import to_nifti as run
    elif job.options.target is Target.PREVIEW:
        from .to_preview import to_preview as run
    elif job.options.target is Target.ZARR:
        from .to_zarr import to_zarr as run
    else:
        from .to_dicom import to_dicom as run
    report = run(inputs, Path(job.output), job.options, progress)
    if not any(entry.outcome is not Outcome.SKIPPED for entry in report.entries):
        raise BridgeError(_nothing_found(job, inputs, report))
    return report


def _check_deidentification(options: ConversionOptions) -> None:
    """Refuse what --deidentify contradicts, before anything is read."""
    if options.deidentify_key and not options.deidentify:
        raise OptionError("--deidentify-key tells how UIDs are replaced: use it with --deidentify.")
    if not options.deidentify:
        return
    if options.target is Target.DICOM and options.uids is Uids.KEEP:
        raise OptionError("--deidentify replaces all UIDs: leave out --uids keep.")
    if options.target is Target.DICOM and options.names is Names.ORIGINAL:
        raise OptionError("--deidentify writes no name that a file had: leave out --names original.")
    references = options.reference or options.study_from or any(own.reference for own in options.per_file.values())
    if options.target is Target.DICOM and references:
        raise OptionError("--reference and --study-from say whose the image is: leave them out, or --deidentify.")
    if options.layout is Layout.BIDS:
        raise OptionError("--deidentify has no names for the subjects of --layout bids: de-identify --to dicom first.")


def _nothing_found(job: Job, inputs: Sequence[Path], report: ConversionReport) -> str:
    where = ", ".join(map(str, inputs))
    wanted = "DICOM images" if job.options.target is Target.NIFTI else "NIfTI or DICOM images or Zarr stores"
    others = f" {len(report.entries)} other DICOM object(s) are there, without pixel data." if report.entries else ""
    return f"No {wanted} were found in {where}.{others} Check the path."
