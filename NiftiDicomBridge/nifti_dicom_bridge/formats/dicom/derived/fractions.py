"""Edited fractions of a FRACTIONAL Segmentation → a derived one, of the segments whose images are given.

It is made again: the frames of the original cannot be templates, as it has none where a segment is empty.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ....errors import LabelError
from ....model import metadata
from ....model.legacy_converted import own_groups
from ....model.listing import listed
from ....model.metadata import Log
from ....model.volume import Volume
from ....options import SegmentationForm
from ....standard.sop_classes import SEGMENTATIONS
from ....standard.tags import Tag
from ..new_file import NewFile
from ..pydicom_conversion import data_set_of
from ..reading.segmentations.segments import all_segments
from ..uids import UidMap
from .derivation import frame_of_reference, is_unplaced, planes_of
from .label_maps import common_of, counted_slices, file_with_original_segments

_FRACTIONAL = "FRACTIONAL"
_FULL = 255
_ROUNDING = 0.5


def is_fractions(volume: Volume) -> bool:
    """Whether the values of a volume are the fractions of one segment at one time; frames of several times are templates."""
    if volume.source is None or volume.times > 1:
        return False
    elements = volume.source.metadata.first.elements
    is_segmentation = metadata.text(elements, Tag.SOP_CLASS_UID) in SEGMENTATIONS
    return is_segmentation and metadata.text(elements, Tag.SEGMENTATION_TYPE) == _FRACTIONAL and segment_of(volume) > 0


def segment_of(volume: Volume) -> int:
    """Return the number of the segment that all frames of a volume are of; 0 where they do not state one."""
    series = volume.dicom.metadata
    numbers = set()
    for *_, frame in series.planes():
        elements = series.instances[frame.instance].elements
        shared = metadata.first_item(elements, Tag.SHARED_FUNCTIONAL_GROUPS_SEQUENCE)
        group = {**shared, **own_groups(elements, frame.frame)}
        segment = metadata.first_item(group, Tag.SEGMENT_IDENTIFICATION_SEQUENCE)
        numbers.add(metadata.integer(segment, Tag.REFERENCED_SEGMENT_NUMBER))
    return numbers.pop() if len(numbers) == 1 else 0


def derive_fractions(volumes: Sequence[Volume], resampled: bool, uids: UidMap, log: Log) -> Iterator[NewFile]:
    """Yield the Segmentation of the fractions of segments of one original, on one grid; the parameters are those of label maps.

    Raises
    ------
    LabelError
        If voxels are not stored values of fractions.
    GeometryError
        If no DICOM slice can hold the grid, or nothing specifies where it is.
    """
    from ..created.segmentation import SegmentationRequest, fractional_segmentation

    ordered = sorted(volumes, key=segment_of)
    first, numbers = ordered[0], [segment_of(volume) for volume in ordered]
    original = first.dicom.metadata.first
    full = metadata.integer(original.elements, Tag.MAXIMUM_FRACTIONAL_VALUE)
    full = full if 0 < full <= _FULL else _FULL
    request = SegmentationRequest(
        volume=first,
        common=data_set_of(common_of(first, uids, frame_of_reference(first, resampled, log))),
        segments=all_segments(original),
        log=log,
        kind=SegmentationForm.FRACTIONAL,
        planes=planes_of(first),
        counted=counted_slices(first, resampled) if is_unplaced(first) else [],
        full=full,
        fractional_type=metadata.text(original.elements, Tag.SEGMENTATION_FRACTIONAL_TYPE) or "PROBABILITY",
    )
    missing = sorted({segment.number for segment in request.segments} - set(numbers))
    if missing:
        log.warnings.append(
            f"segment(s) {listed(missing)} of the original are in images that were not given: the derived object lacks them"
        )
    maps = np.stack([_fractions(volume, full, log) for volume in ordered], axis=-1)
    yield file_with_original_segments(fractional_segmentation(request, maps, numbers), ordered)


def _fractions(volume: Volume, full: int, log: Log) -> np.ndarray:
    """Return fractions from 0 to 1 of stored values, shape (slices, rows, columns).

    Raises
    ------
    LabelError
        If they are not those of fractions.
    """
    from ..created.label_evidence import became_background

    values = np.asarray(volume.array if volume.rescale.is_identity else volume.real_values(), np.float64)[0]
    if missing := int(np.count_nonzero(np.isnan(values))):
        log.warnings.append(became_background(missing, values.size))
        values = np.where(np.isnan(values), 0, values)
    low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)
    error = float(np.abs(np.rint(values) - values).max(initial=0)) if np.isfinite((low, high)).all() else np.inf
    is_of_one = 0 < high <= 1 < full  # a mask, or probabilities, that would nearly vanish
    if low <= -_ROUNDING or high >= full + _ROUNDING or is_of_one:
        raise LabelError(
            f"the image came from a fractional segmentation, in which {full} means 1, and its values now are from {low:g} to "
            f"{high:g}. Write values from 0 to {full}."
        )
    if error > 1e-3:
        log.notes.append(f"fractions were rounded to steps of 1/{full}: the largest error is {error / full:.2g}")
    result: np.ndarray = np.clip(np.rint(values), 0, full) / full
    return result
