"""The command line: prints, asks nothing, and returns the outcome as exit code."""

from __future__ import annotations

import argparse
import shlex
import signal
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from ..errors import BridgeError, Cancelled, OptionError
from ..model.limits import size_limit
from .apply import run_apply, split_task
from .archive import run_fetch, run_send
from .convert import Registrar, run_convert
from .exit_codes import DONE, FAILED, INTERRUPTED, USAGE
from .lines import accept_every_character, print_json, print_line
from .listen import run_listen
from .parser import PROGRAM, parser_of_commands
from .preview_options import joined
from .progress_bar import ProgressBar
from .reading_options import chosen_files, selection_of
from .short_form import with_command
from .tracebacks import TRACEBACKS, Unexpected, tracebacks


def main(argv: Sequence[str] | None = None, registrar: Registrar | None = None) -> int:
    """Run the command line and return its exit code.

    0: all done. 1: something failed or differs. 2: wrong usage. 70: an error that was not foreseen.
    130: stopped by Ctrl-C.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments; those of the process by default.
    registrar : Registrar, optional
        When given, ``convert --to dicom --register`` calls it with the files that were written.
    """
    accept_every_character()
    parser = parser_of_commands(registrar is not None)
    try:
        given = list(sys.argv[1:] if argv is None else argv)
        own, task = split_task(with_command(given, _COMMANDS))
        command_line = shlex.join([PROGRAM, *given])
        options = parser.parse_args(joined(own), argparse.Namespace(task=task, command_line=command_line))
    except SystemExit as stop:
        return int(stop.code or 0)
    if options.command is None:
        parser.print_help()
        return DONE
    try:
        with tracebacks(getattr(options, "verbose", 0) >= TRACEBACKS, not getattr(options, "deidentify", False)):
            return _COMMANDS[options.command](options, registrar)
    except OptionError as error:
        return _fail(_message(error), USAGE)
    except (Cancelled, KeyboardInterrupt):
        return _fail("Stopped; nothing half-written was left.", INTERRUPTED)
    except BridgeError as error:
        return _fail(_message(error), FAILED)
    except BrokenPipeError:
        return FAILED
    except Unexpected as error:
        return _fail(*error.args)


def program() -> NoReturn:
    """Run the command line as a program of its own: an interruption is answered at every moment, also at its end."""
    try:
        code = main()
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # what is left is to end
    except KeyboardInterrupt:
        code = INTERRUPTED
    sys.exit(code)


def _message(error: BridgeError) -> str:
    from .words import message_in_words

    return message_in_words(error)


def _print(value: Any, as_json: bool) -> None:
    from .words import texts_in_words

    shown = texts_in_words(value)
    if as_json:
        print_json(shown)
        return
    for line in shown.split("\n"):
        print_line(line)


def _fail(text: str, code: int) -> int:
    print_line(f"nifti-dicom-bridge: {text}", sys.stderr)
    return code


def _inspect(arguments: argparse.Namespace, registrar: Registrar | None) -> int:
    from ..conversion.inspect import inspect

    selection = selection_of(arguments)
    with ProgressBar(quiet=arguments.json or arguments.bids_map) as bar, size_limit(arguments.size_limit):
        if arguments.bids_map:
            from ..conversion.bids_map_starter import bids_map_starter

            print_json(bids_map_starter(arguments.inputs, bar.progress, arguments.follow_links, **selection))
            return DONE
        inspection = inspect(arguments.inputs, bar.progress, arguments.follow_links, deep=arguments.deep, **selection)
    _print(inspection.to_dict() if arguments.json else inspection.table(), arguments.json)
    return FAILED if inspection.problems else DONE


def _compare(arguments: argparse.Namespace, registrar: Registrar | None) -> int:
    from ..conversion.comparison import compare

    with ProgressBar(quiet=arguments.json) as bar, size_limit(arguments.size_limit):
        first, second = (chosen_files([side], arguments) for side in (arguments.first, arguments.second))
        comparison = compare(first, second, bar.progress, arguments.follow_links)
    _print(comparison.to_dict() if arguments.json else comparison.table(), arguments.json)
    return DONE if comparison.same else FAILED


def _validate(arguments: argparse.Namespace, registrar: Registrar | None) -> int:
    from ..validation import validate

    with ProgressBar(quiet=arguments.json or arguments.quiet) as bar, size_limit(arguments.size_limit):
        report = validate(chosen_files(arguments.inputs, arguments), bar.progress, arguments.follow_links)
    if arguments.json:
        _print(report.to_dict(), as_json=True)
    else:
        for line in report.lines(arguments.quiet):
            _print(line, as_json=False)
    return DONE if report.ok else FAILED


def _demo(arguments: argparse.Namespace, registrar: Registrar | None) -> int:
    from ..samples.demo import demo

    return DONE if demo(arguments.output, print) else FAILED


def _create_sample(arguments: argparse.Namespace, registrar: Registrar | None) -> int:
    from ..samples import create_samples

    for series in create_samples(arguments.output):
        print_line(f"created    {series.title} → {len(series.files)} file(s) in {series.files[0].parent}")
    return DONE


def _listen(arguments: argparse.Namespace, registrar: Registrar | None) -> int:
    return run_listen(arguments, main)


_COMMANDS = {
    "apply": run_apply,
    "convert": run_convert,
    "inspect": _inspect,
    "compare": _compare,
    "validate": _validate,
    "send": run_send,
    "fetch": run_fetch,
    "listen": _listen,
    "demo": _demo,
    "create-sample": _create_sample,
}
