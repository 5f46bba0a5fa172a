"""What the archive has, and series of it into Slicer's DICOM database, in three steps as `ExportTasks`."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from slicer.i18n import tr as _

from nifti_dicom_bridge import ArchiveError, ArchiveSettings, SearchResult, TransferReport, fetch, list_series, search

from ..Host import Database, DatabaseFiles, Registration
from ..Host.ArchiveAccess import link_for
from ..Host.TemporaryFolders import new_folder
from .ImportTasks import NOTHING_ADDED

Progress = Callable[[str, int, int], None]
Selection = Mapping[str, "str | Sequence[str]"]
"""``patient``, ``accession``, ``study``, ``series`` → values; all must match."""


@dataclass
class Fetched:
    """What was fetched.

    Attributes
    ----------
    transfer : TransferReport
        An entry for each series.
    registered : Registration.Registered
        What became of the instances in the database.
    series : list of str
        Series Instance UIDs.
    errors : list of str
        Why something was not fetched, one for each series or selection.
    """

    transfer: TransferReport
    registered: Registration.Registered
    series: list[str]
    errors: list[str]


class SearchTask:
    """Studies of an archive; see `nifti_dicom_bridge.search`.

    Parameters
    ----------
    address : str
        Of the archive.
    query : mapping of str to str
        What to look for.
    settings : ArchiveSettings, optional
        By default those of the environment.
    """

    may_be_abandoned = True
    link_for = staticmethod(link_for)

    def __init__(self, address: str, query: Mapping[str, str], settings: ArchiveSettings | None = None):
        self._address, self._query, self._settings = address, dict(query), settings

    def work(self, progress: Progress) -> SearchResult:
        """Ask the archive."""
        return search(self._address, settings=self._settings, progress=progress, **self._query)

    def finish(self, result: SearchResult) -> SearchResult:
        """Return what was found: nothing is left to do."""
        return result


class ListSeriesTask:
    """The series of a study of an archive; see `nifti_dicom_bridge.list_series`."""

    may_be_abandoned = True
    link_for = staticmethod(link_for)

    def __init__(self, address: str, study: str, settings: ArchiveSettings | None = None):
        self._address, self._study, self._settings = address, study, settings

    def work(self, progress: Progress) -> Any:
        """Ask the archive."""
        progress(_("Listing series"), 0, 0)
        return list_series(self._address, self._study, self._settings)

    def finish(self, series: Any) -> Any:
        """Return the series: nothing is left to do."""
        return series


class FetchTask:
    """Series → the database; see `nifti_dicom_bridge.fetch`.

    Parameters
    ----------
    address : str
        Of the archive.
    selections : sequence of mapping
        What to fetch.
    settings : ArchiveSettings, optional
        By default those of the environment.
    """

    after_cancel = NOTHING_ADDED
    may_be_abandoned = True
    link_for = staticmethod(link_for)

    def __init__(self, address: str, selections: Sequence[Selection], settings: ArchiveSettings | None = None):
        Database.require_open()
        self._address, self._selections, self._settings = address, list(selections), settings
        self._scratch = new_folder("fetch")
        self._headers: list[DatabaseFiles.Header] = []
        self._errors: list[str] = []

    def work(self, progress: Progress) -> TransferReport:
        """Fetch into a temporary folder."""
        try:
            report = self._fetch(progress)
            self._headers = DatabaseFiles.headers_of(report.outputs)
            progress("", 0, 0)  # what was abandoned is removed here
            return report
        except BaseException:
            shutil.rmtree(self._scratch, ignore_errors=True)
            raise

    def _fetch(self, progress: Progress) -> TransferReport:
        """Fetch one selection after the other; one of which nothing can be fetched does not keep the others from it."""
        report, count = TransferReport(), len(self._selections)
        for number, selection in enumerate(self._selections, 1):

            def step(what: str, done: int, total: int, number: int = number) -> None:
                progress(what if count == 1 else f"{what} ({number} of {count})", done, total)

            try:
                part = fetch(self._address, self._scratch, settings=self._settings, progress=step, **selection)
            except ArchiveError as error:
                self._errors.append(str(error))
                if count == 1:
                    raise
                continue
            report.entries += part.entries
            self._errors += [entry.error for entry in part.entries if entry.outcome.value == "failed"]
        if self._errors and not report.entries:
            raise ArchiveError(self._errors[0])
        return report

    def finish(self, report: TransferReport) -> Fetched:
        """Add what was fetched to the database."""
        try:
            registered = Registration.register(self._headers) if self._headers else Registration.Registered()
        finally:
            shutil.rmtree(self._scratch, ignore_errors=True)
        series = list(dict.fromkeys(header.series for header in self._headers))
        return Fetched(report, registered, series, self._errors)
