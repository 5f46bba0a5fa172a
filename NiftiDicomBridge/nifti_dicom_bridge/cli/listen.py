"""The command ``listen``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from ..errors import BridgeError, OptionError
from .exit_codes import DONE
from .lines import print_line

Runner = Callable[[Sequence[str]], int]
"""Runs a command line and returns its exit code."""


def run_listen(
    arguments: argparse.Namespace, run: Runner, check: Callable[[Sequence[str]], object] = lambda words: None
) -> int:
    """Receive until Ctrl-C, and return the exit code.

    Parameters
    ----------
    arguments : argparse.Namespace
        Of the command line.
    run : callable
        Runs a command line and returns its exit code.
    check : callable
        Ends the program if a command line is not valid: before anything is received.

    Raises
    ------
    OptionError
        If the command does not use the study.
    """
    from ..network.listen import listen
    from ..network.reception import ReceptionLimits
    from ..network.settings import read_archive_settings

    step = list(arguments.step[1:] if arguments.step[:1] == ["--"] else arguments.step)
    if step and not any("{study}" in word for word in step):
        raise OptionError("The command after -- does not contain {study}, the folder of the study. Use it as the input.")
    if step:
        check(_filled(step, Path("STUDY")))
    limits = ReceptionLimits(tuple(arguments.allow), arguments.max_object, arguments.max_total, arguments.max_rate)
    try:
        listen(
            arguments.output,
            arguments.port,
            arguments.ae_title,
            on_study=(lambda study: _process(study, step, run)) if step else None,
            bind="" if arguments.bind == "0.0.0.0" else arguments.bind,
            quiet_s=arguments.quiet_for,
            limits=limits,
            settings=read_archive_settings(arguments.archive_settings),
            report=_print,
        )
    except KeyboardInterrupt:
        _print("Stopped. Received objects were kept; studies that were not processed are processed at the next start.")
    return DONE


def _process(study: Path, step: Sequence[str], run: Runner) -> None:
    words = _filled(step, study)
    code = run(words)
    if code != DONE:
        raise BridgeError(f"{words[0]} ended with exit code {code}.")


def _filled(step: Sequence[str], study: Path) -> list[str]:
    return [word.replace("{study}", str(study)).replace("{uid}", study.name) for word in step]


def _print(text: str) -> None:
    print_line(text)
    sys.stdout.flush()
