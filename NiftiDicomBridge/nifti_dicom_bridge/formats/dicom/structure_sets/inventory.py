"""The RT Structure Sets of an inventory → plans; those without images to draw them on stay leftovers, with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ....errors import BridgeError
from ....model.metadata import Instance
from ....model.processes.failure import failure_of
from ....model.processes.process_copies import computed_in_copies, useful_jobs
from ..reading.grouping.found_files import Leftover
from ..reading.grouping.series import Inventory, Series
from ..reading.plans import Plan, plan_all, plan_series, with_unique_names
from ..reading.segmentations.segment_series import put_on_series
from .plan import StructurePlan, StructureReader

SHARE = 1 << 17
"""Bytes of files that a process reads at least at a time, before it is worth a copy."""


def all_plans(inventory: Inventory) -> list[Plan]:
    """Return what the series and RT Structure Sets of an inventory become, under names that differ."""
    plans = put_on_series(plan_all(inventory), spaces=inventory.spaces)
    return with_unique_names([*plans, *structure_plans(inventory, plans, StructureReader(spaces=inventory.spaces))])


def structure_plans(inventory: Inventory, plans: Sequence[Plan], reader: StructureReader, jobs: int = 1) -> list[StructurePlan]:
    """Return what the RT Structure Sets of an inventory become, and correct its leftovers.

    Parameters
    ----------
    inventory : Inventory
        Its structure sets are among its leftovers; the leftovers of those that become images are removed.
    plans : sequence of Plan
        The images of the inventory.
    reader : StructureReader
        How they are read.
    jobs : int
        Processes that may draw them.
    """
    grids = [*plans, *(_grids_of(inventory.left_out) if inventory.structure_sets else ())]
    known: dict[str, Instance] = {}
    reasons: dict[str, Leftover | None] = {}
    distinct: list[Instance] = []
    for instance in inventory.structure_sets:
        twin = known.setdefault(instance.uid, instance)
        if twin is not instance and twin.elements == instance.elements:
            reasons[instance.path] = Leftover(instance.path, f"the same instance as {twin.path}")
        else:
            distinct.append(instance)
    sizes = [instance.stamp[0] if instance.stamp else 0 for instance in distinct]
    drawn = computed_in_copies(lambda n: _drawn(distinct[n], grids, reader), sizes, useful_jobs(sizes, SHARE, jobs))
    results: list[StructurePlan] = []
    for instance, outcome in zip(distinct, drawn, strict=True):
        reasons[instance.path] = outcome if isinstance(outcome, Leftover) else None
        results += [] if isinstance(outcome, Leftover) else [replace(plan, instances=(instance,)) for plan in outcome]
    changed = [reasons.get(one.path, one) for one in inventory.leftovers]
    inventory.leftovers = [replace(one) for one in changed if one is not None]
    return results


def _drawn(instance: Instance, grids: Sequence[Plan], reader: StructureReader) -> list[StructurePlan] | Leftover:
    """Return what an RT Structure Set becomes, without itself, as the caller has it; else why it becomes nothing."""
    try:
        planned = reader.plans(instance, grids)
    except Exception as error:
        failure = failure_of(error)
        return Leftover(instance.path, failure.sentence, True, failure.traceback)
    if isinstance(planned, str):
        return Leftover(instance.path, planned)
    return [replace(plan, instances=()) for plan in planned]


def _grids_of(left_out: Sequence[Series]) -> list[Plan]:
    """Return the volumes of series that are not converted; those that cannot be understood have no grid to draw on."""
    plans: list[Plan] = []
    for series in left_out:
        try:
            plans += plan_series(series)
        except BridgeError:
            continue
    return plans
