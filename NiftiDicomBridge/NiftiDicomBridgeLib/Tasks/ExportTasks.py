"""Export in three steps: gather on the main thread, work in any thread, finish on the main thread.

MRML and the DICOM database are only touched in the constructor and in ``finish``; ``work`` is plain Python on plain data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

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
    Target,
    Volume,
    check_options,
    convert,
    message_of,
    python_words,
)

from ..Host.FileNames import file_names, names_of_parts
from ..Host.TemporaryFolders import without_temporary
from ..Nodes.OverlappingLabels import split_layers
from ..Nodes.Transforms import RESAMPLE, Nonlinear
from ..Originals import SourceMatching
from ..Originals.DrawnTimes import DrawnTime, times_of
from ..Originals.EditedSeries import EditedSeries
from ..Originals.SeriesSlices import shared_transform
from .ExportFiles import COMPLETE_ARE_KEPT, NO_FOLDER, NewFiles, write_image
from .ExportSources import (
    ExportSource,
    doubt_of_patient,
    each_once,
    on_grid_of_its_volume,
    private_words,
    publish,
    require_original,
    source_of,
    unexpected,
)

Progress = Callable[[str, int, int], None]


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
    private : bool
        Keep the messages of unexpected errors out of the report and of Slicer's log, as if the files were de-identified.

    Attributes
    ----------
    after_cancel : str
        What a cancelled task leaves behind, for the user.
    """

    after_cancel = COMPLETE_ARE_KEPT

    def __init__(
        self,
        nodes: Sequence[Any],
        folder: str | Path,
        options: ConversionOptions | None = None,
        harden: bool = False,
        name: str = "",
        private: bool = False,
    ):
        nodes = list(nodes) if isinstance(nodes, Iterable) else [nodes]
        if not nodes:
            raise BridgeError("No volume was chosen. Choose at least one.")
        for node in nodes:
            if node is not None and not hasattr(node, "GetClassName"):
                raise BridgeError(f"{node!r} is not a node of the scene. slicer.mrmlScene.GetNodeByID returns that with an ID.")
        if not str(folder):
            raise BridgeError(NO_FOLDER)
        self._folder = Path(folder)
        self._options = replace(options or ConversionOptions(), target=Target.NIFTI)
        check_options(self._options)
        self._private = private or self._options.deidentify
        self._sources = [self._source_of(node, harden, time) for node in each_once(nodes) for time in times_of(node)]
        self._names = file_names([name or source.title for source in self._sources])
        self._private_words = private_words(self._sources) if self._private else []
        self._deidentifier = Deidentifier.of(self._options) if self._options.deidentify else None
        self._public_names: list[str] = []
        self._series = EditedSeries(source.identity.get("StudyInstanceUID", "") for source in self._sources)

    def _source_of(self, node: Any, harden: bool, time: DrawnTime | None) -> ExportSource:
        left_out = shared_transform(node) if node is not None and not harden else None
        nonlinear = Nonlinear(harden, RESAMPLE, left_out)
        source = source_of(node, nonlinear, self._options.layout is Layout.BIDS, self._private, time)
        return source if node is None or harden else on_grid_of_its_volume(node, source)

    def work(self, progress: Progress) -> ConversionReport:
        """Write all images; one that fails does not stop the others. What is complete is kept when cancelled."""
        report = self._collected(progress)
        if self._deidentifier is not None:
            publish(report.entries, self._deidentifier, self._private_words)
        return report

    def _collected(self, progress: Progress) -> ConversionReport:
        report = ConversionReport()
        total, originals = len(self._sources), list[Path]()
        for number, (source, name) in enumerate(zip(self._sources, self._names, strict=True)):

            def step(*_, title=source.title, number=number) -> None:
                """Return which volume it is, however far the reading of its files may be."""
                progress(title, number, total)

            step()
            report.entries += self._entries(source, name, step, originals)
        if originals:
            report.entries += convert(Job(originals, self._folder, self._options), progress).entries
        progress("", total, total)
        return report

    def finish(self, report: ConversionReport) -> ConversionReport:
        """Return the report: nothing is left to do."""
        return report

    def _entries(self, source: ExportSource, name: str, step: Progress, originals: list[Path]) -> list[Entry]:
        """Write one image and return its entry; for BIDS only remember its files, for all are placed together."""
        entry = Entry(source.title, Outcome.CONVERTED, inputs=list(source.files))
        new = NewFiles()
        try:
            if source.image is None:
                raise BridgeError(source.error)
            volumes, entry.log = self._volumes_of(source, step)
            entry.log.warnings += [*source.image.warnings, *doubt_of_patient(volumes, source)]
            volumes = [part for volume in volumes for part in self._split_for_files(volume)]
            if self._options.layout is Layout.BIDS:
                require_original(volumes, source)
                originals += source.files
                return []
            for volume, title in zip(volumes, names_of_parts(name, volumes), strict=True):
                entry.outputs += self._cleaned_and_written(volume, source, title, entry.log, new)
            if SourceMatching.UNCHANGED not in entry.log.notes and self._deidentifier is None:
                self._series.describe(source.title, volumes, entry.outputs)
        except Cancelled:
            raise
        except OSError as error:
            error.filename = error.filename or str(self._folder)  # a full disk has none
            entry.outcome, entry.error = Outcome.FAILED, without_temporary(message_of(error, python_words))
        except BridgeError as error:
            entry.outcome, entry.error = Outcome.FAILED, without_temporary(str(error))
        except Exception as error:  # an error in one image must not end the export of the others
            entry.outcome, entry.error = Outcome.FAILED, unexpected(source.title, error, self._private)
        if entry.error:
            new.remove()
            entry.outputs, entry.log.notes = [], []  # these are about what was written
        return [entry]

    def _volumes_of(self, source: ExportSource, step: Progress) -> tuple[list[Volume], Log]:
        assert source.image is not None
        volumes, log = SourceMatching.volumes_of(source.image, source.files, source.missing, step)
        if source.slices is None or not source.slices.files or all(volume.source is not None for volume in volumes):
            return volumes, log  # an original has its own places
        return [source.slices.placed(volume, step) for volume in volumes], log

    def _split_for_files(self, volume: Volume) -> list[Volume]:
        """Return the images to write for a volume: label maps of segments that overlap are files of their own."""
        return split_layers(volume)

    def _cleaned_and_written(self, volume: Volume, source: ExportSource, name: str, log: Log, new: NewFiles) -> list[Path]:
        if self._deidentifier is not None:
            volume = self._deidentifier.clean(replace(volume, name=name), log)
            name = self._public_name(volume)
        path = self._folder / (name + (".nii.gz" if self._options.gzip else ".nii"))
        new.expect(path)
        return write_image(replace(volume, name=name), source, path, self._options, log)

    def _public_name(self, volume: Volume) -> str:
        """Return a name that no other volume of this export has, and that the name of the node is not part of."""
        self._public_names.append(volume.name)
        return file_names(self._public_names)[-1]
