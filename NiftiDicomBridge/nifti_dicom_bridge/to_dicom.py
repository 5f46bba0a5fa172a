"""NIfTI (or DICOM) → DICOM: images that share instances together, each group whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from . import formats
from .creation.described import described, stem_of
from .creation.gather import Shared
from .creation.recast import kind_of_volume, kind_wanted, recast_request
from .creation.requests import choices_for, request_of
from .errors import OptionError, SidecarError
from .formats import bids, nifti
from .formats.dicom import edits
from .formats.dicom.created.writer import Choices, made_of
from .formats.dicom.read import Plan, load
from .formats.dicom.series import find_series
from .formats.dicom.write import DicomJob, write_dicom, write_made
from .metadata import Change
from .options import ConversionOptions, Kind, Names, Progress, Uids
from .output import Staging
from .report import ConversionReport, Entry, Outcome
from .sidecar import sidecar_path
from .to_nifti import failures_in, leftover_entries, plans_of
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

    def edited(self) -> dict[edits.Target, tuple[str, list]]:
        """Return what a person changed at the top level of the sidecar: tag, or tags on the way → (VR, values)."""
        if self.file is None or self.file.record is None:
            return {}
        where, elements = str(sidecar_path(self.file.path)), self.file.record.series.first.elements
        found: dict[edits.Target, tuple[str, list]] = {}
        for key, tags, texts in bids.edited_attributes(self.file.top, self.file.record.top, where):
            tag = next((tag for tag in tags if edits.holds(elements, tag)), tags[0])
            found[tag] = _checked(tag, texts, f'{where}: "{key}"')
        for key, path, texts in bids.edited_items(self.file.top, self.file.record.top, where):
            found[path] = _checked(path[-1], texts, f'{where}: "{key}"')
        return found

    def unheard(self) -> list[str]:
        """Return a sentence for every key that was changed and has no attribute."""
        if self.file is None or self.file.record is None:
            return []
        keys = bids.edits_without_attribute(self.file.top, self.file.record.top)
        return [
            f'"{key}" was edited in the sidecar, but is computed of several attributes: set those with --set' for key in keys
        ]


def _checked(tag: int, texts: list[str], where: str) -> tuple[str, list]:
    try:
        return edits.checked_values(tag, texts)
    except OptionError as error:
        raise SidecarError(f"{where}: {error}") from None


def to_dicom(inputs: Sequence[Path], output: Path, options: ConversionOptions, progress: Progress | None) -> ConversionReport:
    """Convert every image below the inputs; see `nifti_dicom_bridge.convert`."""
    values = edits.elements_of(options.set_values)
    report = ConversionReport()
    sources = list(_nifti_sources(inputs, report))
    inventory = find_series([path for path in inputs if not is_nifti(path)], progress)
    report.entries += leftover_entries(inventory.leftovers)
    sources += [_Source(plan.title, _keys(plan.instances), plan=plan) for plan in plans_of(inventory, report)]
    shared, scratch = DicomJob(options), Shared.of(options)
    for group in _sharing_instances(sources):
        report.entries.append(_group_to_dicom(group, output, shared, scratch, values, progress))
    return report


def _nifti_sources(inputs: Sequence[Path], report: ConversionReport) -> Iterator[_Source]:
    """Yield the NIfTI images among the inputs; what cannot be read is a failed entry."""
    for path in nifti_files(inputs):
        entry = Entry(path.name, Outcome.CONVERTED, [path])
        with failures_in(entry):
            file = formats.open_nifti(path)
            keys = _keys(file.record.series.instances) if file.record else frozenset({str(path)})
            yield _Source(path.name, keys, file=file)
        if entry.outcome is Outcome.FAILED:
            report.entries.append(entry)


def nifti_files(inputs: Sequence[Path]) -> Iterator[Path]:
    """Yield the NIfTI files among and below the inputs, sorted."""
    for given in inputs:
        if given.is_dir():
            for root, folders, names in os.walk(given):
                folders[:] = sorted(f for f in folders if not f.startswith("."))
                yield from (Path(root, name) for name in sorted(names) if is_nifti(Path(name)) and not name.startswith("."))
        elif is_nifti(given):
            yield given


def is_nifti(path: Path) -> bool:
    """Whether a file is called like a NIfTI image."""
    return path.name.lower().endswith(nifti.SUFFIXES) and not path.is_dir()


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
        together = {target: found for source in group for target, found in source.edited().items()}
        together.update(values.items())
        volumes = [source.load(progress) for source in group]
        entry.log.warnings += [sentence for source in group for sentence in source.unheard()]
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
        what = described(path, shared.options.sidecar)
        request = request_of(what, scratch, entry.log)
        entry.log.values = request.attributes.told()
        with Staging(output, shared.options.overwrite) as staging:
            objects = made_of(request, choices_for(what, request, scratch, entry.log), entry.log)
            frames = request.image.voxels.shape[0] * request.image.voxels.shape[1]
            write_made(objects, stem_of(path), frames, staging, shared, progress)
            entry.outputs = staging.commit()
    return entry


def _check_nothing_original_is_asked_for(path: Path, options: ConversionOptions) -> None:
    """Refuse to make something new where the original is wanted and its record is not there."""
    if options.uids is Uids.KEEP or options.names is Names.ORIGINAL:
        raise SidecarError(
            f"{path}: there is no record of the DICOM it came from: the sidecar {sidecar_path(path).name} that was written "
            "beside it is missing or has no 'NiftiDicomBridge' key. Put it back; or, if the image never was DICOM, leave out "
            "--uids keep and --names original."
        )


def _recast(
    group: list[_Source], entry: Entry, output: Path, shared: DicomJob, scratch: Shared, progress: Progress | None
) -> bool:
    """Make another kind of object of volumes that were DICOM; say whether that was asked for."""
    volumes = [source.load(progress) for source in group]
    kinds = [kind_wanted(volume, scratch) for volume in volumes]
    if all(kind is kind_of_volume(volume) for kind, volume in zip(kinds, volumes, strict=True)):
        return False
    entry.outcome = Outcome.CONVERTED
    with Staging(output, shared.options.overwrite) as staging:
        for volume, kind in zip(volumes, kinds, strict=True):
            request = recast_request(volume, kind, scratch, entry.log)
            entry.log.values += request.attributes.told()
            frames = request.image.voxels.shape[0] * request.image.voxels.shape[1]
            objects = made_of(request, Choices(shared.options.max_error), entry.log)
            write_made(objects, volume.name, frames, staging, shared, progress)
        entry.outputs = staging.commit()
    return True


def _sourced(change: Change, options: ConversionOptions) -> Change:
    return replace(change, source="--set" if change.attribute in options.set_values else "edited in the sidecar")
