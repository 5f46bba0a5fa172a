"""Nodes as temporary NIfTI files, on their way to DICOM."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from nifti_dicom_bridge import BridgeError, ConversionOptions, ConversionReport

from . import Database
from .ImportTasks import with_reference
from .References import reference_uids
from .Segments import table_beside
from .Tasks import ExportTask

Progress = Callable[[str, int, int], None]


@dataclass
class Staged:
    """What was written for some nodes.

    Attributes
    ----------
    images : list of pathlib.Path
        The NIfTI files.
    labels : pathlib.Path or None
        The names of the labels, where there is one image and they are known.
    reference : list of pathlib.Path
        The DICOM files of the volume that a segmentation was drawn on.
    """

    images: list[Path] = field(default_factory=list)
    labels: Path | None = None
    reference: list[Path] = field(default_factory=list)

    def options(self, options: ConversionOptions, scratch: Path) -> ConversionOptions:
        """Return options that name the labels and the reference."""
        found = with_reference(options, self.reference, scratch) if options.reference is None else options
        return replace(found, labels=self.labels) if self.labels is not None and found.labels is None else found


class StageTask(ExportTask):
    """Nodes → NIfTI files that only serve to make DICOM of them."""

    def __init__(self, nodes: Sequence[Any], folder: Path):
        super().__init__(nodes, folder, ConversionOptions(gzip=False, overwrite=True))
        uids = [uid for node in nodes for uid in reference_uids(node)]
        self.reference = Database.files_of_series(Database.series_of_instances(uids)) if uids else []

    def staged(self, report: ConversionReport) -> Staged:
        """Return what was written; raises `BridgeError` where something failed."""
        if not report.ok:
            raise BridgeError(" ".join(entry.error for entry in report.failures))
        images = [path for path in report.outputs if path.suffix == ".nii"]
        table = table_beside(images[0])
        return Staged(images, table if len(images) == 1 and table.exists() else None, self.reference)


def stage(nodes: Sequence[Any], folder: Path) -> Staged:
    """Write nodes at once; see `StageTask`."""
    task = StageTask(nodes, folder)
    return task.staged(task.work(lambda what, done, total: None))
