"""How a conversion reads RT Structure Sets and Segmentations: label maps or masks, on the series that the user named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...errors import DicomReadError, OptionError
from ...formats.dicom.reading.grouping.registrations import Spaces
from ...formats.dicom.reading.grouping.series import Inventory, find_series
from ...formats.dicom.reading.plans import Plan, plan_series
from ...formats.dicom.reading.segmentations.segment_series import put_on_series
from ...formats.dicom.structure_sets.inventory import structure_plans
from ...formats.dicom.structure_sets.plan import StructurePlan, StructureReader
from ...options import ConversionOptions


def plan_structure_sets(
    inventory: Inventory, plans: Sequence[Plan], options: ConversionOptions, jobs: int, references: Sequence[Plan]
) -> list[StructurePlan]:
    """Return what the RT Structure Sets of an inventory become, and correct its leftovers."""
    return structure_plans(inventory, plans, StructureReader(options.rois, references, spaces_of(inventory, options)), jobs)


def put_on_references(plans: list[Plan], inventory: Inventory, options: ConversionOptions) -> tuple[list[Plan], list[Plan]]:
    """Return plans, those of Segmentations with the slices of the series that the user named, and these series.

    Raises
    ------
    OptionError
        If a reference does not exist, or contains no image.
    """
    references = _referenced(options)
    return (put_on_series(plans, references, spaces_of(inventory, options)) if references else plans), references


def spaces_of(inventory: Inventory, options: ConversionOptions) -> Spaces:
    """Return which frames of reference are one space: by registrations of the input, and by the options."""
    return replace(inventory.spaces, are_all_one=options.same_space)


def _referenced(options: ConversionOptions) -> list[Plan]:
    """Return the series that the user named for their grid."""
    plans: list[Plan] = []
    for path in options.references:
        try:
            volumes = [plan for series in find_series([path]).series for plan in plan_series(series)]
        except DicomReadError as error:
            raise OptionError(f'reference="{path}": {error}') from None
        if not volumes:
            raise OptionError(f'reference="{path}": no DICOM image was found there. Name the folder of a DICOM series.')
        plans += volumes
    return plans
