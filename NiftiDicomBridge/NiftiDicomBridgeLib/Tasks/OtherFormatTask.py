"""Export of nodes in other formats than NIfTI; in three steps as `ExportTasks`."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nifti_dicom_bridge import BridgeError, ConversionOptions, ConversionReport, Deidentifier, Job, check_options, convert

from ..Host.TemporaryFolders import new_folder
from .ExportSources import publish
from .ExportTasks import ExportTask, Progress
from .TemporaryNifti import warn


class OtherFormatTask(ExportTask):
    """Nodes of the scene → Zarr stores or pictures, by way of temporary NIfTI files with all that is known of the nodes.

    Parameters
    ----------
    nodes, folder, options, harden
        As for `ExportTask`; the target of the options is what is written.
    """

    def __init__(self, nodes: Sequence[Any], folder: str | Path, options: ConversionOptions, harden: bool = False):
        check_options(options)
        self._scratch = new_folder("export")
        try:
            scratch = self._scratch if str(folder) else ""
            super().__init__(nodes, scratch, ConversionOptions(gzip=False), harden, private=options.deidentify)
        except BridgeError:
            shutil.rmtree(self._scratch, ignore_errors=True)
            raise
        self._target, self._final = Path(folder), options

    def work(self, progress: Progress) -> ConversionReport:
        """Write all images; those that fail do not stop the others."""
        try:
            staged = super().work(progress)
            images = [path for path in staged.outputs if path.suffix == ".nii"]
            report = convert(Job(images, self._target, self._final), progress) if images else ConversionReport()
            if self._final.deidentify:
                self._publish(report, staged)
            else:
                warn(report, {path: entry.log.warnings for entry in staged.entries for path in entry.outputs})
            report.entries = staged.failures + report.entries
            return report
        finally:
            shutil.rmtree(self._scratch, ignore_errors=True)

    def _publish(self, report: ConversionReport, staged: ConversionReport) -> None:
        """Take from a report what identifies patients; its entries do not name the files that they are about."""
        deidentifier = Deidentifier.of(self._final)
        publish(staged.failures, deidentifier, self._private_words)
        warnings = [sentence for entry in staged.entries if not entry.error for sentence in entry.log.warnings]
        report.notes += dict.fromkeys(map(deidentifier.masker.masked, warnings))
