"""Texts of the package with the options of the command line in them."""

from __future__ import annotations

from typing import Any

from ..options.messages import in_words, message_of
from ..options.wording import command_line_words


def message_in_words(error: BaseException) -> str:
    """Return the message of an error."""
    return message_of(error, command_line_words)


def texts_in_words(value: Any) -> Any:
    """Return a text, or plain JSON values with all their texts."""
    if isinstance(value, str):
        return in_words(value, command_line_words)
    if isinstance(value, list):
        return [texts_in_words(part) for part in value]
    return {key: texts_in_words(part) for key, part in value.items()} if isinstance(value, dict) else value
