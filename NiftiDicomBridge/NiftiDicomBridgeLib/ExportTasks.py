"""Export in three steps: gather on the main thread, work in any thread, finish on the main thread.

MRML and the DICOM database are only touched in the constructor and in ``finish``; ``work`` is plain Python on plain data.
"""

from __future__ import annotations

import json
import logging
import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import slicer

from nifti_dicom_bridge import (
    BridgeError,
    Cancelled,
    ConversionOptions,
    ConversionReport,
    Deidentifier,
    Entry,
    Job,
    Layout,
    Log,
    Outcome,
    OutputError,
    Target,
    Volume,
    check_options,
    convert,
    is_nifti,
    write,
)

from . import Database, Hierarchy, SourceMatching
from .EditedSeries import EditedSeries
from .FileNames import file_names, names_of_parts
from .NodeImages import NodeImage
from .NodeKinds import sequence_of
from .Nodes import image_of
from .Segments import label_table, table_beside

Progress = Callable[[str, int, int], None]
UNEXPECTED = "{}: unexpected error ({}: {}). Nothing was written for it; please report it with the lines in Slicer's log."
HIDDEN = "the message is hidden, as it may name the patient"
NO_FOLDER = "No folder was chosen. Choose where the NIfTI files shall go."


@dataclass(frozen=True)
class _Source:
    """An image to export, the files it came from, and the patient; or why that cannot be."""

    title: str
    image: NodeImage | None = None
    files: tuple[Path, ...] = ()
    missing: int = 0
    identity: dict[str, str] = field(default_factory=dict)
    error: str = ""


