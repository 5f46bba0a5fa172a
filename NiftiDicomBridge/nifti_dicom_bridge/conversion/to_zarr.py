"""DICOM, NIfTI or Zarr → Zarr stores: image by image, each whole or not at all, some planes at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from ..formats import zarr
from ..formats.dicom.reading.lazy_series import Stream
from ..formats.dicom.reading.plans import Plan
from ..formats.dicom.reading.read import load
from ..formats.dicom.reading.series import find_series
from ..labels import find_labels
from ..model.names import ZARR_SUFFIX, portable_stem, unique_name
from ..model.report import ConversionReport, Entry, Outcome
from ..model.volume import Volume
from ..options import ConversionOptions, Progress
from ..output import Staging
from ..sidecar import finite_keys
from .entries import OutputPolicy, errors_recorded_in, leftover_entries, plans_of, series_uid
from .existing import check_free
from .image_files import is_nifti_file, nifti_files
from .image_with_record import open_nifti, open_store
from .stage_zarr import stage_store


def convert_to_zarr(
    inputs: Sequence[Path], output: Path, options: ConversionOptions, progress: Progress | None
) -> ConversionReport:
    """Convert every image below the inputs; see `nifti_dicom_bridge.convert`.

    Raises
    ------
    DependencyError
        If the package zarr is not installed; nothing was read then.
    """
    zarr.check_package()
    others = [path for path in inputs if not is_nifti_file(path) and not zarr.is_store(path)]
    inventory = find_series(others, progress, options.follow_links)
    report = ConversionReport(leftover_entries(inventory.leftovers))
    taken: set[str] = set()
    public = OutputPolicy.of(options, taken)
    images = [(plan.title, _paths(plan), plan.name, _series(plan, public, progress)) for plan in plans_of(inventory, report)]
    files, stores = nifti_files(inputs, options.follow_links), zarr.stores_below(inputs, options.follow_links)
    images += [(path.name, [path], portable_stem(path), _image(path, public, progress)) for path in files]
    images += [(path.name, [path], portable_stem(path), _store(path, public, progress)) for path in stores]
    for title, paths, name, stage in images:
        entry = Entry(title, Outcome.CONVERTED, paths)
        report.entries.append(_written(entry, name if options.deidentify else unique_name(name, taken), output, options, stage))
    return public.published(report)


Stage = Callable[[str, Staging, ConversionOptions, Entry], None]
"""Puts what one image becomes into a staging area, under a name."""


def _written(entry: Entry, name: str, output: Path, options: ConversionOptions, stage: Stage) -> Entry:
    with errors_recorded_in(entry, options.skip_existing), Staging(output, options.overwrite) as staging:
        stage(name, staging, options, entry)
        entry.outputs = staging.commit()
    return entry


def _paths(plan: Plan) -> list[Path]:
    return [Path(instance.path) for instance in plan.instances]


def _series(plan: Plan, public: OutputPolicy, progress: Progress | None) -> Stage:
    def stage(name: str, staging: Staging, options: ConversionOptions, entry: Entry) -> None:
        if not options.deidentify:
            zarr_store = staging.folder / (name + ZARR_SUFFIX)
            check_free(zarr_store, series_uid(plan), options)
        entry.log.warnings += plan.warnings
        if plan.grid.layers:  # a plane is made of many frames, which may lie anywhere
            volume = public.named(replace(load(plan, progress), name=name), entry.log)
            stage_store(volume, volume.name, staging, options, progress=progress)
            return
        stream = Stream(plan, progress)
        volume = public.named(replace(stream.volume, name=name), entry.log)

        def complete(digest: str) -> Volume:
            return replace(public.clean(stream.complete(digest)), name=volume.name)

        stage_store(volume, volume.name, staging, options, complete=complete, progress=progress)

    return stage


def _image(path: Path, public: OutputPolicy, progress: Progress | None) -> Stage:
    def stage(name: str, staging: Staging, options: ConversionOptions, entry: Entry) -> None:
        file = open_nifti(path)
        if file.record is not None:
            volume = public.named(replace(file.load(), name=name), entry.log)
            stage_store(volume, volume.name, staging, options, public.edits(file, entry.log), progress=progress)
            return
        from ..creation.image_with_sidecar import open_with_sidecar

        what = open_with_sidecar(path)
        entry.log.warnings += what.image.warnings
        image = public.named(replace(what.image, name=name, intent=_intent(what.image, path)), entry.log)
        stage_store(image, name, staging, options, finite_keys(what.top, entry.log.warnings), progress=progress)

    return stage


def _intent(image: Volume, path: Path) -> str:
    """Return what the values of an image are: labels, too, where a table of labels belongs to whole numbers."""
    return "label" if image.voxels.dtype.kind in "iub" and find_labels(path) is not None else image.intent


def _store(path: Path, public: OutputPolicy, progress: Progress | None) -> Stage:
    def stage(name: str, staging: Staging, options: ConversionOptions, entry: Entry) -> None:
        file = open_store(path)
        volume = public.named(replace(file.load(), name=name, warnings=file.image.warnings), entry.log)
        stage_store(volume, volume.name, staging, options, public.edits(file, entry.log), progress=progress)

    return stage
