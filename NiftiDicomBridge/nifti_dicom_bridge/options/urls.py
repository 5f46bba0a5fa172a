"""URLs of object stores and archives of files: ``s3://bucket/scans``, ``zip://scans::s3://…``; addresses as they were typed."""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath
from typing import NoReturn, cast
from urllib.parse import unquote, urlsplit

from ..errors import DicomReadError, OptionError, without_credentials
from ..operating_system import IS_WINDOWS
from .dead_links import dead_link

FEATURES = {"s3": "s3", "s3a": "s3", "gs": "gs", "gcs": "gs", "az": "azure", "abfs": "azure", "abfss": "azure", "zip": "urls"}
"""Scheme → feature that needs packages (`optional_packages`)."""
LOCAL = "file"
_SCHEME = re.compile(rf"^({'|'.join((*FEATURES, LOCAL))})(?::[/\\]+|::)", re.IGNORECASE)
_SIMILAR = re.compile(r"^([a-z][a-z0-9+.-]+):[/\\]+", re.IGNORECASE)
_ARCHIVE = re.compile(r"^(dicomweb:|pacs(\+tls)?:)", re.IGNORECASE)
_DRIVE = re.compile(r"^[a-z]:", re.IGNORECASE)
_COLLAPSED = re.compile(rf"\b({'|'.join(FEATURES)}):/+", re.IGNORECASE)
_COLLAPSED_ADDRESS = re.compile(r"^(dicomweb:https?):/+", re.IGNORECASE)


class UrlPath(PurePosixPath):
    """A URL or the address of an archive, shown as such: paths contain one slash after ``s3:`` only."""

    def __str__(self) -> str:
        return url_of(super().__str__())

    def __fspath__(self) -> str:
        return str(self)

    def exists(self) -> bool:
        """Return False: it is not a file of this computer."""
        return False

    is_file = is_dir = exists


def is_address(text: str | os.PathLike[str]) -> bool:
    """Return whether an input or output is the address of an archive (`addresses`) and not a path."""
    return bool(_ARCHIVE.match(os.fspath(text)))


def is_url(text: str | os.PathLike[str]) -> bool:
    """Whether an input or output is a URL and not a path."""
    return bool(_SCHEME.match(os.fspath(text)))


def url_of(text: str | os.PathLike[str]) -> str:
    """Return a URL or address that may have been a path: with two slashes behind each scheme, and none at its end."""
    whole = os.fspath(text)
    if is_address(text):
        place, mark, selected = whole.partition("?")
        return _COLLAPSED_ADDRESS.sub(r"\1://", place.replace("\\", "/")) + mark + selected
    whole = whole.replace("\\", "/")
    return _COLLAPSED.sub(lambda match: match[1].lower() + "://", whole).rstrip("/")


def shown_path(path: Path) -> Path:
    """Return an input or output as it may be shown: without credentials, if it is a URL of any kind."""
    if is_url(path) or is_address(path):
        return cast("Path", UrlPath(without_credentials(url_of(path))))
    shown = without_credentials(str(path))
    return path if shown == str(path) else Path(shown)


def local_path(text: str | os.PathLike[str]) -> Path | None:
    """Return the path of a ``file:`` URL (RFC 8089), on Windows that of a drive or a server; None for others."""
    whole = os.fspath(text).replace("\\", "/")
    if not is_url(text) or not whole.lower().startswith(LOCAL + ":"):
        return None
    path = unquote(whole.partition(":")[2]).lstrip("/").removeprefix("localhost/")
    if not IS_WINDOWS:
        return Path("/" + path)
    return Path(path if _DRIVE.match(path) else "//" + path)


def features_of(url: str) -> list[str]:
    """Return the features whose packages a URL needs."""
    return list(dict.fromkeys(FEATURES[match[1].lower()] for match in _COLLAPSED.finditer(url)))


def refuse_missing_input(path: str | os.PathLike[str]) -> NoReturn:
    """Refuse an input that is not a file or folder of this computer.

    Raises
    ------
    OptionError
        If it is a URL or an archive; such inputs are replaced by local files before, where they can be used.
    DicomReadError
        If it does not exist.
    """
    text = os.fspath(path)
    if is_address(path):
        raise OptionError(f"{url_of(path)}: only files and folders are read here. Fetch the images from the archive first.")
    if is_url(path):
        raise OptionError(f"{url_of(path)}: only files and folders are read here. Copy the images to a folder first.")
    _refuse_other_schemes(text)
    raise DicomReadError(dead_link(path) or f"{text}: no such file or folder. Check the path.")


def _refuse_other_schemes(text: str) -> None:
    if _SIMILAR.match(text) and not is_url(text):
        schemes = ", ".join(f"{scheme}://" for scheme in ("s3", "gs", "az", "zip", LOCAL))
        url = _SIMILAR.sub(r"\1://", text.replace("\\", "/"))
        raise OptionError(f"{url}: URLs of this kind are not supported. Expected a path, or a URL with {schemes}.")


def check_url(url: str, is_output: bool = False) -> None:
    """Refuse a URL with a password, of another kind, and what cannot be written; raises `OptionError`."""
    for part in url.split("::"):
        _refuse_other_schemes(part)
        try:
            has_password = urlsplit(part).password is not None
        except ValueError as error:
            raise OptionError(f"{part!r} is not a valid URL ({error}). Expected a URL such as s3://bucket/folder.") from error
        if has_password:
            raise OptionError(
                "The URL contains a password, which other users of this computer can read. Put credentials into the "
                "environment or the configuration of the provider."
            )
    if is_output and url.lower().startswith("zip:"):
        raise OptionError(f"{url}: ZIP archives are read, not written. Choose another output.")
    if url.lower().startswith("zip:") and "::" not in url:
        archive = url[len("zip:") :].lstrip("/")
        raise OptionError(
            f"{url}: the URL does not state which archive. Expected zip://FOLDER::ARCHIVE, such as "
            f"zip://::{archive} for all of it."
        )
