"""Files that a person writes and names with an option: JSON, or TOML by its ending."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...errors import OptionError
from .input_files import absent_content, open_file
from .json_files import parse_json
from .plain_text import TextError, decoded

LARGEST = 1 << 26
"""Bytes of a file that a person writes."""


def read_option_file(path: Path, option: str) -> Any:
    """Return what a file contains.

    Raises
    ------
    OptionError
        If it cannot be read, is too large, or is not JSON or TOML.
    """
    try:
        text = read_option_text(path)
    except (OSError, TextError) as error:
        reason = absent_content(path) or f"cannot be read ({getattr(error, 'strerror', None) or error})"
        raise OptionError(f'{option}="{path}": {reason}.') from None
    try:
        return parse_toml(text) if path.suffix.lower() == ".toml" else parse_json(text)
    except ValueError as error:
        kind = "TOML" if path.suffix.lower() == ".toml" else "JSON"
        reason = absent_content(path) or f"is not valid {kind} ({' '.join(str(error).split())})"
        raise OptionError(f'{option}="{path}": {reason}.') from None


def read_option_text(path: Path) -> str:
    """Return the text of a file without its byte order mark; raises OSError or TextError where it cannot be read."""
    with open_file(path) as file:
        raw = file.read(LARGEST + 1)
    if len(raw) > LARGEST:
        raise OSError(27, f"it has more than {LARGEST} bytes", str(path))
    return decoded(raw)


def parse_toml(text: str) -> dict[str, Any]:
    """Return the content of a TOML text; raises ValueError if it is not valid, or nests too deeply."""
    import tomllib

    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("its tables and arrays nest too deeply") from None
