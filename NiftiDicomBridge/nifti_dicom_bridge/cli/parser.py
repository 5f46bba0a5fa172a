"""The commands and their arguments."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from ..errors import without_credentials
from .command_list import HELP, arguments_of
from .exit_codes import USAGE

PROGRAM = "nifti-dicom-bridge"
DOCUMENTATION = "https://niftidicombridge.github.io/SlicerNiftiDicomBridge/"
CONVERT, APPLY = "convert", "apply"
WINDOW = "--window"
_EMPTY = re.compile(r"--[\w-]+=")
"""An option without a value."""


def parser_of_commands(can_register: bool, command: str | None = None) -> argparse.ArgumentParser:
    """Return the parser; with ``--register`` if there is a database to add files to.

    Given a command, or an empty text for none, only this one has its arguments: the others would be built in vain.
    """
    parser = Parser(
        prog=PROGRAM,
        usage=f"{PROGRAM} INPUT -o OUT [options of convert]\n       {PROGRAM} COMMAND ...",
        description="Convert DICOM to NIfTI with a JSON sidecar that contains every element, and back to the same DICOM files.",
        epilog=f"'{PROGRAM} COMMAND --help' explains each command. Without a command, images are converted: DICOM to NIfTI, "
        f"NIfTI and Zarr to DICOM; 'deidentify' is short for 'convert --to dicom --deidentify'. Documentation (docs/ in the "
        f"help): {DOCUMENTATION}",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", prog=PROGRAM)
    for name, text in HELP.items():
        if command not in (None, name):
            commands.add_parser(name, help=text)
        elif name == CONVERT:
            arguments_of(name)(commands, can_register)
        else:
            arguments_of(name)(commands)
    return parser


def split_task(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the arguments of this program, and those of the command after ``--`` that ``apply`` runs."""
    arguments = list(arguments)
    if arguments[:1] != [APPLY] or "--" not in arguments:
        return arguments, []
    place = arguments.index("--")
    return arguments[:place], arguments[place + 1 :]


def joined(argv: Sequence[str]) -> list[str]:
    """Return arguments of which a window with a negative center is not taken for an option: ``--window -600,1500``."""
    words: list[str] = []
    for word in argv:
        if words and words[-1] == WINDOW and word[:1] == "-" and word[1:2].isdigit():
            words[-1] = f"{WINDOW}={word}"
        else:
            words.append(word)
    return words


class HelpFormatter(argparse.HelpFormatter):
    """Breaks lines between words only: a value such as ``as-stored`` stays on one line."""

    def _split_lines(self, text: str, width: int) -> list[str]:
        import textwrap

        return textwrap.wrap(" ".join(text.split()), width, break_on_hyphens=False)


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one sentence, without the list of all options."""

    def __init__(self, *args: Any, **options: Any):
        super().__init__(*args, **{"formatter_class": HelpFormatter, **options})

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
            from difflib import get_close_matches

            commands: dict[str, Parser] = {}
            for action in self._actions:
                commands |= action.choices if isinstance(action, argparse._SubParsersAction) else {}
            command = commands.get(arguments.command, self)
            near = get_close_matches(unknown[0], command._option_string_actions, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            if arguments.command == APPLY and any("{" in word for word in unknown):
                hint = "; write the command that is applied after --"
            command.error(f"unrecognized arguments: {' '.join(unknown)}{hint}")
        return arguments

    def error(self, message: str) -> NoReturn:
        """End the program with a sentence about wrong arguments."""
        end = "" if message.endswith("?") else "."
        self.exit(USAGE, f"{self.prog}: {without_credentials(message)}{end} '{self.prog} --help' lists the options.\n")


class _Version(argparse.Action):
    """Prints the version; looked up only when asked for, as finding it costs more than parsing all arguments."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from ..version import tool_version

        print(f"nifti-dicom-bridge {tool_version()}")
        parser.exit()
