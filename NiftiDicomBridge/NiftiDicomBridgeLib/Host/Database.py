"""Slicer's DICOM database: the only place where it is asked and filled. Everything here belongs on the main thread,
except `headers_of`.
"""

from __future__ import annotations

import filecmp
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import ctk
import numpy as np
import slicer
from slicer.i18n import tr as _

from nifti_dicom_bridge import BridgeError, OutputError

from .DatabaseFiles import Header as Header
from .DatabaseFiles import require_writable, require_writable_file, take_back
from .DicomHeaders import UNREADABLE, data_set_of, header_of
from .EncodedTexts import LOST, shown, text_in

SERIES_UID = "0020,000e"
FUNCTIONAL_GROUPS = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")
NO_FILES = "The series {} has no files in Slicer's DICOM database. Import it in the module DICOM."
NOT_OPEN = "Slicer's DICOM database is not open, so nothing can be added to it. Open or create it in the module DICOM."


@dataclass
class Registered:
    """What became of files: how many were added, how many were there already, and where they are in the database."""

    added: int = 0
    present: int = 0
    files: list[Path] = field(default_factory=list)

    def __str__(self) -> str:
        text = f"{self.added} instance{'s' if self.added != 1 else ''} added to Slicer's DICOM database"
        return text + (f", {self.present} were there already and stay as they are." if self.present else ".")


class Series(NamedTuple):
    """A series in the database: UID, name, size, study and patient; the keys of study and patient; its modality."""

    uid: str
    name: str
    detail: str
    study: str
    patient: str
    study_key: str
    patient_key: str
    modality: str = ""


def is_open() -> bool:
    """Whether Slicer's database can be asked."""
    return slicer.dicomDatabase is not None and bool(slicer.dicomDatabase.isOpen)


def require_open() -> None:
    """Raise `OutputError` when no database is open."""
    if not is_open():
        raise OutputError(NOT_OPEN)


def open_own() -> Path:
    """Open the DICOM database that Slicer's settings name, or create it there, and return its folder.

    For a button that is shown while `is_open` is False. The settings name the folder afterwards, because the DICOM browser
    opens the database of the settings when it is created.

    Raises
    ------
    OutputError
        If the folder cannot be created or no database can be opened in it.
    """
    import qt
    from DICOMLib import DICOMUtils

    settings, key = qt.QSettings(), slicer.dicomDatabaseDirectorySettingsKey
    name = settings.value(key) or slicer.dicomDatabase.databaseDirectory
    if not name:
        raise OutputError("No folder is set for Slicer's DICOM database. Choose one in the module DICOM.")
    folder = Path(str(name)).absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"{folder}: the folder of the DICOM database cannot be created ({error.strerror}). "
            "Choose another one in the module DICOM."
        ) from error
    settings.setValue(key, Path(folder).as_posix())
    DICOMUtils.openDatabase(Path(folder).as_posix())
    if not is_open():
        raise OutputError(f"{folder}: no DICOM database can be opened there. Choose another folder in the module DICOM.")
    return folder


def on_change(slot: Callable[[], None]) -> None:
    """Have something called when the database has changed, or another one was opened or closed."""
    for signal in _signals():
        signal.connect(slot)


def off_change(slot: Callable[[], None]) -> None:
    """Undo `on_change`."""
    for signal in _signals():
        signal.disconnect(slot)


def all_series() -> list[Series]:
    """Return every series of the database that has files, patient by patient and study by study, by their numbers."""
    if not is_open():
        return []
    database, series_list = slicer.dicomDatabase, []
    for patient in database.patients():
        name = _name_of(patient) or _("No patient name")
        for study in database.studiesForPatient(patient):
            date = database.fieldForStudy("StudyDate", study)
            words = (shown(database.descriptionForStudy(study)) or _("No study description"), f"({date})" if date else "")
            description = " ".join(word for word in words if word)
            for uid in sorted(database.seriesForStudy(study), key=_number_of):
                modality = database.fieldForSeries("Modality", uid)
                series_list += [
                    Series(uid, *columns, description, name, study, patient, modality) for columns in _words_of(uid)
                ]
    return series_list


def files_of_series(uid: str) -> list[Path]:
    """Return the files of a series that are there."""
    return [Path(name) for name in slicer.dicomDatabase.filesForSeries(uid) if Path(name).is_file()] if is_open() else []


def series_of_instances(uids: Iterable[str]) -> str:
    """Return the series of the first of some instances that the database knows; empty where it knows none."""
    names = (slicer.dicomDatabase.fileForInstance(uid) for uid in (uids if is_open() else ()))
    return next((value_of(name, SERIES_UID) for name in names if name and Path(name).is_file()), "")


def frame_of_reference_of(uid: str) -> str:
    """Return the FrameOfReferenceUID of a series; empty where it has none."""
    files = slicer.dicomDatabase.filesForSeries(uid, 1) if is_open() else ()
    return next((value_of(name, "0020,0052") for name in files if Path(name).is_file()), "")


def series_numbers_of_study(uid: str) -> set[int]:
    """Return the numbers of the series that a study has in the database."""
    if not is_open():
        return set()
    numbers = (
        slicer.dicomDatabase.fieldForSeries("SeriesNumber", series) for series in slicer.dicomDatabase.seriesForStudy(uid)
    )
    return {int(number) for number in numbers if str(number).isdigit()}


def first_files_of_study(files: Sequence[Path]) -> list[Path]:
    """Return one file of each series of a study, without the series of these files, which are of one study."""
    if not is_open():
        return []
    header = headers_of(files[:1])[0]
    others = [series for series in slicer.dicomDatabase.seriesForStudy(header.study) if series != header.series]
    return [path for series in others for path in files_of_series(series)[:1]]


