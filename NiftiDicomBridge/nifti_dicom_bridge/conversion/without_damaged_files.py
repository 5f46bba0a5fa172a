"""Images with files that turn out to be damaged when they are decoded: converted again as if these files were missing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from ..errors import BridgeError, DamagedFilesError
from ..formats.dicom.reading.damaged_files import check_files
from ..formats.dicom.reading.grouping.series import Inventory, Series
from ..formats.dicom.reading.grouping.without_files import without_files
from ..formats.dicom.reading.plans import DrawnPlan, Plan
from ..formats.dicom.reading.segmentations.segment_series import is_of_segmentation
from ..model.files.names import name_key, safe_name, unique_name
from ..model.report import ConversionReport, Entry
from ..options import ConversionOptions
from .entries import plans_as_named
from .execution.task_runner import TaskRunner
from .execution.tasks import Task

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
        Returns the tasks that convert some images which were planned again.
    structures : ConversionOptions, optional
        Options for Segmentations, if there are any.
    """

    inventory: Inventory
    plans: Sequence[Plan]
    runner: TaskRunner
    tasks_of: Callable[[Sequence[Plan]], Sequence[Task]] = lambda _: ()
    structures: ConversionOptions | None = None

    def examine(self, some: Sequence[Plan] | None = None) -> list[Entry]:
        """Plan images, all by default, without the files that cannot be decoded; return the entries of these files.

        Before anything is written, for images that have names or UIDs in common that cannot be assigned twice.
        """
        failed, reasons = [], dict[str, str]()
        for plan in self.plans if some is None else some:
            with suppress(BridgeError, OSError):  # other errors are those of its conversion
                try:
                    check_files([plan])
                except DamagedFilesError as error:
                    failed.append(plan)
                    reasons |= error.reasons
        return self._planned_again(failed, reasons)[1] if failed else []

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
        planned = [*failed, *(kept if any(map(is_of_segmentation, failed)) else ())]  # they are put on the grids of images
        paths = {instance.path for plan in planned for instance in plan.instances}
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
        new = plans_as_named(inventory, report, self.runner, self.structures)
        new = [plan for plan in new if not converted.issuperset(_frames_of(plan))]
        self._name(new, failed, kept)
        self.plans = [*kept, *new]
        return new, report.entries

    def _name(self, new: Sequence[Plan], failed: Sequence[Plan], kept: Iterable[Plan]) -> None:
        """Give images the names of those that they were a part of, with what they differ in from each other."""
        taken = {name_key(plan.name) for plan in kept}
        former = [_former(plan, failed) for plan in new]
        for plan, old in zip(new, former, strict=True):
            is_only = sum(one is old for one in former) == 1
            own = plan.suffix.removeprefix(old.suffix)
            plan.suffix = old.suffix if is_only else old.suffix + own
            plan.name = unique_name(old.name if is_only or not own else f"{old.name}_{safe_name(own)}", taken)


def _of_files(series: Series, paths: Collection[str]) -> Series:
    return replace(series, instances=[one for one in series.instances if one.path in paths])


def _frames_of(plan: Plan) -> set[Frame]:
    frames = [*plan.all_frames, *(layer.frame for layer in plan.grid.layers)]
    return {(plan.instances[frame.instance].path, frame.frame) for frame in frames}


def _former(plan: Plan, failed: Sequence[Plan]) -> Plan:
    """Return the image, of those that failed, that an image was a part of."""
    frames = _frames_of(plan)
    return max(failed, key=lambda one: len(frames & _frames_of(one)))
