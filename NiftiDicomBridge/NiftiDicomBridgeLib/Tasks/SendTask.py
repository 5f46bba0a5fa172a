"""DICOM files to an archive, in three steps as `ExportTasks`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from nifti_dicom_bridge import ArchiveSettings, TransferReport, send

from ..Host.ArchiveAccess import link_for

Progress = Callable[[str, int, int], None]


class SendTask:
    """Files → an archive; see `nifti_dicom_bridge.send`."""

    after_cancel = "The archive keeps what it has received; send again to complete it."
    link_for = staticmethod(link_for)

    def __init__(self, paths: Sequence[str | Path], address: str, settings: ArchiveSettings | None = None):
        self._paths, self._address, self._settings = [Path(path) for path in paths], address, settings

    def work(self, progress: Progress) -> TransferReport:
        """Send the files that the archive does not have."""
        return send(self._paths, self._address, self._settings, progress=progress)

    def finish(self, report: TransferReport) -> TransferReport:
        """Return the report: nothing is left to do."""
        return report
