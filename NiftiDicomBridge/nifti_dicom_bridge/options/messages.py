"""Messages in the words of a front end."""

from __future__ import annotations

import re
from dataclasses import fields

from ..errors import OptionError
from .choice_fields import Choice, ChoiceSet
from .choices import WindowChoice
from .options import ConversionOptions, PreviewOptions
from .wording import SWITCHES, Words, flag_of, rendered

OPTIONS = (
    *(field.name for field in fields(ConversionOptions) if field.name != "preview"),
    *(PreviewOptions.PREFIX + field.name for field in fields(PreviewOptions)),
)
"""All options; those of pictures as ``preview.NAME``."""
OPTION_OF_FLAG = {flag_of(option): option for option in OPTIONS}
CHOICES = {
    **{
        name: frozenset(field.kind.__members__.values())
        for name, field in vars(ConversionOptions).items()
        if isinstance(field, (Choice, ChoiceSet))
    },
    "preview.window": frozenset(WindowChoice),
}
"""Option → the strings that it can be, for those that are a choice."""
# an option of the command line and the next word, without the punctuation after it
_FLAG = re.compile(r"(?<![\w-])(--[a-z0-9][a-z0-9-]*)(?: (\S*[^\s.,;:()'\"]))?")


def message_of(error: BaseException, words: Words) -> str:
    """Return the message of an error in the words of a front end.

    Parameters
    ----------
    error : BaseException
        Any error; in the message of an `OptionError`, all options are renamed.
    words : callable
        `command_line_words`, `python_words`, or a function of another front end that takes an option and a value.

    Examples
    --------
    >>> from nifti_dicom_bridge import ConversionOptions, OptionError, check_options, command_line_words, message_of
    >>> try:
    ...     check_options(ConversionOptions(target="nifti", uids="keep"))
    ... except OptionError as error:
    ...     print(error)
    ...     print(message_of(error, command_line_words))
    uids applies only to DICOM output. Use it with target="dicom", or leave it out.
    --uids applies only to DICOM output. Use it with --to dicom, or leave it out.
    """
    if isinstance(error, OptionError) and error.template:
        return rendered(error.template, words, error.found)
    return in_words(str(error), words)


def in_words(text: str, words: Words) -> str:
    """Return a text in which the options of the command line are in the words of another front end.

    Examples
    --------
    >>> from nifti_dicom_bridge import in_words, python_words
    >>> in_words("Use --as pm, which keeps every value.", python_words)
    'Use kind="pm", which keeps every value.'
    """
    return _FLAG.sub(lambda mark: _in_words(mark, words), text)


def _in_words(mark: re.Match[str], words: Words) -> str:
    flag, word = mark[1], mark[2] or ""
    option = OPTION_OF_FLAG.get(flag)
    if option is None:
        return mark[0]
    is_value = word in CHOICES.get(option, ()) or word.isupper() or (option == "set_values" and "=" in word)
    if option not in SWITCHES and is_value:
        return words(option, word)
    value = "" if option not in SWITCHES else "False" if flag.startswith("--no-") else "True"
    return words(option, value) + (f" {word}" if word else "")
