"""The files of a store: in a folder, or in a ZIP file."""

from __future__ import annotations

import shutil
import zipfile
from functools import cached_property
from io import BufferedReader
from pathlib import Path, PurePosixPath
from typing import Any

from ...errors import ZarrReadError
from ...model.files.input_files import open_file, read_file, walk
from ...model.processes.limits import check_expanded, check_text
from .dependency import zarr_package
from .paths import SIGN

CHUNK = 1 << 22
_DATE = (1980, 1, 1, 0, 0, 0)
"""Of all files: the same store becomes the same bytes."""
_PERMISSIONS = 0o644 << 16
AGAIN = "Copy the store again, or create it again from its source."


class StoreFiles:
    """The files of a store.

    Parameters
    ----------
    path : pathlib.Path
        The folder, or the ZIP file.
    """

    def __init__(self, path: Path):
        self.path, self._is_zip = path, path.is_file()
        self._store: Any = None

    @cached_property
    def sizes(self) -> dict[str, int]:
        """Bytes that every file takes, by its name (POSIX separators); raises `ZarrReadError` for a damaged ZIP file."""
        if self._is_zip:
            return {info.filename: info.compress_size for info in self._entries.values()}
        files = (root / name for root, _, names in walk(self.path, follow_links=True, problems=[]) for name in names)
        return {path.relative_to(self.path).as_posix(): path.stat().st_size for path in files if path.is_file()}

    @cached_property
    def _entries(self) -> dict[str, zipfile.ZipInfo]:
        try:
            with BufferedReader(open_file(self.path)) as file, zipfile.ZipFile(file) as archive:
                return {info.filename: info for info in archive.infolist() if not info.is_dir()}
        except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise ZarrReadError(f"{self.path}: a damaged ZIP file ({error}). {AGAIN}") from None

    def has(self, name: str) -> bool:
        """Whether there is a file."""
        return name in self._entries if self._is_zip else (self.path / name).is_file()

    def below(self, folder: str) -> dict[str, int]:
        """Return the sizes of the files below a folder, by their names in the store."""
        return {name: size for name, size in self.sizes.items() if PurePosixPath(name).is_relative_to(folder)}

    def read(self, name: str) -> bytes:
        """Return the content of a file; raises `OSError` if it cannot be read, `SizeLimitError` if it is too large."""
        if not self._is_zip:
            check_text(str(self.path / name), (self.path / name).stat().st_size)
            return read_file(self.path / name)
        info = self._entries[name]
        check_text(f"{self.path}/{name}", info.file_size)
        check_expanded(f"{self.path}/{name}", info.file_size, info.compress_size)
        try:
            with BufferedReader(open_file(self.path)) as file, zipfile.ZipFile(file) as archive:
                return archive.read(name)
        except (zipfile.BadZipFile, NotImplementedError, EOFError) as error:
            raise OSError(0, str(error)) from error

    def store(self) -> Any:
        """Return what the package zarr opens."""
        if not self._is_zip:
            return str(self.path)
        if self._store is None:
            zarr_package()
            from zarr.storage import ZipStore

            self._store = ZipStore(self.path, mode="r")
        return self._store

    def close(self) -> None:
        """Close the ZIP file; nothing can be read from the store afterwards."""
        if self._store is not None and self._store._is_open:
            self._store.close()


def pack(folder: Path, path: Path) -> None:
    """Write the files of a store into a ZIP file, descriptions first, without further compression."""
    files = sorted((file for file in folder.rglob("*") if file.is_file()), key=lambda file: _place(file.relative_to(folder)))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for file in files:
            info = zipfile.ZipInfo(file.relative_to(folder).as_posix(), _DATE)
            info.external_attr, info.file_size = _PERMISSIONS, file.stat().st_size
            with open(file, "rb") as source, archive.open(info, "w") as target:
                shutil.copyfileobj(source, target, CHUNK)


def _place(name: Path) -> tuple[bool, int, str]:
    return name.name != SIGN, len(name.parts), name.as_posix()
