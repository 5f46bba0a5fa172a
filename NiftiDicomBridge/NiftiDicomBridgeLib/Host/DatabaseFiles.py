"""Files that are to be added to a DICOM database: whether it can be written, and what a failed addition leaves behind."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from nifti_dicom_bridge import OutputError

from .DicomHeaders import header_of

WAIT_S = 3
"""How long another program may lock the database."""
VALID_S = 1.0
"""A database that was tried so long ago is not tried again: many series are added one after the other."""
TIMEOUT_S = 30
# In a process of its own: SQLite loses its locks where two copies of it open one file in the same process.
TRY = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], timeout=float(sys.argv[2]), isolation_level=None)
try:
    for statement in ("BEGIN IMMEDIATE", "CREATE TABLE NiftiDicomBridge (written)", "ROLLBACK"):
        database.execute(statement)
except sqlite3.Error as error:
    sys.exit("sqlite: " + str(error))
"""
LOCKED = (
    "The DICOM database in {} is locked by another program, so nothing was added to it. Wait for that program, or close it, "
    "and convert again."
)
NOT_WRITABLE = (
    "The DICOM database in {} cannot be written ({}), so nothing was added to it. Check the permissions and the free space of "
    "that folder, or open another database in the module DICOM."
)
GONE = (
    "The DICOM database in {} does not exist any more, so nothing was added to it. Open or create one in the module DICOM, and "
    "convert again."
)
IN_MEMORY = ("", ":memory:")
_tried: dict[str, tuple[float, str]] = {}
"""File of a database → when it was tried, and why it could not be written."""


class Header(NamedTuple):
    """A DICOM file and the UIDs of what it holds."""

    path: Path
    study: str
    series: str
    instance: str


def headers_of(files: Iterable[Path]) -> list[Header]:
    """Return the UIDs in DICOM files. Asks no database: may be called in another thread."""
    wanted = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
    headers = []
    for path in files:
        ds = header_of(path, *wanted)
        headers.append(Header(Path(path), *(str(ds.get(keyword, "")) for keyword in wanted)))
    return headers


def require_writable(database: Any) -> None:
    """Raise `OutputError` where a database cannot be written now; CTK writes the files nevertheless, and waits for each."""
    path = Path(str(database.databaseFilename))
    if str(database.databaseFilename) in IN_MEMORY:
        return
    if not path.is_file():
        raise OutputError(GONE.format(path.parent))
    require_writable_file(path)


def require_writable_file(path: Path) -> None:
    """Raise `OutputError` where the file of a database cannot be written now."""
    when, problem = _tried.get(str(path), (-VALID_S, ""))
    if time.monotonic() - when >= VALID_S:
        problem = _problem_of(path)
        _tried[str(path)] = (time.monotonic(), problem)
    if problem:
        text = LOCKED if "locked" in problem else NOT_WRITABLE
        raise OutputError(text.format(path.parent, problem))


def take_back(headers: Iterable[Header], database: Any) -> None:
    """Remove what was added to a database of files that cannot be added completely, and files that it does not know."""
    headers = list(headers)
    ours = {header.instance for header in headers}
    for series in {header.series for header in headers}:
        known = set(database.instancesForSeries(series))
        if known and known <= ours:
            database.removeSeries(series)
    for header in headers:
        if not database.fileForInstance(header.instance):
            for path in _stored_files(header, Path(str(database.databaseDirectory))):
                _remove(path)


def _problem_of(path: Path) -> str:
    """Return why SQLite cannot write a file; empty where it can, or where that cannot be found out."""
    hidden = getattr(subprocess, "CREATE_NO_WINDOW", 0)
    command = [sys.executable, "-c", TRY, str(path), str(WAIT_S)]
    try:
        tried = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=TIMEOUT_S, check=False, creationflags=hidden
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    last = tried.stderr.strip().rpartition("\n")[2]
    return last.removeprefix("sqlite: ") if last.startswith("sqlite: ") else ""


def _stored_files(header: Header, folder: Path) -> Iterator[Path]:
    """Yield where CTK stores an instance (ctkDICOMDatabasePrivate::internalStoragePath)."""
    parts = (header.study, header.series, header.instance)
    hashes = [hashlib.md5(part.encode(), usedforsecurity=False).hexdigest() for part in parts]
    for study, series, instance in ((hashes[0][:8], hashes[1][:8], hashes[2]), parts):
        yield folder / "dicom" / study / series / f"{instance}.dcm"


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink(missing_ok=True)
        for folder in (path.parent, path.parent.parent):
            folder.rmdir()  # fails where it is not empty
