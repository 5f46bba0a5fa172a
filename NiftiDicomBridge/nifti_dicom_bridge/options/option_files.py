"""Files that a person writes and names with an option: JSON, or TOML by its ending."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

from ..errors import OptionError


def read_option_file(path: Path, option: str) -> Any:
    """Return what a file holds.

    Raises
    ------
    OptionError
        If it cannot be read, or is not JSON or TOML.
    """
    toml = path.suffix.lower() == ".toml"
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise OptionError(f'{option}="{path}": cannot be read ({reason}).') from None
    try:
        return tomllib.loads(text) if toml else json.loads(text)
    except (ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise OptionError(f'{option}="{path}": is not valid {"TOML" if toml else "JSON"} ({reason}).') from None
