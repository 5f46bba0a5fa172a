"""DICOM files are added to a DICOM database: Slicer's own, or that of a folder. Everything here belongs on the main thread."""

from __future__ import annotations

import filecmp
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ctk
import numpy as np
import slicer

from nifti_dicom_bridge import OutputError

from .Database import require_open
from .DatabaseFiles import Header, headers_of, require_writable, require_writable_file, take_back
from .DicomHeaders import data_set_of


@dataclass
class Registered:
    """What became of files: how many were added, how many were there already, and where they are in the database."""

    added: int = 0
    present: int = 0
    files: list[Path] = field(default_factory=list)

    def __str__(self) -> str:
        text = f"{self.added} instance{'s' if self.added != 1 else ''} added to Slicer's DICOM database"
        return text + (f", {self.present} were there already and stay as they are." if self.present else ".")


def register(headers: Sequence[Header], database: Any = None) -> Registered:
    """Copy DICOM files into a database and verify that every instance is there.

    Instances that are there already are never replaced.

    Parameters
    ----------
    headers : sequence of Header
        The files.
    database : ctkDICOMDatabase, optional
        Slicer's own by default.

    Raises
    ------
    OutputError
        If no database is open or it cannot be written, an instance is there with other content, or one is missing afterwards;
        then nothing was added.
    """
    if database is None:
        require_open()
        database = slicer.dicomDatabase
    require_writable(database)  # a locked one does not show its contents either
    present = [header for header in headers if _require_no_conflict(header, database)]
    kept = {header.instance for header in present}
    new = [header for header in headers if header.instance not in kept]
    if new:
        indexer = ctk.ctkDICOMIndexer()
        indexer.addListOfFiles(database, [header.path.as_posix() for header in new], True)
        indexer.waitForImportFinished()
    try:
        return Registered(len(new), len(present), _verified_files(headers, database))
    except OutputError:
        take_back(new, database)
        raise


class Registrar:
    """Adds files to Slicer's DICOM database, or to that of a folder, for the command line.

    Parameters
    ----------
    folder : str or pathlib.Path, optional
        Folder of the database, created when missing; Slicer's own database by default.
    """

    def __init__(self, folder: str | Path | None = None):
        self._folder = folder

    def check(self) -> None:
        """Raise `OutputError` unless files can be added; called before anything is converted."""
        if self._folder is None:
            require_open()
        else:
            opened_in(self._folder).closeDatabase()

    def __call__(self, files: Sequence[Path]) -> str:
        """Add files and return what became of them."""
        headers = headers_of([path for path in files if not path.name.lower().endswith((".json", ".tsv"))])
        if self._folder is None:
            return str(register(headers))
        database = opened_in(self._folder)
        try:
            words = str(register(headers, database))
        finally:
            database.closeDatabase()
        return words.replace("Slicer's DICOM database", f"the DICOM database in {self._folder}")


def opened_in(folder: str | Path) -> Any:
    """Return the DICOM database of a folder, made when missing; Slicer's own database and its settings stay as they are.

    Raises
    ------
    OutputError
        If there can be none.
    """
    folder = Path(folder).absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"{folder}: the folder of the DICOM database cannot be created ({error.strerror}). Name another one."
        ) from error
    path = folder / "ctkDICOM.sql"
    if path.is_file():
        require_writable_file(path)  # CTK waits for half a minute until one that is locked is open
    database = ctk.ctkDICOMDatabase()
    database.openDatabase(path.as_posix(), f"NiftiDicomBridge {folder}")
    if not database.isOpen:
        raise OutputError(f"{folder}: no DICOM database can be opened in this folder. May files be written in it?")
    return database


def _require_no_conflict(header: Header, database: Any) -> bool:
    """Return whether an instance is in the database already; raise if something else is there under its UIDs."""
    known = database.fileForInstance(header.instance)
    if known and Path(known).is_file():
        _require_same_object(header, Path(known))
        return True
    study = database.studyForSeries(header.series)
    if study and study != header.study:
        raise OutputError(
            f"Series {header.series} is in the DICOM database under the study {study}, not {header.study}: nothing was added. "
            "Import it under new UIDs."
        )
    return False


def _require_same_object(header: Header, known: Path) -> None:
    if not _same_object(header.path, known):
        raise OutputError(
            f"The DICOM database holds another object under SOPInstanceUID (0008,0018) {header.instance} ({known}). It was not "
            "replaced and nothing was added. Import under new UIDs, or remove the series from the database first."
        )


def _same_object(new: Path, known: Path) -> bool:
    """Whether two files hold the same attributes and pixels, whatever their transfer syntax."""
    if filecmp.cmp(new, known, shallow=False):
        return True
    a, b = data_set_of(new), data_set_of(known)
    if a.get("PixelData") != b.get("PixelData"):
        try:
            if not np.array_equal(a.pixel_array, b.pixel_array):
                return False
        except Exception:  # not decodable: then it is unknown whether they are the same
            return False
    for ds in (a, b):
        ds.pop("PixelData", None)
    return a == b


def _verified_files(headers: Sequence[Header], database: Any) -> list[Path]:
    """Return where instances are in a database; raise when one is missing."""
    for series in dict.fromkeys(header.series for header in headers):
        wanted = {header.instance for header in headers if header.series == series}
        instances, files = set(database.instancesForSeries(series)), set(database.filesForSeries(series))
        lost = wanted - instances
        if lost or len(files) < len(wanted):
            raise OutputError(
                f"Of {len(wanted)} instances of the series {series}, {len(wanted & instances)} could be added to the DICOM "
                f"database in {database.databaseDirectory}, with {len(files)} files: none was kept. Check whether the disk is "
                "full or read-only, and convert again."
            )
    return [Path(database.fileForInstance(header.instance)) for header in headers]
