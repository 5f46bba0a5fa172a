"""Prints the lowest version of every dependency that pyproject.toml allows, as constraints of pip.

    python Testing/lowest_versions.py > constraints.txt && pip install -c constraints.txt '.[test,video]'

Tests with them (.ci/run) prove that the lower bounds are true. There must be a release with exactly the number of the bound.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

PROJECT = tomllib.loads((Path(__file__).resolve().parent.parent / "pyproject.toml").read_text("utf-8"))["project"]
_BOUND = re.compile(r"^([A-Za-z0-9._-]+)>=([0-9.]+)")


def constraints() -> dict[str, str]:
    """Return package → version; the highest one where extras need a newer version than a plain installation."""
    found: dict[str, str] = {}
    for text in _requirements():
        if match := _BOUND.match(text):
            found[match[1]] = max(found.get(match[1], "0"), match[2], key=_numbers)
    return found


def _requirements() -> Iterator[str]:
    yield from PROJECT["dependencies"]
    for texts in PROJECT["optional-dependencies"].values():
        yield from texts


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


if __name__ == "__main__":
    print("\n".join(f"{name}=={version}" for name, version in constraints().items()))