def files_of_instances(uids: Iterable[str]) -> list[Path]:
    """Return the files of instances, each once, without those that the database does not know or that are gone."""
    if not is_open():
        return []
    names = dict.fromkeys(slicer.dicomDatabase.fileForInstance(uid) for uid in dict.fromkeys(uids))
    return [Path(name) for name in names if name and Path(name).is_file()]


def value_of(path: str | Path, tag: str) -> str:
    """Return the value of a top-level element of a file, such as ``"0008,0016"``; empty where it has none."""
    return str(slicer.dicomDatabase.fileValue(Path(path).as_posix(), tag))


def value_of_keyword(path: Path, keyword: str) -> str:
    """Return the value of an attribute of a DICOM file by its keyword; empty if it is not there."""
    from pydicom.datadict import tag_for_keyword

    tag = tag_for_keyword(keyword)
    return value_of(path, f"{tag >> 16:04x},{tag & 0xFFFF:04x}").strip() if tag is not None else ""


def has_value(path: str | Path, tag: str) -> bool:
    """Return whether a file has a top-level element; the answer is right for pixel data, ``"7fe0,0010"``, only."""
    return bool(slicer.dicomDatabase.fileValueExists(Path(path).as_posix(), tag))


def transfer_syntax_of(path: str | Path) -> str:
    """Return TransferSyntaxUID (0002,0010) of a file, which the database does not store; empty if it cannot be read."""
    from pydicom.errors import InvalidDicomError
    from pydicom.filereader import read_file_meta_info

    try:
        return str(read_file_meta_info(path).get("TransferSyntaxUID", ""))
    except (OSError, InvalidDicomError):
        return ""


def frame_places(path: str | Path) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return position and orientation of the frames of a multi-frame object, LPS, mm; empty if the file cannot be read."""
    try:
        ds = header_of(path, *FUNCTIONAL_GROUPS)
        shared = ds.SharedFunctionalGroupsSequence[0]
        places = []
        for frame in ds.PerFrameFunctionalGroupsSequence:
            plane = frame if "PlaneOrientationSequence" in frame else shared
            position = frame.PlanePositionSequence[0].ImagePositionPatient
            orientation = plane.PlaneOrientationSequence[0].ImageOrientationPatient
            places.append((np.array(position, dtype=float), np.array(orientation, dtype=float)))
    except UNREADABLE:
        return []
    return places


def has_frame_positions(path: str | Path) -> bool:
    """Whether the functional groups of an object specify positions of frames; not if it has none, or cannot be read."""
    try:
        ds = header_of(path, *FUNCTIONAL_GROUPS)
        return any("PlanePositionSequence" in item for name in FUNCTIONAL_GROUPS for item in ds.get(name) or [])
    except UNREADABLE:
        return False


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


def headers_of(files: Iterable[Path]) -> list[Header]:
    """Return the UIDs in DICOM files. Asks no database: may be called in another thread."""
    wanted = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
    headers = []
    for path in files:
        ds = header_of(path, *wanted)
        headers.append(Header(Path(path), *(str(ds.get(keyword, "")) for keyword in wanted)))
    return headers


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


def series_of_files(files: Sequence[Path]) -> list[str]:
    """Return the Series Instance UIDs in DICOM files, each once, in the order of the files."""
    return list(dict.fromkeys(header.series for header in headers_of(files)))


def load_series(series_uids: Sequence[str]) -> list[str]:
    """Load series into the scene and return the ids of their nodes.

    Raises
    ------
    BridgeError
        If no database is open, one of the series has no files there, or Slicer can load none of them.
    """
    from DICOMLib import DICOMUtils

    require_open()
    for uid in series_uids:
        if not files_of_series(uid):
            raise BridgeError(NO_FILES.format(uid))
    node_ids = DICOMUtils.loadSeriesByUID(list(series_uids)) or []
    loaded = [node_id for node_id in node_ids if slicer.mrmlScene.GetNodeByID(node_id) is not None]  # without temporary nodes
    if not loaded:
        raise BridgeError(
            f"Slicer loaded nothing from the series {', '.join(series_uids)}. Its log contains the reason; the series "
            f"are in the database."
        )
    return loaded


def _signals() -> tuple[Any, ...]:
    database = slicer.dicomDatabase
    return () if database is None else (database.databaseChanged, database.opened, database.closed)


def _name_of(patient: str) -> str:
    """Return the name of a patient; from a file where the database has lost letters of it."""
    database = slicer.dicomDatabase
    name = shown(database.nameForPatient(patient))
    if LOST not in name:
        return name
    series = [uid for study in database.studiesForPatient(patient)[:1] for uid in database.seriesForStudy(study)[:1]]
    files = [path for uid in series for path in database.filesForSeries(uid, 1)]
    return next((known for known in (text_in(path, "PatientName") for path in files) if known), name)


def _number_of(uid: str) -> float:
    """Return the number of a series, by which those of a study are sorted; those without one are the last."""
    number = str(slicer.dicomDatabase.fieldForSeries("SeriesNumber", uid) or "").strip()
    return int(number) if number.lstrip("-").isdecimal() else math.inf


def _words_of(uid: str) -> list[tuple[str, str]]:
    """Return what a series is called and what it is; nothing where it has no files any more."""
    database = slicer.dicomDatabase
    count = len(database.instancesForSeries(uid))
    if not count:
        return []
    number, modality = database.fieldForSeries("SeriesNumber", uid), database.fieldForSeries("Modality", uid)
    name = shown(database.descriptionForSeries(uid)) or _("No series description")
    files = _("1 file") if count == 1 else _("{count} files").format(count=count)
    return [(f"{number}: {name}" if number else name, f"{modality}, {files}" if modality else files)]


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
