"""DICOM series in the input that are the originals of images in the same input: they must not be written next to them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ...formats.dicom.reading.outline import outline
from ...formats.dicom.reading.plans import Plan
from ...model.metadata import SeriesMetadata
from ...model.report import Entry, Outcome
from .image_with_record import ImageWithRecord

_Place = tuple[str, int, int]


def without_originals(plans: Sequence[Plan], files: Sequence[ImageWithRecord]) -> tuple[list[Plan], list[Entry]]:
    """Return the series that no image was made of, and a skipped entry for each of the others.

    An image that was edited would become a derived series together with its original, and one that was not would become the
    same instances twice.

    Parameters
    ----------
    plans : sequence of Plan
        Images that the DICOM files of the input contain.
    files : sequence of ImageWithRecord
        Images of other formats in the input.
    """
    images = [(_frames_in(file.record.source.metadata), file.path.name) for file in files if file.record is not None]
    recorded = set[_Place]().union(*(frames for frames, _ in images))
    kept, entries = [], []
    for plan in plans:
        frames = _frames_in(outline(plan).dicom.metadata) if recorded else {("", 0, 0)}
        if not frames <= recorded:
            kept.append(plan)
            continue
        names = ", ".join(name for others, name in images if not frames.isdisjoint(others))
        inputs = [Path(instance.path) for instance in plan.instances]
        reason = f"the original of {names}, which is in the input. Convert the DICOM files alone to have both"
        entries.append(Entry(plan.title, Outcome.SKIPPED, inputs, error=reason))
    return kept, entries


def _frames_in(series: SeriesMetadata) -> set[_Place]:
    """Return instance, frame and label of everything that an image is made of."""
    names = [instance.uid or instance.key for instance in series.instances]
    return {(names[frame.instance], frame.frame, frame.label) for _, _, frame in series.planes()}
