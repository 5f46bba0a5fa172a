"""Outputs of a conversion → objects below a URL: companion files first, each object complete or not at all."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from pathlib import Path

from ...formats.zarr import SIGN
from ...model.files.names import IMAGE_SUFFIXES, PREVIEW_SUFFIXES, suffix_of
from ...model.files.remote_files import is_remote, set_size
from ...network.object_store import ObjectStore
from ...output import Committed
from ...output.locks import HOME
from .mirror import JOURNAL

TABLES = "tables.txt"
"""File next to a mirror that lists tables which several images share; they are written at the end of the run."""


def publish(commits: Sequence[Committed], url: str) -> int:
    """Write the outputs of commits below a URL, and return their bytes.

    A journal object lists them until all are there: if this process is lost, the next conversion replaces them.
    """
    written = 0
    for commit in commits:
        store = ObjectStore(url, is_output=True)
        groups = _groups_of(commit)
        journal = f"{HOME}/{JOURNAL}{uuid.uuid4().hex}.txt"
        store.put_bytes("\n".join(commit.names).encode(), journal)
        for names in groups:
            paths = [commit.folder / name for name in names]
            store.put(paths, names)
            written += sum(path.stat().st_size for path in paths)
        store.remove([*commit.removed, journal])
        for name in commit.tables:
            with open(commit.folder.parent / TABLES, "a", encoding="utf-8", newline="\n") as file:
                file.write(name + "\n")
        _shrink(commit)
    return written


def publish_tables(folder: Path, url: str) -> None:
    """Write the tables that the images of a run share."""
    try:
        names = sorted(set((folder.parent / TABLES).read_text("utf-8").splitlines()))
    except FileNotFoundError:
        return
    ObjectStore(url, is_output=True).put([folder / name for name in names], names)


def _groups_of(commit: Committed) -> list[list[str]]:
    """Return the names of all files in groups that follow each other: companions, chunks of stores, images, signs of stores."""
    companions: list[str] = []
    chunks: list[str] = []
    images: list[str] = []
    signs: list[str] = []
    for name in commit.names:
        path = commit.folder / name
        if path.is_dir():
            files = sorted(file.relative_to(commit.folder).as_posix() for file in path.rglob("*") if file.is_file())
            chunks += [file for file in files if file != f"{name}/{SIGN}"]
            signs += [file for file in files if file == f"{name}/{SIGN}"]
        else:
            (images if suffix_of(path, IMAGE_SUFFIXES) else companions).append(name)
    return [group for group in (companions, chunks, images, signs) if group]


def _shrink(commit: Committed) -> None:
    """Free the disk: images that were published keep their name and size only."""
    for name in commit.names:
        path = commit.folder / name
        files = [file for file in path.rglob("*") if file.is_file() and file.name != SIGN] if path.is_dir() else [path]
        for file in files:
            if path.is_dir() or suffix_of(file, IMAGE_SUFFIXES) or file.suffix.lower() in (".dcm", *PREVIEW_SUFFIXES):
                size = file.stat().st_size
                if not is_remote(file):
                    set_size(file, size)
