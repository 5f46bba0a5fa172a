"""Messages of a conversion that found no image."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ...formats.dicom.reading.grouping.series import find_series
from ...formats.zarr import stores_below
from ...model.files.names import ARCHIVE_SUFFIXES, suffix_of
from ...model.report import ConversionReport, Entry
from ...options import ConversionOptions, Layout, Target
from ..entries import leftover_entries
from .image_files import lone_halves, nifti_files, note_of_archives, note_of_foreign


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
    halves = "".join(
        f" {path.name} is half of an image in two files, and {other.name} is missing." for path, other in lone_halves(inputs)
    )
    notes = note_of_skipped(report.entries) + halves
    notes += note_of_foreign(inputs, options.follow_links) or note_of_archives(inputs, options.follow_links)
    return f"No {wanted} were found in {where}.{notes} Check the path."


def note_of_skipped(entries: Sequence[Entry]) -> str:
    """Return how many files were skipped, with one of them, as a sentence after a space; empty if there are none.

    Archives have a sentence of their own, `note_of_archives`.
    """
    entries = [entry for entry in entries if not suffix_of(entry.title, ARCHIVE_SUFFIXES)]
    return f" {len(entries)} other(s) were skipped, such as {entries[0].title}: {entries[0].error}." if entries else ""


def note_of_others(inputs: Sequence[Path], follow_links: bool = False) -> str:
    """Return `note_of_skipped` of the DICOM files among and below inputs that are not images."""
    return note_of_skipped(leftover_entries(find_series(inputs, follow_links=follow_links).leftovers))


def _count_others(inputs: Sequence[Path], options: ConversionOptions) -> int:
    """Return how many images there are of formats that are not read: NIfTI, and Zarr for a BIDS dataset."""
    stores = stores_below(inputs, options.follow_links) if options.layout is Layout.BIDS else ()
    return sum(1 for _ in (*nifti_files(inputs, options.follow_links), *stores))
