"""The commands: what each is for, and where its arguments and its run are.

Both are imported for the command that is used, so that ``--help`` does not wait for the others.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

HELP = {
    "convert": "convert DICOM, NIfTI and Zarr",
    "apply": "run a NIfTI tool on DICOM series",
    "inspect": "list patients, studies, series and images",
    "compare": "compare two folders of DICOM files",
    "validate": "check DICOM files against the standard",
    "send": "send DICOM files to an archive",
    "search": "search an archive for studies",
    "fetch": "fetch series from an archive",
    "listen": "receive studies from scanners and archives",
    "demo": "convert a generated sample there and back",
    "create-sample": "create sample DICOM of several modalities",
}
"""Command → its line in the help of the program."""
_ARGUMENTS = {
    "convert": "convert_options", "apply": "apply", "inspect": "reading_commands", "compare": "reading_commands",
    "validate": "reading_commands", "send": "archive_options", "search": "archive_options", "fetch": "archive_options",
    "listen": "archive_options",
    "demo": "sample_commands", "create-sample": "sample_commands",
}  # fmt: skip
"""Command → the module that adds its arguments, by ``add_COMMAND``."""
_RUNS = {**_ARGUMENTS, "convert": "convert", "send": "archive", "search": "archive", "fetch": "archive", "listen": "listen"}
"""Command → the module that runs it, by ``run_COMMAND``."""


def arguments_of(command: str) -> Any:
    """Return what adds the arguments of a command to its parser."""
    return _function(_ARGUMENTS[command], "add", command)


def run_of(command: str) -> Any:
    """Return what runs a command: given its arguments and a `Registrar` or None, it returns the exit code."""
    return _function(_RUNS[command], "run", command)


def _function(module: str, verb: str, command: str) -> Any:
    return getattr(import_module(f".{module}", __package__), f"{verb}_{command.replace('-', '_')}")
