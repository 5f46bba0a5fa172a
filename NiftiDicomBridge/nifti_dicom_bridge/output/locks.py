"""Locks of the operating system, which end with the process that holds them: there are no stale ones."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path
from typing import IO, Self

from ..operating_system import IS_WINDOWS
from ..options import Progress

HOME = ".nifti-dicom-bridge"
"""Folder in an output folder for all that is not an output: locks, and staging folders of conversions that run."""
COMMIT_LOCK, DATASET_LOCK = "commit.lock", "dataset.lock"
OWNER = "owner.lock"
"""File in a staging folder that its conversion keeps locked."""
WAITING = "Waiting for another conversion into the same folder"
SHORTEST_S, LONGEST_S = 0.02, 0.5
"""Time between two attempts to get a lock."""
REMOVED_S = 5.0
"""How long Windows may refuse to open a lock file, because it is being removed."""
_NO_LOCKS = {errno.ENOSYS, errno.ENOLCK, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP}


class FolderLock:
    """Lets one conversion at a time into a section; the others wait. Used as a context.

    Where the file system has no locks, it lets everyone in.

    Parameters
    ----------
    path : pathlib.Path
        The lock file; created if missing, with its folder.
    progress : Progress, optional
        Called with `WAITING` while the lock is held elsewhere; may raise `Cancelled`.
    """

    def __init__(self, path: Path, progress: Progress | None = None):
        self.path, self.progress = path, progress
        self._file: IO[bytes] | None = None
        self._refused_since: float | None = None

    def __enter__(self) -> Self:
        pause = SHORTEST_S
        while not self.attempt():
            if self.progress is not None:
                self.progress(WAITING, 0, 1)
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_S)
        return self

    def __exit__(self, *exception: object) -> None:
        self.release()

    def attempt(self) -> bool:
        """Take the lock if it is free; return whether it was."""
        try:
            self.path.parent.mkdir(exist_ok=True)
        except FileExistsError:
            if os.path.lexists(self.path.parent) and not self.path.parent.is_dir():
                raise
            return False  # another conversion removes the folder just now
        try:
            file = open(self.path, "ab")  # noqa: SIM115  # it stays open as long as the lock is held
        except FileNotFoundError:
            if self.path.is_symlink():
                raise
            return False  # as above
        except PermissionError:
            if not IS_WINDOWS or not self._may_be_removed():
                raise
            return False
        self._refused_since = None
        if lock_file(file) is False or not _is_same(file, self.path):
            file.close()
            return False
        self._file = file
        return True

    def _may_be_removed(self) -> bool:
        """Whether a lock file that cannot be opened may be one that Windows removes just now."""
        now = time.monotonic()
        self._refused_since = self._refused_since or now
        return self.path.is_file() and now - self._refused_since < REMOVED_S

    def release(self, remove: bool = False) -> None:
        """Free the lock, and remove its file on request."""
        if self._file is None:
            return
        if remove and not IS_WINDOWS:
            self.path.unlink(missing_ok=True)  # while it is held: who waits for it notices that the file is gone
        self._file.close()
        self._file = None
        if remove and IS_WINDOWS:
            try:
                self.path.unlink(missing_ok=True)
            except OSError:
                pass  # another conversion has it already


def lock_file(file: IO[bytes]) -> bool | None:
    """Lock a file that is open; return whether that was possible, None where the file system has no locks."""
    try:
        if IS_WINDOWS:
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        else:
            import fcntl

            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return None if error.errno in _NO_LOCKS else False
    return True


def _is_same(file: IO[bytes], path: Path) -> bool:
    """Whether an open file is still there under its name: Windows removes none that is open, and may number all alike."""
    try:
        return IS_WINDOWS or os.path.samestat(os.fstat(file.fileno()), os.stat(path))
    except OSError:
        return False


def own(staging: Path) -> IO[bytes]:
    """Mark a staging folder as that of this process, as long as the returned file is open."""
    file = open(staging / OWNER, "wb", buffering=0)  # noqa: SIM115
    try:
        lock_file(file)
        file.write(f"{_computer()} {os.getpid()}".encode())
    except BaseException:
        file.close()
        raise
    return file


def is_dead(staging: Path) -> bool:
    """Whether the process of a staging folder has ended; on file systems without locks known for this computer only."""
    try:
        with open(staging / OWNER, "r+b") as file:
            locked = lock_file(file)
            return locked is True or (locked is None and _has_ended(file.read().decode("utf-8", "replace")))
    except FileNotFoundError:
        return True  # it ended before it could mark the folder, as that is done under the lock
    except OSError:
        return False


def _has_ended(owner: str) -> bool:
    host, _, number = owner.rpartition(" ")
    if IS_WINDOWS or host != _computer() or not number.isdigit():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def _computer() -> str:
    """Return the name of this computer; Windows has locks everywhere and does not need it."""
    return os.uname().nodename if hasattr(os, "uname") else ""
