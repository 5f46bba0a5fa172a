"""NIfTI (or DICOM) → DICOM: images that share instances together, each group whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from . import formats
from .errors import OptionError, SidecarError
from .formats import bids, nifti
from .formats.dicom import edits
from .formats.dicom.read import Plan, load
from .formats.dicom.series import find_series
from .formats.dicom.write import DicomJob, write_dicom
from .metadata import Change
from .options import ConversionOptions, Progress
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

    def load(self, progress: Progress | None) -> Volume:
        """Return the volume with its voxels."""
        if self.file is not None:
            return self.file.load()
        assert self.plan is not None
        return load(self.plan, progress)

    def edited(self) -> dict[int, tuple[str, list]]:
        """Return what a person changed at the top level of the sidecar: tag → (VR, values)."""
        if self.file is None or self.file.record is None:
            return {}
        where, elements = str(sidecar_path(self.file.path)), self.file.record.series.first.elements
        found = {}
        for key, tags, texts in bids.edited_attributes(self.file.top, self.file.record.top, where):
            tag = next((tag for tag in tags if edits.holds(elements, tag)), tags[0])
            try:
                found[tag] = edits.checked_values(tag, texts)
            except OptionError as error:
                raise SidecarError(f'{where}: "{key}": {error}') from None
        return found

    def unheard(self) -> list[str]:
        """Return a sentence for every key that was changed and has no attribute."""
        if self.file is None or self.file.record is None:
            return []
        keys = bids.edits_without_attribute(self.file.top, self.file.record.top)
        return [
            f'"{key}" was edited in the sidecar, but is computed of several attributes: set those with --set' for key in keys
        ]


def to_dicom(inputs: Sequence[Path], output: Path, options: ConversionOptions, progress: Progress | None) -> ConversionReport:
    """Convert every image below the inputs; see `nifti_dicom_bridge.convert`."""
    values = edits.elements_of(options.set_values)
    report = ConversionReport()
    sources = list(_nifti_sources(inputs, report))
    inventory = find_series([path for path in inputs if not is_nifti(path)], progress)
    report.entries += leftover_entries(inventory.leftovers)
    sources += [_Source(plan.title, _keys(plan.instances), plan=plan) for plan in plans_of(inventory, report)]
    shared = DicomJob(options)
    for group in _sharing_instances(sources):
        report.entries.append(_group_to_dicom(group, output, shared, values, progress))
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
    group: list[_Source], output: Path, shared: DicomJob, values: dict[int, tuple[str, list]], progress: Progress | None
) -> Entry:
    inputs = [path for source in group for path in source.inputs]
    entry = Entry(", ".join(source.title for source in group), Outcome.RESTORED, inputs)
    with failures_in(entry):
        edited = {tag: found for source in group for tag, found in source.edited().items()}
        together = edited | values
        volumes = [source.load(progress) for source in group]
        entry.log.warnings += [sentence for source in group for sentence in source.unheard()]
        entry.log.warnings += dict.fromkeys(warning for volume in volumes for warning in volume.warnings)
        with Staging(output, shared.options.overwrite) as staging:
            entry.outcome = write_dicom(volumes, staging, shared, entry.log, together, progress)
            entry.outputs = staging.commit()
        entry.log.changes = [_sourced(change, shared.options) for change in entry.log.changes]
    return entry


def _sourced(change: Change, options: ConversionOptions) -> Change:
    return replace(change, source="--set" if change.attribute in options.set_values else "edited in the sidecar")