class ExportTask:
    """Nodes of the scene → NIfTI with sidecar.

    Parameters
    ----------
    nodes : sequence of vtkMRMLNode
        What to write.
    folder : str or pathlib.Path
        Where to.
    options : ConversionOptions, optional
        `gzip`, `overwrite`, `layout`, `bids_map` and `deidentify` matter.
    harden : bool
        Resample what is under a nonlinear transform, instead of refusing it.
    name : str
        What the files are called, without suffix; each like its node by default.
    """

    def __init__(
        self,
        nodes: Sequence[Any],
        folder: str | Path,
        options: ConversionOptions | None = None,
        harden: bool = False,
        name: str = "",
    ):
        nodes = list(nodes) if isinstance(nodes, Iterable) else [nodes]
        if not nodes:
            raise BridgeError("No volume was chosen. Choose at least one.")
        if not str(folder):
            raise BridgeError(NO_FOLDER)
        self._folder = Path(folder)
        self._options = replace(options or ConversionOptions(), target=Target.NIFTI)
        check_options(self._options)
        self._sources = [self._source_of(node, harden) for node in _each_once(nodes)]
        self._names = file_names([name or source.title for source in self._sources])
        self._deidentifier = Deidentifier.of(self._options) if self._options.deidentify else None
        self._public_names: list[str] = []
        self._series = EditedSeries(source.identity.get("StudyInstanceUID", "") for source in self._sources)

    def _source_of(self, node: Any, harden: bool) -> _Source:
        title = node.GetName() or node.GetID() if node is not None else "(no volume)"
        try:
            image = image_of(node, harden)
        except BridgeError as error:
            return _Source(title, error=str(error))
        except Exception as error:  # as in `_entries`
            logging.exception("Reading of %s", title)
            return _Source(title, error=UNEXPECTED.format(title, type(error).__name__, error))
        return _source_of(image, Hierarchy.identity_of_node(node), self._options.layout is Layout.BIDS)

    def work(self, progress: Progress) -> ConversionReport:
        """Write all images; one that fails does not stop the others. What is complete goes again when cancelled."""
        report = self._collected(progress)
        if self._deidentifier is not None:
            _publish(report.entries, self._deidentifier, self._sources)
        return report

    def _collected(self, progress: Progress) -> ConversionReport:
        report = ConversionReport()
        total, originals = len(self._sources), list[Path]()
        try:
            for number, (source, name) in enumerate(zip(self._sources, self._names, strict=True)):

                def step(*_, title=source.title, number=number) -> None:
                    """Return which volume it is, however far the reading of its files may be."""
                    progress(title, number, total)

                step()
                report.entries += self._entries(source, name, step, originals)
            if originals:
                report.entries += convert(Job(originals, self._folder, self._options), progress).entries
            progress("", total, total)
        except Cancelled:
            for path in report.outputs:
                path.unlink(missing_ok=True)
            raise
        return report

    def finish(self, report: ConversionReport) -> ConversionReport:
        """Return the report: nothing is left to do."""
        return report

    def _entries(self, source: _Source, name: str, step: Progress, originals: list[Path]) -> list[Entry]:
        """Write one image and return its entry; for BIDS only remember its files, for all are placed together."""
        entry = Entry(source.title, Outcome.CONVERTED, inputs=list(source.files))
        try:
            if source.image is None:
                raise BridgeError(source.error)
            volumes, entry.log = SourceMatching.volumes_of(source.image, source.files, source.missing, step)
            entry.log.warnings += source.image.warnings
            volumes = [part for volume in volumes for part in self._split_for_files(volume)]
            if self._options.layout is Layout.BIDS:
                _require_original(volumes, source)
                originals += source.files
                return []
            for volume, title in zip(volumes, names_of_parts(name, volumes), strict=True):
                entry.outputs += self._cleaned_and_written(volume, source, title, entry.log)
            if SourceMatching.UNCHANGED not in entry.log.notes and self._deidentifier is None:
                self._series.describe(source.title, volumes, entry.outputs)
        except Cancelled:
            raise
        except (BridgeError, OSError) as error:
            entry.outcome, entry.error = Outcome.FAILED, str(error)
        except Exception as error:  # an error in one image must not end the export of the others
            message = HIDDEN if self._deidentifier is not None else str(error)
            if self._deidentifier is None:
                logging.exception("Export of %s", source.title)
            entry.outcome, entry.error = Outcome.FAILED, UNEXPECTED.format(source.title, type(error).__name__, message)
        return [entry]

    def _split_for_files(self, volume: Volume) -> list[Volume]:
        """Return the images to write for a volume: label maps of segments that overlap are files of their own."""
        return split_layers(volume)

    def _cleaned_and_written(self, volume: Volume, source: _Source, name: str, log: Log) -> list[Path]:
        if self._deidentifier is not None:
            volume = self._deidentifier.clean(replace(volume, name=name), log)
            name = self._public_name(volume)
        return self._written(replace(volume, name=name), source, name)

    def _public_name(self, volume: Volume) -> str:
        """Return a name that no other volume of this export has, and that the name of the node is not part of."""
        self._public_names.append(volume.name)
        return file_names(self._public_names)[-1]

    def _written(self, volume: Volume, source: _Source, name: str) -> list[Path]:
        assert source.image is not None
        self._folder.mkdir(parents=True, exist_ok=True)
        image = self._folder / (name + (".nii.gz" if self._options.gzip else ".nii"))
        table = table_beside(image)
        numbers = set(np.unique(volume.voxels).tolist()) if source.image.labels and volume.source is None else set()
        labels = [label for label in source.image.labels if label.number in numbers]
        if labels and table.exists() and not self._options.overwrite:
            raise OutputError(f"{table} exists. Choose another folder or name.")
        outputs = write(volume, image, self._options.for_cleaned_images())
        if volume.source is None:
            _write_identity(source.identity, outputs, self._options.identity)
        if labels:
            table.write_text(label_table(labels), encoding="utf-8")
            outputs.append(table)
        return outputs


class OtherFormatTask(ExportTask):
    """Nodes of the scene → Zarr stores or pictures, by way of temporary NIfTI files with all that is known of the nodes.

    Parameters
    ----------
    nodes, folder, options, harden
        As for `ExportTask`; the target of the options is what is written.
    """

    def __init__(self, nodes: Sequence[Any], folder: str | Path, options: ConversionOptions, harden: bool = False):
        check_options(options)
        self._scratch = Path(tempfile.mkdtemp(prefix="NiftiDicomBridge-export-", dir=slicer.app.temporaryPath))
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
                _publish(staged.failures, Deidentifier.of(self._final), self._sources)
            return ConversionReport(staged.failures + entries)
        finally:
            shutil.rmtree(self._scratch, ignore_errors=True)


