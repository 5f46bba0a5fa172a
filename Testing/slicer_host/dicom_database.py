"""Stand-ins for ctkDICOMDatabase and ctkDICOMIndexer, on SQLite.

Keeps the rules of the real ones that matter to us: files without Study Instance UID are refused; an instance that comes a
second time from another file replaces the row of the first; patients are distinguished by PatientID and PatientName; copies
get short hashed names; lists come as tuples; nothing is answered while the database is closed.
"""

# ruff: noqa: N801, N815 - names are those of Slicer

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
from functools import lru_cache

import qt
from PySide6.QtCore import Property

SCHEMA = """
CREATE TABLE IF NOT EXISTS Patients (UID INTEGER PRIMARY KEY AUTOINCREMENT, PatientsName TEXT, PatientID TEXT);
CREATE TABLE IF NOT EXISTS Studies (StudyInstanceUID TEXT PRIMARY KEY, PatientsUID INTEGER, StudyDescription TEXT,
                                    StudyDate TEXT);
CREATE TABLE IF NOT EXISTS Series (SeriesInstanceUID TEXT PRIMARY KEY, StudyInstanceUID TEXT, SeriesDescription TEXT,
                                   SeriesNumber TEXT, Modality TEXT);
CREATE TABLE IF NOT EXISTS Images (SOPInstanceUID TEXT PRIMARY KEY, Filename TEXT, SeriesInstanceUID TEXT);
"""


@lru_cache(maxsize=4096)
def _header(path: str, modified: int):
    """Return the data set of a file without the values of its pixel data; read once for many questions."""
    import pydicom

    return pydicom.dcmread(path, defer_size=1024, force=True)


