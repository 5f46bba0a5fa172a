"""Objects below a URL as files in a folder: empty ones that represent objects, and complete ones while they are converted."""

from __future__ import annotations

import os
import posixpath
import re
import shutil
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from ...errors import ArchiveError, without_credentials
from ...model.files.names import ZARR_SUFFIX, ZARR_ZIP_SUFFIX, name_key, portability_problem
from ...model.files.remote_files import HEAD, forget, is_remote, register, set_size
from ...network.object_store import ObjectStore, StoredObject
from ...operating_system import IS_WINDOWS
from ...output.durable import replace
from ...output.locks import HOME

AHEAD = 64
"""Objects whose beginnings are read at the same time."""
JOURNAL = "commit-"
"""Beginning of the name of an object that lists outputs which are being written; it is in the folder `HOME`."""
LONGEST_NAME = 255
_DESCRIPTION = re.compile(
    rf"{re.escape(ZARR_SUFFIX)}/(record/|(.*/)?(zarr\.json|\.z\w+)$)|{re.escape(ZARR_ZIP_SUFFIX)}$", re.IGNORECASE
)
"""Files of Zarr stores that describe the others, and those of the record; and stores in ZIP files."""


@dataclass
class Mirror:
    """A folder that has a file for each object below a URL.

    Attributes
    ----------
    url : str
        Where the objects are.
    folder : pathlib.Path
        Where the files are.
    objects : dict of str to StoredObject
        Name relative to URL and folder → object.
    refused : dict of str to str
        Name of an object that has no file → why.
    whole : set of str
        Names of files that are complete from the beginning: descriptions of Zarr arrays, which another package reads.
    """

    url: str
    folder: Path
    objects: dict[str, StoredObject] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    whole: set[str] = field(default_factory=set)

    @property
    def shown(self) -> str:
        """The URL without credentials."""
        return without_credentials(self.url)

    @classmethod
    def of(cls, url: str, folder: Path, is_output: bool = False) -> Mirror:
        """Return the mirror of all objects below a URL; raises as `ObjectStore`."""
        mirror = cls(url, folder)
        objects = ObjectStore(url, is_output).objects()
        folder.mkdir(parents=True)
        incomplete = mirror._incomplete(objects)
        taken: dict[str, str] | None = None if _distinguishes_case(folder) else {}
        for one in objects:
            parts = PurePosixPath(one.name).parts
            if HOME in parts:
                continue
            if any(name == one.name or one.name.startswith(name + "/") for name in incomplete):
                mirror.refused[one.name] = "a conversion was interrupted while it wrote this output. Repeat that conversion."
            elif not _is_file_name(one.name):
                mirror.refused[one.name] = "its name is not valid for a file. Rename it."
            elif taken is not None and not _is_distinct(parts, taken):
                mirror.refused[one.name] = "another object or folder differs from it in upper and lower case only. Rename it."
            else:
                mirror._place(one)
        mirror.activate()
        described = list(filter(_DESCRIPTION.search, mirror.objects))
        mirror.fetch(folder / name for name in described)
        mirror.whole.update(described)
        return mirror

    def activate(self) -> None:
        """Let the files that are not fetched represent their objects, in this process."""
        heads = _Heads(self.url, list(self.objects.values()))
        for one in self.objects.values():
            if one.name not in self.whole:
                register(self.folder / one.name, heads.reader_of(one))

    def forget(self) -> None:
        """Let no file represent an object any more."""
        for name in self.objects:
            forget(self.folder / name)

    def fetch(self, paths: Iterable[Path]) -> list[Path]:
        """Complete files, those below folders too; return which were not."""
        wanted = [one for path in paths for one in self._objects_at(path) if is_remote(self.folder / one.name)]
        if not wanted:
            return []
        temporary = self.folder.parent / f"fetched-{uuid.uuid4().hex}"
        temporary.mkdir()
        places = [temporary / str(n) for n in range(len(wanted))]
        try:
            store = ObjectStore(self.url)
            store.fetch([one.key for one in wanted], places)
            folder = posixpath.commonpath([posixpath.dirname(one.name) for one in wanted])
            now = {one.name: one for one in store.objects(folder)}  # a header that was read before may be of another content
            for one, place in zip(wanted, places, strict=True):
                if place.stat().st_size != one.size or now.get(one.name) != one:
                    raise ArchiveError(f"{self.url}/{one.name}: changed while it was converted. Convert it again.")
                os.utime(place, ns=(one.changed_ns, one.changed_ns))
                replace(place, self.folder / one.name)
                forget(self.folder / one.name)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        return [self.folder / one.name for one in wanted]

    def release(self, paths: Iterable[Path]) -> None:
        """Make complete files represent their objects again, to free the disk."""
        heads = _Heads(self.url, [])
        for path in paths:
            one = self.objects[path.relative_to(self.folder).as_posix()]
            self._place(one)
            register(path, heads.reader_of(one))

    def _objects_at(self, path: Path) -> Iterator[StoredObject]:
        if not path.is_relative_to(self.folder):
            return
        name = path.relative_to(self.folder).as_posix()
        if name in self.objects:
            yield self.objects[name]
        else:
            yield from (one for other, one in self.objects.items() if other.startswith(name + "/"))

    def _place(self, one: StoredObject) -> None:
        """Make a file of the size and time of an object that occupies no room on the disk."""
        path = self.folder / one.name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = path.with_name(f".{uuid.uuid4().hex}")
            set_size(temporary, one.size)
            os.utime(temporary, ns=(one.changed_ns, one.changed_ns))
            replace(temporary, path)
        except (FileExistsError, NotADirectoryError, IsADirectoryError):
            self.refused[one.name] = "an object has the name of a folder. Rename it."
            return
        self.objects[one.name] = one

    def _incomplete(self, objects: Sequence[StoredObject]) -> set[str]:
        """Return the names of outputs that a conversion did not complete, here or in a folder below."""
        journals = [one for one in objects if f"{HOME}/{JOURNAL}" in one.name and one.name.endswith(".txt")]
        names: set[str] = set()
        for one in journals:
            (content,) = ObjectStore(self.url).read([one.key], 0, [one.size])
            before = one.name.partition(HOME)[0]
            names.update(before + line for line in content.decode("utf-8", "replace").split("\n") if line)
        return names


