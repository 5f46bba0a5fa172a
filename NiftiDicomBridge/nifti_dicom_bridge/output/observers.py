"""Commits that are published elsewhere: what was put in place, for those who ask."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import NamedTuple


class Committed(NamedTuple):
    """The outputs of one commit, relative to their folder: new or replaced ones, shared tables, and removed ones."""

    folder: Path
    names: tuple[str, ...]
    tables: tuple[str, ...]
    removed: tuple[str, ...]


_commits: ContextVar[list[Committed] | None] = ContextVar("commits", default=None)


@contextmanager
def observed_commits() -> Iterator[list[Committed]]:
    """Yield a list that receives each commit while the context lasts."""
    commits: list[Committed] = []
    token = _commits.set(commits)
    try:
        yield commits
    finally:
        _commits.reset(token)


def note_commit(folder: Path, names: Sequence[str], tables: Sequence[str], removed: Sequence[str]) -> None:
    """Inform observers that outputs are in place; companion files come before images."""
    commits = _commits.get()
    if commits is not None:
        commits.append(Committed(folder, tuple(names), tuple(tables), tuple(removed)))
