"""DICOM → a BIDS dataset: names for all images first, then one image after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath

from ..bids_dataset.bids_map import BidsMap, read_map
from ..bids_dataset.classify import rows_without_images
from ..bids_dataset.dataset_files import stage_dataset_files
from ..bids_dataset.given_keys import read_keys
from ..bids_dataset.images import Image
from ..bids_dataset.paths import assign_paths
from ..bids_dataset.placement import Placement
from ..errors import OutputError
from ..formats.dicom.reading.damaged_files import damaged_files_named
from ..formats.dicom.reading.plans import Plan
from ..formats.zarr import stores_below
from ..model.files.names import NIFTI_SUFFIXES
from ..model.listing import listed
from ..model.report import ConversionReport, Entry, Outcome
from ..model.volume import Volume
from ..options import ConversionOptions, Progress
from ..options.remedies import remedy
from ..output import Staging, dataset_locked
from .entries import OutputPolicy, plans_as_named
from .execution.recorded_errors import errors_recorded_in
from .execution.task_runner import TaskRunner
from .execution.tasks import Task
from .inputs.selection import Selection, find_selected
from .inputs.streamed import opened_volume
from .outputs.existing_outputs import check_free, series_of
from .outputs.stage_nifti import Additions, stage_labels, stage_nifti
from .to_bids_images import entry_of, images_of
from .without_damaged_files import PlannedConversion, examined_where_shared

_Places = dict[int, PurePosixPath]
"""Where images were placed, by the identity of their plans."""
_TAKEN = (
    "Without its damaged files, its name is {}, which another image was given before these were known: it is not written. "
    "Leave the damaged files out, and convert into an empty folder."
)


def convert_to_bids(inputs: Sequence[Path], output: Path, options: ConversionOptions, runner: TaskRunner) -> ConversionReport:
    """Convert every series below the inputs into the dataset `output`; see `nifti_dicom_bridge.convert`.

    Raises
    ------
    OptionError
        If the map of the person has errors; nothing was read then.
    """
    table = replace(
        read_map(options.bids_map),
        subject=options.subject,
        session=options.session,
        task=options.task,
        run=options.run,
        derivative=options.bids_derivative,
        keys=read_keys(options.bids_keys),
    )
    inventory = find_selected(inputs, Selection.of(options), runner.progress, options.follow_links, runner.jobs)
    inventory = examined_where_shared(inventory, options, runner)
    report = ConversionReport(notes=_notes_of_stores(inputs, options))
    policy = OutputPolicy.of(options, set())
    plans = plans_as_named(inventory, report, runner)
    dataset = _Dataset(output, table, options, policy)
    known: list[Plan] = []
    places: _Places = {}

    def tasks_of(new: Sequence[Plan]) -> list[Task]:
        wanted = set(map(id, [*known, *new]))
        pairs = images_of([plan for plan in conversion.plans if id(plan) in wanted], options, policy, report, runner)
        pairs_of_new = [pair for pair in pairs if any(pair[1] is plan for plan in new)]
        known.extend(plan for _, plan in pairs_of_new)
        return _tasks_of(pairs, pairs_of_new, places, dataset, report, runner)

    conversion = PlannedConversion(inventory, plans, runner, tasks_of)
    with dataset_locked(output, runner.progress):
        report.entries += conversion.run(tasks_of(plans))
    return policy.published(report)


def _tasks_of(
    pairs: Sequence[tuple[Image, Plan]],
    new: Sequence[tuple[Image, Plan]],
    places: _Places,
    dataset: _Dataset,
    report: ConversionReport,
    runner: TaskRunner,
) -> list[Task]:
    """Return the tasks that write new images of the dataset, whose names depend on all of its images."""
    images, options = [image for image, _ in pairs], dataset.options
    placements = assign_paths(images, dataset.folder, dataset.table, ".nii.gz" if options.gzip else ".nii")
    unmatched = rows_without_images(dataset.table, images) if not places else []
    if unmatched:
        report.notes.append(f"rows of bids_map= that match no image: {listed(unmatched)}")
    plan_of = {id(image): plan for image, plan in new}
    taken = {places[id(plan)] for _, plan in pairs if id(plan) in places}
    for placement in placements:
        if id(placement.image) in plan_of and placement.path in taken:
            placement.image.refused = _TAKEN.format(placement.path)
    runner.report([_left_out(image, plan) for image, plan in new if image.ignored or image.refused], report)
    tasks = []
    for placement in placements:
        if (plan := plan_of.get(id(placement.image))) is not None and not placement.image.refused:
            places[id(plan)] = placement.path
            keys = dataset.policy.keys or frozenset({placement.subject})  # their images share the rows of tables
            tasks.append(Task(plan.title, plan.paths, partial(_write, placement, plan, dataset), keys, [plan]))
    return tasks


def _notes_of_stores(inputs: Sequence[Path], options: ConversionOptions) -> list[str]:
    """Return a note if there are Zarr stores, which other layouts convert."""
    count = sum(1 for _ in stores_below(inputs, options.follow_links))
    return [f"{count} Zarr store(s) were left out: a BIDS dataset is made of DICOM"] if count else []


@dataclass
class _Dataset:
    """What the images of one conversion share."""

    folder: Path
    table: BidsMap
    options: ConversionOptions
    policy: OutputPolicy


def _write(placement: Placement, plan: Plan, dataset: _Dataset, progress: Progress | None) -> Entry:
    image, entry, options = placement.image, entry_of(plan), dataset.options
    with errors_recorded_in(entry, options.skip_existing), damaged_files_named([plan]):
        _check_existing(dataset.folder / str(placement.path), placement, options)
        volume, complete = opened_volume(plan, dataset.policy, entry, progress, is_named=False)
        entry.outputs = write_placed(volume, placement, dataset.folder, dataset.table, options, complete)
    entry.log.warnings += image.log.warnings
    entry.log.notes += [f"named by {image.rule}", *image.log.notes] if image.rule else image.log.notes
    return entry


def _left_out(image: Image, plan: Plan) -> Entry:
    entry = entry_of(plan)
    if image.refused:
        entry.outcome, entry.error = Outcome.FAILED, image.refused
    else:
        entry.outcome, entry.error = Outcome.SKIPPED, image.ignored
    return entry


def write_placed(
    volume: Volume,
    placement: Placement,
    dataset: Path,
    table: BidsMap,
    options: ConversionOptions,
    complete: Callable[[str], Volume] | None = None,
) -> list[Path]:
    """Write an image to its place in the dataset, and return its files: image, sidecar, gradients, roles of volumes.

    For `complete`, see `stage_nifti`.

    Raises
    ------
    OutputError
        If the image exists and may not be replaced.
    """
    name = str(placement.path)
    with Staging(dataset, options.overwrite) as staging:
        additions = Additions(
            changes=placement.image.changes, with_gradients=placement.with_gradients, record_name=placement.record_path
        )
        stage_nifti(volume, name, staging, options, additions, complete)
        if not placement.is_raw:
            stage_labels(volume, name, staging)
        if placement.is_raw and placement.image.aslcontext:
            lines = ["volume_type", *placement.image.aslcontext]
            staging.path(placement.table_path("aslcontext") + ".tsv", update=True).write_text(
                "\n".join(lines) + "\n", encoding="utf-8", newline="\n"
            )
        images = len(staging.names)
        staging.hold()  # the tables are read, and written as a whole
        image_name = placement.path.name + (".nii.gz" if options.gzip else ".nii")
        placement.image.log.notes += stage_dataset_files(placement, image_name, staging, table, options.deidentify)
        return staging.commit()[:images]


def _check_existing(stem: Path, placement: Placement, options: ConversionOptions) -> None:
    """Refuse a second image of a name: in the other form of NIfTI, and, even with ``overwrite``, of another series."""
    wanted = ".nii.gz" if options.gzip else ".nii"
    for suffix in NIFTI_SUFFIXES:
        path = stem.with_name(stem.name + suffix)
        if not path.exists():
            continue
        if suffix != wanted:
            raise OutputError(f"{path} exists and contains the same image as {wanted}. Remove it first.")
        if (options.overwrite or options.skip_existing) and series_of(path) not in ("", placement.image.series[0]):
            raise OutputError(
                f"{path} is of another series, and is not replaced. Convert the series of a session in one run, "
                f"or distinguish them by {remedy('bids-map', section='custom_entities')}."
            )
        check_free(path, placement.image.series[0], options)
