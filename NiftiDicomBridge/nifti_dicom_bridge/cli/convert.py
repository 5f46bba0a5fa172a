"""The command ``convert``: from the arguments to the report."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ..errors import OptionError, without_credentials
from ..options import ConversionOptions, PreviewOptions, Target
from .cluster_options import check_cluster, convert_where, write_summaries
from .deidentification_options import identity_notice
from .entry_lines import EntryLines
from .exit_codes import DONE, FAILED
from .lines import print_line
from .new_files import check_different, check_new_file, check_not_an_output
from .progress_bar import ProgressBar
from .words import reported_in_words

if TYPE_CHECKING:
    from ..model.report import ConversionReport, Entry


ALL_PROCESSORS = 0
_FOUND = {Target.NIFTI: "DICOM", Target.DICOM: "not DICOM"}
_WRITTEN = {Target.NIFTI: "NIfTI", Target.DICOM: "DICOM"}


class Registrar(Protocol):
    """Adds DICOM files to a database."""

    def check(self) -> None:
        """Raise `OutputError` unless files can be added; called before anything is written."""

    def __call__(self, files: list[Path]) -> str:
        """Add files, and return a sentence about it."""


def run_convert(arguments: argparse.Namespace, registrar: Registrar | None) -> int:
    """Convert, and return the exit code; raises `OptionError` if options contradict each other."""
    from ..conversion.jobs import Job

    target_notice = _infer_target(arguments)
    options = _checked_options(arguments, registrar)
    start, first_notices, notices = time.monotonic(), iter([target_notice]), iter([identity_notice(options)])
    lines = EntryLines(arguments.quiet, arguments.verbose)
    with ProgressBar(quiet=arguments.quiet) as bar:

        def finished(entry: Entry) -> None:
            bar.clear()
            if not arguments.quiet and (notice := next(first_notices, "")):
                print_line(notice)
            if entry.outputs and not arguments.quiet and (notice := next(notices, "")):
                print_line(notice)
            lines.show(entry)

        job = Job(arguments.inputs, arguments.output, options)
        report = reported_in_words(convert_where(job, arguments, bar.progress, finished))
    lines.end(report, time.monotonic() - start, can_continue=not options.overwrite)
    if getattr(arguments, "register", False) and registrar is not None and report.outputs:
        print_line(registrar(report.outputs))
    write_reports(report, arguments, options.overwrite)
    write_summaries(report, arguments, time.monotonic() - start)
    return DONE if report.ok else FAILED


def _checked_options(arguments: argparse.Namespace, registrar: Registrar | None) -> ConversionOptions:
    """Return the options; raises `OptionError` or `OutputError` if something could not be done, before anything is read."""
    from ..options.checks import check_options

    check_cluster(arguments, registrar is not None)
    if arguments.jobs is None:
        arguments.jobs = ALL_PROCESSORS if registrar is None else 1  # inside Slicer, there are no processes to use
    options = ConversionOptions(
        **_chosen(arguments, ConversionOptions),
        set_values=pairs(arguments.attributes),
        preview=PreviewOptions(**_chosen(arguments, PreviewOptions)),
    )
    check_options(options)
    register = getattr(arguments, "register", False)
    if register and options.target is not Target.DICOM:
        raise OptionError("--register adds DICOM files to the database. Use it with --to dicom, or leave it out.")
    check_reports(arguments.report, arguments.output, options.overwrite)
    check_different([*arguments.summary, *arguments.report])
    if register and registrar is not None:
        registrar.check()
    return options


def _infer_target(arguments: argparse.Namespace) -> str:
    """Set the target by the inputs if the user did not choose one; return the line that states it, empty for a chosen one."""
    if arguments.target is not None:
        return ""
    from ..conversion.inferred_target import inferred_target

    target = inferred_target(arguments.inputs, arguments.follow_links)
    arguments.target = target.value
    return f"note       the input is {_FOUND[target]}: {_WRITTEN[target]} is written; --to chooses another format"


def _chosen(arguments: argparse.Namespace, options: type) -> dict[str, Any]:
    """Return the arguments that are options, by the names of their fields."""
    given = vars(arguments)
    return {field.name: given[field.name] for field in fields(options) if given.get(field.name) is not None}


def pairs(texts: Sequence[str]) -> dict[str, str]:
    """Return keywords and values of ``--set``; raises `OptionError` if one is not ``KEYWORD=VALUE``, or has two values."""
    values: dict[str, str] = {}
    for text in texts:
        keyword, equals, value = text.partition("=")
        if not equals or not keyword:
            raise OptionError(f"--set {text!r}: KEYWORD=VALUE was expected, such as --set PatientID=007.")
        if values.setdefault(keyword.strip(), value) != value:
            raise OptionError(f"--set {keyword.strip()} is given with several values. Leave out all but one.")
    return values


def check_reports(paths: Sequence[Path], output: Path, overwrite: bool) -> None:
    """Refuse reports that cannot be written, before anything else is done; raises `OptionError`."""
    if paths:
        from ..html_report import check_suffix

        for path in paths:
            check_suffix(path)
            check_new_file("--report", path, output, overwrite)


def write_reports(report: ConversionReport, arguments: argparse.Namespace, overwrite: bool) -> None:
    """Write reports with the command line, with progress; a run that protects patients does not state its command."""
    if not arguments.report:
        return
    from ..html_report import write_report

    if report.run is not None and report.run.command:
        report.run.command = without_credentials(arguments.command_line)
    for path in arguments.report:
        check_not_an_output("--report", path, report.outputs)
        with ProgressBar(arguments.quiet) as bar:
            write_report(report, path, bar.progress, overwrite)