class SeriesTask:
    """Series of Slicer's DICOM database → NIfTI with sidecar, or another format, without loading them.

    Parameters
    ----------
    series : sequence of str
        Series Instance UIDs.
    folder, options
        As for `ExportTask`.
    """

    def __init__(self, series: Sequence[str], folder: str | Path, options: ConversionOptions | None = None):
        if not series:
            raise BridgeError("No series was chosen. Choose at least one.")
        if not str(folder):
            raise BridgeError(NO_FOLDER)
        Database.require_open()
        self._files = [path for uid in series for path in Database.files_of_series(uid)]
        if not self._files:
            raise BridgeError("The files of the series are gone. Import them again in the module DICOM.")
        self._folder, self._options = Path(folder), options or ConversionOptions()
        check_options(self._options)

    def work(self, progress: Progress) -> ConversionReport:
        """Convert the files; one series that fails does not stop the others."""
        return convert(Job(self._files, self._folder, self._options), progress)

    def finish(self, report: ConversionReport) -> ConversionReport:
        """Return the report: nothing is left to do."""
        return report


def _publish(entries: Iterable[Entry], deidentifier: Deidentifier, sources: Iterable[_Source]) -> None:
    """Take from a report what identifies the patient: names of nodes often do."""
    deidentifier.masker.add(source.title for source in sources)
    for number, entry in enumerate(entries, start=1):
        deidentifier.publish(entry, number)


def is_layered(volume: Volume) -> bool:
    """Whether the last axis of a volume are label maps, because segments overlap."""
    return volume.intent == "label" and volume.voxels.ndim == 5


def split_layers(volume: Volume) -> list[Volume]:
    """Return the label maps of segments that overlap, each as an image; any other image as it is."""
    if not is_layered(volume):
        return [volume]
    titles = [volume.name, *(f"{volume.name} overlap {n}" for n in range(1, volume.voxels.shape[-1]))]
    return [replace(volume, voxels=volume.voxels[..., n], name=title) for n, title in enumerate(titles)]


def _each_once(nodes: Iterable[Any]) -> list[Any]:
    """Leave out what shows a sequence that is there already, and nodes given twice."""
    by_id: dict[str, Any] = {}
    for node in nodes:
        sequence = sequence_of(node)
        key = "nothing" if node is None else (sequence or node).GetID()
        by_id.setdefault(key, node)
        if sequence is not None and node is not sequence:
            by_id[key] = node  # it knows the transforms
    return list(by_id.values())


def _source_of(image: NodeImage, identity: dict[str, str], only_dicom: bool) -> _Source:
    """Return an image with what it was loaded from: the NIfTI file with our sidecar, else the instances in the database."""
    if image.source is not None and image.source.is_file() and not only_dicom:
        return _Source(image.name, image, (image.source,), 0, identity)
    files = Database.files_of_instances(image.instance_uids)
    return _Source(image.name, image, tuple(files), max(len(set(image.instance_uids)) - len(files), 0), identity)


def _require_original(volumes: Sequence[Volume], source: _Source) -> None:
    edited = any(volume.source is None or volume.edits() for volume in volumes)
    if edited or any(map(is_nifti, source.files)):
        raise BridgeError(
            f"{source.title} is not as it came from DICOM, and a BIDS dataset holds raw data. Export it as 'NIfTI, one folder'."
        )


def _write_identity(identity: dict[str, str], outputs: Sequence[Path], personal: bool) -> None:
    """Put patient and study of the subject hierarchy into the sidecar of an image that has no record."""
    wanted = Hierarchy.IDENTITY_IN_SIDECARS + (Hierarchy.PERSONAL_IN_SIDECARS if personal else ())
    keys = {key: identity[key] for key in wanted if key in identity}
    sidecar = next((path for path in outputs if path.suffix == ".json"), None)
    if keys and sidecar is not None:
        top = json.loads(sidecar.read_text("utf-8")) | keys
        sidecar.write_text(json.dumps(top, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
