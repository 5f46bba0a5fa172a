"""Objects below a URL, by fsspec: listed, read by ranges, fetched, written and removed."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ..errors import ArchiveError, BridgeError
from ..optional_packages import require
from ..options.urls import check_url, features_of

_LOGGERS = ("gcsfs", "s3fs", "adlfs", "fsspec")
"""They print tracebacks of errors that are reported here, unless the program has set up logging."""


@dataclass(frozen=True)
class StoredObject:
    """One object: its key in the store, its name relative to the URL, its size in bytes, and what changes with its content."""

    key: str
    name: str
    size: int
    changed_ns: int
    version: str = ""


class ObjectStore:
    """What is below a URL. Credentials and endpoints come from the environment or the configuration of the provider.

    Parameters
    ----------
    url : str
        Such as ``s3://bucket/folder`` or ``zip://folder::s3://bucket/archive.zip``.
    is_output : bool
        Whether it is written.

    Raises
    ------
    OptionError
        If the URL is not valid.
    DependencyError
        If a package is missing.
    ArchiveError
        If the store cannot be reached.
    """

    def __init__(self, url: str, is_output: bool = False):
        check_url(url, is_output)
        for feature in features_of(url):
            require(feature)
        from fsspec.core import url_to_fs

        for name in _LOGGERS:
            logging.getLogger(name).addHandler(logging.NullHandler())
        self.url = url
        with self._errors():
            self._files, self._path = url_to_fs(url)
        self._path = self._path.rstrip("/")

    def objects(self, folder: str = "") -> list[StoredObject]:
        """Return all objects below the URL, or a folder there, sorted, or the one that it names; none where nothing is."""
        with self._errors():
            self._files.invalidate_cache()
            try:
                listed: dict[str, dict[str, Any]] = self._files.find(f"{self._path}/{folder}".rstrip("/"), detail=True)
            except FileNotFoundError:
                listed = {}
        objects = []
        for key, info in sorted(listed.items()):
            name = key[len(self._path) :].strip("/") if key.rstrip("/") != self._path else key.rpartition("/")[2]
            if info.get("type") == "file" and name:
                objects.append(StoredObject(key, name, int(info.get("size") or 0), _changed_ns(info), _version(info)))
        return objects

    def read(self, keys: Sequence[str], start: int, ends: Sequence[int]) -> list[bytes]:
        """Return bytes from `start` to the end of each range of objects, read at the same time."""
        with self._errors():
            ranges = self._files.cat_ranges(list(keys), [start] * len(keys), list(ends), on_error="raise")
        return [bytes(one) for one in ranges]

    def fetch(self, keys: Sequence[str], places: Sequence[Path]) -> None:
        """Write whole objects to files."""
        with self._errors():
            self._files.get(list(keys), list(map(str, places)))

    def put(self, paths: Sequence[Path], names: Sequence[str]) -> None:
        """Write files to objects; each of them appears complete or not at all."""
        with self._errors():
            self._files.put(list(map(str, paths)), [f"{self._path}/{name}" for name in names])

    def put_bytes(self, content: bytes, name: str) -> None:
        """Write one object."""
        with self._errors():
            self._files.pipe_file(f"{self._path}/{name}", content)

    def remove(self, names: Sequence[str]) -> None:
        """Remove objects; those that are missing do not matter."""
        with self._errors():
            for name in names:
                try:
                    self._files.rm_file(f"{self._path}/{name}")
                except FileNotFoundError:
                    pass

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Turn errors of the store, which are of many kinds, into one sentence."""
        try:
            yield
        except BridgeError:
            raise
        except Exception as error:
            text = " ".join(str(error).split())[:200]
            raise ArchiveError(
                f"{self.url}: the store cannot be used ({type(error).__name__}{': ' * bool(text)}{text}). Check URL, "
                "credentials and network."
            ) from error


def _version(info: dict[str, Any]) -> str:
    """Return what the store calls the content of an object; empty where it does not state it."""
    return str(next((info[key] for key in ("ETag", "etag", "generation", "CRC") if info.get(key)), ""))


def _changed_ns(info: dict[str, Any]) -> int:
    """Return the time of the last change, ns; 0 where the store does not state it."""
    for key in ("LastModified", "mtime", "updated", "last_modified"):
        value = info.get(key)
        if isinstance(value, datetime):
            return int(value.timestamp()) * 10**9
        if isinstance(value, (int, float)):
            return int(value) * 10**9
    return 0
