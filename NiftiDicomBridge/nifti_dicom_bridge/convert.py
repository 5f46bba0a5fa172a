"""Jobs: what goes in, what comes out, and a report of everything in between."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from . import formats
from .errors import BridgeError, Cancelled, OptionError, OutputError
from .formats import bids, nifti
from .formats.dicom import edits
from .formats.dicom.read import Plan, load, plan_series, with_unique_names
from .formats.dicom.series import Inventory, Leftover, find_series
from .formats.dicom.write import DicomJob, write_dicom
from .metadata import Change
from .options import ConversionOptions, Progress, Target
from .output import Staging
from .report import ConversionReport, Entry, Outcome
from .sidecar import sidecar_path
from .volume import Volume


@dataclass
class Job:
    """One conversion.

    Attributes
    ----------
    inputs : sequence of pathlib.Path
        Files and folders.
    output : pathlib.Path
        Folder to write to; made when missing.
    options : ConversionOptions
        All choices.
    """

    inputs: Sequence[Path]
    output: Path
    options: ConversionOptions = field(default_factory=ConversionOptions)


def convert(job: Job, progress: Progress | None = None) -> ConversionReport:
    """Convert everything that a job names; one failure does not stop the others.

    Parameters
    ----------
    job : Job
        What to do.
    progress : Progress, optional
        Told how far it is; may raise `Cancelled`.

    Returns
    -------
    ConversionReport
        One entry per series or image, and per file that was left out.

    Raises
    ------
    BridgeError
        If nothing can be started: an input does not exist, there is nothing to convert, an option contradicts itself.
    Cancelled
        If `progress` said so; nothing half-written is left.
    """
    inputs = [Path(path) for path in job.inputs]
    if not inputs:
        raise OptionError("No input was given. Name the files or folders to convert.")
    report = _to_nifti(job, inputs, progress) if job.options.target is Target.NIFTI else _to_dicom(job, inputs, progress)
    if not any(entry.outcome is not Outcome.SKIPPED for entry in report.entries):
        raise BridgeError(_nothing_found(job, inputs, report))
    return report


def _nothing_found(job: Job, inputs: Sequence[Path], report: ConversionReport) -> str:
    where = ", ".join(map(str, inputs))
    wanted = "DICOM images" if job.options.target is Target.NIFTI else "NIfTI or DICOM images"
    others = f" {len(report.entries)} other DICOM object(s) are there, without pixel data." if report.entries else ""
    return f"No {wanted} were found in {where}.{others} Check the path."


# --- DICOM → NIfTI ----------------------------------------------------------------------------------------------------


def _to_nifti(job: Job, inputs: Sequence[Path], progress: Progress | None) -> ConversionReport:
    inventory = find_series(inputs, progress)
    report = ConversionReport(_leftover_entries(inventory.leftovers))
    for plan in _plans(inventory, report):
        report.entries.append(_plan_to_nifti(plan, job, progress))
    return report


def _plans(inventory: Inventory, report: ConversionReport) -> list[Plan]:
    """Return what each series becomes; a series that cannot be understood is a failed entry."""
    plans: list[Plan] = []
    for series in inventory.series:
        entry = Entry(series.title, Outcome.CONVERTED, [Path(instance.path) for instance in series.instances])
        with _failures_in(entry):
            plans += plan_series(series)
        if entry.outcome is Outcome.FAILED:
            report.entries.append(entry)
    return with_unique_names(plans)


def _leftover_entries(leftovers: Sequence[Leftover]) -> list[Entry]:
    return [
        Entry(Path(leftover.path).name, Outcome.FAILED if leftover.failed else Outcome.SKIPPED, [Path(leftover.path)],
              error=leftover.reason)
        for leftover in leftovers
    ]  # fmt: skip


def _plan_to_nifti(plan: Plan, job: Job, progress: Progress | None) -> Entry:
    entry = Entry(plan.title, Outcome.CONVERTED, [Path(instance.path) for instance in plan.instances])
    with _failures_in(entry):
        volume = load(plan, progress)
        entry.log.warnings += volume.warnings
        entry.outputs = formats.write(volume, job.output / volume.name, job.options)
    return entry


class _failures_in:  # noqa: N801 - reads as a statement
    """Turns an error into a failed entry; cancelling goes through."""

    def __init__(self, entry: Entry):
        self.entry = entry

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type | None, error: BaseException | None, trace: object) -> bool:
        if error is None or isinstance(error, Cancelled):
            return False
        if isinstance(error, OSError):
            error = OutputError(f"{error.filename or 'output'}: {error.strerror or error}. Free space or choose another folder.")
        if isinstance(error, MemoryError):
            error = OutputError("The image does not fit in memory.")
        if not isinstance(error, BridgeError):
            return False
        self.entry.outcome, self.entry.error, self.entry.outputs = Outcome.FAILED, str(error), []
        return True


# --- → DICOM ----------------------------------------------------------------------------------------------------------


@dataclass
class _Source:
    """One image to turn into DICOM: a NIfTI file, or a volume of DICOM files; and the instances that it is made of."""

    title: str
    instances: frozenset[str]
    file: formats.NiftiFile | None = None
    plan: Plan | None = None

    @property
    def inputs(self) -> list[Path]:
        """The files that it is read from."""
        if self.file is not None:
            return [self.file.path]
        return [Path(instance.path) for instance in self.plan.instances] if self.plan else []

    def load(self, progress: Progress | None) -> Volume:
        """Return the volume with its voxels."""
        if self.file is not None:
            return self.file.load()
        assert self.plan is not None
        return load(self.plan, progress)

    def edited(self) -> dict[int, tuple[str, list, str]]:
        """Return what a person changed at the top level of the sidecar."""
        if self.file is None or self.file.record is None:
            return {}
        return bids.edited_attributes(self.file.top, self.file.record.top, str(sidecar_path(self.file.path)))


def _to_dicom(job: Job, inputs: Sequence[Path], progress: Progress | None) -> ConversionReport:
    values = edits.elements_of(job.options.set_values)
    report = ConversionReport()
    sources = list(_nifti_sources(inputs, report))
    inventory = find_series([path for path in inputs if not _is_nifti(path)], progress)
    report.entries += _leftover_entries(inventory.leftovers)
    sources += [_Source(plan.title, _keys(plan.instances), plan=plan) for plan in _plans(inventory, report)]
    shared = DicomJob(job.options)
    for group in _sharing_instances(sources):
        report.entries.append(_group_to_dicom(group, job, shared, values, progress))
    return report


def _nifti_sources(inputs: Sequence[Path], report: ConversionReport) -> Iterator[_Source]:
    """Yield the NIfTI images among the inputs; what cannot be read is a failed entry."""
    for path in _nifti_files(inputs):
        entry = Entry(path.name, Outcome.CONVERTED, [path])
        with _failures_in(entry):
            file = formats.open_nifti(path)
            keys = _keys(file.record.series.instances) if file.record else frozenset({str(path)})
            yield _Source(path.name, keys, file=file)
        if entry.outcome is Outcome.FAILED:
            report.entries.append(entry)


def _nifti_files(inputs: Sequence[Path]) -> Iterator[Path]:
    for given in inputs:
        if given.is_dir():
            for root, folders, names in os.walk(given):
                folders[:] = sorted(f for f in folders if not f.startswith("."))
                yield from (Path(root, name) for name in sorted(names) if _is_nifti(Path(name)) and not name.startswith("."))
        elif _is_nifti(given):
            yield given


def _is_nifti(path: Path) -> bool:
    return path.name.lower().endswith(nifti.SUFFIXES) and not path.is_dir()


def _keys(instances: Sequence) -> frozenset[str]:
    return frozenset(f"{instance.uid}\n{instance.name}" for instance in instances)


def _sharing_instances(sources: Sequence[_Source]) -> list[list[_Source]]:
    """Return sources in groups: those made of frames of the same objects must be restored together."""
    groups: list[tuple[set[str], list[_Source]]] = []
    for source in sources:
        keys, members = set(source.instances), [source]
        for other in [group for group in groups if not keys.isdisjoint(group[0])]:
            groups.remove(other)
            keys |= other[0]
            members = other[1] + members
        groups.append((keys, members))
    return [members for _, members in groups]


def _group_to_dicom(
    group: list[_Source], job: Job, shared: DicomJob, values: dict[int, tuple[str, list]], progress: Progress | None
) -> Entry:
    inputs = [path for source in group for path in source.inputs]
    entry = Entry(", ".join(source.title for source in group), Outcome.RESTORED, inputs)
    with _failures_in(entry):
        edited = {tag: found for source in group for tag, found in source.edited().items()}
        together = {tag: (vr, found) for tag, (vr, found, _) in edited.items()} | values
        volumes = [source.load(progress) for source in group]
        entry.log.warnings += dict.fromkeys(warning for volume in volumes for warning in volume.warnings)
        with Staging(job.output, job.options.overwrite) as staging:
            entry.outcome = write_dicom(volumes, staging, shared, entry.log, together, progress)
            entry.outputs = staging.commit()
        entry.log.changes = [_sourced(change, job.options) for change in entry.log.changes]
    return entry


def _sourced(change: Change, options: ConversionOptions) -> Change:
    return replace(change, source="--set" if change.attribute in options.set_values else "edited in the sidecar")


