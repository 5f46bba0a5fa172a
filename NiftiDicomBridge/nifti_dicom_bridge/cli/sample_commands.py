"""The commands ``demo`` and ``create-sample``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .command_list import HELP
from .exit_codes import DONE, FAILED
from .lines import print_line

if TYPE_CHECKING:
    from .convert import Registrar


def add_demo(commands: Any) -> None:
    """Add the command."""
    sub = commands.add_parser(
        "demo",
        help=HELP["demo"],
        description="Create a small, difficult MR series, convert it to NIfTI and back, and compare the result with it.",
    )
    sub.add_argument("output", nargs="?", type=Path, metavar="OUT", help="keep the files there (default: a temporary folder)")


def run_demo(arguments: argparse.Namespace, registrar: Registrar | None) -> int:
    """Run the demo, and return the exit code."""
    from ..samples.demo import demo

    return DONE if demo(arguments.output, print) else FAILED


def add_create_sample(commands: Any) -> None:
    """Add the command."""
    sub = commands.add_parser(
        "create-sample",
        help=HELP["create-sample"],
        description="Create synthetic CT, MR, PET, enhanced MR, SEG, XA cine and US cine series of one patient.",
    )
    sub.add_argument("output", type=Path, metavar="DIR", help="folder to write to; must be empty or missing")


def run_create_sample(arguments: argparse.Namespace, registrar: Registrar | None) -> int:
    """Create the samples, and return the exit code."""
    from ..samples import create_samples

    for series in create_samples(arguments.output):
        print_line(f"created    {series.title} → {len(series.files)} file(s) in {series.files[0].parent}")
    return DONE
