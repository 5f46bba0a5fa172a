"""NIfTI (or DICOM) → DICOM: images that share instances together, each group complete or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import replace
from functools import cached_property, partial
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..creation.metadata_file import given_values
from ..errors import OptionError
from ..formats.dicom import edits
from ..formats.dicom.job import DicomJob
from ..formats.dicom.uids import UidMap, references_in, uid_bytes
from ..formats.dicom.write import write_dicom
from ..formats.dicom.writer import folder_of
from ..model import metadata
from ..model.files.names import name_key
from ..model.metadata import Change, Instance
from ..model.report import ConversionReport, Entry, Outcome
from ..model.volume import Volume
from ..options import ConversionOptions, Kind, Names, Progress, Uids
from ..options.wording import option_error
from ..output import Staging
from ..standard.nifti_codes import NO_FORM
from ..standard.tags import Tag
from .entries import OutputPolicy, plans_and_report
from .execution.recorded_errors import errors_recorded_in
from .execution.task_runner import TaskRunner
from .execution.tasks import Task, keys_of_names
from .inputs.image_files import find_other_series
from .inputs.image_groups import (
    Source,
    are_masks,
    image_sources,
    join_masks,
    sharing_instances,
    source_of_plan,
    title_of,
    without_repeated_frames,
)
from .inputs.originals import without_originals
from .inputs.value_checks import doubts_of_patient, require_same_modality
from .outputs.existing_outputs import refuse_other_study
from .without_damaged_files import examined

if TYPE_CHECKING:
    from .new_objects import ObjectBuilder


class _Run:
    """What all images of one conversion share; what only new objects need is made when the first of them comes."""

    def __init__(self, output: Path, options: ConversionOptions):
        self.output, self.options = output, options
        self.stated_numbers = set[int]()
        self.job, self.policy = DicomJob(options), OutputPolicy.of(options, set())
        edits.elements_of(options.set_values)  # what is not valid ends the conversion before anything is written
        if options.reference or options.study_from or options.metadata:
            _ = self.builder  # what they name is missed before anything is written

    def with_job(self, job: DicomJob) -> _Run:
        """Return the same run with other UIDs; itself where they are the same."""
        if job is self.job:
            return self
        run = copy(self)
        run.job = job
        return run

    def state_numbers(self, sidecars: Iterable[Mapping[str, Any]]) -> None:
        """Keep the series numbers of sidecars free: other new series get others."""
        numbers = (top.get("SeriesNumber") for top in sidecars)
        self.stated_numbers |= {number for number in numbers if isinstance(number, int)}
        if "builder" in self.__dict__:
            self.builder.shared.stated_numbers |= self.stated_numbers

    @cached_property
    def builder(self) -> ObjectBuilder:
        """Makes new objects."""
        from .new_objects import ObjectBuilder

        builder = ObjectBuilder(self.job, self.output)
        builder.shared.stated_numbers |= self.stated_numbers
        return builder


def convert_to_dicom(inputs: Sequence[Path], output: Path, options: ConversionOptions, runner: TaskRunner) -> ConversionReport:
    """Convert every image below the inputs; see `nifti_dicom_bridge.convert`."""
    run = _Run(output, options)
    report = ConversionReport()
    sources = list(image_sources(inputs, report, options, runner))
    inventory = examined(find_other_series(inputs, options, runner.progress, runner.jobs), runner)
    plans, others = plans_and_report(inventory, runner)
    report.entries += others.entries
    report.notes += others.notes
    plans, originals = without_originals(plans, [source.file for source in sources if source.file is not None])
    report.entries += originals
    sources += map(source_of_plan, plans)
    _check_sidecar(sources, options)
    run.state_numbers(source.file.top for source in sources if source.file is not None)
    join_masks(sources, options)
    groups = list(_jobs(sharing_instances(sources), run.job))
    keys = _keys_of_tasks([group for group, _ in groups], options) if runner.jobs > 1 else repeat(frozenset[str]())
    tasks = []
    for (group, job), own in zip(groups, keys, strict=False):
        files = [path for source in group for path in source.inputs]
        tasks.append(Task(title_of(group), files, partial(_group_to_dicom, group, run.with_job(job)), run.policy.keys or own))
    report.entries += runner.run(tasks)
    return run.policy.published(report)


def _keys_of_tasks(groups: Sequence[Sequence[Source]], options: ConversionOptions) -> list[frozenset[str]]:
    """Return what the series of each group has in common with others: names of folders or files, and UIDs.

    New objects share studies, series numbers and frames of reference; restored ones refer to each other by UIDs, which are
    new in all of them.
    """
    instances = [[instance for source in group for instance in source.dicom_instances] for group in groups]
    uids: list[set[bytes]] = [set() for _ in groups]
    if options.uids is Uids.NEW:
        uids = [_own_uids(some) for some in instances]
        known = set[bytes]().union(*uids)
        uids = [own | known & references_in(one.elements for one in some) for own, some in zip(uids, instances, strict=True)]
    keys = []
    for group, some, linked in zip(groups, instances, uids, strict=True):
        names = keys_of_names({folder_of(instance) for instance in some})
        files = {f"file {name_key(instance.name)}" for instance in some} if options.names is Names.ORIGINAL else set[str]()
        new = {"new objects"} if _may_be_new(group, options) else set[str]()
        keys.append(names | files | new | {f"UID {uid.decode('latin-1')}" for uid in linked})
    return keys


def _own_uids(instances: Sequence[Instance]) -> set[bytes]:
    series = {metadata.text(instance.elements, Tag.SERIES_INSTANCE_UID) for instance in instances}
    return {uid_bytes(uid) for uid in (*series, *(instance.uid for instance in instances))}


def _may_be_new(group: Sequence[Source], options: ConversionOptions) -> bool:
    never_dicom = any(source.file is not None and source.file.record is None for source in group)
    return never_dicom or options.kind is not Kind.AUTO or bool(options.per_file)


def _check_sidecar(sources: Sequence[Source], options: ConversionOptions) -> None:
    """Refuse one sidecar for several images, or for images that have another record: it would be wrong, or ignored."""
    files = [source.file for source in sources if source.file is not None]
    count = sum(file.record is None or file.named is not None for file in files)
    if options.sidecar is not None and sources and count != 1:
        raise option_error(
            "{sidecar} is for one image without a record of its DICOM; the inputs contain {found}. Convert only that image.",
            "sidecar-not-for-one-image",
            ("sidecar",),
            str(count or "none"),
        )


def _jobs(groups: Sequence[list[Source]], job: DicomJob) -> Iterator[tuple[list[Source], DicomJob]]:
    """Yield the series to write and their jobs: images of the same frames, such as edited copies, become several series."""
    for group in groups:
        for number, members in enumerate(without_repeated_frames(group)):
            yield members, job if number == 0 else replace(job, uids=UidMap())


def _group_to_dicom(group: list[Source], run: _Run, progress: Progress | None) -> Entry:
    inputs = [path for source in group for path in source.inputs]
    options = run.options.for_file(inputs[0])
    entry = Entry(title_of(group), Outcome.RESTORED, inputs)
    first = group[0].file
    with errors_recorded_in(entry, options.skip_existing):
        _require_same_options(inputs, run.options)
        if first is not None and first.record is None and not options.deidentify:
            if are_masks(group):
                run.builder.create_of_masks(inputs, entry, progress)
            else:
                run.builder.create(first.path, entry, progress)
        elif options.kind is Kind.AUTO or not _recast(group, run, entry, progress):
            _restore(group, run, entry, progress)
        if entry.outcome in (Outcome.CONVERTED, Outcome.DERIVED):  # what was restored is as valid as it was
            from .new_objects import violations

            entry.log.warnings += violations(entry.outputs)
    if entry.exists and first is not None and first.record is not None and not options.set_values and not options.deidentify:
        refuse_other_study(entry, first.record.source.metadata.first)
    return entry


def _recast(group: list[Source], run: _Run, entry: Entry, progress: Progress | None) -> bool:
    edited = [_with_edits(source, progress) for source in group]
    volumes = [run.policy.clean(volume, entry.log) for volume in edited]
    if not run.builder.recast(volumes, entry, progress, partial(_check_unchanged, group)):
        return False
    entry.log.warnings += [sentence for source in group for sentence in source.edits.warnings(not run.options.deidentify)]
    if not run.options.deidentify:
        entry.log.warnings += doubts_of_patient(_originals(group, edited), _edited_values(group) | _given_values(run, entry))
    entry.log.warnings += _warnings_of(volumes)
    return True


def _warnings_of(volumes: Sequence[Volume]) -> list[str]:
    """Return what to know of images, once; not that a header has no position if the image is on the grid of its original."""
    known = dict.fromkeys(warning for volume in volumes for warning in volume.warnings)
    if any(volume.source is None or volume.is_moved for volume in volumes):
        return list(known)
    return [warning for warning in known if warning != NO_FORM]


def _originals(group: Sequence[Source], volumes: Sequence[Volume]) -> list[Instance]:
    """Return the first instance of each source as it was before any edit."""
    pairs = zip(group, volumes, strict=True)
    records = ((source.file.record if source.file else None, volume) for source, volume in pairs)
    sources = (volume.source if record is None else record.source for record, volume in records)
    return [source.metadata.first for source in sources if source is not None]


def _edited_values(group: Sequence[Source]) -> dict[edits.AttributePath, Any]:
    return {target: values for source in group for target, values in source.edits.written.items()}


def _given_values(run: _Run, entry: Entry) -> dict[edits.AttributePath, Any]:
    """Return what ``set_values`` and ``metadata`` specify for the input files of an entry."""
    given = given_values(run.options.for_file(entry.inputs[0]))
    return dict(edits.elements_of({word: text for word, (text, _) in given.items()}).items())


def _restore(group: list[Source], run: _Run, entry: Entry, progress: Progress | None) -> None:
    """Restore the original of an image, or write a derived series if it was edited."""
    together = _edited_values(group)
    if run.options.deidentify:
        together = {}  # they are cleaned with the rest
        volumes = [run.policy.clean(_with_edits(source, progress), entry.log) for source in group]
    else:
        volumes = [source.load(progress) for source in group]
    together |= _given_values(run, entry)
    entry.log.warnings += [sentence for source in group for sentence in source.edits.warnings(not run.options.deidentify)]
    require_same_modality(together, volumes)
    entry.log.warnings += doubts_of_patient(_originals(group, volumes), together)
    entry.log.warnings += _warnings_of(volumes)
    if run.options.algorithm:
        entry.log.warnings.append("algorithm= was not applied: the attributes of segments are those of the original")
    with Staging(run.output, run.options.overwrite) as staging:
        entry.outcome = write_dicom(volumes, staging, run.job, entry.log, together, progress)
        if entry.outcome is Outcome.DERIVED:
            from .new_objects import doubt_of_labels

            entry.log.warnings += filter(None, map(doubt_of_labels, volumes))
        _check_unchanged(group)
        entry.outputs = staging.commit()
    entry.log.warnings += _unused_studies(_originals(group, volumes), run, entry)
    given = given_values(run.options.for_file(entry.inputs[0]))
    entry.log.changes = [_sourced(change, given) for change in entry.log.changes]


def _unused_studies(originals: Sequence[Instance], run: _Run, entry: Entry) -> list[str]:
    """Return that patient and study are those of the original, where the user named others."""
    options = run.options.for_file(entry.inputs[0])
    if not options.reference and not options.study_from:
        return []
    shared, is_derived = run.builder.shared.for_file(entry.inputs[0]), entry.outcome is Outcome.DERIVED
    word = "derived" if is_derived else "restored"
    own = {metadata.text(instance.elements, Tag.STUDY_INSTANCE_UID) for instance in originals}
    sentences = {
        f"reference= was not used: a {word} image belongs to the study of its original": shared.references,
        f"study_from= was not used: a {word} image belongs to the study of its original": shared.studies,
    }
    return [text for text, named in sentences.items() if any(is_derived or one.study_uid not in own for one in named)]


def _check_unchanged(group: Sequence[Source]) -> None:
    """Raise `BridgeError` if a file was changed since it was opened: lazy voxels were read until now."""
    for source in group:
        if source.file is not None:
            source.file.check_unchanged()


def _require_same_options(inputs: Sequence[Path], options: ConversionOptions) -> None:
    """Refuse different choices for files that become one series together."""
    differing = [path for path in inputs if options.per_file and options.for_file(path) != options.for_file(inputs[0])]
    if differing:
        raise OptionError(
            f"{inputs[0].name} and {differing[0].name} are parts of one DICOM series and have different choices. Choose the "
            "same kind, reference and values for both."
        )


def _with_edits(source: Source, progress: Progress | None) -> Volume:
    from .new_objects import with_edits

    return with_edits(source.load(progress), source.edits)


def _sourced(change: Change, given: Mapping[str, tuple[str, str]]) -> Change:
    return replace(change, source=given[change.attribute][1] if change.attribute in given else "edited in the sidecar")
