"""A check of DICOM files against the standard, and a report as a page; in three steps as `ExportTasks`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from nifti_dicom_bridge import BridgeError, ConversionReport, Finding, validate, write_report

from ..Panel.PanelMessages import report_in_panel

Progress = Callable[[str, int, int], None]


class ValidateTask:
    """DICOM files → findings."""

    def __init__(self, paths: Sequence[Path]):
        if not paths:
            raise BridgeError("No DICOM was chosen. Choose a file or folder.")
        self._paths = list(paths)

    def work(self, progress: Progress) -> list[Finding]:
        """Check the files."""
        return validate(self._paths, progress)

    def finish(self, findings: list[Finding]) -> list[Finding]:
        """Return the findings: nothing is left to do."""
        return findings


class ReportTask:
    """A report → a page with pictures, or JSON, as the name of the file specifies."""

    def __init__(self, report: ConversionReport, path: Path):
        self._report, self._path = report, path

    def work(self, progress: Progress) -> Path:
        """Read inputs and outputs again, compare them, and write the file."""
        write_report(report_in_panel(self._report), self._path, progress, overwrite=True)
        return self._path

    def finish(self, path: Path) -> Path:
        """Return the file: nothing is left to do."""
        return path
