"""Files that a command writes next to its images."""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import OptionError


def check_new_file(flag: str, path: Path, output: Path, overwrite: bool) -> None:
    """Refuse a file that cannot be written, before anything else is done; raises `OptionError`."""
    from ..output import recover

    if not path.parent.is_dir() and path.parent.resolve() != output.resolve():
        raise OptionError(f"{flag} {path}: the folder {path.parent} does not exist.")
    recover(path.parent)
    if os.path.lexists(path) and not overwrite:
        raise OptionError(f"{flag} {path} exists. Choose another name, or --overwrite to replace it.")