def _is_file_name(name: str) -> bool:
    if IS_WINDOWS and portability_problem(name):
        return False
    parts = name.split("/")
    return all(part not in ("", ".", "..") and "\0" not in part and len(part.encode()) <= LONGEST_NAME for part in parts)


def _distinguishes_case(folder: Path) -> bool:
    """Whether upper and lower case make two files in a folder, as on Linux; seldom on Windows and macOS."""
    probe = folder / ".case"
    probe.touch()
    try:
        return not os.path.lexists(folder / ".CASE")
    finally:
        probe.unlink()


def _is_distinct(parts: Sequence[str], taken: dict[str, str]) -> bool:
    """Whether a name and its folders differ in more than case from those before; they are added, each by its key."""
    names = ["/".join(parts[:n]) for n in range(1, len(parts) + 1)]
    return all(taken.setdefault(name_key(name), name) == name for name in names)


class _Heads:
    """Reads objects by ranges; the beginnings of many at the same time, as files are read one after the other."""

    def __init__(self, url: str, objects: list[StoredObject]):
        self._url, self._objects = url, objects
        self._number = {one.key: n for n, one in enumerate(objects)}
        self._heads: dict[str, bytes] = {}
        self._used: set[str] = set()
        self._store: ObjectStore | None = None

    def reader_of(self, one: StoredObject) -> _Reader:
        return _Reader(self, one)

    def read(self, one: StoredObject, start: int, end: int) -> bytes:
        if self._store is None:
            self._store = ObjectStore(self._url)
        if start == 0 and end <= HEAD and one.key in self._number:
            return self._head(self._store, one)[:end]
        return self._store.read([one.key], start, [end])[0]

    def _head(self, store: ObjectStore, one: StoredObject) -> bytes:
        """Return the beginning of an object; those of the next ones are read with it, each once."""
        if one.key in self._used:
            return store.read([one.key], 0, [min(HEAD, one.size)])[0]
        if one.key not in self._heads:
            first = self._number[one.key]
            window = [other for other in self._objects[first : first + AHEAD] if other.key not in self._used]
            try:
                heads = store.read([other.key for other in window], 0, [min(HEAD, other.size) for other in window])
            except ArchiveError:  # of one of them, perhaps: the others do not fail with it
                self._used.update(other.key for other in window)
                return self._head(store, one)
            self._heads = dict(zip([other.key for other in window], heads, strict=True))
        self._used.add(one.key)
        return self._heads.pop(one.key)


@dataclass(frozen=True)
class _Reader:
    """Reads ranges of one object."""

    heads: _Heads
    one: StoredObject

    def __call__(self, start: int, end: int) -> bytes:
        return self.heads.read(self.one, start, end)
