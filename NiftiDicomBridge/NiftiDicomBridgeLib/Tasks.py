"""The two jobs of the module, each in three steps: gather on the main thread, work in any thread, finish on the main thread.

MRML and the DICOM database are only touched in the constructor and in ``finish``; ``work`` is plain Python on plain data.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import slicer

from nifti_dicom_bridge import (
    BridgeError,
    Cancelled,
    ConversionOptions,
    ConversionReport,
    Entry,
    Job,
    Log,
    Outcome,
    Target,
    convert,
    write,
)

from . import Database, Originals
from .Nodes import NodeImage, image_of

Progress = Callable[[str, int, int], None]
LONGEST_NAME = 100


@dataclass(frozen=True)
class _Source:
    """A node to export: its image and the files it came from, or why that cannot be."""

    title: str
    image: NodeImage | None = None
    files: tuple[Path, ...] = ()
    missing: int = 0
    error: str = ""


class ExportTask:
    """Volumes of the scene → NIfTI with sidecar."""

    def __init__(self, nodes: Sequence[Any], folder: str | Path, options: ConversionOptions | None = None):
        nodes = list(nodes) if isinstance(nodes, Iterable) else [nodes]
        if not nodes:
            raise BridgeError("No volume was chosen. Choose at least one.")
        if not str(folder):
            raise BridgeError("No folder was chosen. Choose where the NIfTI files shall go.")
        self._folder = Path(folder)
        self._options = replace(options or ConversionOptions(), target=Target.NIFTI)
        self._sources = [_source_of(node) for node in nodes]
        self._names = file_names([source.title for source in self._sources])

    def work(self, progress: Progress) -> ConversionReport:
        """Write all images; one that fails does not stop the others. What is complete goes again when cancelled."""
        report = ConversionReport()
        total = len(self._sources)
        try:
            for number, (source, name) in enumerate(zip(self._sources, self._names, strict=True)):

                def step(*_, title=source.title, number=number) -> None:
                    """Say which volume it is, however far the reading of its files may be."""
                    progress(title, number, total)

                step()
                report.entries.append(self._written(source, name, step))
            progress("", total, total)
        except Cancelled:
            for path in report.outputs:
                path.unlink(missing_ok=True)
            raise
        return report

    def finish(self, report: ConversionReport) -> ConversionReport:
        """Return the report: nothing is left to do."""
        return report

    def _written(self, source: _Source, name: str, step: Progress) -> Entry:
        entry = Entry(source.title, Outcome.CONVERTED, inputs=list(source.files))
        try:
            if source.image is None:
                raise BridgeError(source.error)
            self._folder.mkdir(parents=True, exist_ok=True)
            volume, entry.log = Originals.volume_of(source.image, source.files, source.missing, step)
            suffix = ".nii.gz" if self._options.gzip else ".nii"
            entry.outputs = write(replace(volume, name=name), self._folder / (name + suffix), self._options)
        except Cancelled:
            raise
        except (BridgeError, OSError) as error:
            entry.outcome, entry.error = Outcome.FAILED, str(error)
        return entry


class ImportTask:
    """NIfTI with sidecar → DICOM in Slicer's database."""

    def __init__(self, paths: Sequence[str | Path], options: ConversionOptions | None = None):
        paths = [paths] if isinstance(paths, (str, Path)) else list(paths)
        if not paths:
            raise BridgeError("No NIfTI file was chosen. Choose at least one.")
        Database.require_open()
        self._paths = [Path(path) for path in paths]
        self._options = replace(options or ConversionOptions(), target=Target.DICOM)
        self._folder = Path(tempfile.mkdtemp(prefix="NiftiDicomBridge-", dir=slicer.app.temporaryPath))
        self._headers: list[list[Database.Header]] = []

    def work(self, progress: Progress) -> ConversionReport:
        """Convert into a temporary folder."""
        try:
            report = convert(Job(self._paths, self._folder / "dicom", self._options), progress)
            self._headers = [Database.headers_of(entry.outputs) for entry in report.entries]
            return report
        except BaseException:
            self._clean_up()
            raise

    def finish(self, report: ConversionReport) -> ConversionReport:
        """Register what was converted; the files of each entry are those in the database then."""
        try:
            for entry, headers in zip(report.entries, self._headers, strict=True):
                if headers:
                    _register(entry, headers)
        finally:
            self._clean_up()
        return report

    def _clean_up(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)


def file_names(titles: Iterable[str]) -> list[str]:
    """Return a file name without suffix for each title: safe on every file system, no two alike whatever the case."""
    names: list[str] = []
    taken: set[str] = set()
    for title in titles:
        stem = name = _safe(title)
        number = 2
        while name.lower() in taken:
            name = f"{stem}_{number}"
            number += 1
        taken.add(name.lower())
        names.append(name)
    return names


def _safe(title: str) -> str:
    name = re.sub(r"[^\w.+-]+", "_", title)[:LONGEST_NAME].strip("._- ")
    # Windows keeps these for devices, with any suffix.
    return "_" + name if re.fullmatch(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?", name) else name or "volume"


def _source_of(node: Any) -> _Source:
    title = node.GetName() or node.GetID() if node is not None else "(no volume)"
    try:
        image = image_of(node)
    except BridgeError as error:
        return _Source(title, error=str(error))
    files = Database.files_of_instances(image.instance_uids)
    return _Source(title, image, tuple(files), len(image.instance_uids) - len(files))


def _register(entry: Entry, headers: Sequence[Database.Header]) -> None:
    try:
        registered = Database.register(headers)
    except BridgeError as error:
        entry.outcome, entry.error, entry.outputs = Outcome.FAILED, str(error), []
        return
    entry.outputs = registered.files
    entry.log = Log([*entry.log.notes, str(registered)], entry.log.warnings, entry.log.changes)
