"""DICOM files to an archive, in three steps as `ExportTasks`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from nifti_dicom_bridge import TransferReport, send

Progress = Callable[[str, int, int], None]


class SendTask:
    """Files → an archive; see `nifti_dicom_bridge.send`."""

    after_cancel = "The archive keeps what it has received; send again to complete it."

    def __init__(self, paths: Sequence[str | Path], address: str):
        self._paths, self._address = [Path(path) for path in paths], address

    def work(self, progress: Progress) -> TransferReport:
        """Send the files that the archive does not have."""
        return send(self._paths, self._address, progress=progress)

    def finish(self, report: TransferReport) -> TransferReport:
        """Return the report: nothing is left to do."""
        return report
