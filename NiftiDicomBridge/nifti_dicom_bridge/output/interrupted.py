"""Conversions that ended early: their outputs are completed or taken back, and their staging folders removed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from ..errors import OutputError
from ..options import Progress
from . import durable
from .commit import Commit
from .locks import COMMIT_LOCK, HOME, FolderLock, is_dead

DEEPEST = 6
"""An output may be this number of folders below the folder of its conversion: ``DATASET/sourcedata/sub-/ses-/anat/NAME``."""


def recover(folder: Path, progress: Progress | None = None) -> list[str]:
    """Complete or remove what conversions that ended early left in a folder, and return a sentence about each.

    Parameters
    ----------
    folder : pathlib.Path
        Where outputs go.
    progress : Progress, optional
        Called while another conversion has the folder.

    Raises
    ------
    OutputError
        If outputs can neither be completed nor taken back.
    """
    home = folder / HOME
    if not home.is_dir():
        return []
    try:
        with FolderLock(home / COMMIT_LOCK, progress) as lock:
            sentences = recover_locked(folder)
            clear(home, lock)
    except OSError as error:
        raise OutputError(f"{home}: cannot be read or removed ({error.strerror}). Check its permissions.") from error
    return sentences


def recover_locked(folder: Path) -> list[str]:
    """Do what `recover` does; the lock of the folder is held."""
    sentences = []
    for staging in list(_stagings(folder / HOME)):
        if not is_dead(staging):
            continue
        sentences.append(_finished(staging, folder))
        durable.remove_tree(staging)
    return sentences


def _finished(staging: Path, folder: Path) -> str:
    """Bring an unfinished commit to its end."""
    try:
        unfinished = Commit.unfinished(staging, folder)
        if unfinished is None:
            return f"{folder}: removed the temporary files of a conversion that was interrupted"
        commit, undo = unfinished
        if undo:
            commit.undo()
            return f"{folder}: took back {_outputs(commit)} of a conversion that was interrupted"
        commit.complete()
        return f"{folder}: completed {_outputs(commit)} of a conversion that was interrupted"
    except OSError as error:
        raise OutputError(
            f"{folder}: a conversion was interrupted while its outputs were put in place, and they cannot be completed "
            f"({error.strerror}). They are in {staging}. Free space or check the permissions, and "
            "repeat the conversion."
        ) from error


def _outputs(commit: Commit) -> str:
    names = [step.name for step in commit.steps if step.action != "remove"]
    return f"{names[-1]} ({len(names)} outputs)" if len(names) > 1 else names[0]


def clear(home: Path, lock: FolderLock) -> None:
    """Free the lock of a folder; remove it with everything else that no conversion uses."""
    names = {path.name for path in home.iterdir()} - {lock.path.name}
    for name in [name for name in names if name.endswith(".lock")]:
        other = FolderLock(home / name)
        if other.attempt():
            other.release(remove=True)
            names.remove(name)
    lock.release(remove=not names)
    if not names:
        try:
            home.rmdir()
        except OSError:
            pass  # another conversion began


def check_complete(path: Path) -> None:
    """Refuse to read an output that a conversion was putting in place when it was interrupted.

    Raises
    ------
    OutputError
        With the folder that needs to be repaired.
    """
    path = Path(os.path.abspath(path))
    for folder in list(path.parents)[:DEEPEST]:
        for staging in _stagings(folder / HOME):
            unfinished = Commit.unfinished(staging, folder)
            places = [folder / step.name for step in unfinished[0].steps] if unfinished else []
            if any(place in (path, *path.parents) for place in places):
                raise OutputError(
                    f"{path.name}: a conversion into {folder} was interrupted while it wrote this image, so image and sidecar "
                    f"may not belong together. Repeat that conversion, or any other one into {folder}: it completes the files."
                )


def _stagings(home: Path) -> Iterator[Path]:
    """Yield the staging folders of an output folder."""
    if home.is_dir():
        yield from sorted(path for path in home.iterdir() if path.is_dir())
