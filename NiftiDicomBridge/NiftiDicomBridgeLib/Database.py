"""Slicer's DICOM database: the only place where it is asked and filled. Everything here belongs on the main thread,
except `headers_of`.
"""

from __future__ import annotations

import filecmp
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import ctk
import numpy as np
import slicer

from nifti_dicom_bridge import BridgeError, OutputError


class Header(NamedTuple):
    """A DICOM file and the UIDs of what it holds."""

    path: Path
    study: str
    series: str
    instance: str


@dataclass
class Registered:
    """What became of files: how many were added, how many were there already, and where they are in the database."""

    added: int = 0
    present: int = 0
    files: list[Path] = field(default_factory=list)

    def __str__(self) -> str:
        text = f"{self.added} instances added to Slicer's DICOM database"
        return text + (f", {self.present} were there already and stay as they are." if self.present else ".")


def require_open() -> None:
    """Raise `OutputError` when no database is open."""
    if slicer.dicomDatabase is None or not slicer.dicomDatabase.isOpen:
        raise OutputError(
            "Slicer's DICOM database is not open, so nothing can be imported. Switch to the module DICOM once: it creates or "
            "opens the database. In a script: DICOMUtils.openDatabase(folder), the folder being there."
        )


def files_of_instances(uids: Iterable[str]) -> list[Path]:
    """Return the files of instances, without those that the database does not know or that are gone."""
    if slicer.dicomDatabase is None or not slicer.dicomDatabase.isOpen:
        return []
    names = [slicer.dicomDatabase.fileForInstance(uid) for uid in uids]
    return [Path(name) for name in names if name and Path(name).is_file()]


def headers_of(files: Iterable[Path]) -> list[Header]:
    """Return the UIDs in DICOM files. Asks no database: may be called in another thread."""
    import pydicom

    wanted = ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"]
    found = []
    for path in files:
        ds = pydicom.dcmread(path, specific_tags=wanted, stop_before_pixels=True)
        found.append(Header(Path(path), *(str(ds.get(keyword, "")) for keyword in wanted)))
    return found


def register(headers: Sequence[Header]) -> Registered:
    """Copy DICOM files into the database and verify that every instance is there.

    Instances that are there already are never replaced.

    Raises
    ------
    OutputError
        If no database is open, an instance is there with other content, or one is missing afterwards.
    """
    require_open()
    present = [header for header in headers if _require_no_conflict(header)]
    kept = {header.instance for header in present}
    new = [header for header in headers if header.instance not in kept]
    if new:
        indexer = ctk.ctkDICOMIndexer()
        indexer.addListOfFiles(slicer.dicomDatabase, [str(header.path) for header in new], True)
        indexer.waitForImportFinished()
    return Registered(len(new), len(present), _verified_files(headers))


def register_files(files: Sequence[Path]) -> str:
    """Register files for the command line and say what became of them."""
    return str(register(headers_of(files)))


def series_of_files(files: Sequence[Path]) -> list[str]:
    """Return the Series Instance UIDs in DICOM files, each once, in the order of the files."""
    return list(dict.fromkeys(header.series for header in headers_of(files)))


def load_series(series_uids: Sequence[str]) -> list[str]:
    """Load series into the scene and return the ids of their nodes."""
    from DICOMLib import DICOMUtils

    require_open()
    loaded = list(DICOMUtils.loadSeriesByUID(list(series_uids)) or [])
    if not loaded:
        raise BridgeError(
            f"Slicer loaded nothing from the series {', '.join(series_uids)}. Its log says why; the series are in the database."
        )
    return loaded


def _require_no_conflict(header: Header) -> bool:
    """Return whether an instance is in the database already; raise if something else is there under its UIDs."""
    known = slicer.dicomDatabase.fileForInstance(header.instance)
    if known and Path(known).is_file():
        _require_same_object(header, Path(known))
        return True
    study = slicer.dicomDatabase.studyForSeries(header.series)
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
    import pydicom

    a, b = pydicom.dcmread(new), pydicom.dcmread(known)
    if a.get("PixelData") != b.get("PixelData"):
        try:
            if not np.array_equal(a.pixel_array, b.pixel_array):
                return False
        except Exception:  # not decodable: then nobody can say that they are the same
            return False
    for ds in (a, b):
        ds.pop("PixelData", None)
    return a == b


def _verified_files(headers: Sequence[Header]) -> list[Path]:
    """Return where instances are in the database; raise when one is missing."""
    database = slicer.dicomDatabase
    for series in dict.fromkeys(header.series for header in headers):
        wanted = {header.instance for header in headers if header.series == series}
        instances, files = set(database.instancesForSeries(series)), set(database.filesForSeries(series))
        lost = wanted - instances
        if lost or len(files) < len(wanted):
            raise OutputError(
                f"Of {len(wanted)} instances of the series {series}, {len(wanted & instances)} are in the DICOM database, with "
                f"{len(files)} files. Is its disk full or read-only? ({database.databaseDirectory})"
            )
    return [Path(database.fileForInstance(header.instance)) for header in headers]