class ctkDICOMDatabase(qt.QObject):
    """The DICOM database of the application."""

    opened = qt.Signal()
    closed = qt.Signal()
    databaseChanged = qt.Signal()

    def __init__(self, parent=None):
        super().__init__(parent)
        self._connection, self._file = None, ""

    isOpen = Property(bool, lambda self: self._connection is not None)
    databaseFilename = Property(str, lambda self: self._file)
    databaseDirectory = Property(str, lambda self: os.path.dirname(self._file))
    lastError = Property(str, lambda self: "")

    def openDatabase(self, databaseFile, connectionName=""):
        """Open a database file, made when missing; its folder must be there."""
        self.closeDatabase()
        if not os.path.isdir(os.path.dirname(databaseFile)):
            return False
        self._file = databaseFile
        self._connection = sqlite3.connect(databaseFile, isolation_level=None)
        self._connection.executescript(SCHEMA)
        self.opened.emit()
        self.databaseChanged.emit()
        return True

    def closeDatabase(self):
        """Close the database."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
            self.closed.emit()

    # --- questions

    def patients(self):
        """Return the keys of all patients."""
        return tuple(str(uid) for uid in self._all("SELECT UID FROM Patients"))

    def studiesForPatient(self, patientUID):
        """Return the Study Instance UIDs of a patient."""
        return self._all("SELECT StudyInstanceUID FROM Studies WHERE PatientsUID=?", patientUID)

    def seriesForStudy(self, studyUID):
        """Return the Series Instance UIDs of a study."""
        return self._all("SELECT SeriesInstanceUID FROM Series WHERE StudyInstanceUID=?", studyUID)

    def instancesForSeries(self, seriesUID, hits=-1):
        """Return the SOP Instance UIDs of a series."""
        return self._all("SELECT SOPInstanceUID FROM Images WHERE SeriesInstanceUID=? LIMIT ?", seriesUID, hits)

    def filesForSeries(self, seriesUID, hits=-1):
        """Return the files of a series."""
        found = self._all("SELECT Filename FROM Images WHERE SeriesInstanceUID=? LIMIT ?", seriesUID, hits)
        return tuple(self._absolute(name) for name in found)

    def studyForSeries(self, seriesUID):
        """Return the Study Instance UID of a series, empty where unknown."""
        return self._one("SELECT StudyInstanceUID FROM Series WHERE SeriesInstanceUID=?", seriesUID)

    def fileForInstance(self, sopInstanceUID):
        """Return the file of an instance, empty where unknown."""
        name = self._one("SELECT Filename FROM Images WHERE SOPInstanceUID=?", sopInstanceUID)
        return self._absolute(name) if name else ""

    def nameForPatient(self, patientUID):
        """Return the name of a patient."""
        return self._one("SELECT PatientsName FROM Patients WHERE UID=?", patientUID)

    def descriptionForStudy(self, studyUID):
        """Return the description of a study."""
        return self._one("SELECT StudyDescription FROM Studies WHERE StudyInstanceUID=?", studyUID)

    def descriptionForSeries(self, seriesUID):
        """Return the description of a series."""
        return self._one("SELECT SeriesDescription FROM Series WHERE SeriesInstanceUID=?", seriesUID)

    def fieldForStudy(self, field, studyInstanceUID):
        """Return a column of a study."""
        assert field in ("StudyDescription", "StudyDate")
        return self._one(f"SELECT {field} FROM Studies WHERE StudyInstanceUID=?", studyInstanceUID)

    def fieldForSeries(self, field, seriesInstanceUID):
        """Return a column of a series."""
        assert field in ("SeriesNumber", "Modality", "SeriesDescription")
        return self._one(f"SELECT {field} FROM Series WHERE SeriesInstanceUID=?", seriesInstanceUID)

    def instanceForFile(self, fileName):
        """Return the SOP Instance UID of a file."""
        return self.fileValue(fileName, "0008,0018")

    def instanceValue(self, sopInstanceUID, tag):
        """Return a top-level value of an instance; see `fileValue`."""
        path = self.fileForInstance(sopInstanceUID)
        return self.fileValue(path, tag) if path else ""

    def fileValueExists(self, fileName, tag):
        """Whether a file has an element at its top level."""
        return tuple(int(part, 16) for part in tag.split(",")) in _header(fileName, os.stat(fileName).st_mtime_ns)

    def fileValue(self, fileName, tag):
        """Return a top-level value of a file, in the database or not; values are separated by a backslash."""
        import pydicom

        element = _header(fileName, os.stat(fileName).st_mtime_ns).get(tuple(int(part, 16) for part in tag.split(",")))
        value = element.value if element is not None and element.value is not None else ""
        return "\\".join(map(str, value)) if isinstance(value, (list, pydicom.multival.MultiValue)) else str(value)

    def imagesCount(self):
        """Return the number of instances."""
        return int(self._one("SELECT COUNT(*) FROM Images") or 0)

    def patientsCount(self):
        """Return the number of patients."""
        return int(self._one("SELECT COUNT(*) FROM Patients") or 0)

    def studiesCount(self):
        """Return the number of studies."""
        return int(self._one("SELECT COUNT(*) FROM Studies") or 0)

    # --- changes

    def removeSeries(self, seriesUID, clearCachedTags=False, cleanup=True):
        """Forget a series and delete the copies of its files."""
        for path in self.filesForSeries(seriesUID):
            if path.startswith(os.path.dirname(self._file)):
                os.remove(path)
        self._connection.execute("DELETE FROM Images WHERE SeriesInstanceUID=?", (seriesUID,))
        self._connection.execute("DELETE FROM Series WHERE SeriesInstanceUID=?", (seriesUID,))
        return True

    def insert(self, filePath, storeFile=True, generateThumbnail=True, createHierarchy=True, destinationDirectory=""):
        """Insert one file, copied into the database's folder or linked."""
        import pydicom

        try:
            ds = pydicom.dcmread(filePath, stop_before_pixels=True, force=True)
            uids = str(ds.StudyInstanceUID), str(ds.SeriesInstanceUID), str(ds.SOPInstanceUID)
        except Exception:
            return
        self._insert_hierarchy(ds, *uids[:2])
        name = self._stored(filePath, *uids) if storeFile else os.path.abspath(filePath)
        # The real one looks for the series by its UID alone and never moves it to another study.
        self._connection.execute("INSERT OR REPLACE INTO Images VALUES (?,?,?)", (uids[2], name, uids[1]))
        self.databaseChanged.emit()

    def _insert_hierarchy(self, ds, study: str, series: str) -> None:
        patient_id = str(ds.get("PatientID") or study)
        who = (str(ds.get("PatientName") or patient_id), patient_id)
        key = self._one("SELECT UID FROM Patients WHERE PatientsName=? AND PatientID=?", *who)
        if not key:
            key = self._connection.execute("INSERT INTO Patients (PatientsName, PatientID) VALUES (?,?)", who).lastrowid
        rows = (study, key, str(ds.get("StudyDescription", "")), str(ds.get("StudyDate", "")))
        self._connection.execute("INSERT OR IGNORE INTO Studies VALUES (?,?,?,?)", rows)
        rows = (series, study, *(str(ds.get(name, "")) for name in ("SeriesDescription", "SeriesNumber", "Modality")))
        self._connection.execute("INSERT OR IGNORE INTO Series VALUES (?,?,?,?,?)", rows)

    def _stored(self, path: str, study: str, series: str, instance: str) -> str:
        def short(uid: str) -> str:
            return hashlib.sha1(uid.encode()).hexdigest()[:10]

        name = os.path.join("dicom", short(study), short(series), short(instance) + ".dcm")
        target = self._absolute(name)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copyfile(path, target)
        return name

    def _absolute(self, name: str) -> str:
        return name if os.path.isabs(name) else os.path.join(os.path.dirname(self._file), name)

    def _all(self, query: str, *values) -> tuple:
        if self._connection is None:
            return ()
        return tuple(row[0] for row in self._connection.execute(query, values))

    def _one(self, query: str, *values):
        found = self._all(query, *values)
        return found[0] if found else ""


class ctkDICOMIndexer(qt.QObject):
    """Puts files into a database."""

    progress = qt.Signal(int)
    indexingComplete = qt.Signal(int, int, int, int)

    def addListOfFiles(self, db, listOfFiles, copyFile=False):
        """Insert files into a database; done when this returns."""
        for number, path in enumerate(listOfFiles):
            db.insert(path, copyFile, False)
            self.progress.emit(100 * number // len(listOfFiles))
        self.indexingComplete.emit(0, 0, 0, len(listOfFiles))

    def waitForImportFinished(self, msecTimeout=-1):
        """Return when the import is finished: at once."""
