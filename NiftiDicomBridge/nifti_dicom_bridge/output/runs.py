"""Conversions in several computers: a run has a folder in that of its outputs, and repeats what a lost worker has started."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import IO, Self

from ..errors import OutputError
from ..options import Progress
from . import durable
from .interrupted import recover
from .locks import COMMIT_LOCK, HOME, FolderLock, own

_written: ContextVar[Path | None] = ContextVar("list_of_new_outputs", default=None)


class RunFolder:
    """A folder that exists as long as a run; workers end when it is gone. Used as a context.

    Parameters
    ----------
    folder : pathlib.Path
        Where the outputs go; made when missing.
    progress : Progress, optional
        Called while another conversion has the folder.

    Attributes
    ----------
    path : pathlib.Path
        The folder of the run.
    """

    def __init__(self, folder: Path, progress: Progress | None = None):
        self.folder, self.path = folder, Path()
        self._lock = FolderLock(folder / HOME / COMMIT_LOCK, progress)
        self._owner: IO[bytes] | None = None
        self._is_new = not folder.exists()

    def __enter__(self) -> Self:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with self._lock:
                self.path = durable.new_folder(self.folder.absolute() / HOME, "run-")
                self._owner = own(self.path)
        except OSError as error:
            raise OutputError(f"{self.folder}: cannot be written ({error.strerror}). Choose another folder.") from error
        return self

    def __exit__(self, *exception: object) -> None:
        if self._owner is not None:
            self._owner.close()
        durable.remove_tree(self.path)
        try:
            recover(self.folder)
            if self._is_new:
                self.folder.rmdir()  # if nothing was written
        except (OSError, OutputError):
            pass  # it has outputs, or another conversion uses it


@contextmanager
def repeatable(listing: Path) -> Iterator[None]:
    """Take back the new outputs of an earlier attempt that are listed in a file, and list those of this one there.

    An attempt ends early when its process is lost. Outputs that replaced others are not taken back: the next attempt may
    replace them again.
    """
    _take_back(listing)
    token = _written.set(listing)
    try:
        yield
    finally:
        _written.reset(token)


def note_new_outputs(paths: Sequence[Path]) -> None:
    """List new outputs before they appear, where a run may need to take them back."""
    listing = _written.get()
    if listing is None:
        return
    with open(listing, "ab") as file:
        file.write(json.dumps([str(path.absolute()) for path in paths]).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def _take_back(listing: Path) -> None:
    """Remove the outputs that a file lists, then the file."""
    try:
        lines = listing.read_bytes().splitlines()
    except FileNotFoundError:
        return
    for line in lines:
        try:
            paths = [Path(path) for path in json.loads(line)]
        except ValueError:
            continue  # the process was lost while it wrote the line: the outputs did not appear
        for path in paths:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
            _remove_empty(path.parent, listing.parent.parent.parent)
    listing.unlink()


def _remove_empty(folder: Path, top: Path) -> None:
    """Remove a folder and those above it that are empty, up to `top`, which stays."""
    while folder != top and top in folder.parents:
        try:
            folder.rmdir()
        except OSError:
            return  # it has other files, or is gone
        folder = folder.parent
