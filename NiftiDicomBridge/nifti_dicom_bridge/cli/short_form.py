"""Short forms of ``convert``: ``nifti-dicom-bridge INPUT -o OUT`` and ``nifti-dicom-bridge deidentify INPUT -o OUT``."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence

CONVERT = "convert"
_OF_THE_PROGRAM = ("-h", "--help", "--version")
_OUTPUT = ("-o", "--output")
SHORT = {"deidentify": [CONVERT, "--to", "dicom", "--deidentify"]}
"""Word → what it is short for; options after it take precedence."""


def with_command(arguments: Sequence[str], commands: Collection[str]) -> list[str]:
    """Return the arguments with ``convert`` before them if they begin with an input or an option of it, not with a command.

    A word that is short for a command with options is replaced by these.

    A first word that is close to the name of a command and not a path is left to the parser, which refuses it.

    Examples
    --------
    >>> with_command(["scans", "-o", "nifti"], ["convert", "inspect"])
    ['convert', 'scans', '-o', 'nifti']
    >>> with_command(["inspekt", "-o", "nifti"], ["convert", "inspect"])
    ['inspekt', '-o', 'nifti']
    >>> with_command(["deidentify", "scans", "-o", "public"], ["convert", "inspect"])
    ['convert', '--to', 'dicom', '--deidentify', 'scans', '-o', 'public']
    """
    arguments = list(arguments)
    if not arguments or arguments[0] in (*commands, *_OF_THE_PROGRAM):
        return arguments
    first = arguments[0]
    if first in SHORT:
        return [*SHORT[first], *arguments[1:]]
    is_input = first.startswith("-") or os.path.exists(first)
    if not is_input:
        from difflib import get_close_matches

        has_output = any(word.startswith(_OUTPUT) for word in arguments)
        is_input = has_output and not get_close_matches(first, [*commands, *SHORT], n=1, cutoff=0.75)
    return [CONVERT, *arguments] if is_input else arguments
