"""The options of all commands that read images."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..options.choices import SELECTIONS
from .numbers import at_least_0


def selection_of(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the options that select images, as far as they are given."""
    return {name: value for name in SELECTIONS if (value := getattr(arguments, name))}


def chosen_files(inputs: Sequence[Path], arguments: argparse.Namespace) -> list[Path]:
    """Return the inputs, or with a selection the files of the images that match; raises `BridgeError` if none does."""
    if not selection_of(arguments):
        return list(inputs)
    from ..conversion.inputs.selection import selected_paths
    from ..options import ConversionOptions

    follow_links = getattr(arguments, "follow_links", False)
    return selected_paths(inputs, ConversionOptions(follow_links=follow_links, **selection_of(arguments)))


def add_reading(sub: Any) -> None:
    """Add the options."""
    sub.add_argument("--follow-links", action="store_true", help="also follow links to folders outside of the inputs")
    sub.add_argument("--size-limit", type=at_least_0, metavar="GB",
                     help="largest image or decompressed data set (default: what fits in memory, and 100 times the size of the "
                          "file)")  # fmt: skip


def add_selection(sub: Any) -> None:
    """Add the options that select images."""
    group = sub.add_argument_group("Selection", "patterns with * and ?, case-insensitive; each option may be repeated")
    group.add_argument("--series", action="append", metavar="UID|NUMBER|TEXT",
                       help="only series with this UID, number, description or protocol; or name of a NIfTI file")  # fmt: skip
    group.add_argument("--study", action="append", metavar="UID|ID|DATE|TEXT",
                       help="only studies with this UID, StudyID, date, description or accession number")  # fmt: skip
    group.add_argument("--patient", action="append", metavar="ID|NAME", help="only patients with this PatientID or name")
    group.add_argument("--modality", action="append", metavar="MR|CT|…", help="only images of this modality")
