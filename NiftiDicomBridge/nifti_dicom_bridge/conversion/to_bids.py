"""DICOM → a BIDS dataset: names for all images first, then one image after the other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..bids_dataset.bids_map import BidsMap, read_map
from ..bids_dataset.images import Image, image_of
from ..bids_dataset.paths import Placement, place
from ..formats.dicom.reading.read import Plan, load
from ..formats.dicom.reading.series import find_series
from ..model.report import ConversionReport, Entry, Outcome
from ..options import ConversionOptions, Progress
from .bids_files import write_placed
from .to_nifti import failures_in, leftover_entries, plans_as_named


def to_bids(inputs: Sequence[Path], output: Path, options: ConversionOptions, progress: Progress | None) -> ConversionReport:
    """Convert every series below the inputs into the dataset `output`; see `nifti_dicom_bridge.convert`.

    Raises
    ------
    OptionError
        If the map of the person has errors; nothing was read then.
    """
    table = read_map(options.bids_map)
    inventory = find_series(inputs, progress)
    report = ConversionReport(leftover_entries(inventory.leftovers))
    images = _images(plans_as_named(inventory, report), report)
    placements = place(images, output, table, ".nii.gz" if options.gzip else ".nii")
    report.entries += [_left_out(image) for image in images if image.ignored]
    for placement in placements:
        report.entries.append(_write(placement, output, table, options, progress))
    return report


def _images(plans: Sequence[Plan], report: ConversionReport) -> list[Image]:
    """Return what the headers tell of each image; one that cannot be understood is a failed entry."""
    images = []
    for plan in plans:
        entry = _entry(plan)
        with failures_in(entry):
            images.append(image_of(plan))
        if entry.outcome is Outcome.FAILED:
            report.entries.append(entry)
    return images


def _entry(plan: Plan) -> Entry:
    return Entry(plan.title, Outcome.CONVERTED, [Path(instance.path) for instance in plan.instances])


def _left_out(image: Image) -> Entry:
    entry = _entry(image.plan)
    entry.outcome, entry.error = Outcome.SKIPPED, image.ignored
    return entry


def _write(placement: Placement, output: Path, table: BidsMap, options: ConversionOptions, progress: Progress | None) -> Entry:
    image, entry = placement.image, _entry(placement.image.plan)
    with failures_in(entry):
        volume = load(image.plan, progress)
        entry.outputs = write_placed(volume, placement, output, table, options)
        entry.log.warnings += volume.warnings
    entry.log.warnings += image.log.warnings
    entry.log.notes += [f"named by {image.rule}", *image.log.notes] if image.rule else image.log.notes
    return entry
