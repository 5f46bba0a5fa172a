"""Messages of a conversion that found no image."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..formats.zarr import stores_below
from ..model.report import ConversionReport
from ..options import ConversionOptions, Layout, Target
from .image_files import lone_halves, nifti_files, note_of_archives


def message_of_nothing(inputs: Sequence[Path], options: ConversionOptions, report: ConversionReport) -> str:
    """Return what was looked for and what there is instead.

    Parameters
    ----------
    inputs : sequence of pathlib.Path
        Files and folders without an image to convert.
    options : ConversionOptions
        The target and the layout specify which formats are read.
    report : ConversionReport
        Its entries are what was skipped.
    """
    where = ", ".join(map(str, inputs))
    if options.target is not Target.NIFTI:
        wanted = "NIfTI or DICOM images or Zarr stores"
    else:
        wanted = "DICOM images" if options.layout is Layout.BIDS else "DICOM images or Zarr stores"
        if count := _count_others(inputs, options):
            remedy = 'which are not read. Use target="dicom", target="zarr" or target="preview".'
            return f"No {wanted} were found in {where}, but {count} other image(s), {remedy}"
    skipped = report.entries
    others = f" {len(skipped)} other(s) were skipped, such as {skipped[0].title}: {skipped[0].error}." if skipped else ""
    halves = "".join(
        f" {path.name} is half of an image in two files, and {other.name} is missing." for path, other in lone_halves(inputs)
    )
    return f"No {wanted} were found in {where}.{others}{halves}{note_of_archives(inputs, options.follow_links)} Check the path."


def _count_others(inputs: Sequence[Path], options: ConversionOptions) -> int:
    """Return how many images there are of formats that are not read: NIfTI, and Zarr for a BIDS dataset."""
    stores = stores_below(inputs, options.follow_links) if options.layout is Layout.BIDS else ()
    return sum(1 for _ in (*nifti_files(inputs, options.follow_links), *stores))
