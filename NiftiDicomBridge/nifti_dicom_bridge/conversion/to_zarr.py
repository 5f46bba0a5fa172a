"""DICOM, NIfTI or Zarr → Zarr stores: image by image, each complete or not at all, some planes at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from ..formats import zarr
from ..formats.dicom.created.kind_selection import KindHints, label_reason
from ..formats.dicom.reading.damaged_files import damaged_files_named
from ..formats.dicom.reading.layered_voxels import can_be_read_by_slice
from ..formats.dicom.reading.lazy_series import StreamedSeries
from ..formats.dicom.reading.plans import Plan
from ..formats.dicom.reading.read import load
from ..labels import find_labels
from ..model.files.names import name_key, stem_of, unique_name
from ..model.metadata import Log
from ..model.report import ConversionReport, Entry, Outcome
from ..model.volume import Volume
from ..options import ConversionOptions, Progress
from ..output import Staging
from ..sidecar import finite_keys
from .entries import OutputPolicy, plans_and_report
from .execution.recorded_errors import errors_recorded_in
from .execution.task_runner import TaskRunner
from .execution.tasks import Task
from .inputs.image_files import find_other_series, nifti_files, selected_files, selected_stores
from .inputs.image_with_record import open_nifti, open_store
from .inputs.selection import Selection
from .outputs.existing_outputs import check_free
from .outputs.file_names import NamedFile, open_named
from .outputs.stage_zarr import stage_store, store_suffix
from .without_damaged_files import PlannedConversion, examined_where_shared


def convert_to_zarr(inputs: Sequence[Path], output: Path, options: ConversionOptions, runner: TaskRunner) -> ConversionReport:
    """Convert every image below the inputs; see `nifti_dicom_bridge.convert`.

    Raises
    ------
    DependencyError
        If the package zarr is not installed; nothing was read then.
    """
    zarr.check_package()
    selection = Selection.of(options)
    inventory = find_other_series(inputs, options, runner.progress, runner.jobs)
    inventory = examined_where_shared(inventory, options, runner)
    files = open_named(selected_files(nifti_files(inputs, options.follow_links), selection), open_nifti, options)
    stores = open_named(selected_stores(zarr.stores_below(inputs, options.follow_links), selection), open_store, options)
    plans, report = plans_and_report(inventory, runner, options.filename, options, [*files, *stores])
    taken = {name_key(plan.name) for plan in plans} if not options.deidentify else set()
    policy = OutputPolicy.of(options, taken)

    def of_plan(plan: Plan) -> Task:
        image = _Image(plan.title, plan.paths, plan.name, output, options, policy)
        return Task(plan.title, plan.paths, partial(_written, image, partial(_stage_series, plan)), policy.keys, [plan])

    def of_file(file: NamedFile, stage: Callable[..., None]) -> Task:
        name = file.name if options.deidentify else unique_name(file.name, taken)
        image = _Image(file.path.name, [file.path], name, output, options, policy)
        return Task(image.title, image.paths, partial(_written, image, partial(stage, file.path)), policy.keys)

    others = [*(of_file(file, _stage_image) for file in files), *(of_file(store, _stage_other_store) for store in stores)]
    names_of_others = taken - {name_key(plan.name) for plan in plans}
    conversion = PlannedConversion(inventory, plans, runner, lambda some: list(map(of_plan, some)), names_of_others)
    report.entries += conversion.run([*map(of_plan, plans), *others])
    return policy.published(report)


@dataclass
class _Image:
    """An image to write: its title, files and name, and what it has in common with the others."""

    title: str
    paths: list[Path]
    name: str
    output: Path
    options: ConversionOptions
    policy: OutputPolicy


Stage = Callable[[_Image, Staging, Entry, Progress | None], None]
"""Puts what one image becomes into a staging area."""


def _written(image: _Image, stage: Stage, progress: Progress | None) -> Entry:
    entry, options = Entry(image.title, Outcome.CONVERTED, image.paths), image.options
    with errors_recorded_in(entry, options.skip_existing), Staging(image.output, options.overwrite) as staging:
        stage(image, staging, entry, progress)
        entry.outputs = staging.commit()
    return entry


def _stage_series(plan: Plan, image: _Image, staging: Staging, entry: Entry, progress: Progress | None) -> None:
    policy, options = image.policy, image.options
    if not options.deidentify:
        check_free(staging.folder / (image.name + store_suffix(options)), plan.series_uid, options)
    entry.log.warnings += plan.warnings
    with damaged_files_named([plan]):
        if plan.grid.layers and not can_be_read_by_slice(plan):
            volume = policy.named(replace(load(plan, progress), name=image.name), entry.log)
            stage_store(volume, volume.name, staging, options, progress=progress)
            return
        stream = StreamedSeries(plan, progress)
        volume = policy.named(replace(stream.volume, name=image.name), entry.log)

        def complete(digest: str) -> Volume:
            return replace(policy.clean(stream.complete(digest)), name=volume.name)

        stage_store(volume, volume.name, staging, options, complete=complete, progress=progress)


def _stage_image(path: Path, image: _Image, staging: Staging, entry: Entry, progress: Progress | None) -> None:
    file, policy = open_nifti(path), image.policy
    if file.record is not None:
        volume = policy.named(replace(file.load(lazy=True), name=image.name), entry.log)
        stage_store(volume, volume.name, staging, image.options, policy.edits(file, entry.log), progress=progress)
        file.check_unchanged()  # lazy voxels were read until now
        return
    from ..creation.image_with_sidecar import open_with_sidecar

    what = open_with_sidecar(path, lazy=True)
    entry.log.warnings += what.image.warnings
    intent = _intent(what.image, path, bool(image.options.pyramid), entry.log)
    volume = policy.named(replace(what.image, name=image.name, intent=intent), entry.log)
    stage_store(volume, image.name, staging, image.options, finite_keys(what.top, entry.log.warnings), progress=progress)
    file.check_unchanged()


def _intent(image: Volume, path: Path, is_averaged: bool, log: Log) -> str:
    """Return what the values of an image are: labels, too, where a table of labels belongs to whole numbers; and, if they are
    averaged otherwise, by its name and values.
    """
    if image.voxels.dtype.kind in "iub" and find_labels(path) is not None:
        return "label"
    if is_averaged and not image.intent and (reason := label_reason(image, KindHints(stem_of(path)))):
        log.warnings.append(f"taken for a label map, because {reason}: coarser levels have some of its values, not averages")
        return "label"
    return image.intent


def _stage_other_store(path: Path, image: _Image, staging: Staging, entry: Entry, progress: Progress | None) -> None:
    file, policy = open_store(path), image.policy
    volume = policy.named(replace(file.load(), name=image.name, warnings=file.image.warnings), entry.log)
    stage_store(volume, volume.name, staging, image.options, policy.edits(file, entry.log), progress=progress)
