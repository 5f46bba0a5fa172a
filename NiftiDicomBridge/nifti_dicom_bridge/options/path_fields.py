"""Fields whose values are paths."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..errors import OptionError
from .fields import Field

AnyPath = str | os.PathLike[str]
"""A path as people write it."""
AnyPaths = AnyPath | Iterable[AnyPath]
"""One path or several."""


class RequiredPath(Field[AnyPath, Path]):
    """A path that must be given."""

    def __init__(self) -> None:
        """Leave out the default: a dataclass asks for it and finds none."""

    def checked(self, value: Any) -> Path:
        """Return the path."""
        return _path(self, value)


class OptionalPath(Field[AnyPath | None, Path | None]):
    """A path, or None."""

    def __init__(self) -> None:
        super().__init__(None)

    def checked(self, value: Any) -> Path | None:
        """Return the path."""
        return None if value is None else _path(self, value)


class OnePathOrMore(Field[AnyPaths | None, Path | tuple[Path, ...] | None]):
    """A path, several, or None; one in a list is stored as that path."""

    def __init__(self) -> None:
        super().__init__(None)

    def checked(self, value: Any) -> Path | tuple[Path, ...] | None:
        """Return the path, or several as a tuple."""
        if value is None:
            return None
        if not isinstance(value, (list, tuple)):
            return _path(self, value)
        paths = tuple(_path(self, one) for one in value)
        return paths[0] if len(paths) == 1 else paths or None


def as_tuple(value: Path | tuple[Path, ...] | None) -> tuple[Path, ...]:
    """Return the value of a `OnePathOrMore` as a tuple."""
    return () if value is None else value if isinstance(value, tuple) else (value,)


class RequiredPaths(Field[AnyPaths, list[Path]]):
    """One path or several; they must be given."""

    def __init__(self) -> None:
        """Leave out the default, as `RequiredPath` does."""

    def checked(self, value: Any) -> list[Path]:
        """Return the paths in a list."""
        return paths_of(value)


def paths_of(value: AnyPaths) -> list[Path]:
    """Return one path or several as a list; raises `OptionError` if it is something else."""
    several = [value] if isinstance(value, (str, os.PathLike)) else value
    if not isinstance(several, Iterable) or isinstance(several, (bytes, Mapping)):
        raise OptionError(f"{value!r} is not a path. Expected a path or a list of paths.")
    paths = list(several)
    for path in paths:
        if not isinstance(path, (str, os.PathLike)) or not os.fspath(path):
            raise OptionError(f"{path!r} is not a path. Expected a path or a list of paths.")
    return [Path(path) for path in paths]


def _path(field: Field[Any, Any], value: object) -> Path:
    if not isinstance(value, (str, os.PathLike)) or not os.fspath(value):
        raise field.refused(value, "Expected a path.")
    return Path(value)
