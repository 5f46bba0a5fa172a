"""Texts of the package with the options of the command line in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar

from ..options.messages import in_words, message_of
from ..options.remedies import OWN_WORDS
from ..options.wording import command_line_words

if TYPE_CHECKING:
    from ..model.report import ConversionReport, Entry

    Reported = TypeVar("Reported", ConversionReport, Entry)

_remedies: ContextVar[Mapping[str, str]] = ContextVar("remedies", default=OWN_WORDS)


@contextmanager
def other_remedies(remedies: Mapping[str, str]) -> Iterator[None]:
    """Advise something else where the command line is part of another program; code of `options.remedies` → text."""
    token = _remedies.set(remedies)
    try:
        yield
    finally:
        _remedies.reset(token)


def message_in_words(error: BaseException) -> str:
    """Return the message of an error."""
    return message_of(error, command_line_words, _remedies.get())


def reported_in_words(reported: Reported) -> Reported:
    """Return a report, or an entry of one."""
    return reported.in_words(command_line_words, _remedies.get())


def texts_in_words(value: Any) -> Any:
    """Return a text, or plain JSON values with all their texts."""
    if isinstance(value, str):
        return in_words(value, command_line_words, _remedies.get())
    if isinstance(value, list):
        return [texts_in_words(part) for part in value]
    return {key: texts_in_words(part) for key, part in value.items()} if isinstance(value, dict) else value
