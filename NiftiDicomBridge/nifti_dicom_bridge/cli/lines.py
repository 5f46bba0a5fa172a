"""Lines on a terminal, without what it would act on."""

from __future__ import annotations

import io
import sys
from typing import Any, TextIO

from ..errors import without_credentials


def print_line(text: str, file: TextIO | None = None) -> None:
    """Print one line without credentials of URLs; what a terminal would act on in names and texts of files is escaped."""
    from ..model.safe_text import printable

    print(printable(without_credentials(text)), file=file)


def print_json(content: Any) -> None:
    """Print JSON; what a terminal would act on in its strings is escaped as JSON does."""
    import json

    from ..model.safe_text import printable_json

    print(printable_json(without_credentials(json.dumps(content, indent=1, ensure_ascii=False))))


def accept_every_character() -> None:
    """Let a terminal with few characters show escapes of the others, instead of an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
