"""Outputs that appear complete or not at all."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Self

from ..errors import OutputError, state_length
from ..model.files.names import IMAGE_SUFFIXES, name_key, portability_problem, suffix_of
from ..operating_system import IS_WINDOWS
from ..options import Progress
from ..options.remedies import remedy
from . import durable
from .commit import NEW, Commit
from .former import without_successor
from .interrupted import clear, recover_locked
from .locks import COMMIT_LOCK, DATASET_LOCK, HOME, FolderLock, own
from .observers import note_commit
from .runs import note_new_outputs

Check = Callable[[Mapping[str, Path]], None]
"""Is given the outputs (name → where it was written) before they are put in place; raises to refuse them."""
_OF_WRITING = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}


class Staging:
    """A folder below that of the outputs, from which they are moved to their places when all are complete.

    Used as a context: what was not committed is gone when it ends, and so are folders that it made and left empty.

    Parameters
    ----------
    folder : pathlib.Path
        Where the outputs go; made when missing.
    overwrite : bool
        Whether existing files may be replaced.
    progress : Progress, optional
        Called while another conversion has the folder.

    Attributes
    ----------
    checks : list of callable
        Called with the complete outputs before they are put in place.
    """

    def __init__(self, folder: Path, overwrite: bool = False, progress: Progress | None = None):
        self.folder, self.overwrite = Path(folder), overwrite
        self.checks: list[Check] = []
        self._lock = FolderLock(self.folder / HOME / COMMIT_LOCK, progress)
        self._locked = False
        self._made: list[Path] = []
        self._names: list[str] = []
        self._keys: set[str] = set()
        self._parents: set[PurePosixPath] = set()
        self._updated: set[str] = set()
        self._temporary = Path()
        self._owner: IO[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self._made = _make_folders(self.folder)
            with self._lock:
                recover_locked(self.folder)
                self._temporary = durable.new_folder(self.folder / HOME)
                self._owner = own(self._temporary)
            (self._temporary / NEW).mkdir()
        except OSError as error:
            self.__exit__()
            raise OutputError(f"{self.folder}: cannot be written ({error.strerror}). Choose another folder.") from error
        return self

    def __exit__(self, *exception: object) -> None:
        for error in exception:
            if isinstance(error, OSError) and (error.errno in _OF_WRITING or self._is_temporary(error.filename)):
                state_length(error)
                error.filename = str(self.folder)  # writing has no name, and the user does not know the temporary files
        if self._owner is not None:
            self._owner.close()
            if Commit.unfinished(self._temporary, self.folder) is None:  # else the next conversion needs it
                durable.remove_tree(self._temporary)
        elif self._temporary.name:  # the disk was full before it had an owner
            durable.remove_tree(self._temporary)
        _leave(self.folder, self._lock, self._made, self._locked)
        self._locked = False

    def _is_temporary(self, name: object) -> bool:
        return bool(self._temporary.name) and str(name).startswith(str(self._temporary))

    @property
    def names(self) -> list[str]:
        """The outputs so far, relative to the folder."""
        return list(self._names)

    def path(self, name: str, update: bool = False) -> Path:
        """Return where to write the output that will be called `name` (relative, POSIX separators).

        With `update`, it takes the place of a file that exists, whether overwriting is allowed or not; `hold` the folder before
        that file is read.

        Raises
        ------
        OutputError
            If the name leaves the folder, is not valid on every platform, was used already, or exists and may not be
            replaced.
        """
        target = self._target(name)
        if update:
            self._updated.add(name)
        self._check_free(name, target)
        return self._reserved(name)

    def folder_path(self, name: str, sign: str) -> Path:
        """Return where to make the folder that will be called `name`: an output of many files, moved as one.

        Parameters
        ----------
        name : str
            As for `path`.
        sign : str
            A file that such folders have. One without it is something else, and is never replaced.

        Raises
        ------
        OutputError
            As for `path`.
        """
        target = self._target(name)
        if target.exists() and not target.is_dir():
            raise OutputError(f"{target} exists and is a file. Choose another folder.", target)
        self._check_free(name, target, is_folder=True)
        if target.exists() and any(target.iterdir()) and not (target / sign).is_file():
            raise OutputError(f"{target} exists and holds other things: it has no {sign}. Choose another folder, or remove it.")
        path = self._reserved(name)
        path.mkdir()
        return path

    def withdraw(self, names: Sequence[str]) -> None:
        """Remove files that were to be outputs; their names are free again."""
        for name in names:
            self.staged(name).unlink(missing_ok=True)
        self._names = [name for name in self._names if name not in set(names)]
        self._keys = {name_key(name) for name in self._names}

    def scratch(self) -> Path:
        """Return a new folder for files that are not outputs; it is gone when the context ends."""
        return durable.new_folder(self._temporary)

    def staged(self, name: str) -> Path:
        """Return where an output is until it is put in place."""
        return self._temporary / NEW / name

    def hold(self) -> None:
        """Keep other conversions from changing the folder until this one has ended: for files that it reads and updates."""
        if not self._locked:
            self._lock.__enter__()
            self._locked = True
            recover_locked(self.folder)

    def commit(self) -> list[Path]:
        """Move everything to its place and return the paths; where one cannot be moved, put back what was there before.

        Raises
        ------
        OutputError
            If an output came to exist in the meantime and may not be replaced, or cannot be moved.
        BridgeError
            Whatever `checks` raise.
        """
        new = self._temporary / NEW
        for check in self.checks:
            check({name: new / name for name in self._names})
        self.hold()
        for name in self._names:
            self._check_free(name, self.folder / name, is_folder=(new / name).is_dir())
        commit = None
        try:
            commit = self._plan()
            new_names = [step.name for step in commit.steps if not step.replaces and step.name not in self._updated]
            note_new_outputs([self.folder / name for name in new_names])
            commit.decide()
            commit.complete()
        except BaseException as error:
            consequence = _undone(commit)
            if not isinstance(error, OSError):
                raise
            raise OutputError(f"{self._refused(error)}; {consequence}.") from error
        steps = [(step.name, step.action) for step in commit.steps]
        written = [name for name, action in steps if action != "remove" and name not in self._updated]
        note_commit(self.folder, written, sorted(self._updated), [name for name, action in steps if action == "remove"])
        return [self.folder / name for name in self._names]

    def _refused(self, error: OSError) -> str:
        """Return which output cannot be written, and why: moving a file has two names, and the user knows one of them."""
        state_length(error)
        names = [name for name in (error.filename2, error.filename) if name and not self._is_temporary(name)]
        used = ", or another program has it open" if IS_WINDOWS and isinstance(error, PermissionError) else ""
        return f"{names[0] if names else self.folder}: cannot be written ({error.strerror}{used})"

    def _plan(self) -> Commit:
        """Return what to do: companion files first, so that an image is never without them."""
        ordered = sorted(self._names, key=lambda name: bool(suffix_of(name, (*IMAGE_SUFFIXES, ".png"))))
        removed = without_successor(self.folder, self._names) if self.overwrite else []
        return Commit.plan(self._temporary, self.folder, ordered, removed)

    def _check_free(self, name: str, target: Path, is_folder: bool = False) -> None:
        """Refuse to take the place of something that exists and may not be replaced."""
        if not os.path.lexists(target):
            return
        if not (self.overwrite or name in self._updated) or (target.is_dir() and not is_folder):
            raise OutputError(f"{target} exists. Choose another folder, or overwrite=True to replace it.", target)
        if IS_WINDOWS and target.is_file() and not target.stat().st_mode & stat.S_IWRITE:
            raise OutputError(f"{target} is read-only, so it is not replaced. Choose another folder, or allow writing to it.")

    def _target(self, name: str) -> Path:
        """Return the place of an output; raises `OutputError` where there can be none."""
        path = PurePosixPath(name)
        if not path.parts or path.is_absolute() or ".." in path.parts:
            raise OutputError(f"{name!r} is not a file name inside of {self.folder}. {remedy('number-files')}")
        problem = portability_problem(name)
        if problem:
            raise OutputError(f"{name!r} {problem}. {remedy('number-files')}")
        if name_key(name) in self._keys:
            raise OutputError(f"two outputs would be called {name} in {self.folder}. {remedy('number-files')}")
        target = self.folder / name
        if path.parent not in self._parents:  # looked at once for all files of a folder
            above = [self.folder / parent for parent in path.parents]
            blocking = next((p for p in above[:-1] if p.exists() and not p.is_dir()), None)
            if blocking is not None:
                raise OutputError(f"{target} cannot be written: {blocking} is a file. Choose another folder.")
            (self._temporary / NEW / path.parent).mkdir(parents=True, exist_ok=True)
            self._parents.add(path.parent)
        return target

    def _reserved(self, name: str) -> Path:
        """Take a name and return the place to write to."""
        self._names.append(name)
        self._keys.add(name_key(name))
        return self._temporary / NEW / name


def _undone(commit: Commit | None) -> str:
    """Take back a commit that failed, and return what became of the outputs; what cannot be done now stays in the journal."""
    try:
        if commit is not None:
            commit.undo()
    except OSError:
        return "the next conversion into this folder puts back what was there before"
    return "nothing was changed"


@contextmanager
def dataset_locked(folder: Path, progress: Progress | None = None) -> Iterator[None]:
    """Keep a folder for one conversion as a whole, where the names of new outputs depend on those that exist.

    Raises
    ------
    OutputError
        If the folder cannot be written.
    """
    try:
        made = _make_folders(folder)
        lock = FolderLock(folder / HOME / DATASET_LOCK, progress)
        lock.__enter__()
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written ({error.strerror}). Choose another folder.") from error
    try:
        yield
    finally:
        lock.release(remove=True)
        _leave(folder, FolderLock(folder / HOME / COMMIT_LOCK), made)


def _leave(folder: Path, lock: FolderLock, made: Sequence[Path], locked: bool = False) -> None:
    """Remove what no conversion uses: the folder of locks, and folders that were made and are empty."""
    try:
        if locked or ((folder / HOME).is_dir() and lock.attempt()):  # else the conversion that has it does
            clear(folder / HOME, lock)
    except OSError:
        pass  # the next conversion does
    for path in reversed(made):
        try:
            path.rmdir()
        except OSError:
            return  # it contains outputs


def _make_folders(folder: Path) -> list[Path]:
    """Make a folder and those above it; return the ones that were missing, outermost first."""
    missing = []
    current = folder
    while not current.exists():
        missing.append(current)
        current = current.parent
    folder.mkdir(parents=True, exist_ok=True)
    return missing[::-1]
