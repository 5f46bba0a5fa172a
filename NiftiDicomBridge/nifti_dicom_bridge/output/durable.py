"""File operations that survive a power cut, with what each platform has for it."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import stat
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path

from ..operating_system import IS_WINDOWS

MOST_SINGLE = 16
"""More paths than this are written to disk with their whole file system at once, where the platform can."""
_NOT_SUPPORTED = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}
_NO_LINKS = _NOT_SUPPORTED | {errno.EPERM, errno.EMLINK, errno.EACCES, errno.EXDEV}
_CURRENT_FOLDER = -100
"""AT_FDCWD of Linux."""
_SWAP = 2
"""RENAME_EXCHANGE of Linux and RENAME_SWAP of macOS."""
_PAUSES_S = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8) if IS_WINDOWS else ()
"""How long a name that is refused is waited for: on Windows, virus scanners and indexers open new files for a moment."""


def sync(paths: Iterable[Path]) -> None:
    """Wait until files and the entries of folders are on the disk; folders only where the platform can."""
    unique = list(dict.fromkeys(paths))
    if len(unique) > MOST_SINGLE and _sync_file_system(unique[0]):
        return
    for path in unique:
        _sync_one(path)


def _sync_one(path: Path) -> None:
    if IS_WINDOWS and path.is_dir():
        return
    handle = os.open(path, os.O_RDWR if IS_WINDOWS else os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:  # some network file systems cannot
        if error.errno not in _NOT_SUPPORTED:
            raise
    finally:
        os.close(handle)


def _sync_file_system(path: Path) -> bool:
    """Write the file system of a path to disk; return whether that was possible."""
    function = _c_function("syncfs") if sys.platform.startswith("linux") else None
    if function is None:
        return False
    handle = os.open(path, os.O_RDONLY)
    try:
        return bool(function(handle) == 0)
    finally:
        os.close(handle)


def tree(folder: Path) -> list[Path]:
    """Return a folder and everything below it, innermost first."""
    paths = [Path(root, name) for root, _, names in os.walk(folder, topdown=False) for name in (*names, ".")]
    return paths or [folder]


def write_file(path: Path, content: bytes) -> None:
    """Write a file that appears under its name when it is complete, and is on the disk then."""
    new = path.with_name(path.name + ".new")
    with open(new, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    replace(new, path)
    sync([path.parent])


def replace(path: Path, target: Path) -> None:
    """Move a file or folder to its place, as `os.replace`; waits while another program has it open where that matters."""
    for pause in _PAUSES_S:
        try:
            os.replace(path, target)
            return
        except PermissionError:
            time.sleep(pause)
    os.replace(path, target)


def new_folder(parent: Path, prefix: str = "tmp") -> Path:
    """Return a new folder for files that are moved out of it.

    On Windows, it has the permissions of its parent, and so have the files. In those of `tempfile`, they could be read by their
    owner only, also after they were moved.
    """
    while True:
        path = parent / f"{prefix}{os.urandom(4).hex()}"
        with suppress(FileExistsError):
            os.mkdir(path, 0o777 if IS_WINDOWS else 0o700)
            return path


def remove_tree(folder: Path) -> None:
    """Remove a folder and everything in it, as far as that is possible now; Windows removes no file that is read-only."""
    shutil.rmtree(folder, ignore_errors=True)
    if IS_WINDOWS and folder.exists():
        for path in tree(folder):
            with suppress(OSError):
                os.chmod(path, stat.S_IRWXU)
        shutil.rmtree(folder, ignore_errors=True)


def keep(path: Path, copy: Path) -> None:
    """Give a file a second name, so that it survives when another one takes its place; a copy where there are no links."""
    if os.path.lexists(copy):
        return
    copy.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(path, copy, follow_symlinks=os.link not in os.supports_follow_symlinks)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        new = copy.with_name(copy.name + ".new")
        shutil.copy2(path, new, follow_symlinks=False)
        os.replace(new, copy)


def exchange(first: Path, second: Path) -> bool:
    """Swap two names at once, so that neither is ever empty; return whether the platform and the file system can.

    Raises `OSError` for other reasons.
    """
    sys.audit("nifti_dicom_bridge.exchange", str(first), str(second))
    if sys.platform.startswith("linux"):
        function, before, between = _c_function("renameat2"), (_CURRENT_FOLDER,), (_CURRENT_FOLDER,)
    elif sys.platform == "darwin":
        function, before, between = _c_function("renamex_np"), (), ()
    else:
        return False
    if function is None:
        return False
    if function(*before, os.fsencode(first), *between, os.fsencode(second), _SWAP) == 0:
        return True
    number = ctypes.get_errno()
    if number in _NOT_SUPPORTED:
        return False
    raise OSError(number, os.strerror(number), str(second))


@cache
def _c_function(name: str) -> Callable[..., int] | None:
    """Return a function of the C library; None where there is none of this name."""
    try:
        return getattr(ctypes.CDLL(None, use_errno=True), name, None)
    except (OSError, TypeError):
        return None
