"""Lines on a terminal, without what it would act on."""

from __future__ import annotations

import codecs
import io
import sys
from typing import Any, TextIO

from ..errors import without_credentials

_HANDLER = "similar"
_SIMILAR = {"→": "->", "⇄": "<->", "≠": "!=", "≈": "~", "−": "-", "×": "x", "…": "...", "·": "*", "²": "2", "³": "3"}
"""Characters of our own texts, and what looks like them in ASCII."""


def print_line(text: str, file: TextIO | None = None) -> None:
    """Print one line without credentials of URLs; what a terminal would act on in names and texts of files is escaped."""
    from ..model.files.safe_text import printable

    print(printable(without_credentials(text)), file=file)


def print_json(content: Any) -> None:
    """Print JSON; what a terminal would act on in its strings is escaped as JSON does."""
    import json

    from ..model.files.safe_text import printable_json

    print(printable_json(without_credentials(json.dumps(content, indent=1, ensure_ascii=False))))


def accept_every_character() -> None:
    """Let a terminal or file with few characters show similar ones or escapes, instead of an error: pipes of Windows."""
    codecs.register_error(_HANDLER, _similar)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_HANDLER)


def _similar(error: UnicodeError) -> tuple[str | bytes, int]:
    """Return what replaces characters that cannot be encoded, and where to go on: an error handler of `codecs`."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    characters = error.object[error.start : error.end]
    return "".join(_SIMILAR.get(one) or one.encode("ascii", "backslashreplace").decode() for one in characters), error.end
