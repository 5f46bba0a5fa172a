"""What becomes DICOM: images, in groups of which each is written together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ...formats.dicom.reading.plans import Plan
from ...model.metadata import Instance
from ...model.report import ConversionReport, Entry, Outcome
from ...model.volume import Volume
from ...options import ConversionOptions, Progress
from ..execution.recorded_errors import errors_recorded_in
from ..execution.task_runner import TaskRunner
from .image_files import opened_images
from .image_with_record import ImageWithRecord
from .sidecar_edits import SidecarEdits
from .streamed import loaded


@dataclass
class Source:
    """One image to turn into DICOM: a NIfTI file, or a volume of DICOM files; the instances and frames that it is made of."""

    title: str
    instances: frozenset[str]
    frames: frozenset[tuple[str, int, int]] = frozenset()
    file: ImageWithRecord | None = None
    plan: Plan | None = None

    @property
    def inputs(self) -> list[Path]:
        """The files that it is read from."""
        if self.file is not None:
            return [self.file.path]
        return [Path(instance.path) for instance in self.plan.instances] if self.plan else []

    @property
    def dicom_instances(self) -> Sequence[Instance]:
        """The instances that it is made of; none for an image that never was DICOM."""
        if self.plan is not None:
            return self.plan.instances
        return self.file.record.source.metadata.instances if self.file is not None and self.file.record is not None else ()

    @property
    def is_resampled(self) -> bool:
        """Whether it was made of the image that its record describes, on another grid."""
        return self.file is not None and self.file.record is not None and bool(self.file.record.source.resampled)

    @cached_property
    def edits(self) -> SidecarEdits:
        """What was edited in its sidecar."""
        return SidecarEdits.of(self.file)

    def load(self, progress: Progress | None) -> Volume:
        """Return the volume with its voxels."""
        if self.file is not None:
            return self.file.load(lazy=True)
        assert self.plan is not None
        return loaded(self.plan, progress)


def image_sources(
    inputs: Sequence[Path], report: ConversionReport, options: ConversionOptions, runner: TaskRunner
) -> Iterator[Source]:
    """Yield the images other than DICOM below the inputs; what cannot be opened is reported."""
    for file in opened_images(inputs, report, options, runner):
        entry, source = Entry(file.path.name, Outcome.CONVERTED, [file.path]), None
        with errors_recorded_in(entry):
            source = _source_of(file)
        if source is None:
            runner.report([entry], report)
        else:
            yield source


def _source_of(file: ImageWithRecord) -> Source:
    keys = _keys(file.record.source.metadata.instances) if file.record else frozenset({str(file.path)})
    return Source(file.path.name, keys, _frames_in(file), file)


def source_of_plan(plan: Plan) -> Source:
    """Return the volume of DICOM files that a plan describes."""
    return Source(plan.title, _keys(plan.instances), plan=plan)


def _keys(instances: Sequence[Any]) -> frozenset[str]:
    return frozenset(instance.key for instance in instances)


def _frames_in(file: ImageWithRecord) -> frozenset[tuple[str, int, int]]:
    """Return instance, frame and label of everything that an image is made of."""
    if file.record is None:
        return frozenset()
    series = file.record.source.metadata
    keys = [instance.key for instance in series.instances]
    return frozenset((keys[frame.instance], frame.frame, frame.label) for _, _, frame in series.planes())


def join_masks(sources: Sequence[Source], options: ConversionOptions) -> None:
    """Let the masks of a folder, and the tissue maps of an image, be written together."""
    new = {source.file.path: source for source in sources if source.file is not None and source.file.record is None}
    if len(new) < 2:
        return
    from .joined_images import joined_files

    for number, files in enumerate(joined_files(list(new), options)):
        for file in files:
            new[file].instances = frozenset({f"joined {number}"})


def sharing_instances(sources: Sequence[Source]) -> list[list[Source]]:
    """Return sources in groups: those made of frames of the same objects must be restored together.

    A resampled image holds no frames of theirs: it becomes a series of its own, whatever else is made of its source.
    """
    groups: list[tuple[set[str], list[Source]]] = []
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


def without_repeated_frames(group: Sequence[Source]) -> list[list[Source]]:
    """Return sources in groups in which no frame occurs twice."""
    rounds: list[tuple[set[tuple[str, int, int]], list[Source]]] = []
    for source in group:
        free = next((round_ for round_ in rounds if round_[0].isdisjoint(source.frames)), None)
        if free is None:
            free = (set(), [])
            rounds.append(free)
        free[0].update(source.frames)
        free[1].append(source)
    return [members for _, members in rounds]


def title_of(group: Sequence[Source]) -> str:
    """Return what names a group in reports and progress."""
    if are_masks(group):
        return f"{group[0].inputs[0].parent.name}: {len(group)} files, {group[0].title}, …"
    return ", ".join(source.title for source in group)


def are_masks(group: Sequence[Source]) -> bool:
    """Whether a group is several images that never were DICOM, to be written as one object."""
    return len(group) > 1 and all(source.file is not None and source.file.record is None for source in group)
