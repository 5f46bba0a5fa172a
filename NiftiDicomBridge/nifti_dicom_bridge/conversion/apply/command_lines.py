"""Command lines as text: split into arguments, and values quoted for the shell of this system."""

from __future__ import annotations

import re
import shlex

from ...errors import OptionError
from ...operating_system import IS_WINDOWS

_VARIABLE = re.compile(r"%[^%]+%")
_LAST_BACKSLASHES = re.compile(r"(\\+)$")


def arguments_of(text: str, is_windows: bool = IS_WINDOWS) -> list[str]:
    r"""Return the arguments of a command line; on Windows, a backslash separates folders and protects nothing.

    Raises
    ------
    OptionError
        If a quotation mark has no counterpart.

    Examples
    --------
    >>> arguments_of(r'C:\tools\seg.exe "{input}" {output}', is_windows=True)
    ['C:\\tools\\seg.exe', '{input}', '{output}']
    """
    words = shlex.shlex(text, posix=True, punctuation_chars=False)
    words.whitespace_split, words.commenters = True, ""
    if is_windows:
        words.escape = ""
    try:
        return list(words)
    except ValueError as error:
        raise OptionError(f"The command {text!r} cannot be read: {error}. Check its quotation marks.") from error


def quoted(value: str, is_windows: bool = IS_WINDOWS) -> str:
    r"""Return a value as one argument for the shell: ``sh``, or ``cmd.exe`` on Windows.

    Raises
    ------
    OptionError
        If ``cmd.exe`` would replace a part of it by an environment variable, for which it has no quotation marks.

    Examples
    --------
    >>> quoted("it's one.nii")
    "'it'\"'\"'s one.nii'"
    >>> quoted("it's one & two.nii", is_windows=True)
    '"it\'s one & two.nii"'
    """
    if not is_windows:
        return shlex.quote(value)
    if _VARIABLE.search(value):
        raise OptionError(
            f"{value}: the shell would replace what is between percent signs. Rename it, or run the command without a shell."
        )
    return '"' + _LAST_BACKSLASHES.sub(r"\1\1", value) + '"'  # a single one would protect the quotation mark
