"""DICOM → NIfTI: series by series, each complete or not at all."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from ..bids import doubt_of_times
from ..errors import GeometryError
from ..formats.dicom.reading.damaged_files import damaged_files_named
from ..formats.dicom.reading.frames.frames import true_planes
from ..formats.dicom.reading.plans import Plan
from ..formats.dicom.reading.read import load
from ..formats.zarr import check_package, is_store, stores_below
from ..model.files.names import name_key, unique_name
from ..model.report import ConversionReport, Entry, Outcome
from ..model.volume import Volume, reoriented
from ..options import ConversionOptions, Progress
from ..output import Staging
from .entries import OutputPolicy, plans_and_report
from .execution.recorded_errors import errors_recorded_in
from .execution.task_runner import TaskRunner
from .execution.tasks import Task, keys_of_names
from .inputs.selection import Selection, find_selected
from .inputs.streamed import opened_volume
from .outputs.existing_outputs import check_free
from .outputs.file_names import NamedFile, open_named
from .outputs.stage_nifti import Additions, nifti_suffix, stage_labels, stage_nifti, write_images
from .without_damaged_files import PlannedConversion, examined_where_shared


def convert_to_nifti(inputs: Sequence[Path], output: Path, options: ConversionOptions, runner: TaskRunner) -> ConversionReport:
    """Convert every series below the inputs; see `nifti_dicom_bridge.convert`."""
    selection = Selection.of(options)
    stores = _selected_stores(inputs, selection, options)
    others = [path for path in inputs if not is_store(path)]
    inventory = find_selected(others, selection, runner.progress, options.follow_links, runner.jobs)
    inventory = examined_where_shared(inventory, options, runner)
    plans, report = plans_and_report(inventory, runner, options.filename, options, stores)
    taken = {name_key(plan.name) for plan in plans} if not options.deidentify else set()
    policy = OutputPolicy.of(options, taken)
    of_stores = _stores_to_nifti(stores, output, options, taken, policy)
    names_of_stores = taken - {name_key(plan.name) for plan in plans}

    def task_of(plan: Plan) -> Task:
        paths = plan.paths
        convert = partial(_plan_to_nifti, plan, paths, output, options, taken, policy)
        keys = policy.keys or (keys_of_names([_without_suffixes(plan.name)]) if options.resample else frozenset())
        return Task(plan.title, paths, convert, keys, [plan])

    conversion = PlannedConversion(inventory, plans, runner, lambda some: list(map(task_of, some)), names_of_stores)
    report.entries += conversion.run([*of_stores, *map(task_of, plans)])
    return policy.published(report)


def _selected_stores(inputs: Sequence[Path], selection: Selection, options: ConversionOptions) -> list[NamedFile]:
    """Return the Zarr stores that are converted."""
    stores = list(stores_below(inputs, options.follow_links))
    if not stores:
        return []
    from .inputs.image_files import selected_stores
    from .inputs.image_with_record import open_store

    paths = list(selected_stores(stores, selection))
    if paths:
        check_package()
    return open_named(paths, open_store, options)


def _without_suffixes(name: str) -> str:
    """Return a name without those of resampled images at its end: so their names are in one group with that of their image."""
    from ..model.space.resample import SUFFIXES

    return re.sub(rf"({'|'.join(map(re.escape, SUFFIXES.values()))}|_\d+)+$", "", name)


def _plan_to_nifti(
    plan: Plan, paths: list[Path], output: Path, options: ConversionOptions, taken: set[str], policy: OutputPolicy,
    progress: Progress | None,
) -> Entry:  # fmt: skip
    entry = Entry(plan.title, Outcome.CONVERTED, paths)
    with errors_recorded_in(entry, options.skip_existing), damaged_files_named([plan]):
        if not options.deidentify:  # which gives another name
            check_free(output / (plan.name + nifti_suffix(options)), plan.series_uid, options)
        if options.resample:
            volume = load(plan, progress)
            entry.log.warnings += volume.warnings
            entry.log.notes += filter(None, [doubt_of_times(volume)])
            volumes = [policy.named(volume, entry.log), *map(policy.named, _resampled(volume, options, entry, taken))]
            entry.outputs = write_images(volumes, output, options)
        else:
            volume, complete = opened_volume(plan, policy, entry, progress)
            entry.outputs = write_images([volume], output, options, complete, progress)
    return entry


def _stores_to_nifti(
    stores: Sequence[NamedFile], output: Path, options: ConversionOptions, taken: set[str], policy: OutputPolicy
) -> list[Task]:
    """Return how to convert Zarr stores."""
    names = [store.name if options.deidentify else unique_name(store.name, taken) for store in stores]
    return [
        Task(store.path.name, [store.path], partial(_store_to_nifti, store.path, name, output, options, policy), policy.keys)
        for store, name in zip(stores, names, strict=True)
    ]


def _store_to_nifti(
    path: Path, name: str, output: Path, options: ConversionOptions, policy: OutputPolicy, progress: Progress | None
) -> Entry:
    from .inputs.image_with_record import open_store

    entry = Entry(path.name, Outcome.CONVERTED, [path])
    with errors_recorded_in(entry, options.skip_existing):
        file = open_store(path)
        volume = replace(file.load(), name=name, warnings=file.image.warnings)
        entry.log.warnings += volume.warnings
        volume = policy.named(volume, entry.log)
        if volume.source is None:  # rows are written from the last to the first: so the file is as the one it was made of
            volume = reoriented(volume, (0, 1, 2), (1, -1, 1))
        with Staging(output, options.overwrite) as staging:
            additions = Additions(edited=policy.edits(file, entry.log))
            stage_nifti(volume, volume.name, staging, options, additions, progress=progress)
            file.check_unchanged()  # lazy voxels were read until now
            stage_labels(volume, volume.name, staging)
            entry.outputs = staging.commit()
    return entry


def _resampled(volume: Volume, options: ConversionOptions, entry: Entry, taken: set[str]) -> list[Volume]:
    """Return what is to be written next to a volume: the same on a regular grid, where that is wanted and it is on none."""
    from ..model.space.resample import resample

    planes = true_planes(volume.dicom.metadata) if options.resample and volume.source else None
    try:
        resampled = resample(volume, planes, options.resample) if planes else None
    except GeometryError as error:
        entry.log.warnings.append(str(error))
        return []
    if resampled is None:
        return []
    named = replace(resampled, name=unique_name(resampled.name, taken))
    entry.log.warnings += [f"{named.name}: {sentence}" for sentence in named.warnings]
    return [named]
