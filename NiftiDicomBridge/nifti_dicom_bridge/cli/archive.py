"""The commands ``send``, ``search`` and ``fetch``."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from .convert import Registrar
from .exit_codes import DONE, FAILED
from .lines import print_json, print_line
from .progress_bar import ProgressBar
from .reading_options import chosen_files

if TYPE_CHECKING:
    from ..network.transfer_report import TransferReport


def run_send(arguments: argparse.Namespace, registrar: Registrar | None) -> int:
    """Send, and return the exit code."""
    from ..network.send import send
    from ..network.settings import read_archive_settings

    settings = read_archive_settings(arguments.archive_settings)
    with ProgressBar(arguments.quiet or arguments.json) as bar:
        report = send(chosen_files(arguments.inputs, arguments), arguments.archive, settings, bar.progress)
    return print_transfer(report, arguments)


def run_search(arguments: argparse.Namespace, registrar: Registrar | None) -> int:
    """Search, and return the exit code."""
    from ..network.search import search
    from ..network.settings import read_archive_settings
    from ..options.study_query import StudyQuery

    with ProgressBar(arguments.quiet or arguments.json) as bar:
        result = search(
            arguments.archive,
            limit=arguments.limit,
            list_series=arguments.list_series,
            settings=read_archive_settings(arguments.archive_settings),
            progress=bar.progress,
            **{name: getattr(arguments, name) for name in StudyQuery.__dataclass_fields__},
        )
    if arguments.json:
        print_json(result.to_dict())
    else:
        for line in result.table().split("\n"):
            print_line(line)
    return DONE if result.studies else FAILED


def run_fetch(arguments: argparse.Namespace, registrar: Registrar | None) -> int:
    """Fetch, and return the exit code."""
    from ..network.fetch import fetch
    from ..network.settings import read_archive_settings

    with ProgressBar(arguments.quiet or arguments.json) as bar:
        report = fetch(
            arguments.archive,
            arguments.output,
            study=arguments.study,
            patient=arguments.patient,
            series=arguments.series,
            accession=arguments.accession,
            settings=read_archive_settings(arguments.archive_settings),
            progress=bar.progress,
        )
    return print_transfer(report, arguments)


def print_transfer(report: TransferReport, arguments: argparse.Namespace) -> int:
    """Print a report, and return the exit code."""
    if getattr(arguments, "json", False):
        print_json(report.to_dict())
        return DONE if report.ok else FAILED
    for note in () if arguments.quiet else report.notes:
        print_line(f"note       {note}")
    for entry in report.entries:
        if entry.outcome.value == "failed":
            print_line(entry.line(), sys.stderr)
        elif arguments.verbose or (entry.warning and not arguments.quiet):
            print_line(entry.line())
    if not arguments.quiet:
        print_line(f"=> {report.summary()}")
    return DONE if report.ok else FAILED
