"""The command ``convert``: from the arguments to the report."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ..errors import OptionError
from ..options import ConversionOptions, PreviewOptions, Target
from ..options.wording import command_line_words
from .deidentification_options import identity_notice
from .exit_codes import DONE, FAILED
from .lines import print_line
from .progress_bar import ProgressBar

if TYPE_CHECKING:
    from ..model.report import ConversionReport, Entry


ALL_PROCESSORS = 0
_LAST = ("failed", "skipped")


class Registrar(Protocol):
    """Adds DICOM files to a database."""

    def check(self) -> None:
        """Raise `OutputError` unless files can be added; called before anything is written."""

    def __call__(self, files: list[Path]) -> str:
        """Add files, and return a sentence about it."""


def run_convert(arguments: argparse.Namespace, registrar: Registrar | None) -> int:
    """Convert, and return the exit code."""
    from ..conversion.jobs import Job, convert
    from ..options.checks import check_options

    if arguments.jobs is None:
        arguments.jobs = ALL_PROCESSORS if registrar is None else 1  # inside Slicer, there are no processes to use
    options = ConversionOptions(
        **_chosen(arguments, ConversionOptions),
        set_values=dict(pair(text) for text in arguments.attributes),
        preview=PreviewOptions(**_chosen(arguments, PreviewOptions)),
    )
    register = getattr(arguments, "register", False)
    check_options(options)
    if register and options.target is not Target.DICOM:
        raise OptionError("--register adds DICOM files to the database. Use it with --to dicom, or leave it out.")
    if arguments.report:
        check_report(arguments.report, arguments.output, options.overwrite)
    if register and registrar is not None:
        registrar.check()

    start, notices = time.monotonic(), iter([identity_notice(options)])
    with ProgressBar(quiet=arguments.quiet) as bar:

        def finished(entry: Entry) -> None:
            bar.clear()
            if entry.outputs and not arguments.quiet and (notice := next(notices, "")):
                print_line(notice)
            print_entry(entry.in_words(command_line_words), arguments.quiet, arguments.verbose)

        job = Job(arguments.inputs, arguments.output, options)
        report = convert(job, bar.progress, finished).in_words(command_line_words)
    if not arguments.quiet:
        _print_end(report, time.monotonic() - start, arguments.verbose)
    if register and registrar is not None and report.outputs:
        print_line(registrar(report.outputs))
    if arguments.report:
        write_report_file(report, arguments.report, arguments.quiet, options.overwrite)
    return DONE if report.ok else FAILED


def _chosen(arguments: argparse.Namespace, options: type) -> dict[str, Any]:
    """Return the arguments that are options, by the names of their fields."""
    given = vars(arguments)
    return {field.name: given[field.name] for field in fields(options) if given.get(field.name) is not None}


def pair(text: str) -> tuple[str, str]:
    """Return keyword and value of ``--set``; raises `OptionError` if it is not ``KEYWORD=VALUE``."""
    keyword, equals, value = text.partition("=")
    if not equals or not keyword:
        raise OptionError(f"--set {text!r}: KEYWORD=VALUE was expected, such as --set PatientID=007.")
    return keyword.strip(), value


def check_report(report: Path, output: Path, overwrite: bool) -> None:
    """Refuse a report that cannot be written, before anything else is done; raises `OptionError`."""
    from ..html_report import check_suffix
    from ..output import recover

    check_suffix(report)
    if not report.parent.is_dir() and report.parent.resolve() != output.resolve():
        raise OptionError(f"--report {report}: the folder {report.parent} does not exist.")
    recover(report.parent)
    if os.path.lexists(report) and not overwrite:
        raise OptionError(f"--report {report} exists. Choose another name, or --overwrite to replace it.")


def write_report_file(report: ConversionReport, path: Path, quiet: bool, overwrite: bool) -> None:
    """Write a report, with progress."""
    from ..html_report import write_report

    with ProgressBar(quiet) as bar:
        write_report(report, path, bar.progress, overwrite)


def print_entry(entry: Entry, quiet: bool, verbose: int) -> None:
    """Print what became of a series: a failure to standard error, the rest as `quiet` and `verbose` allow."""
    if entry.outcome.value == "failed":
        for line in entry.line().split("\n"):
            print_line(line, sys.stderr)
    elif not quiet and (verbose or entry.exists or entry.outcome.value != "skipped"):
        print_line(entry.line())
        for line in _entry_details(entry, verbose):
            print_line(" " * 11 + line)
        sys.stdout.flush()


def _print_end(report: ConversionReport, seconds: float, verbose: int) -> None:
    """Print what concerns all images, and the last line: ``129 converted, 2 failed, 89 skipped, 4.8 s``."""
    for note in report.notes:
        print_line(f"note       {note}")
    print_counts(report, seconds, verbose)


def print_counts(report: ConversionReport, seconds: float, verbose: int) -> None:
    """Print how many series ended how, and how long it took."""
    counts = Counter(entry.outcome.value for entry in report.entries)
    hint = " (-v lists them)" if not verbose else ""
    parts = [f"{count} {outcome}{hint * (outcome == 'skipped')}" for outcome, count in sorted(counts.items(), key=_by_outcome)]
    print_line(", ".join([*parts, f"{seconds:.1f} s"]))


def _by_outcome(counted: tuple[str, int]) -> int:
    return _LAST.index(counted[0]) if counted[0] in _LAST else -1


def _entry_details(entry: Entry, verbose: int) -> list[str]:
    lines = [f"note: {text}" for text in entry.log.warnings]
    lines += [f"{c.attribute}: {c.old or '(absent)'} → {c.new} ({c.source})" for c in entry.log.changes]
    return lines + (entry.log.notes + [str(path) for path in entry.outputs] if verbose else [])
