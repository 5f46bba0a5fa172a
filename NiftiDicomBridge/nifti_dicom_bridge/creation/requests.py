"""Image file → request: what is known, which kind, in which planes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..errors import SidecarError
from ..formats.dicom.created.choice import Known, chosen_kind, suffix_of
from ..formats.dicom.created.request import Request, planes_of
from ..formats.dicom.created.writer import Choices
from ..labels import Segment, find_labels, read_labels
from ..metadata import Log
from ..options import Kind, SegmentationForm
from ..volume import Volume
from .described import Described
from .gather import Shared, gathered, in_space, modality_told, on_grid, reference_for, sidecar_values


def request_of(described: Described, shared: Shared, log: Log) -> Request:
    """Return what to make of an image.

    Raises
    ------
    OptionError
        If an option contradicts what is known of the image.
    SidecarError, GeometryError
        If the sidecar has values of the wrong kind, or the grid is not expressible in DICOM.
    """
    described = replace(described, image=_timed(described))
    image = described.image
    log.warnings += image.warnings
    if not described.top:
        log.warnings.append("no sidecar lies beside it: what its header, --set, --metadata and a reference do not tell stays unknown")
    told = sidecar_values(described)
    reference = reference_for(shared, image)
    same_space = in_space(image, reference, log)
    modality, beside = modality_told(told, shared), reference.modality if reference else ""
    known = Known(described.name, modality, beside, bool(shared.options.labels or find_labels(described.path)))
    kind, assumed = chosen_kind(shared.options.kind, image, known)
    if assumed:
        log.warnings.append(assumed)
    attributes = gathered(described, kind, reference, same_space, told, shared, log)
    placed, same_grid = on_grid(described, reference, same_space, shared, log)
    planes = list(reference.planes) if same_grid and reference and reference.planes else planes_of(placed)
    return Request(
        image=placed,
        kind=kind,
        attributes=attributes,
        sources=_sources(reference, same_grid),
        planes=planes,
        slice_times=_slice_times(described, placed),
        starts_s=_numbers(described, "FrameTimesStart", image.times),
        durations_s=_numbers(described, "FrameDuration", image.times),
    )


def choices_for(described: Described, request: Request, shared: Shared, log: Log) -> Choices:
    """Return what only label maps and parametric maps want to know: segments, units, quantity.

    Raises
    ------
    LabelError
        If the file of labels is missing or damaged.
    """
    options = shared.options
    labels = options.labels or find_labels(described.path)
    segments: list[Segment] = []
    if request.kind is Kind.SEG and labels is not None:
        segments = read_labels(labels)
        log.notes.append(f"names of labels: {labels}")
    return Choices(
        max_error=options.max_error,
        segments=segments,
        segmentation="" if options.segmentation is SegmentationForm.AUTO else options.segmentation.value.upper(),
        units=str(described.top.get("Units", "")),
        quantity=suffix_of(described.name),
    )


def _timed(described: Described) -> Volume:
    """Return the image with the time between volumes; where its header does not tell, RepetitionTime does."""
    image, told = described.image, described.top.get("RepetitionTime")
    if image.times < 2 or image.time_step_s > 0 or not isinstance(told, (int, float)) or not 0 < told < 1e4:
        return image
    return replace(image, time_step_s=float(told))


def _sources(reference: Any, same_grid: bool) -> Sequence:
    if reference is None:
        return ()
    return reference.by_slice if same_grid and reference.by_slice else reference.instances


def _numbers(described: Described, key: str, count: int) -> list[float]:
    """Return a list of numbers of the sidecar; empty where it has none.

    Raises
    ------
    SidecarError
        If it is no list of finite numbers, or has another length.
    """
    found = described.top.get(key)
    if found is None:
        return []
    listed = found if isinstance(found, list) else [found]
    good = all(isinstance(part, (int, float)) and not isinstance(part, bool) and np.isfinite(part) for part in listed)
    if not good or len(listed) != count:
        raise SidecarError(f"{described.where}: {key!r} is {str(found)[:60]}; a list of {count} numbers was expected.")
    return [float(part) for part in listed]


def _slice_times(described: Described, placed: Volume) -> list[float]:
    """Return SliceTiming in the order of the slices that are written; empty where the image is cut another way."""
    if "SliceTiming" not in described.top:
        return []
    letter = str(described.top.get("SliceEncodingDirection", "k"))
    axis = "ijk".find(letter[:1])
    if axis < 0:
        raise SidecarError(
            f"{described.where}: 'SliceEncodingDirection' is {letter!r}; i, j or k was expected, with or without -."
        )
    times = _numbers(described, "SliceTiming", described.image.shape_ijk[axis])
    if letter.endswith("-"):
        times = times[::-1]
    before = described.image.ijk_to_ras[:3, axis]
    after = placed.ijk_to_ras[:3, 2]
    cosine = float(before @ after / (np.linalg.norm(before) * np.linalg.norm(after)))
    if abs(cosine) < 0.99:
        return []
    return times[::-1] if cosine < 0 else times
