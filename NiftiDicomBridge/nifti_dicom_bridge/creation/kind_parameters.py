"""What only label maps and parametric maps want to know: segments, units, quantity."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..formats.dicom.created.kind_selection import suffix_of
from ..formats.dicom.created.request import Request
from ..formats.dicom.created.writer import KindParameters
from ..formats.dicom.reading.segments import segments_of
from ..formats.nifti.extensions import extension_texts
from ..labels import Segment, find_labels, is_label_table, named_labels, read_label_text, read_labels
from ..model.metadata import Log
from ..model.volume import Volume
from ..options import Kind, SegmentationForm
from .attribute_sources import ConversionContext
from .image_with_sidecar import ImageWithSidecar

LABEL_KINDS = (Kind.SEG, Kind.RTSTRUCT)
"""Kinds of object that segments are written to."""


def kind_parameters_for(
    described: ImageWithSidecar, request: Request, shared: ConversionContext, log: Log, known: Sequence[Segment] = ()
) -> KindParameters:
    """Return what only label maps and parametric maps want to know: segments, units, quantity.

    Segments that are known already take precedence over those of a file.

    Raises
    ------
    LabelError
        If the file of labels is missing or damaged.
    """
    options = shared.options
    segments = list(known) or (_segments(described.path, options.labels, log) if request.kind in LABEL_KINDS else [])
    return KindParameters(
        max_error=options.max_error,
        segments=segments,
        segmentation=_segmentation(options.segmentation, suffix_of(described.name)),
        units=str(described.top.get("Units", "")),
        quantity=suffix_of(described.name),
    )


def kind_parameters_of_source(volume: Volume, shared: ConversionContext) -> KindParameters:
    """Return the same for a volume that came from DICOM: the segments that its object describes."""
    options = shared.options
    return KindParameters(options.max_error, segments_of(volume), _segmentation(options.segmentation, ""))


def _segmentation(asked: SegmentationForm, suffix: str) -> SegmentationForm:
    """Return how segments are stored, ``AUTO`` where the values shall tell: those of BIDS' ``dseg`` are never fractional."""
    return SegmentationForm.BINARY if asked is SegmentationForm.AUTO and suffix == "dseg" else asked


def has_label_table(path: Path) -> bool:
    """Whether the header of an image contains names of labels."""
    return any(is_label_table(text) for text in extension_texts(path))


def _segments(path: Path, labels: Path | None, log: Log) -> list[Segment]:
    """Return what the labels of an image mean: by the file named, the file beside it, or a table in its header."""
    if labels is not None and str(labels).lower() == "freesurfer":
        return named_labels("freesurfer")
    labels = labels or find_labels(path)
    if labels is not None:
        log.notes.append(f"names of labels: {labels}")
        return read_labels(labels)
    for text in extension_texts(path):
        if is_label_table(text):
            log.notes.append("names of labels: the header of the image")
            return read_label_text(text, str(path))
    return []
