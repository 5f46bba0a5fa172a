"""How the front ends name the options in messages: ``--uids keep``, ``uids="keep"``, or the label of a control."""

from __future__ import annotations

import re
from collections.abc import Callable

from ..errors import OptionError

Words = Callable[[str, str], str]
"""Option and value (empty if only the option is meant) → how a front end names them."""

FLAGS = {
    "target": "--to", "gzip": "--no-gzip", "set_values": "--set", "kind": "--as",
    "record": "--no-record", "zip_store": "--zip",
    "preview.eight_bit": "--8bit", "preview.gif": "--no-gif", "preview.mp4": "--no-mp4",
}  # fmt: skip
"""Options of the command line that do not have the name of their field."""
SWITCHES = frozenset({
    "allow_no_overlap", "same_space", "follow_links", "gzip", "overwrite", "skip_existing", "verify", "shards", "zip_store",
    "deidentify", "identity", "record", "shell", "preview.eight_bit",
    "preview.gif", "preview.mp4", "preview.all_slices", "preview.letters",
})  # fmt: skip
"""Options of the command line without a value."""
_MARK = re.compile(r"\{([a-z0-9_.]+)(?:=([^{}]*))?\}")


def flag_of(option: str) -> str:
    """Return what the command line calls an option."""
    return FLAGS.get(option) or "--" + option.removeprefix("preview.").replace("_", "-")


def command_line_words(option: str, value: str = "") -> str:
    """Return an option as it is written on the command line.

    Parameters
    ----------
    option : str
        Field of `ConversionOptions`, or ``preview.NAME`` for one of `PreviewOptions`.
    value : str, optional
        Its value as text; empty if only the option is meant.

    Returns
    -------
    str
        Such as ``--uids keep``; options without a value are the name alone.

    Examples
    --------
    >>> from nifti_dicom_bridge import command_line_words
    >>> command_line_words("uids", "keep"), command_line_words("preview.mp4", "False")
    ('--uids keep', '--no-mp4')
    """
    return flag_of(option) + (f" {value}" if value and option not in SWITCHES else "")


def python_words(option: str, value: str = "") -> str:
    """Return an option as it is written in Python.

    Parameters
    ----------
    option : str
        Field of `ConversionOptions`, or ``preview.NAME`` for one of `PreviewOptions`.
    value : str, optional
        Its value as text; empty if only the option is meant.

    Returns
    -------
    str
        Such as ``uids="keep"``.

    Examples
    --------
    >>> from nifti_dicom_bridge import python_words
    >>> python_words("uids", "keep"), python_words("preview.mp4", "False"), python_words("reference")
    ('uids="keep"', 'mp4=False', 'reference')
    """
    name = option.removeprefix("preview.")
    if not value:
        return name
    if option == "set_values":
        keyword, _, text = value.partition("=")
        return f'{name}={{"{keyword}": "{text}"}}'
    return f"{name}={value}" if value in ("True", "False") else f'{name}="{value}"'


def rendered(template: str, words: Words, found: str = "") -> str:
    """Return a message in which ``{option}`` and ``{option=value}`` are in the words of a front end."""
    return _MARK.sub(lambda mark: found if mark[1] == "found" else words(mark[1], mark[2] or ""), template)


def option_error(template: str, code: str, options: tuple[str, ...], found: str = "") -> OptionError:
    """Return an error whose message every front end can render in its own words; see `rendered`."""
    return OptionError(rendered(template, python_words, found), code, options, template, found)
