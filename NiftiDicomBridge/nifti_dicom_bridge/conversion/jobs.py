"""Jobs: what goes in, what comes out, and a report of everything in between."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

from ..errors import BridgeError, OptionError, without_credentials
from ..model.processes.failure import LOGGER, WithoutMessages
from ..model.processes.limits import size_limit
from ..model.report import ConversionReport, Outcome, Run
from ..options import ConversionOptions, Layout, Progress, Target
from ..options.checks import check_options
from ..options.path_fields import RequiredPath, RequiredPaths
from ..options.urls import is_address, is_url, shown_path
from ..output import recover
from ..version import tool_version
from .execution.task_runner import Finished, TaskRunner
from .inputs.selection import Selection, nothing_selected


@dataclass
class Job:
    """One conversion.

    Attributes
    ----------
    inputs : list of pathlib.Path
        Files and folders; one path or several. Also archives, with what to fetch:
        ``dicomweb:https://host/path/studies/UID`` or ``pacs:AETITLE@host:port?PatientID=ID``; and URLs of object stores:
        ``s3://bucket/folder``.
    output : pathlib.Path
        Folder to write to; created if missing. Also the URL of a folder in an object store.
    options : ConversionOptions
        All choices.

    Examples
    --------
    >>> from nifti_dicom_bridge import ConversionOptions, Job
    >>> Job("scans", "nifti").inputs
    [PosixPath('scans')]
    """

    inputs: RequiredPaths = RequiredPaths()
    output: RequiredPath = RequiredPath()
    options: ConversionOptions = field(default_factory=ConversionOptions)


def convert(job: Job, progress: Progress | None = None, finished: Finished | None = None) -> ConversionReport:
    """Convert everything that a job names; one failure does not stop the others.

    Parameters
    ----------
    job : Job
        What to do.
    progress : Progress, optional
        Receives the progress; may raise `Cancelled`.
    finished : callable, optional
        Given each entry of the report as soon as it is complete; with ``deidentify``, all of them at the end, when it is known
        what no sentence may contain.

    Returns
    -------
    ConversionReport
        One entry per series or image, and per file that was left out.

    Raises
    ------
    BridgeError
        If nothing can be started: an input does not exist, there is nothing to convert, an option contradicts itself.
    Cancelled
        If `progress` raises it; nothing half-written is left.

    Examples
    --------
    >>> from nifti_dicom_bridge import ConversionOptions, Job, convert
    >>> convert(Job("scans", "nifti", ConversionOptions(gzip=False)))
    ConversionReport: 1 converted
      converted  7 Oblique MR → nifti/7_Oblique_MR.nii
    """
    check_job(job)
    return convert_with(job, progress, finished, TaskRunner)


def check_job(job: Job) -> None:
    """Raise `OptionError` if a job has no input, or options that contradict each other."""
    if not job.inputs:
        raise OptionError("No input was given. Name the files or folders to convert.")
    check_options(job.options)
    if job.options.send and is_url(job.output):
        raise OptionError("send needs files on this computer, and the output is a URL. Leave out one of them.")


def convert_with(
    job: Job, progress: Progress | None, finished: Finished | None, runner_of: Callable[..., TaskRunner]
) -> ConversionReport:
    """Convert what a job names; `runner_of` returns what runs its tasks, given what `TaskRunner` takes."""
    run, start = _run_of(job), time.monotonic()
    if any(map(is_address, job.inputs)):
        from .remote.archives import fetched_inputs  # few conversions need it

        with fetched_inputs(job.inputs, job.options, progress) as fetched:
            finished = fetched.shown.finishing(finished)
            report = fetched.report(_convert_paths(job, fetched.paths, progress, finished, runner_of))
    else:
        report = _convert_paths(job, job.inputs, progress, finished, runner_of)
    if job.options.send:
        from .remote.archives import send_outputs

        send_outputs(report, job.options, progress)
    run.seconds = round(time.monotonic() - start, 3)
    report.run = run
    return report


def _convert_paths(
    job: Job, paths: Sequence[Path], progress: Progress | None, finished: Finished | None, runner_of: Callable[..., TaskRunner]
) -> ConversionReport:
    """Convert files, folders and URLs."""
    convert_files = partial(_convert, job.options, progress)
    if not any(map(is_url, (*paths, job.output))):
        return convert_files(paths, job.output, finished, runner_of)
    from .remote.url_jobs import convert_mirrors  # few conversions need it

    return convert_mirrors(paths, job.output, finished, runner_of, convert_files, are_named=not job.options.deidentify)


def _run_of(job: Job) -> Run:
    """Return what is done and when; names of inputs are left out where they may identify the patient."""
    started = datetime.now().astimezone().isoformat(timespec="seconds")
    if job.options.deidentify:
        return Run("", tool_version(), started, output=job.output)
    call = f"convert(Job({[str(path) for path in job.inputs]}, {str(job.output)!r}, {job.options!r}))"
    inputs, output = list(map(shown_path, job.inputs)), shown_path(job.output)
    return Run(without_credentials(call), tool_version(), started, 0.0, inputs, output)


def _convert(
    options: ConversionOptions, progress: Progress | None, inputs: Sequence[Path], output: Path, finished: Finished | None,
    runner_of: Callable[..., TaskRunner],
) -> ConversionReport:  # fmt: skip
    """Convert files and folders."""
    if options.target is Target.NIFTI and options.layout is Layout.BIDS:
        from .to_bids import convert_to_bids as run
    elif options.target is Target.NIFTI:
        from .to_nifti import convert_to_nifti as run
    elif options.target is Target.PREVIEW:
        from .to_preview import convert_to_preview as run
    elif options.target is Target.ZARR:
        from .to_zarr import convert_to_zarr as run
    else:
        from .to_dicom import convert_to_dicom as run
    if progress is not None and options.deidentify:
        progress = _without_titles(progress)
    notes = recover(output, progress)
    with size_limit(options.size_limit), _log_without_messages(options.deidentify):
        runner = runner_of(options.jobs, progress, None if options.deidentify else finished)
        report = run(inputs, output, options, runner)
    if finished is not None and options.deidentify:
        for entry in report.entries:
            finished(entry)
    if not report.entries and Selection.of(options).patterns:
        raise nothing_selected(inputs, options)
    if not any(entry.outcome is not Outcome.SKIPPED or entry.exists for entry in report.entries):
        from .inputs.nothing_found import message_of_nothing  # most conversions find something

        raise BridgeError(message_of_nothing(inputs, options, report))
    report.notes += notes
    return report


@contextmanager
def _log_without_messages(wanted: bool) -> Iterator[None]:
    """Keep messages of exceptions, which may contain any value, out of the log."""
    logger, filter_ = logging.getLogger(LOGGER), WithoutMessages()
    if wanted:
        logger.addFilter(filter_)
    try:
        yield
    finally:
        logger.removeFilter(filter_)


def _without_titles(progress: Progress) -> Progress:
    """Return a progress that shows no titles of series."""
    return lambda what, done, total: progress("images", done, total)
