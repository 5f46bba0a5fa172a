"""Series of an archive into Slicer's DICOM database, in three steps as `ExportTasks`."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from nifti_dicom_bridge import ArchiveSettings, TransferReport, fetch

from . import Database
from .ArchiveAccess import link_for
from .ImportTasks import NOTHING_ADDED
from .TemporaryFolders import new_folder

Progress = Callable[[str, int, int], None]


@dataclass
class Fetched:
    """What was fetched.

    Attributes
    ----------
    transfer : TransferReport
        An entry for each series.
    registered : Database.Registered
        What became of the instances in the database.
    series : list of str
        Series Instance UIDs.
    """

    transfer: TransferReport
    registered: Database.Registered
    series: list[str]


class FetchTask:
    """Series → the database; see `nifti_dicom_bridge.fetch`.

    Parameters
    ----------
    address : str
        Of the archive.
    selection : mapping of str to str
        ``patient``, ``accession``, ``study`` → value; all must match.
    settings : ArchiveSettings, optional
        By default those of the environment.
    """

    after_cancel = NOTHING_ADDED
    link_for = staticmethod(link_for)

    def __init__(self, address: str, selection: Mapping[str, str], settings: ArchiveSettings | None = None):
        Database.require_open()
        self._address, self._selection, self._settings = address, dict(selection), settings
        self._scratch = new_folder("fetch")
        self._headers: list[Database.Header] = []

    def work(self, progress: Progress) -> TransferReport:
        """Fetch into a temporary folder."""
        try:
            report = fetch(self._address, self._scratch, settings=self._settings, progress=progress, **self._selection)
            self._headers = Database.headers_of(report.outputs)
            return report
        except BaseException:
            shutil.rmtree(self._scratch, ignore_errors=True)
            raise

    def finish(self, report: TransferReport) -> Fetched:
        """Add what was fetched to the database."""
        try:
            registered = Database.register(self._headers) if self._headers else Database.Registered()
        finally:
            shutil.rmtree(self._scratch, ignore_errors=True)
        return Fetched(report, registered, list(dict.fromkeys(header.series for header in self._headers)))
