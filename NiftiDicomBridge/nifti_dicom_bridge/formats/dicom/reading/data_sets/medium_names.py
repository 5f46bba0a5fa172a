"""Names of files as a DICOMDIR lists them, and as file systems show the same names of a CD (ISO 9660)."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

_VERSION = re.compile(r"\.?(;\d+)?$")
"""What ISO 9660 adds to a name without an extension: a period and a version number."""


def name_on_medium(name: str) -> str:
    """Return a name in capital letters, without a version.

    Examples
    --------
    >>> name_on_medium("im000001.;1")
    'IM000001'
    """
    return _VERSION.sub("", name.upper())


class MediumNames:
    """Finds files that have other letters, or a version, than their DICOMDIR specifies.

    Parameters
    ----------
    folder : pathlib.Path
        That of the DICOMDIR.
    """

    def __init__(self, folder: Path):
        self._folder = folder
        self._names: dict[Path, dict[str, list[str]]] = {}

    def path_of(self, parts: Sequence[str]) -> Path:
        """Return where a file is; where it should be, if it is not there or several have its name."""
        given = self._folder.joinpath(*parts)
        if given.is_file():
            return given
        path = self._folder
        for part in parts:
            names = self._names_of(path).get(name_on_medium(part), [])
            path /= part if part in names or len(names) != 1 else names[0]
        return path if path.is_file() else given

    def _names_of(self, folder: Path) -> dict[str, list[str]]:
        if folder not in self._names:
            names = self._names[folder] = {}
            for name in _listed(folder):
                names.setdefault(name_on_medium(name), []).append(name)
        return self._names[folder]


def _listed(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:  # the file that should be in it is reported
        return []
