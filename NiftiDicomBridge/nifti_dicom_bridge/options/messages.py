"""Messages in the words of a front end."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields

from ..errors import OptionError, system_sentence
from .apply_options import ApplyOptions
from .options import ConversionOptions, PreviewOptions
from .remedies import OWN_WORDS, with_remedies
from .wording import Words, rendered

OPTIONS = (
    *(field.name for field in fields(ConversionOptions) if field.name != "preview"),
    *(PreviewOptions.PREFIX + field.name for field in fields(PreviewOptions)),
)
"""All options; those of pictures as ``preview.NAME``."""
OF_APPLY = tuple(field.name for field in fields(ApplyOptions))
"""Options of `apply` only."""
_NAMES = {
    **dict(zip(OF_APPLY, OF_APPLY, strict=True)),
    **{option.removeprefix(PreviewOptions.PREFIX): option for option in OPTIONS},
}
# an option as it is written in Python: reference=, kind="pm", overwrite=True, size_limit=2.5, set_values={"PatientID": "007"}
_MENTION = (
    rf"(?<![\w.])({'|'.join(sorted(_NAMES, key=len, reverse=True))})="
    r'(?:"([^"]*)"|(True|False\b|\d+(?:\.\d+)?)|\{"(\w+)": "([^"]*)"\}|(?![\w=]))'
)


def message_of(error: BaseException, words: Words, remedies: Mapping[str, str] = OWN_WORDS) -> str:
    """Return the message of an error in the words of a front end.

    Parameters
    ----------
    error : BaseException
        Any error; in the message of an `OptionError`, all options are renamed. That of an `OSError` is a sentence.
    words : callable
        `command_line_words`, `python_words`, or a function of another front end that takes an option and a value.
    remedies : mapping of str to str, optional
        Messages for the `OptionError.code` of rules, and remedies for the codes of `remedies.REMEDIES`, where the front end
        offers something else than Python.

    Returns
    -------
    str
        The message; that of `str` in the words of Python.

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
        return rendered(remedies.get(error.code, error.template), words, error.found)
    if isinstance(error, OSError):
        return system_sentence(error)  # of the operating system: neither options nor remedies of this package
    return in_words(str(error), words, remedies)


def in_words(text: str, words: Words, remedies: Mapping[str, str] = OWN_WORDS) -> str:
    """Return a text of this package, which names options as in Python, in the words of another front end.

    Parameters
    ----------
    text : str
        A message of this package.
    words : callable
        `command_line_words`, or another function of an option and a value.
    remedies : mapping of str to str, optional
        As for `message_of`.

    Returns
    -------
    str
        The message in the words of the front end.

    Examples
    --------
    >>> from nifti_dicom_bridge import command_line_words, in_words
    >>> in_words('Use kind="pm", which keeps every value, or a larger max_error=.', command_line_words)
    'Use --as pm, which keeps every value, or a larger --max-error.'
    """

    def renamed(mention: re.Match[str]) -> str:
        name, text, plain, keyword, value = mention.groups()
        return words(_NAMES[name], f"{keyword}={value}" if keyword else text or plain or "")

    remedied = with_remedies(text, remedies)
    return re.sub(_MENTION, renamed, remedied) if "=" in remedied else remedied
