"""Which files are read: regular ones, below folders that can be listed, and through links only where that is safe."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import FileIO
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from ...errors import length_problem, state_length
from .remote_files import RemoteFile, is_remote, reader_of

_KINDS = {
    stat.S_IFIFO: "a named pipe", stat.S_IFSOCK: "a socket", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a folder",
}  # fmt: skip


_FLAGS = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_NONBLOCK", "O_BINARY", "O_CLOEXEC"))
"""Opening a named pipe does not wait for its writer; some flags do not exist on every system."""


SKIPPED = 1 << 20
"""Bytes that are read at once where they are not needed."""


HIDDEN = "hidden, as its name begins with a dot: it is not read, though images are there. Name it as an input to convert it"
MOST_HIDDEN = 100
"""Files of a hidden folder that are looked at."""
_NEVER_INPUT = frozenset({".git"})
"""Hidden folders whose files are copies: git-annex stores the images there to which links outside of it lead."""
_APPLE_DOUBLE = b"\0\x05\x16\x07"
"""First bytes of files that macOS writes next to others on foreign file systems, with ``._`` before their names (RFC 1740)."""


class Problem(NamedTuple):
    """A path below an input that is not read, and why; `failed` where something may be missing because of it."""

    path: str
    reason: str
    failed: bool = False


class Stamp(NamedTuple):
    """Size in bytes and time of the last change in ns: what differs after a file was changed."""

    size: int
    changed_ns: int

    @classmethod
    def of(cls, path: Path | str) -> Stamp | None:
        """Return the stamp of a file; None where there is none."""
        try:
            status = os.stat(path)
        except OSError:
            return None
        return cls(status.st_size, status.st_mtime_ns)


def change_since(path: Path | str, before: tuple[int, int], now: tuple[int, int] | None) -> str:
    """Return the sentence on a file that was changed while it was converted; empty if it was not."""
    if now == before:
        return ""
    state = f"now it has {now[0]}, or another time of change" if now else "now it is missing"
    return (
        f"{path}: changed while it was converted: it had {before[0]} bytes, {state}. Convert it again when no other program "
        "writes it."
    )


def walk(
    folder: Path, follow_links: bool, problems: list[Problem], is_wanted: Callable[[Path], bool] | None = None
) -> Iterator[tuple[Path, list[str], list[str]]]:
    """Yield each folder with the sorted names of its folders and regular files, as `os.walk` does; hidden ones are left out.

    The caller may shorten the list of folders. A link to a folder is followed if it stays below `folder`, or on request; a
    folder that was visited before is not visited again. Hidden files that `is_wanted`, and hidden folders with such files, are
    problems.
    """
    top, visited = _real(folder), set()
    waiting = [Path(folder)]
    while waiting:
        here = waiting.pop()
        real = _real(here)
        if real in visited:
            continue
        visited.add(real)
        folders, names = _listed(here, top, follow_links, problems, is_wanted)
        yield here, folders, names
        waiting += [here / name for name in reversed(folders)]


def _listed(
    here: Path, top: str, follow_links: bool, problems: list[Problem], is_wanted: Callable[[Path], bool] | None
) -> tuple[list[str], list[str]]:
    """Return the names of the folders and files to visit; what is left out is added to the problems."""
    folders, names = [], []
    try:
        with os.scandir(here) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                if entry.name.startswith("."):
                    if is_wanted and entry.name not in _NEVER_INPUT and _has_wanted(Path(entry.path), is_wanted):
                        problems.append(Problem(entry.path, HIDDEN))
                    continue
                if entry.is_dir():
                    if follow_links or not entry.is_symlink() or _is_below(_real(entry.path), top):
                        folders.append(entry.name)
                    else:
                        reason = "a link to a folder outside of the input, which is not followed"
                        problems.append(Problem(entry.path, reason))
                elif entry.is_file() or entry.is_symlink():
                    names.append(entry.name)  # a broken link is reported when it is opened
                else:
                    problems.append(Problem(entry.path, f"{kind_of_path(Path(entry.path))}, which is not opened"))
    except OSError as error:
        state_length(error)
        reason = f"{here}: the folder cannot be read ({error.strerror}). Check its permissions."
        problems.append(Problem(str(here), reason, failed=True))
    return folders, names


def _has_wanted(hidden: Path, is_wanted: Callable[[Path], bool]) -> bool:
    """Whether a hidden file is wanted, or one of the first files of a hidden folder."""
    if not hidden.is_dir():
        return hidden.is_file() and is_wanted(hidden)
    files = (Path(root, name) for root, _, names in os.walk(hidden) for name in names)
    return any(path.is_file() and is_wanted(path) for path in islice(files, MOST_HIDDEN))


def is_apple_double(path: Path) -> bool:
    """Whether a file has what macOS keeps of another file, such as its icon: it has the name of an image, but is none."""
    try:
        with open_file(path) as file:
            return file.read(len(_APPLE_DOUBLE)) == _APPLE_DOUBLE
    except OSError:
        return False


def _real(path: Path | str) -> str:
    """Return a path without links; as it is where Windows cannot look for them, such as on drives of some programs."""
    try:
        return os.path.realpath(path)
    except OSError:
        return os.path.abspath(path)


def _is_below(path: str, top: str) -> bool:
    return path == top or path.startswith(top.rstrip(os.sep) + os.sep)


def kind_of_path(path: Path) -> str:
    """Return what a path is if it is not a regular file, such as "a named pipe"; empty for a file and where nothing is."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return ""
    return "" if stat.S_ISREG(mode) else _KINDS.get(stat.S_IFMT(mode), "not a file")


