"""The commands ``inspect``, ``compare`` and ``validate``, which only read."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..model.processes.limits import size_limit
from .command_list import HELP
from .exit_codes import DONE, FAILED
from .lines import print_json, print_line
from .progress_bar import ProgressBar
from .reading_options import add_reading, add_selection, chosen_files, selection_of

if TYPE_CHECKING:
    from .convert import Registrar


def add_inspect(commands: Any) -> None:
    """Add the command."""
    sub = commands.add_parser(
        "inspect",
        help=HELP["inspect"],
        description="Show patients, studies and series, what each becomes, and what is wrong with it.",
    )
    sub.add_argument("inputs", nargs="+", type=Path, metavar="INPUT",
                     help="DICOM or NIfTI files, Zarr stores, folders, a DICOMDIR, or a URL: s3://BUCKET/FOLDER")  # fmt: skip
    add_reading(sub)
    add_selection(sub)
    sub.add_argument("--deep", action="store_true", help="also decode all pixel data, to find damage that headers do not show")
    shown = sub.add_mutually_exclusive_group()
    shown.add_argument("--json", action="store_true", help="print JSON, with all UIDs and paths")
    shown.add_argument("--bids-map", action="store_true",
                       help="print a map to edit for convert --bids-map, with a row for each series")  # fmt: skip
    _add_verbose(sub)


def run_inspect(arguments: argparse.Namespace, registrar: Registrar | None) -> int:
    """Show what is there, and return the exit code."""
    from ..conversion.inspection.inspect import inspect

    selection = selection_of(arguments)
    with ProgressBar(quiet=arguments.json or arguments.bids_map) as bar, size_limit(arguments.size_limit):
        if arguments.bids_map:
            from ..conversion.inspection.bids_map_starter import bids_map_starter

            print_json(bids_map_starter(arguments.inputs, bar.progress, arguments.follow_links, **selection))
            return DONE
        inspection = inspect(arguments.inputs, bar.progress, arguments.follow_links, deep=arguments.deep, **selection)
    _print(inspection.to_dict() if arguments.json else inspection.table(), arguments.json)
    return FAILED if inspection.problems else DONE


def add_compare(commands: Any) -> None:
    """Add the command."""
    sub = commands.add_parser(
        "compare",
        help=HELP["compare"],
        description="Compare instances, elements, voxels and geometry; exit code 1 when they differ.",
    )
    sub.add_argument("first", type=Path, metavar="A", help="DICOM file or folder")
    sub.add_argument("second", type=Path, metavar="B", help="DICOM file or folder")
    add_reading(sub)
    add_selection(sub)
    sub.add_argument("--json", action="store_true", help="print JSON")
    _add_verbose(sub)


def run_compare(arguments: argparse.Namespace, registrar: Registrar | None) -> int:
    """Compare, and return the exit code."""
    from ..conversion.comparison import compare

    with ProgressBar(quiet=arguments.json) as bar, size_limit(arguments.size_limit):
        first, second = (chosen_files([side], arguments) for side in (arguments.first, arguments.second))
        comparison = compare(first, second, bar.progress, arguments.follow_links)
    _print(comparison.to_dict() if arguments.json else comparison.table(), arguments.json)
    return DONE if comparison.same else FAILED


def add_validate(commands: Any) -> None:
    """Add the command."""
    sub = commands.add_parser(
        "validate",
        help=HELP["validate"],
        description="Check attributes, values, VR, UIDs, pixel fields and geometry; exit code 1 when there are errors.",
    )
    sub.add_argument("inputs", nargs="+", type=Path, metavar="PATH", help="DICOM files, folders, or a DICOMDIR")
    add_reading(sub)
    add_selection(sub)
    sub.add_argument("--json", action="store_true", help="print JSON")
    sub.add_argument("-q", "--quiet", action="store_true", help="print errors only")
    _add_verbose(sub)


def run_validate(arguments: argparse.Namespace, registrar: Registrar | None) -> int:
    """Check, and return the exit code."""
    from ..validation import validate

    with ProgressBar(quiet=arguments.json or arguments.quiet) as bar, size_limit(arguments.size_limit):
        report = validate(chosen_files(arguments.inputs, arguments), bar.progress, arguments.follow_links)
    if arguments.json:
        _print(report.to_dict(), as_json=True)
    else:
        for line in report.lines(arguments.quiet):
            _print(line, as_json=False)
    return DONE if report.ok else FAILED


def _add_verbose(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("-v", "--verbose", action="count", default=0, help="-vv: print tracebacks of unexpected errors")


def _print(value: Any, as_json: bool) -> None:
    from .words import texts_in_words

    shown = texts_in_words(value)
    if as_json:
        print_json(shown)
        return
    for line in shown.split("\n"):
        print_line(line)
