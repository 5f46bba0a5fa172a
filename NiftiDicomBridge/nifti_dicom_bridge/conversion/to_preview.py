"""DICOM or NIfTI → pictures to look at: image by image, each complete or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from ..deidentification.pixel_warnings import picture_warnings
from ..formats.dicom.reading.damaged_files import damaged_files_named
from ..formats.dicom.reading.frames.frames import true_planes
from ..formats.dicom.reading.frames.tiles import is_undescribed
from ..formats.dicom.reading.plans import Plan
from ..formats.dicom.reading.segmentations.segments import segments_of
from ..formats.dicom.reading.values.display_values import with_display_rescale
from ..formats.dicom.structure_sets import is_structure_set
from ..labels import find_labels, read_labels
from ..model import metadata
from ..model.files.names import name_key, safe_name, unique_name
from ..model.metadata import Log
from ..model.report import ConversionReport, Entry, Outcome
from ..model.space.resample import has_labels
from ..model.volume import Volume
from ..model.voxels.kept_voxels import KeptVoxels
from ..model.voxels.lazy_voxels import LazyVoxels
from ..options import ConversionOptions, Progress, SlicePlane
from ..options.remedies import remedy
from ..output import Staging
from ..preview import Labels, PreviewInput, stage_preview
from ..sidecar import KEY
from ..standard.tags import Tag
from .entries import OutputPolicy, plans_and_report
from .execution.recorded_errors import errors_recorded_in
from .execution.task_runner import TaskRunner
from .execution.tasks import Task, keys_of_names
from .inputs.image_files import find_other_series, opened_images
from .inputs.image_with_record import ImageWithRecord
from .inputs.overlay_labels import frame_of_reference_of, label_maps
from .inputs.streamed import loaded
from .outputs.file_names import name_of_elements, named_file
from .outputs.read_back import check_pictures
from .regular_grid import on_regular_grid
from .without_damaged_files import PlannedConversion, examined_where_shared


@dataclass
class _Source:
    """One image to make pictures of: a volume of DICOM files, a NIfTI file, or a volume in memory."""

    title: str
    name: str
    inputs: list[Path]
    plan: Plan | None = None
    file: ImageWithRecord | None = None
    volume: Volume | None = None

    def load(self, progress: Progress | None) -> Volume:
        """Return the volume; large voxels are read when they are sliced, neighboring planes together."""
        if self.plan is not None:
            with damaged_files_named([self.plan]):
                return loaded(self.plan, progress)
        volume = self.file.load(lazy=True) if self.file is not None else self.volume
        assert volume is not None
        voxels = volume.voxels
        return replace(volume, voxels=KeptVoxels(voxels)) if isinstance(voxels, LazyVoxels) else volume


@dataclass
class _Shared:
    """What all images have in common: choices, label maps to draw, names that are taken."""

    output: Path
    options: ConversionOptions
    maps: tuple[Labels, ...] = ()
    taken: set[str] = field(default_factory=set)
    policy: OutputPolicy = field(default_factory=lambda: OutputPolicy(None, set()))

    @classmethod
    def of(cls, output: Path, options: ConversionOptions, inputs: Sequence[Path] = ()) -> _Shared:
        """Return what the options want, for these inputs."""
        policy = OutputPolicy.of(options, set())
        return cls(output, options, label_maps(options, inputs, policy), policy=policy)


def convert_to_preview(
    inputs: Sequence[Path], output: Path, options: ConversionOptions, runner: TaskRunner
) -> ConversionReport:
    """Make pictures of every image below the inputs; see `nifti_dicom_bridge.convert`."""
    shared = _Shared.of(output, options, inputs)
    report = ConversionReport()
    files = [(file, named_file(file, options)) for file in opened_images(inputs, report, options, runner)]
    inventory = find_other_series(inputs, options, runner.progress, runner.jobs)
    inventory = examined_where_shared(inventory, options, runner)
    structures = options if inventory.structure_sets else None
    plans, others = plans_and_report(inventory, runner, options.filename, structures, [named for _, named in files])
    report.entries += others.entries
    report.notes += others.notes

    def task_of(source: _Source) -> Task:
        keys = shared.policy.keys or keys_of_names([source.name])
        own = [source.plan] if source.plan is not None else []
        return Task(source.title, source.inputs, partial(_source_to_preview, source, shared), keys, own)

    def tasks_of(some: Sequence[Plan]) -> list[Task]:
        return [task_of(_Source(plan.title, plan.name, plan.paths, plan=plan)) for plan in some]

    of_files = [task_of(_Source(file.path.name, named.name, [file.path], file=file)) for file, named in files]
    conversion = PlannedConversion(inventory, plans, runner, tasks_of, {name_key(named.name) for _, named in files})
    report.entries += conversion.run([*of_files, *tasks_of(plans)])
    return shared.policy.published(report)


def write_preview(volume: Volume, path: Path, options: ConversionOptions, log: Log) -> list[Path]:
    """Make pictures of one image, named after a path without suffix; see `nifti_dicom_bridge.write`."""
    shared = _Shared.of(path.parent, options)
    entry = Entry(volume.name, Outcome.CONVERTED, log=log)
    _write(_Source(volume.name, path.name, [], volume=volume), path.name, shared, entry, None)
    return entry.outputs


def _source_to_preview(source: _Source, shared: _Shared, progress: Progress | None) -> Entry:
    entry = Entry(source.title, Outcome.CONVERTED, source.inputs)
    with errors_recorded_in(entry, shared.options.skip_existing):
        _write(source, "", shared, entry, progress)
    return entry


def _write(source: _Source, name: str, shared: _Shared, entry: Entry, progress: Progress | None) -> None:
    """Make pictures of an image, under a name of their own if none is given."""
    volume = source.load(progress)
    if volume.source is not None:
        volume = shared.policy.clean(volume, entry.log)
    entry.log.warnings += volume.warnings
    title = _public_name(volume) if shared.options.deidentify else source.title
    subject = _subject(source, with_display_rescale(volume), title, shared, entry)
    if not name:
        name = unique_name(_protected_name(volume, title, shared) if shared.options.deidentify else source.name, shared.taken)
    with Staging(shared.output, shared.options.overwrite) as staging:
        stage_preview(subject, name, staging, shared.options, entry.log, progress)
        if shared.options.verify:
            staging.checks.append(check_pictures)
        entry.outputs = staging.commit()


def _protected_name(volume: Volume, title: str, shared: _Shared) -> str:
    """Return the name of pictures of a de-identified image."""
    if not shared.options.filename or volume.source is None:
        return title
    return name_of_elements(shared.options.filename, volume.dicom.metadata.first.elements, title)


def _public_name(volume: Volume) -> str:
    """Return the modality, and nothing else."""
    if volume.source is None:
        return "image"
    return safe_name(metadata.text(volume.dicom.metadata.first.elements, Tag.MODALITY, "image"))


def _subject(source: _Source, volume: Volume, title: str, shared: _Shared, entry: Entry) -> PreviewInput:
    planes = true_planes(volume.dicom.metadata) if volume.source is not None else None
    edited = source.plan is None and volume.is_moved
    planes = None if edited or planes is None or len(planes) != volume.voxels.shape[1] else planes
    first = volume.dicom.metadata.first if volume.source is not None else None
    even = first is not None and (is_undescribed(first.elements) or is_structure_set(first))
    placed = edited or even or planes is not None or (volume.source is None and bool(volume.space))
    if not placed and shared.options.plane not in (SlicePlane.AUTO, SlicePlane.AS_STORED):
        entry.log.warnings.append(f"the position of the image is unknown: it is shown as stored, not as {shared.options.plane}")
    if volume.source is not None and not shared.options.deidentify:
        entry.log.warnings += picture_warnings(volume.dicom.metadata)
    own = _own_labels(source, volume, shared.options, shared.policy)
    volume = own[0].volume if own else volume
    return PreviewInput(
        volume=volume,
        title=title,
        regular=on_regular_grid(volume, planes),
        planes=planes,
        placed=placed,
        labels=_labels(own, volume, shared, placed, entry),
        sidecar=None if shared.options.deidentify else _sidecar(source),
    )


def _sidecar(source: _Source) -> dict[str, Any] | None:
    return {key: value for key, value in source.file.top.items() if key != KEY} if source.file is not None else None


# --- label maps -------------------------------------------------------------------------------------------------------


def _labels(own: tuple[Labels, ...], volume: Volume, shared: _Shared, placed: bool, entry: Entry) -> tuple[Labels, ...]:
    """Return what is drawn upon an image: the label maps in its space, or, where it is one, itself."""
    if not shared.maps:
        return own
    if not placed:
        entry.log.warnings.append("no label map is drawn on it: the position of the image is unknown")
        return own
    space = frame_of_reference_of(volume)
    fitting = tuple(labels for labels in shared.maps if not space or _may_be_in(labels.frame_of_reference, space, shared))
    if not fitting:
        differs = "no label map is drawn on it: its frame of reference (0020,0052) differs. "
        entry.log.warnings.append(differs + remedy("one-space"))
    doubts = (f"of the label map that is drawn on it: {words}" for labels in fitting for words in labels.volume.warnings)
    entry.log.warnings += dict.fromkeys(doubts)
    return fitting or own


def _may_be_in(own: str, space: str, shared: _Shared) -> bool:
    return own in ("", space) or shared.options.same_space


def _own_labels(source: _Source, volume: Volume, options: ConversionOptions, policy: OutputPolicy) -> tuple[Labels, ...]:
    """Return a label map as labels, so that it is shown in its colors; in memory, as every picture needs any of its voxels."""
    if volume.voxels.ndim != 4 or volume.voxels.dtype.kind not in "iub":
        return ()
    if volume.source is not None:
        segments = segments_of(volume)
        return (Labels(volume.in_memory(), tuple(segments)),) if segments else ()
    table = options.labels or (find_labels(source.inputs[0]) if source.inputs else None)
    if table is None and not has_labels(volume):
        return ()
    return (Labels(volume.in_memory(), tuple(policy.labels(read_labels(table))) if table is not None else ()),)
