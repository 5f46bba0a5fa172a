"""DICOM → NIfTI: series by series, each whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..deidentification import Deidentifier
from ..errors import BridgeError, Cancelled, GeometryError, OutputError
from ..formats.dicom.reading.frames import true_planes
from ..formats.dicom.reading.read import Plan, load, plan_series, unique_name, with_unique_names
from ..formats.dicom.reading.series import Inventory, Leftover, find_series
from ..formats.zarr import check_package, is_store, stores_below
from ..model.metadata import Log
from ..model.report import ConversionReport, Entry, Outcome
from ..model.resample import resample
from ..model.volume import Volume, turned
from ..options import ConversionOptions, Layout, Progress
from ..options.staging import Staging
from .image_file import NiftiFile
from .stage_nifti import stage_labels, stage_nifti, write_beside
from .stage_zarr import edited_keys, open_store


def to_nifti(inputs: Sequence[Path], output: Path, options: ConversionOptions, progress: Progress | None) -> ConversionReport:
    """Convert every series below the inputs; see `nifti_dicom_bridge.convert`."""
    if options.layout is Layout.BIDS:
        from .to_bids import to_bids

        return to_bids(inputs, output, options, progress)
    stores = list(stores_below(inputs))
    inventory = find_series([path for path in inputs if not is_store(path)], progress)
    report = ConversionReport(leftover_entries(inventory.leftovers))
    plans = plans_of(inventory, report)
    taken = {plan.name.lower() for plan in plans} if not options.deidentify else set()
    public = Public.of(options, taken)
    report.entries += stores_to_nifti(stores, output, options, taken, public) if stores else []
    for plan in plans:
        report.entries.append(_plan_to_nifti(plan, output, options, taken, public, progress))
    return report


class Public:
    """De-identifies the volumes of a conversion where that is wanted, and gives them names that differ.

    Parameters
    ----------
    key : str, optional
        For new UIDs (see `deidentify`); None to leave volumes as they are.
    taken : set of str
        Names that are taken.
    """

    def __init__(self, key: str | None, taken: set[str]):
        self._cleaner = None if key is None else Deidentifier(key)
        self._taken = taken

    @classmethod
    def of(cls, options: ConversionOptions, taken: set[str]) -> Public:
        """Return what the options want."""
        return cls(options.deidentify_key if options.deidentify else None, taken)

    def clean(self, volume: Volume, log: Log | None = None) -> Volume:
        """Return a volume as it may be written; its name stays where nothing is to be removed."""
        return volume if self._cleaner is None else self._cleaner.clean(volume, log)

    def named(self, volume: Volume, log: Log | None = None) -> Volume:
        """Return a volume as it may be written, under a name of its own."""
        if self._cleaner is None:
            return volume
        found = self._cleaner.clean(volume, log)
        return replace(found, name=unique_name(found.name, self._taken))

    def edits(self, file: NiftiFile, log: Log) -> dict[str, Any]:
        """Return what a person changed in a sidecar, as far as it may be written."""
        found = edited_keys(file)
        if self._cleaner is None or not found:
            return found
        log.warnings.append(f"what was edited in the sidecar was left out, as it may tell anything: {', '.join(found)}")
        return {}


def plans_of(inventory: Inventory, report: ConversionReport) -> list[Plan]:
    """Return what each series becomes, under names that differ; a series that cannot be understood is a failed entry."""
    return with_unique_names(plans_as_named(inventory, report))


def plans_as_named(inventory: Inventory, report: ConversionReport) -> list[Plan]:
    """Return what each series becomes, each called after itself alone."""
    plans: list[Plan] = []
    for series in inventory.series:
        entry = Entry(series.title, Outcome.CONVERTED, [Path(instance.path) for instance in series.instances])
        with failures_in(entry):
            plans += plan_series(series)
        if entry.outcome is Outcome.FAILED:
            report.entries.append(entry)
    return plans


def leftover_entries(leftovers: Sequence[Leftover]) -> list[Entry]:
    """Return an entry for every file that did not become part of a volume."""
    return [
        Entry(Path(leftover.path).name, Outcome.FAILED if leftover.failed else Outcome.SKIPPED, [Path(leftover.path)],
              error=leftover.reason)
        for leftover in leftovers
    ]  # fmt: skip


def _plan_to_nifti(
    plan: Plan, output: Path, options: ConversionOptions, taken: set[str], public: Public, progress: Progress | None
) -> Entry:
    entry = Entry(plan.title, Outcome.CONVERTED, [Path(instance.path) for instance in plan.instances])
    with failures_in(entry):
        volume = load(plan, progress)
        entry.log.warnings += volume.warnings
        volumes = [public.named(volume, entry.log), *map(public.named, _resampled(volume, options, entry, taken))]
        entry.outputs = write_beside(volumes, output, options)
    return entry


def stores_to_nifti(
    stores: Sequence[Path], output: Path, options: ConversionOptions, taken: set[str], public: Public
) -> list[Entry]:
    """Convert Zarr stores; raises `DependencyError` where they cannot be read at all."""
    check_package()
    return [_store_to_nifti(path, output, options, taken, public) for path in stores]


def _store_to_nifti(path: Path, output: Path, options: ConversionOptions, taken: set[str], public: Public) -> Entry:
    entry = Entry(path.name, Outcome.CONVERTED, [path])
    with failures_in(entry):
        file = open_store(path)
        volume = replace(file.load().in_memory(), name=path.stem, warnings=file.image.warnings)
        entry.log.warnings += volume.warnings
        volume = public.named(volume, entry.log) if options.deidentify else replace(volume, name=unique_name(path.stem, taken))
        if volume.metadata is None:  # rows are written from the last to the first: so the file is as the one it was made of
            volume = turned(volume, (0, 1, 2), (1, -1, 1))
        with Staging(output, options.overwrite) as staging:
            stage_nifti(volume, volume.name, staging, options, edited=public.edits(file, entry.log))
            stage_labels(volume, volume.name, staging)
            entry.outputs = staging.commit()
    return entry


def _resampled(volume: Volume, options: ConversionOptions, entry: Entry, taken: set[str]) -> list[Volume]:
    """Return what is to be written beside a volume: the same on a regular grid, where that is wanted and it is on none."""
    planes = true_planes(volume.metadata) if options.resample and volume.metadata else None
    try:
        found = resample(volume, planes, options.resample) if planes else None
    except GeometryError as error:
        entry.log.warnings.append(str(error))
        return []
    if found is None:
        return []
    named = replace(found, name=unique_name(found.name, taken))
    entry.log.warnings += [f"{named.name}: {sentence}" for sentence in named.warnings]
    return [named]


class failures_in:
    """Turns an error into a failed entry; cancelling goes through. Named as it reads: ``with failures_in(entry):``."""

    def __init__(self, entry: Entry):
        self.entry = entry

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type | None, error: BaseException | None, trace: object) -> bool:
        if error is None or isinstance(error, Cancelled):
            return False
        if isinstance(error, OSError):
            error = OutputError(
                f"{error.filename or 'output'}: {error.strerror or error}. Free space or choose another folder."
            )
        if isinstance(error, MemoryError):
            error = OutputError("The image does not fit in memory.")
        if not isinstance(error, BridgeError):
            return False
        self.entry.outcome, self.entry.error, self.entry.outputs = Outcome.FAILED, str(error), []
        return True
