"""A file of DICOM keywords and their values, in JSON or TOML: the option ``metadata``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..errors import OptionError
from ..model.files.option_files import read_option_file
from ..options import ConversionOptions


def given_values(options: ConversionOptions) -> dict[str, tuple[str, str]]:
    """Return keyword → value and source of what ``metadata`` and ``set_values`` specify; the latter wins."""
    path = options.metadata
    from_file = {keyword: (text, f'metadata="{path}"') for keyword, text in (read_metadata(path) if path else {}).items()}
    return from_file | {keyword: (text, "set_values=") for keyword, text in options.set_values.items()}


def read_metadata(path: Path) -> dict[str, str]:
    """Return keyword → value as ``set_values`` takes them; several values are between backslashes.

    Raises
    ------
    OptionError
        If the file cannot be read, is not a JSON or TOML object, or holds something else than texts, numbers and lists of them.
    """
    content = read_option_file(path, "metadata")
    if not isinstance(content, dict):
        raise OptionError(f'metadata="{path}": an object like {{"PatientID": "007"}} was expected.')
    return {keyword: _text(path, keyword, value) for keyword, value in content.items()}


def _text(path: Path, keyword: str, value: Any) -> str:
    parts = value if isinstance(value, list) else [value]
    if not all(isinstance(part, (str, int, float)) and not isinstance(part, bool) for part in parts):
        raise OptionError(f'metadata="{path}": {keyword}: a text, a number or a list of them was expected, found {value!r}.')
    return "\\".join(str(part) for part in parts)
