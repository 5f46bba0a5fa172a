"""Slicer's DICOM database: what it contains, and loading from it. `Registration` adds to it.

Everything here belongs on the main thread.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import slicer
from slicer.i18n import tr as _

from nifti_dicom_bridge import BridgeError, OutputError

from .DatabaseFiles import headers_of
from .EncodedTexts import LOST, shown, text_in

SERIES_UID = "0020,000e"
NO_FILES = "The series {} has no files in Slicer's DICOM database. Import it in the module DICOM."
FILES_GONE = (
    "{} of the {} files of this series in Slicer's DICOM database do not exist any more, and were left out. Import the series "
    "in the module DICOM again, and repeat the conversion."
)
NOTHING_LOADED = "Slicer loaded nothing from {}. Its log contains the reason; the series are in the DICOM database."
WITHOUT_SLICERRT = (
    "Slicer loads RT structure sets with its extension SlicerRT, which is not installed. They are in the DICOM database."
)
SLICERRT_LOADER = "DicomRtImportExportPlugin"
NOT_OPEN = "Slicer's DICOM database is not open, so nothing can be added to it. Open or create it in the module DICOM."


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


def doubt_of_files(uid: str) -> str:
    """Return a warning where some files of a series do not exist any more; empty otherwise."""
    count, there = len(slicer.dicomDatabase.filesForSeries(uid)), len(files_of_series(uid))
    return FILES_GONE.format(count - there, count) if there < count else ""


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
        raise BridgeError(_why_nothing_was_loaded(series_uids))
    return loaded


def _why_nothing_was_loaded(series_uids: Sequence[str]) -> str:
    modalities = {slicer.dicomDatabase.fieldForSeries("Modality", uid) for uid in series_uids}
    if modalities == {"RTSTRUCT"} and SLICERRT_LOADER not in slicer.modules.dicomPlugins:
        return WITHOUT_SLICERRT
    return NOTHING_LOADED.format(", ".join(f"{name} ({detail})" for uid in series_uids for name, detail in _words_of(uid)))


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
