"""Nodes as temporary NIfTI files, on their way to DICOM."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from nifti_dicom_bridge import BridgeError, ConversionOptions, ConversionReport, Entry, FileOptions, Volume

from . import Database
from .ImportTasks import with_reference
from .References import reference_uids
from .Tasks import ExportTask, is_layered

Progress = Callable[[str, int, int], None]


@dataclass
class Staged:
    """What was written for some nodes.

    Attributes
    ----------
    images : list of pathlib.Path
        The NIfTI files; the names of labels are beside them.
    references : dict of pathlib.Path to list of pathlib.Path
        For segmentations and computed volumes, the DICOM files of the volume that they were derived from.
    failures : list of Entry
        The nodes that could not be written.
    """

    images: list[Path] = field(default_factory=list)
    references: dict[Path, list[Path]] = field(default_factory=dict)
    failures: list[Entry] = field(default_factory=list)

    @property
    def reference(self) -> list[Path]:
        """The DICOM files of the volume that the first derived node belongs to."""
        return next(iter(self.references.values()), [])

    def options(self, options: ConversionOptions, scratch: Path) -> ConversionOptions:
        """Return options that name the reference of every image that has one of its own."""
        if options.reference is not None:
            return options
        own = {}
        for number, (image, files) in enumerate(self.references.items()):
            folder = with_reference(options, files, scratch / f"image {number}").reference
            own[image] = FileOptions(options.kind, folder, options.set_values)
        return replace(options, per_file={**own, **options.per_file})


class StageTask(ExportTask):
    """Nodes → NIfTI files that only serve to make DICOM of them."""

    def __init__(self, nodes: Sequence[Any], folder: Path):
        self._references: list[list[Path]] = []
        super().__init__(nodes, folder, ConversionOptions(gzip=False, overwrite=True))

    def _source_of(self, node: Any, harden: bool) -> Any:
        uids = reference_uids(node) if node is not None else ()
        series = Database.series_of_instances(uids) if uids else ""
        self._references.append(Database.files_of_series(series) if series else [])
        return super()._source_of(node, harden)

    def _parts_of(self, volume: Volume) -> list[Volume]:
        """Return one image: segments that overlap become one object."""
        # three label maps of 8 bits would be read as colors
        return [replace(volume, voxels=volume.voxels.astype(np.uint16)) if is_layered(volume) else volume]

    def staged(self, report: ConversionReport, partly: bool = False) -> Staged:
        """Return what was written.

        Parameters
        ----------
        report : ConversionReport
            What `work` returned.
        partly : bool
            Return what succeeded; by default a failure is an error.

        Raises
        ------
        BridgeError
            If a node could not be written.
        """
        if not report.ok and not partly:
            raise BridgeError(" ".join(entry.error for entry in report.failures))
        found = Staged(failures=list(report.failures))
        for entry, files in zip(report.entries, self._references, strict=True):
            images = [path for path in entry.outputs if path.suffix == ".nii"]
            found.images += images
            found.references |= {image: files for image in images if files}
        return found


def stage(nodes: Sequence[Any], folder: Path, partly: bool = False) -> Staged:
    """Write nodes at once; see `StageTask`."""
    task = StageTask(nodes, folder)
    return task.staged(task.work(lambda what, done, total: None), partly)
