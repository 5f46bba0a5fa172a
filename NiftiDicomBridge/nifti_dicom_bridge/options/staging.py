"""Outputs that appear whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path, PurePosixPath

from ..errors import OutputError


class Staging:
    """A folder beside the outputs, from which they are moved to their places when all are complete.

    Used as a context: what was not committed is gone when it ends, and so are folders that it made and left empty.

    Parameters
    ----------
    folder : pathlib.Path
        Where the outputs go; made when missing.
    overwrite : bool
        Whether existing files may be replaced.
    """

    def __init__(self, folder: Path, overwrite: bool = False):
        self.folder, self.overwrite = Path(folder), overwrite
        self._made: list[Path] = []
        self._names: list[str] = []
        self._temporary = Path()

    def __enter__(self) -> Staging:
        try:
            self._made = _make_folders(self.folder)
            self._temporary = Path(tempfile.mkdtemp(prefix=".nifti-dicom-bridge-", dir=self.folder))
        except OSError as error:
            raise OutputError(f"{self.folder}: cannot be written ({error.strerror}). Choose another folder.") from error
        return self

    def __exit__(self, *exception: object) -> None:
        shutil.rmtree(self._temporary, ignore_errors=True)
        for folder in reversed(self._made):
            try:
                folder.rmdir()
            except OSError:
                return  # it holds outputs

    @property
    def names(self) -> list[str]:
        """The outputs so far, relative to the folder."""
        return list(self._names)

    def path(self, name: str, update: bool = False) -> Path:
        """Return where to write the output that will be called `name` (relative, POSIX separators).

        With `update`, it takes the place of a file that exists, whatever was said of overwriting.

        Raises
        ------
        OutputError
            If the name leaves the folder, was used already, or exists and may not be replaced.
        """
        target = self._target(name)
        if target.exists() and (not (self.overwrite or update) or target.is_dir()):
            raise OutputError(f"{target} exists. Choose another folder, or --overwrite to replace it.")
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
            raise OutputError(f"{target} exists and is a file. Choose another folder.")
        if target.exists() and not self.overwrite:
            raise OutputError(f"{target} exists. Choose another folder, or --overwrite to replace it.")
        if target.exists() and any(target.iterdir()) and not (target / sign).is_file():
            raise OutputError(f"{target} exists and holds other things: it has no {sign}. Choose another folder, or remove it.")
        path = self._reserved(name)
        path.mkdir()
        return path

    def _target(self, name: str) -> Path:
        """Return the place of an output; raises `OutputError` where there can be none."""
        parts = PurePosixPath(name).parts
        if (
            not parts
            or PurePosixPath(name).is_absolute()
            or ".." in parts
            or any(":" in p or "\\" in p or "\0" in p for p in parts)
        ):
            raise OutputError(f"{name!r} is no file name inside of {self.folder}. Use --names numbered.")
        if name in self._names:
            raise OutputError(f"two outputs would be called {name} in {self.folder}. Use --names numbered.")
        target = self.folder / name
        blocking = next((p for p in list(target.parents)[: len(parts) - 1] if p.exists() and not p.is_dir()), None)
        if blocking is not None:
            raise OutputError(f"{target} cannot be written: {blocking} is a file. Choose another folder.")
        return target

    def _reserved(self, name: str) -> Path:
        """Take a name and return the place to write to."""
        self._names.append(name)
        temporary = self._temporary / name
        temporary.parent.mkdir(parents=True, exist_ok=True)
        return temporary

    def commit(self) -> list[Path]:
        """Move everything to its place and return the paths; where one cannot be moved, put back what was there before."""
        done: list[tuple[Path, Path | None]] = []
        try:
            for name in self._names:
                done.append((self.folder / name, self._saved(name)))
                self._made += _make_folders((self.folder / name).parent)
                os.replace(self._temporary / name, self.folder / name)
        except OSError as error:
            for target, saved in reversed(done):
                _remove(target)
                if saved is not None:
                    os.replace(saved, target)
            raise OutputError(f"{done[-1][0]}: cannot be written ({error.strerror}); nothing was changed.") from error
        return [target for target, _ in done]

    def _saved(self, name: str) -> Path | None:
        """Put what is to be replaced out of the way, and return where it is; None where there is none."""
        if not (self.folder / name).exists():
            return None
        saved = self._temporary / "replaced" / name
        saved.parent.mkdir(parents=True, exist_ok=True)
        os.replace(self.folder / name, saved)
        return saved


def _remove(output: Path) -> None:
    """Remove a file or folder that was moved to its place; one that never came there is none."""
    if output.is_dir() and not output.is_symlink():
        shutil.rmtree(output, ignore_errors=True)
    else:
        output.unlink(missing_ok=True)


def _make_folders(folder: Path) -> list[Path]:
    """Make a folder and those above it; return the ones that were missing, outermost first."""
    missing = []
    current = folder
    while not current.exists():
        missing.append(current)
        current = current.parent
    folder.mkdir(parents=True, exist_ok=True)
    return missing[::-1]
