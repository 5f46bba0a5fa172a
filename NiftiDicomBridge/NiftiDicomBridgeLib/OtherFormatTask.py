"""Export of nodes in other formats than NIfTI; in three steps as `ExportTasks`."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nifti_dicom_bridge import BridgeError, ConversionOptions, ConversionReport, Deidentifier, Job, check_options, convert

from .ExportSources import publish
from .ExportTasks import ExportTask, Progress
from .TemporaryFolders import new_folder


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
            super().__init__(nodes, self._scratch if str(folder) else "", ConversionOptions(gzip=False), harden)
        except BridgeError:
            shutil.rmtree(self._scratch, ignore_errors=True)
            raise
        self._target, self._final = Path(folder), options

    def work(self, progress: Progress) -> ConversionReport:
        """Write all images; those that fail do not stop the others."""
        try:
            staged = super().work(progress)
            images = [path for path in staged.outputs if path.suffix == ".nii"]
            entries = convert(Job(images, self._target, self._final), progress).entries if images else []
            if self._final.deidentify:
                publish(staged.failures, Deidentifier.of(self._final), self._sources)
            return ConversionReport(staged.failures + entries)
        finally:
            shutil.rmtree(self._scratch, ignore_errors=True)
