"""NIfTI (or DICOM) → DICOM: images that share instances together, each group whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from . import formats
from .creation.choices import choices_for, choices_of_original
from .creation.described import described, parts_of
from .creation.gather import Shared
from .creation.recast.edits import as_it_may_stand, with_values
from .creation.recast.request import kind_of_volume, kind_wanted, recast_request
from .creation.requests import request_of
from .errors import SidecarError
from .formats.dicom import edits
from .formats.dicom.created.legacy.objects import legacy_objects
from .formats.dicom.created.writer import made_of
from .formats.dicom.read import Plan, load
from .formats.dicom.series import find_series
from .formats.dicom.write import DicomJob, write_dicom, write_made
from .formats.zarr_store import is_store
from .metadata import Change
from .opened import opened_images, other_inputs
from .options import ConversionOptions, Kind, Names, Progress, Uids
from .output import Staging
from .report import ConversionReport, Entry, Outcome
from .sidecar import sidecar_path
from .sidecar_edits import edited, unheard
from .to_nifti import failures_in, leftover_entries, plans_of
from .validation import Severity, check_files
from .volume import Volume


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

    @property
    def is_resampled(self) -> bool:
        """Whether it was made of the image that its record describes, on another grid."""
        return self.file is not None and self.file.record is not None and bool(self.file.record.resampled)

    def load(self, progress: Progress | None) -> Volume:
        """Return the volume with its voxels."""
        if self.file is not None:
            return self.file.load()
        assert self.plan is not None
        return load(self.plan, progress)


def to_dicom(inputs: Sequence[Path], output: Path, options: ConversionOptions, progress: Progress | None) -> ConversionReport:
    """Convert every image below the inputs; see `nifti_dicom_bridge.convert`."""
    values = edits.elements_of(options.set_values)
    report = ConversionReport()
    sources = [_source_of(file) for file in opened_images(inputs, report)]
    inventory = find_series(other_inputs(inputs), progress)
    report.entries += leftover_entries(inventory.leftovers)
    sources += [_Source(plan.title, _keys(plan.instances), plan=plan) for plan in plans_of(inventory, report)]
    shared, scratch = DicomJob(options), Shared.of(options)
    for group in _sharing_instances(sources):
        entry = _group_to_dicom(group, output, shared, scratch, values, progress)
        if entry.outcome in (Outcome.CONVERTED, Outcome.DERIVED):  # what was restored is as valid as it was
            entry.log.warnings += _violations(entry.outputs)
        report.entries.append(entry)
    return report


def _violations(paths: Sequence[Path]) -> list[str]:
    """Return what the standard does not allow in files that were written, in sentences."""
    errors = [finding for finding in check_files(paths) if finding.severity is Severity.ERROR]
    return [f"not as the standard wants it: {finding.tag} {finding.message} {finding.advice}" for finding in errors]


def _source_of(file: formats.NiftiFile) -> _Source:
    keys = _keys(file.record.series.instances) if file.record else frozenset({str(file.path)})
    return _Source(file.path.name, keys, file=file)


def _keys(instances: Sequence) -> frozenset[str]:
    return frozenset(instance.key for instance in instances)


def _sharing_instances(sources: Sequence[_Source]) -> list[list[_Source]]:
    """Return sources in groups: those made of frames of the same objects must be restored together.

    A resampled image holds no frames of theirs: it becomes a series of its own, whatever else is made of its source.
    """
    groups: list[tuple[set[str], list[_Source]]] = []
    for source in sources:
        if source.is_resampled:
            groups.append((set(), [source]))
            continue
        keys, members = set(source.instances), [source]
        for other in [group for group in groups if not keys.isdisjoint(group[0])]:
            groups.remove(other)
            keys |= other[0]
            members = other[1] + members
        groups.append((keys, members))
    return [members for _, members in groups]


def _group_to_dicom(
    group: list[_Source],
    output: Path,
    shared: DicomJob,
    scratch: Shared,
    values: dict[int, tuple[str, list]],
    progress: Progress | None,
) -> Entry:
    inputs = [path for source in group for path in source.inputs]
    entry = Entry(", ".join(source.title for source in group), Outcome.RESTORED, inputs)
    if group[0].file is not None and group[0].file.record is None:
        return _created(group[0].file.path, entry, output, shared, scratch, progress)
    with failures_in(entry):
        if shared.options.kind is not Kind.AUTO and _recast(group, entry, output, shared, scratch, progress):
            return entry
        together = {target: found for source in group for target, found in edited(source.file).items()}
        together.update(values.items())
        volumes = [source.load(progress) for source in group]
        entry.log.warnings += [sentence for source in group for sentence in unheard(source.file)]
        entry.log.warnings += dict.fromkeys(warning for volume in volumes for warning in volume.warnings)
        with Staging(output, shared.options.overwrite) as staging:
            entry.outcome = write_dicom(volumes, staging, shared, entry.log, together, progress)
            entry.outputs = staging.commit()
        entry.log.changes = [_sourced(change, shared.options) for change in entry.log.changes]
    return entry


def _created(path: Path, entry: Entry, output: Path, shared: DicomJob, scratch: Shared, progress: Progress | None) -> Entry:
    """Make DICOM of an image that never was DICOM."""
    entry.outcome = Outcome.CONVERTED
    with failures_in(entry):
        _check_nothing_original_is_asked_for(path, shared.options)
        with Staging(output, shared.options.overwrite) as staging:
            for what in parts_of(described(path, shared.options.sidecar)):
                request = request_of(what, scratch, entry.log)
                entry.log.values += request.attributes.told()
                objects = made_of(request, choices_for(what, request, scratch, entry.log), entry.log)
                frames = request.image.voxels.shape[0] * request.image.voxels.shape[1]
                write_made(objects, what.name, frames, staging, shared, progress)
            entry.outputs = staging.commit()
    return entry


def _check_nothing_original_is_asked_for(path: Path, options: ConversionOptions) -> None:
    """Refuse to make something new where the original is wanted and its record is not there."""
    if options.uids is Uids.KEEP or options.names is Names.ORIGINAL:
        raise SidecarError(
            f"{path}: there is no record of the DICOM it came from: {_where_it_was(path)} Put it back; or, if the image never "
            "was DICOM, leave out --uids keep and --names original."
        )


def _where_it_was(path: Path) -> str:
    if is_store(path):
        return "the store has none."
    return f"the sidecar {sidecar_path(path).name} that was written beside it is missing or has no 'NiftiDicomBridge' key."


def _recast(
    group: list[_Source], entry: Entry, output: Path, shared: DicomJob, scratch: Shared, progress: Progress | None
) -> bool:
    """Make another kind of object of volumes that were DICOM; say whether that was asked for."""
    volumes = [_with_edits(source, progress) for source in group]
    kinds = [kind_wanted(volume, scratch) for volume in volumes]
    if all(kind is kind_of_volume(volume) for kind, volume in zip(kinds, volumes, strict=True)):
        return False
    entry.outcome = Outcome.CONVERTED
    with Staging(output, shared.options.overwrite) as staging:
        for volume, kind in zip(volumes, kinds, strict=True):
            frames = volume.voxels.shape[0] * volume.voxels.shape[1]
            if kind is Kind.LEGACY:
                objects: Iterator = legacy_objects(as_it_may_stand(volume, scratch, entry.log), shared.uids, entry.log)
            else:
                request = recast_request(volume, kind, scratch, entry.log)
                entry.log.values += request.attributes.told()
                objects = made_of(request, choices_of_original(volume, scratch), entry.log)
            write_made(objects, volume.name, frames, staging, shared, progress)
        entry.outputs = staging.commit()
    entry.log.warnings += [sentence for source in group for sentence in unheard(source.file)]
    entry.log.warnings += dict.fromkeys(warning for volume in volumes for warning in volume.warnings)
    return True


def _with_edits(source: _Source, progress: Progress | None) -> Volume:
    """Return a volume whose instances say what a person changed in its sidecar."""
    return with_values(source.load(progress).in_memory(), edited(source.file))


def _sourced(change: Change, options: ConversionOptions) -> Change:
    return replace(change, source="--set" if change.attribute in options.set_values else "edited in the sidecar")
