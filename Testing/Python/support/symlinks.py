"""Symbolic links, which Windows makes only for some people, and some file systems not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def link(path: Path, target: Path | str, to_folder: bool = True) -> None:
    """Make a symbolic link; skip the test where there are none."""
    try:
        os.symlink(target, path, target_is_directory=to_folder)
    except OSError:
        pass
    if not path.is_symlink():
        pytest.skip("no symbolic links here")
