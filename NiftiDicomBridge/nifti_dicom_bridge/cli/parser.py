"""The commands and their arguments."""

from __future__ import annotations

import argparse
import re
import sys
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn

from .apply import add_apply
from .archive_options import add_fetch, add_listen, add_send
from .convert_options import add_convert
from .exit_codes import USAGE
from .reading_options import add_reading, add_selection

PROGRAM = "nifti-dicom-bridge"
_EMPTY = re.compile(r"--[\w-]+=")
"""An option without a value."""


def parser_of_commands(can_register: bool) -> argparse.ArgumentParser:
    """Return the parser; with ``--register`` if there is a database to add files to."""
    parser = Parser(
        prog=PROGRAM,
        usage=f"{PROGRAM} INPUT -o OUT [options of convert]\n       {PROGRAM} COMMAND ...",
        description="DICOM → NIfTI with a JSON sidecar that holds everything, and back to the same DICOM.",
        epilog=f"'{PROGRAM} COMMAND --help' explains each command. Without a command, images are converted: DICOM to NIfTI, "
        "NIfTI and Zarr to DICOM.",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", prog=PROGRAM)
    add_convert(commands, can_register)
    add_apply(commands)
    _add_inspect(commands)
    _add_compare(commands)
    _add_validate(commands)
    add_send(commands)
    add_fetch(commands)
    add_listen(commands)
    _add_demo(commands)
    _add_create_sample(commands)
    return parser


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one sentence, without the list of all options."""

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Return the arguments; an unknown one is an error of the command, whose help lists the options.

        An empty one is refused: it is a variable of a script that is not set, and never what an option expects.
        """
        given = list(sys.argv[1:] if args is None else args)
        for before, word in zip(["", *given], given, strict=False):
            if not word or _EMPTY.fullmatch(word):
                what = word.rstrip("=") or (before if before.startswith("-") else "INPUT")
                self.error(f"argument {what}: it is empty. Is a variable not set?")
        arguments, unknown = self.parse_known_args(args, namespace)
        if unknown:
            commands: dict[str, Parser] = {}
            for action in self._actions:
                commands |= action.choices if isinstance(action, argparse._SubParsersAction) else {}
            command = commands.get(arguments.command, self)
            near = get_close_matches(unknown[0], command._option_string_actions, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            command.error(f"unrecognized arguments: {' '.join(unknown)}{hint}")
        return arguments

    def error(self, message: str) -> NoReturn:
        """End the program with a sentence about wrong arguments."""
        end = "" if message.endswith("?") else "."
        self.exit(USAGE, f"{self.prog}: {message}{end} '{self.prog} --help' lists the options.\n")


class _Version(argparse.Action):
    """Prints the version; looked up only when asked for, as finding it costs more than parsing all arguments."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from ..version import tool_version

        print(f"nifti-dicom-bridge {tool_version()}")
        parser.exit()


def _add_inspect(commands: Any) -> None:
    sub = commands.add_parser(
        "inspect",
        help="show what is there",
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


def _add_compare(commands: Any) -> None:
    sub = commands.add_parser(
        "compare",
        help="prove that two folders hold the same DICOM",
        description="Compare instances, elements, voxels and geometry; exit code 1 when they differ.",
    )
    sub.add_argument("first", type=Path, metavar="A", help="DICOM file or folder")
    sub.add_argument("second", type=Path, metavar="B", help="DICOM file or folder")
    add_reading(sub)
    add_selection(sub)
    sub.add_argument("--json", action="store_true", help="print JSON")
    _add_verbose(sub)


def _add_validate(commands: Any) -> None:
    sub = commands.add_parser(
        "validate",
        help="check DICOM files by the standard",
        description="Check attributes, values, VR, UIDs, pixel fields and geometry; exit code 1 when there are errors.",
    )
    sub.add_argument("inputs", nargs="+", type=Path, metavar="PATH", help="DICOM files, folders, or a DICOMDIR")
    add_reading(sub)
    add_selection(sub)
    sub.add_argument("--json", action="store_true", help="print JSON")
    sub.add_argument("-q", "--quiet", action="store_true", help="print errors only")
    _add_verbose(sub)


def _add_verbose(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("-v", "--verbose", action="count", default=0, help="-vv: print tracebacks of unexpected errors")


def _add_demo(commands: Any) -> None:
    sub = commands.add_parser(
        "demo",
        help="show the round trip on a sample made here",
        description="Create a small, difficult MR series, convert it to NIfTI and back, and compare the result with it.",
    )
    sub.add_argument("output", nargs="?", type=Path, metavar="OUT", help="keep the files there (default: a temporary folder)")


def _add_create_sample(commands: Any) -> None:
    sub = commands.add_parser(
        "create-sample",
        help="make sample DICOM of several modalities",
        description="Create synthetic CT, MR, PET, enhanced MR, SEG, XA cine and US cine series of one patient.",
    )
    sub.add_argument("output", type=Path, metavar="DIR", help="folder to write to; must be empty or missing")
