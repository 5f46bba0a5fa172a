"""Export of series of the DICOM database without loading them; in three steps as `ExportTasks`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from nifti_dicom_bridge import BridgeError, ConversionOptions, ConversionReport, Job, check_options, convert

from ..Host import Database
from .ExportFiles import COMPLETE_ARE_KEPT, NO_FOLDER

Progress = Callable[[str, int, int], None]


class SeriesTask:
    """Series of Slicer's DICOM database → NIfTI with sidecar, or another format, without loading them.

    Parameters
    ----------
    series : sequence of str
        Series Instance UIDs.
    folder, options
        As for `ExportTasks.ExportTask`.
    """

    after_cancel = COMPLETE_ARE_KEPT

    def __init__(self, series: Sequence[str], folder: str | Path, options: ConversionOptions | None = None):
        if not series:
            raise BridgeError("No series was chosen. Choose at least one.")
        if not str(folder):
            raise BridgeError(NO_FOLDER)
        Database.require_open()
        files = {uid: _files_of(uid) for uid in series}
        self._files = [path for uid in files for path in files[uid]]
        self._doubts = [(doubt, set(files[uid])) for uid in files if (doubt := Database.doubt_of_files(uid))]
        self._folder, self._options = Path(folder), options or ConversionOptions()
        check_options(self._options)

    def work(self, progress: Progress) -> ConversionReport:
        """Convert the files; one series that fails does not stop the others."""
        return convert(Job(self._files, self._folder, self._options), progress)

    def finish(self, report: ConversionReport) -> ConversionReport:
        """Return the report, with a warning for each series of which files are gone."""
        for doubt, files in self._doubts:
            concerned = [entry for entry in report.entries if files & set(entry.inputs)]
            for entry in concerned or report.entries:  # a report without identities does not name the inputs
                entry.log.warnings.append(doubt)
        return report


def _files_of(series: str) -> list[Path]:
    """Return the files of a series; raises `BridgeError` where there are none, so that none is left out in silence."""
    files = Database.files_of_series(series)
    if not files:
        raise BridgeError(Database.NO_FILES.format(series))
    return files
