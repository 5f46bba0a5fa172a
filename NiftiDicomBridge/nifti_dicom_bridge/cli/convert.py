"""The command ``convert``: from the arguments to the report."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ..errors import OptionError
from ..options import ConversionOptions, PreviewOptions, Target
from ..options.wording import command_line_words
from .exit_codes import DONE, FAILED
from .lines import print_line
from .progress_bar import ProgressBar

if TYPE_CHECKING:
    from ..model.report import ConversionReport, Entry


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

    with ProgressBar(quiet=arguments.quiet) as bar:
        report = convert(Job(arguments.inputs, arguments.output, options), bar.progress).in_words(command_line_words)
    print_report(report, arguments.quiet, arguments.verbose)
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


def print_report(report: ConversionReport, quiet: bool, verbose: int) -> None:
    """Print what became of each series: failures to standard error, the rest as `quiet` and `verbose` allow."""
    for note in () if quiet else report.notes:
        print_line(f"note       {note}")
    for entry in report.entries:
        if entry.outcome.value == "failed":
            for line in entry.line().split("\n"):
                print_line(line, sys.stderr)
        elif not quiet and (verbose or entry.exists or entry.outcome.value != "skipped"):
            print_line(entry.line())
            for line in _entry_details(entry, verbose):
                print_line(" " * 11 + line)
    skipped = sum(entry.outcome.value == "skipped" and not entry.exists for entry in report.entries)
    if skipped and not quiet and not verbose:
        print(f"skipped    {skipped} file(s) that are no images or duplicates (-v names them)")


def _entry_details(entry: Entry, verbose: int) -> list[str]:
    lines = [f"note: {text}" for text in entry.log.warnings]
    lines += [f"{c.attribute}: {c.old or '(absent)'} → {c.new} ({c.source})" for c in entry.log.changes]
    return lines + (entry.log.notes + [str(path) for path in entry.outputs] if verbose else [])
