"""Images with files that turn out to be damaged when they are decoded: converted again as if these files were missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from ..errors import BridgeError
from ..formats.dicom.reading.damaged_files import damage_of
from ..formats.dicom.reading.frames.multiframe import sop_class_of
from ..formats.dicom.reading.grouping.series import Inventory, Series
from ..formats.dicom.reading.grouping.without_files import without_files
from ..formats.dicom.reading.pixel_data.decode import is_native
from ..formats.dicom.reading.plans import DrawnPlan, Plan
from ..model.files.names import name_key, safe_name, unique_name
from ..model.metadata import Instance
from ..model.processes.process_copies import computed_in_copies, useful_jobs
from ..model.report import ConversionReport, Entry
from ..options import ConversionOptions
from ..standard.sop_classes import SEGMENTATIONS
from .entries import plans_as_named
from .execution.task_runner import TaskRunner
from .execution.tasks import Task

SHARE = 32
"""Compressed files that a process examines at least at a time."""
Frame = tuple[str, int]
"""Path of an instance, and number of its frame."""


@dataclass
class PlannedConversion:
    """The DICOM images of a conversion.

    Attributes
    ----------
    inventory : Inventory
        What they were planned from.
    plans : sequence of Plan
        All of them, under their names.
    runner : TaskRunner
        Runs the tasks.
    tasks_of : callable
        Returns the tasks that convert images which were planned again.
    others : collection of str
        Keys (`name_key`) of the names of other images that are converted with them.
    """

    inventory: Inventory
    plans: Sequence[Plan]
    runner: TaskRunner
    tasks_of: Callable[[Sequence[Plan]], Sequence[Task]]
    others: Collection[str] = ()

    def run(self, tasks: Sequence[Task]) -> list[Entry]:
        """Run the tasks of all images, and other ones; return their entries and those of damaged files."""
        entries: list[Entry] = []
        while tasks:
            results = self.runner.run(tasks)
            entries += [entry for entry in results if not entry.execution.damaged]
            again = [(task.plans, entry) for task, entry in zip(tasks, results, strict=True) if entry.execution.damaged]
            failed = [plan for plans, _ in again for plan in plans]
            tasks = []
            if failed:
                reasons = {path: reason for _, entry in again for path, reason in entry.execution.damaged.items()}
                plans, of_files = self._planned_again(failed, reasons)
                entries += of_files
                tasks = self.tasks_of(plans)
        return entries

    def _planned_again(self, failed: Sequence[Plan], reasons: dict[str, str]) -> tuple[list[Plan], list[Entry]]:
        """Return what images become without their damaged files, and the entries of these files."""
        kept = [plan for plan in self.plans if not any(plan is one for one in failed)]
        self.inventory = without_files(self.inventory, reasons)
        paths = {instance.path for plan in failed for instance in plan.instances}
        series = [_of_files(one, paths) for one in self.inventory.series]
        inventory = replace(
            self.inventory,
            series=[one for one in series if one.instances],
            leftovers=[one for one in self.inventory.leftovers if one.path in reasons],
            structure_sets=[],
            unselected=0,
        )
        report = ConversionReport()
        converted = {frame for plan in kept if not isinstance(plan, DrawnPlan) for frame in _frames_of(plan)}
        new = plans_as_named(inventory, report, self.runner)
        new = [plan for plan in new if not converted.issuperset(_frames_of(plan))]
        former = _former(new, failed)
        self._name(new, former, kept)
        # at the places of the former ones: where nothing else distinguishes images, their order does
        parts = {id(old): [plan for plan, one in zip(new, former, strict=True) if one is old] for old in failed}
        self.plans = [plan for old in self.plans for plan in parts.get(id(old), [old])]
        return new, report.entries

    def _name(self, new: Sequence[Plan], former: Sequence[Plan], kept: Iterable[Plan]) -> None:
        """Give images the names of those that they were a part of, with what they differ in from each other."""
        taken = {*self.others, *(name_key(plan.name) for plan in kept)}
        for plan, old in zip(new, former, strict=True):
            is_only = sum(one is old for one in former) == 1
            own = "" if is_only else plan.suffix.removeprefix(old.suffix)
            plan.suffix = old.suffix + own
            plan.name = unique_name(_longer_name(old, own), taken)


def examined(inventory: Inventory, runner: TaskRunner, plans: Sequence[Plan] | None = None) -> Inventory:
    """Return an inventory without the files that cannot be decoded, of some images or of all; itself if there are none.

    Before anything is written, for images that have names, UIDs or grids in common that cannot be assigned twice. A series of
    damaged files stays, so that its conversion fails. In several processes of the runner where that is worth it.
    """
    wanted = None if plans is None else {instance.path for plan in plans for instance in plan.instances}
    shares = [[one for one in series.instances if wanted is None or one.path in wanted] for series in inventory.series]
    sizes = [sum(not is_native(one) for one in share) for share in shares]
    jobs = useful_jobs(sizes, SHARE, runner.jobs)

    def damage(n: int) -> dict[str, str]:
        if runner.progress is not None and jobs == 1 and sizes[n]:
            runner.progress("Decoding", n, len(shares))
        return _damage_of_some(shares[n])

    results = computed_in_copies(damage, sizes, jobs)
    reasons = {path: reason for damaged in results for path, reason in damaged.items()}
    return without_files(inventory, reasons) if reasons else inventory


def _damage_of_some(instances: Sequence[Instance]) -> dict[str, str]:
    """Return the damaged ones of some instances; none if all are, or if their conversion reports something else."""
    damaged: dict[str, str] = {}
    with suppress(BridgeError, OSError):
        damaged = damage_of(instances)
    return damaged if len(damaged) < len(instances) else {}


def examined_where_shared(inventory: Inventory, options: ConversionOptions, runner: TaskRunner) -> Inventory:
    """Return what `examined` does where images share names that are removed, or grids that others are put on."""
    classes = {sop_class_of(series.instances[0].elements) for series in inventory.series}
    is_shared = options.deidentify or inventory.structure_sets or not classes.isdisjoint(SEGMENTATIONS)
    return examined(inventory, runner) if is_shared else inventory


def _of_files(series: Series, paths: Collection[str]) -> Series:
    return replace(series, instances=[one for one in series.instances if one.path in paths])


def _frames_of(plan: Plan) -> set[Frame]:
    frames = [*plan.all_frames, *(layer.frame for layer in plan.grid.layers)]
    return {(plan.instances[frame.instance].path, frame.frame) for frame in frames}


def _longer_name(plan: Plan, suffix: str) -> str:
    """Return the name of an image, also one of a template, with a further suffix."""
    whole = plan.title + plan.suffix
    if suffix and plan.name.endswith(safe_name(whole)):
        return plan.name.removesuffix(safe_name(whole)) + safe_name(whole + suffix)
    return f"{plan.name}_{safe_name(suffix)}" if suffix else plan.name


def _former(new: Sequence[Plan], failed: Sequence[Plan]) -> list[Plan]:
    """Return, for each new image, the one of those that failed that it was a part of."""
    owners: dict[Frame, Plan] = {}
    for plan in reversed(failed):
        owners |= dict.fromkeys(_frames_of(plan), plan)
    former = []
    for plan in new:
        counts = Counter(id(owners[frame]) for frame in _frames_of(plan) if frame in owners)
        former.append(max(failed, key=lambda one: counts[id(one)]))
    return former
