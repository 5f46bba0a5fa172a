"""Names of files that every file system takes, each once."""

from __future__ import annotations

import re


def file_name(text: str) -> str:
    """Return a name that every file system takes: letters, digits, ``_``, ``-``, at most 80 characters."""
    name = re.sub(r"[^A-Za-z0-9_-]+", "_", text).strip("_-")[:80] or "series"
    return name + "_" if re.fullmatch(r"(?i)(con|prn|aux|nul|com\d|lpt\d)", name) else name


def unique_name(name: str, taken: set[str]) -> str:
    """Return the name, with a number where another one has it already (case does not count)."""
    candidate, n = name, 1
    while candidate.lower() in taken:
        n += 1
        candidate = f"{name}_{n}"
    taken.add(candidate.lower())
    return candidate
