"""Plan → volume without its pixel data."""

from __future__ import annotations

import numpy as np

from ....model import metadata
from ....model.dicom_source import DicomSource, Origin
from ....model.geometry import LPS_TO_RAS
from ....model.legacy_converted import own_groups
from ....model.metadata import SeriesMetadata
from ....model.pixels import Rescale
from ....model.volume import UNPLACED, Volume
from ....standard.tags import Tag
from .gradients import gradients_and_notes
from .loader import Loader
from .lookup import Lookup
from .plans import DrawnPlan, Plan
from .rescale import LARGEST_SLOPE
from .segment_grids import has_labels
from .tiles import slice_shape_of

_EVEN_MS = 1.0
"""Times are even if their distances differ by less, ms: they are rounded to milliseconds by some writers."""


def outline(plan: Plan) -> Volume:
    """Return the volume of a plan as the headers specify it: zeros that take no memory replace its voxels."""
    if isinstance(plan, DrawnPlan):
        return plan.outline()
    index = np.array([[(f.instance, f.frame) for f in times] for times in plan.frames], np.int32)
    layers = [(layer.slice, layer.frame.instance, layer.frame.frame, layer.label) for layer in plan.grid.layers]
    loader = Loader(plan, None)
    matrix = plan.grid.stack.ijk_to_ras if plan.is_placed and plan.grid.stack else assumed_matrix(plan)
    gradients, notes = gradients_and_notes(plan.instances, plan.frames)
    series = SeriesMetadata(plan.instances, index, np.array(layers, np.int32) if layers else None)
    return Volume(
        voxels=np.broadcast_to(np.zeros((), np.uint8), loader.shape),
        ijk_to_ras=matrix,
        time_step_s=_time_step(plan),
        name=plan.name,
        source=DicomSource(series, loader.pixel_record(), Origin("", loader.shape, matrix, Rescale(), plan.dtype.str)),
        gradients=gradients,
        warnings=(*plan.warnings, *notes),
        intent="label" if has_labels(plan.instances[0]) else "",
        space="" if plan.is_placed else UNPLACED,
    )


def assumed_matrix(plan: Plan) -> np.ndarray:
    """Return ijk_to_ras, shape (4, 4), mm, of an image without a position: axial, its middle at the origin."""
    frame, stack = plan.frames[0][0], plan.grid.stack
    first = plan.instances[0].elements
    row, column = frame.spacing_mm
    step = float(np.linalg.norm(stack.ijk_to_ras[:3, 2])) if stack else frame.step_mm
    lps = np.diag([column, row, step, 1.0])
    rows, columns = slice_shape_of(first)
    size = [columns, rows, len(plan.frames[0])]
    lps[:3, 3] = -lps[:3, :3] @ (np.array(size) - 1) / 2
    return LPS_TO_RAS @ lps


def _time_step(plan: Plan) -> float:
    """Return seconds between times: RepetitionTime, FrameTime, TemporalResolution, or even times of frames; 0 where unknown."""
    if len(plan.frames) < 2:
        return 0.0
    elements, look = plan.instances[0].elements, _of_first_frame(plan, 0)
    step_s = (
        look.number(Tag.MR_TIMING_AND_RELATED_PARAMETERS_SEQUENCE, Tag.REPETITION_TIME)
        or metadata.number(elements, Tag.FRAME_TIME)
        or metadata.number(elements, Tag.TEMPORAL_RESOLUTION)
        or _nuclear_step_ms(plan)
        or _even_step_ms(plan)
    )
    return step_s / 1000.0 if 0 < step_s < LARGEST_SLOPE else 0.0


def _nuclear_step_ms(plan: Plan) -> float:
    """Return milliseconds between the frames of the only phase, or R-R interval, of an NM object (PS3.3 C.8.4.13, C.8.4.14)."""
    elements = plan.instances[0].elements
    phases = metadata.items(elements, Tag.PHASE_INFORMATION_SEQUENCE)
    if len(phases) == 1:
        duration, pause = (
            metadata.number(phases[0].elements, tag) for tag in (Tag.ACTUAL_FRAME_DURATION, Tag.PAUSE_BETWEEN_FRAMES)
        )
        return (duration or 0.0) + (pause or 0.0) if duration else 0.0
    gates = metadata.items(elements, Tag.GATED_INFORMATION_SEQUENCE)
    intervals = metadata.items(gates[0].elements, Tag.DATA_INFORMATION_SEQUENCE) if len(gates) == 1 else []
    return (metadata.number(intervals[0].elements, Tag.FRAME_TIME) or 0.0) if len(intervals) == 1 else 0.0


def _even_step_ms(plan: Plan) -> float:
    """Return milliseconds between times, if all frames state when they were acquired and that is evenly; else 0.

    TemporalPositionTimeOffset is in seconds, FrameReferenceTime of PET in milliseconds.
    """
    looks = [_of_first_frame(plan, t) for t in range(len(plan.frames))]
    offsets = [look.number(Tag.TEMPORAL_POSITION_SEQUENCE, Tag.TEMPORAL_POSITION_TIME_OFFSET) for look in looks]
    factor = 1000.0 if offsets[0] is not None else 1.0
    stated = offsets if offsets[0] is not None else [look.number(0, Tag.FRAME_REFERENCE_TIME) for look in looks]
    known = [number * factor for number in stated if number is not None]
    if len(known) < len(looks):
        return 0.0
    steps = np.diff(known)
    return float(steps.mean()) if np.ptp(steps) <= _EVEN_MS else 0.0


def _of_first_frame(plan: Plan, t: int) -> Lookup:
    first = plan.frames[t][0]
    elements = plan.instances[first.instance].elements
    return Lookup(elements, own_groups(elements, first.frame))