def absent_content(path: Path | str) -> str:
    """Return why the content of a file is not on this computer, and how to get it; empty where it is, or was never there.

    DataLad (git-annex) and Git LFS leave links or short pointers in the place of files that were not fetched yet.
    """
    if (problem := length_problem(path)) and not os.path.exists(path):
        return problem
    if os.path.islink(path) and not os.path.exists(path):
        target = os.readlink(path)
        return _ANNEX if _ANNEX_OBJECTS in target.replace("\\", "/") else f"it is a link to {target}, which does not exist"
    try:
        with open_file(path) as file:
            start = file.read(_POINTER_BYTES)
    except OSError:
        return ""
    return next((reason for sign, reason in _POINTERS.items() if start.startswith(sign)), "")


_ANNEX_OBJECTS = "annex/objects/"
_ANNEX = "its content was not fetched: it is a link of git-annex. Fetch it with 'datalad get' or 'git annex get'"
_LFS = "its content was not fetched: it is a pointer of Git LFS. Fetch it with 'git lfs pull'"
_POINTERS = {b"version https://git-lfs.github.com/spec/": _LFS, b"/annex/objects/": _ANNEX}
"""How pointers begin that are files: of Git LFS, and of unlocked files of git-annex."""
_POINTER_BYTES = max(map(len, _POINTERS))
LARGEST_POINTER = 1024
"""Bytes of a file that may be one."""


def open_file(path: Path | str) -> FileIO:
    """Return a regular file opened for reading bytes, unbuffered.

    Raises
    ------
    OSError
        If it cannot be opened, or is a named pipe, socket or device, for which a program could wait forever.
    """
    number = os.open(path, _FLAGS)
    try:
        _check_kind(path, os.fstat(number).st_mode)
        read_range = reader_of(path)
        return open(number, "rb", buffering=0) if read_range is None else RemoteFile(number, read_range)
    except BaseException:
        os.close(number)
        raise


def read_to_end(stream: Any) -> int:
    """Read what is left of a compressed stream, and return how much: its checksum, by which damage is found, is at its end."""
    size = 0
    while part := stream.read(SKIPPED):
        size += len(part)
    return size


@contextmanager
def opened_descriptor(path: Path | str) -> Iterator[tuple[int, os.stat_result]]:
    """Open a regular file, and give its descriptor and status: `open_file` for many small files, where objects take time.

    A file that represents an object of a store has no bytes of its own, and is refused.
    """
    if is_remote(path):
        raise OSError(errno.ENOTSUP, "it represents an object of a store", str(path))
    number = os.open(path, _FLAGS)
    try:
        status = os.fstat(number)
        _check_kind(path, status.st_mode)
        yield number, status
    finally:
        os.close(number)


def read_some(descriptor: int, most: int) -> bytes:
    """Return the next bytes of an open file; fewer than `most` only at its end."""
    part = os.read(descriptor, most)
    if len(part) == most or not part:
        return part
    parts = [part]
    while part := os.read(descriptor, most - sum(map(len, parts))):
        parts.append(part)
    return b"".join(parts)


def _check_kind(path: Path | str, mode: int) -> None:
    if not stat.S_ISREG(mode):
        kind = _KINDS.get(stat.S_IFMT(mode), "not a file")
        raise OSError(21 if stat.S_ISDIR(mode) else 22, f"{kind}, not a file", str(path))


def read_file(path: Path | str) -> bytes:
    """Return all bytes of a regular file; raises as `open_file`."""
    with open_file(path) as file:
        return file.read()
