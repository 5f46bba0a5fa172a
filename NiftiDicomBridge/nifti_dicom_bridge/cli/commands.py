"""The command line: prints, asks nothing, and returns the outcome as exit code."""

from __future__ import annotations

import argparse
import shlex
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, NoReturn

from ..errors import BridgeError, Cancelled, OptionError
from ..operating_system import IS_WINDOWS
from .command_list import HELP, run_of
from .exit_codes import DONE, FAILED, INTERRUPTED, USAGE
from .lines import accept_every_character, print_line
from .parser import PROGRAM, joined, parser_of_commands, split_task
from .process_settings import apply_settings, collect_no_more, collect_rarely
from .short_form import with_command
from .termination import end_later, termination_is_interrupt
from .tracebacks import TRACEBACKS, Unexpected, tracebacks
from .wildcards import expanded

if TYPE_CHECKING:
    from .convert import Registrar

Runner = Callable[[argparse.Namespace, "Registrar | None"], int]
"""Runs a command, and returns its exit code."""


def main(
    argv: Sequence[str] | None = None,
    registrar: Registrar | None = None,
    prepare: Callable[[], None] | None = None,
    remedies: Mapping[str, str] | None = None,
) -> int:
    """Run the command line and return its exit code.

    0: all done. 1: something failed or differs. 2: wrong usage. 70: an error that was not foreseen.
    130: stopped by Ctrl-C or SIGTERM.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments; those of the process by default.
    registrar : Registrar, optional
        When given, ``convert --to dicom --register`` calls it with the files that were written.
    prepare : callable, optional
        Called before a command runs; not for the help, and not if arguments are wrong.
    remedies : mapping of str to str, optional
        What messages advise, by the codes of `options.remedies`, where another program offers something else.
    """
    if not remedies:
        return _main(argv, registrar, prepare)
    from .words import other_remedies

    with other_remedies(remedies):
        return _main(argv, registrar, prepare)


def _main(argv: Sequence[str] | None, registrar: Registrar | None, prepare: Callable[[], None] | None) -> int:
    accept_every_character()
    try:
        options = _parsed(sys.argv[1:] if argv is None else argv, registrar is not None)
    except SystemExit as stop:
        return int(stop.code or 0)
    if prepare is not None:
        prepare()
    if getattr(options, "inputs", None):
        options.inputs = expanded(options.inputs)
    try:
        shown = tracebacks(getattr(options, "verbose", 0) >= TRACEBACKS, not getattr(options, "deidentify", False))
        with termination_is_interrupt(), shown:
            return _COMMANDS[options.command](options, registrar)
    except OptionError as error:
        return _fail(_message(error), USAGE)
    except (Cancelled, KeyboardInterrupt):
        return _fail("Stopped; nothing half-written was left.", INTERRUPTED)
    except BridgeError as error:
        return _fail(_message(error), FAILED)
    except BrokenPipeError:
        return FAILED
    except SystemExit as stop:
        return int(stop.code or 0)
    except Unexpected as error:
        return _fail(*error.args)


def _parsed(given: Sequence[str], can_register: bool) -> argparse.Namespace:
    """Return the arguments of a command; raises `SystemExit` if they are not valid, or after the help."""
    own, task = split_task(with_command(given, _COMMANDS))
    parser = parser_of_commands(can_register, own[0] if own and own[0] in _COMMANDS else "")
    command_line = _typed([PROGRAM, *given])
    options: argparse.Namespace = parser.parse_args(joined(own), argparse.Namespace(task=task, command_line=command_line))
    if options.command is None:
        parser.print_help()
        parser.exit(DONE)
    return options


def _typed(words: Sequence[str]) -> str:
    """Return a command as a person types it on this system."""
    if not IS_WINDOWS:
        return shlex.join(words)
    from subprocess import list2cmdline

    return list2cmdline(words)


def program() -> NoReturn:
    """Run the command line as a program of its own: an interruption is answered at every moment, also at its end."""
    collect_rarely()
    try:
        code = main(prepare=apply_settings)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # what is left is to end
        collect_no_more()
    except KeyboardInterrupt:
        code = INTERRUPTED
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    if code == INTERRUPTED:
        end_later()  # Python waits for threads, also for one in a decoder that hangs
    # Python ends by the signal where it interrupted code in a text, such as that of a data class, unless such code runs again
    exec("")
    sys.exit(code)


def _message(error: BridgeError) -> str:
    from .words import message_in_words

    return message_in_words(error)


def _fail(text: str, code: int) -> int:
    print_line(f"nifti-dicom-bridge: {text}", sys.stderr)
    return code


def _listen(arguments: argparse.Namespace, registrar: Registrar | None) -> int:
    from .listen import run_listen

    return run_listen(arguments, main, partial(_parsed, can_register=registrar is not None))


def _run(command: str, arguments: argparse.Namespace, registrar: Registrar | None) -> int:
    code: int = run_of(command)(arguments, registrar)
    return code


_COMMANDS: dict[str, Runner] = {**{name: partial(_run, name) for name in HELP}, "listen": _listen}
