"""What becomes of each input: entries of the report, names that differ, and what may be written of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..formats.dicom.reading.grouping.found_files import Leftover
from ..formats.dicom.reading.grouping.series import Inventory
from ..formats.dicom.reading.plans import Plan
from ..formats.dicom.reading.segmentations.segment_series import is_of_segmentation
from ..labels import Segment
from ..model.files.names import unique_name
from ..model.metadata import Log
from ..model.report import ConversionReport, Entry, Outcome
from ..model.volume import Volume
from ..options import Clean, ConversionOptions, Retain, RoiForm
from ..sidecar import finite_keys
from .execution.task_runner import TaskRunner
from .outputs.file_names import NamedFile, name_of_elements, name_plans
from .planning import planned

if TYPE_CHECKING:
    from ..deidentification import Deidentifier
    from .inputs.image_with_record import ImageWithRecord


class OutputPolicy:
    """De-identifies the volumes and the report of a conversion where that is wanted, and gives volumes different names.

    Parameters
    ----------
    deidentifier : Deidentifier, optional
        None to leave volumes as they are.
    taken : set of str
        Names that are taken.
    template : str
        For the names of de-identified volumes; by default they have number and modality of the series.
    """

    def __init__(self, deidentifier: Deidentifier | None, taken: set[str], template: str = ""):
        self._cleaner, self._template = deidentifier, template
        self._taken = taken

    @classmethod
    def of(cls, options: ConversionOptions, taken: set[str]) -> OutputPolicy:
        """Return what the options want; raises `OptionError` if a file that they name has errors."""
        if not options.deidentify:
            return cls(None, taken)
        from ..deidentification import Deidentifier  # only few conversions need it

        return cls(Deidentifier.of(options), taken, options.filename)

    @property
    def keys(self) -> frozenset[str]:
        """Keys of tasks (`Task`): what is removed from one image must not be in the sentences on another, either."""
        return frozenset({"de-identification"} if self._cleaner is not None else ())

    def published(self, report: ConversionReport) -> ConversionReport:
        """Return a report whose titles, sentences and paths do not identify anyone; it is the same where nothing is removed."""
        if self._cleaner is not None:
            for number, entry in enumerate(report.entries, start=1):
                self._cleaner.publish(entry, number)
        return report

    def clean(self, volume: Volume, log: Log | None = None) -> Volume:
        """Return a volume as it may be written; its name stays where nothing is to be removed."""
        return volume if self._cleaner is None else self._cleaner.clean(volume, log)

    def named(self, volume: Volume, log: Log | None = None) -> Volume:
        """Return a volume as it may be written, under a name of its own."""
        if self._cleaner is None:
            return volume
        cleaned = self._cleaner.clean(volume, log)
        name = cleaned.name
        if self._template and cleaned.source is not None:
            name = name_of_elements(self._template, cleaned.dicom.metadata.first.elements, name)
        return replace(cleaned, name=unique_name(name, self._taken))

    def naming(self) -> Deidentifier | None:
        """Return what de-identifies the headers that file names are derived from; it keeps harmless words."""
        if self._cleaner is None:
            return None
        from ..deidentification import Deidentifier

        policy = self._cleaner.policy
        return Deidentifier(policy=replace(policy, options=policy.options | {Clean.DESCRIPTORS}))

    def uid(self, uid: str) -> str:
        """Return a UID as cleaned volumes have it."""
        if self._cleaner is None:
            return uid
        from ..deidentification.uids import KeyedUids

        policy = self._cleaner.policy
        return KeyedUids(policy.key, Retain.UIDS in policy.options).new(uid)

    def labels(self, segments: list[Segment]) -> list[Segment]:
        """Return segments with names that may be shown: words of anatomy, else the number."""
        if self._cleaner is None:
            return segments
        from ..deidentification.descriptors import cleaned

        return [replace(one, label=cleaned(one.label) or f"Label {one.number}", tracking_id="") for one in segments]

    def edits(self, file: ImageWithRecord, log: Log) -> dict[str, Any]:
        """Return what a person changed in a sidecar, as far as it may be written."""
        from .inputs.sidecar_edits import edited_keys  # DICOM has none

        keys = finite_keys(edited_keys(file), log.warnings)
        if self._cleaner is None or not keys:
            return keys
        log.warnings.append("Edited keys of the sidecar were left out: they may contain anything.")
        return {}


def plans_and_report(
    inventory: Inventory, runner: TaskRunner, template: str = "", structures: ConversionOptions | None = None,
    files: Sequence[NamedFile] = (),
) -> tuple[list[Plan], ConversionReport]:  # fmt: skip
    """Return what each series becomes, under names that differ, and a report of all that becomes nothing.

    RT Structure Sets become images if there are options for them. Files that are converted with the series are named, too.
    """
    report = ConversionReport()
    plans = plans_as_named(inventory, report, runner, structures)
    name_plans(plans, template, files)
    return plans, report


def plans_as_named(
    inventory: Inventory, report: ConversionReport, runner: TaskRunner, structures: ConversionOptions | None = None
) -> list[Plan]:
    """Return what each series becomes, each called after itself alone.

    Files that are left out are entries of the report, and so are series that cannot be understood: failed ones.
    """
    if inventory.unselected:
        report.notes.append(f"{inventory.unselected} series left out by the selection.")
    is_one_space = structures is not None and structures.same_space
    plans, entries = planned(inventory.series, replace(inventory.spaces, are_all_one=is_one_space), runner.jobs)
    if structures is not None and (inventory.structure_sets or structures.references):
        from .inputs.structure_sets import plan_structure_sets, put_on_references  # few inputs have any

        plans, references = put_on_references(plans, inventory, structures)
        plans += plan_structure_sets(inventory, plans, structures, runner.jobs, references)
    if structures is not None and not inventory.structure_sets:
        report.notes += _not_applied(structures, any(map(is_of_segmentation, plans)))
    runner.report([*leftover_entries(inventory.leftovers), *entries], report)
    return plans


def _not_applied(options: ConversionOptions, has_segmentations: bool) -> list[str]:
    """Return notes about the options of RT Structure Sets, and of Segmentations, for input without any."""
    given = {
        "reference= was not applied: it is for RT Structure Sets and Segmentations": options.references
        and not has_segmentations,
        "same_space=True was not applied: it is for RT Structure Sets and Segmentations": options.same_space
        and not has_segmentations,
        f'rois="{options.rois}" was not applied: it is for RT Structure Sets': options.rois is not RoiForm.LABELMAP,
    }
    return [f"{option}, and the input contains none" for option, is_given in given.items() if is_given]


def leftover_entries(leftovers: Sequence[Leftover]) -> list[Entry]:
    """Return an entry for every file that did not become part of a volume."""
    return [
        Entry(Path(leftover.path).name, Outcome.FAILED if leftover.failed else Outcome.SKIPPED, [Path(leftover.path)],
              error=leftover.reason, traceback=leftover.traceback)
        for leftover in leftovers
    ]  # fmt: skip
