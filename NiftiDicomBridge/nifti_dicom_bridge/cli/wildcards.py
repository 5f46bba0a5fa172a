"""Wildcards of inputs, which the shells of Windows leave to each program; names of files contain none there."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from ..operating_system import IS_WINDOWS

_NOT_FILES = re.compile(r"\\\\\?\\|[a-z0-9+.-]{2,}:", re.IGNORECASE)
r"""How inputs begin that may contain a question mark and no wildcard: long paths (``\\?\C:\scans``), URLs and archives."""


def expanded(inputs: Iterable[Path]) -> list[Path]:
    """Return inputs in which patterns are replaced by the files and folders that match, sorted; one that none matches stays."""
    if not IS_WINDOWS:
        return list(inputs)
    return [path for given in inputs for path in (_matches(str(given)) or [given])]


def _matches(text: str) -> list[Path]:
    if not ("*" in text or "?" in text) or _NOT_FILES.match(text):
        return []
    import glob

    return [Path(name) for name in sorted(glob.glob(text.replace("[", "[[]")))]
