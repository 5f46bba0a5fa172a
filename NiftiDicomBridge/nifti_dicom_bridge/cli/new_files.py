"""Files that a command writes next to its images: reports and summaries."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..errors import OptionError, OutputError
from ..model.files.names import IMAGE_SUFFIXES


def add_report(sub: Any) -> None:
    """Add the option for reports."""
    sub.add_argument("--report", action="append", default=[], type=Path, metavar="FILE",
                     help="write a report: FILE.html for people, FILE.json for scripts; may be repeated")  # fmt: skip


def check_new_file(flag: str, path: Path, output: Path, overwrite: bool) -> None:
    """Refuse a file that cannot be written, before anything else is done; raises `OptionError`."""
    from ..output import recover

    if not path.parent.is_dir() and path.parent.resolve() != output.resolve():
        raise OptionError(f"{flag} {path}: the folder {path.parent} does not exist.")
    recover(path.parent)
    if os.path.lexists(path) and not overwrite:
        raise OptionError(f"{flag} {path} exists. Choose another name, or --overwrite to replace it.")
    if _is_sidecar(path):
        raise OptionError(f"{flag} {path} is the sidecar of an image, so it is not replaced. Choose another name.")


def check_different(paths: Sequence[Path]) -> None:
    """Refuse reports and summaries in one file, of which one would replace the other; raises `OptionError`."""
    if len({path.resolve() for path in paths}) < len(paths):
        raise OptionError("Several of --report and --summary name one file. Choose a name for each.")


def check_not_an_output(flag: str, path: Path, outputs: Sequence[Path]) -> None:
    """Refuse a name that an image or its sidecar has, which would be lost; raises `OutputError`."""
    if path.resolve() in {output.resolve() for output in outputs}:
        raise OutputError(f"{flag} {path} is the name of an output of this run. It was not written: choose another name.")


def _is_sidecar(path: Path) -> bool:
    return path.suffix.lower() == ".json" and any(path.with_suffix(image).exists() for image in IMAGE_SUFFIXES)
