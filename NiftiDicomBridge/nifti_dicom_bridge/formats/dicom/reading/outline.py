"""Plan → volume without its pixel data."""

from __future__ import annotations

import numpy as np

from ....model import metadata
from ....model.dicom_source import DicomSource, Origin
from ....model.geometry import LPS_TO_RAS
from ....model.metadata import SeriesMetadata
from ....model.pixels import (
    Rescale,
)
from ....model.volume import UNPLACED, Volume
from ....standard.tags import Tag
from .gradients import gradients_of, notes_of_gradients
from .loader import Loader
from .lookup import Lookup, own_groups
from .plans import DrawnPlan, Plan
from .rescale import LARGEST_SLOPE
from .segment_grids import has_labels


def outline(plan: Plan) -> Volume:
    """Return the volume of a plan as the headers specify it: zeros that take no memory replace its voxels."""
    if isinstance(plan, DrawnPlan):
        return plan.outline()
    index = np.array([[(f.instance, f.frame) for f in times] for times in plan.frames], np.int32)
    layers = [(layer.slice, layer.frame.instance, layer.frame.frame, layer.label) for layer in plan.grid.layers]
    loader = Loader(plan, None)
    matrix = plan.grid.stack.ijk_to_ras if plan.is_placed and plan.grid.stack else _default_matrix(plan)
    series = SeriesMetadata(plan.instances, index, np.array(layers, np.int32) if layers else None)
    return Volume(
        voxels=np.broadcast_to(np.zeros((), np.uint8), loader.shape),
        ijk_to_ras=matrix,
        time_step_s=_time_step(plan),
        name=plan.name,
        source=DicomSource(series, loader.pixel_record(), Origin("", loader.shape, matrix, Rescale(), plan.dtype.str)),
        gradients=gradients_of(plan.instances, plan.frames),
        warnings=(*plan.warnings, *notes_of_gradients(plan.instances, plan.frames)),
        intent="label" if has_labels(plan.instances[0]) else "",
        space="" if plan.is_placed else UNPLACED,
    )


def _default_matrix(plan: Plan) -> np.ndarray:
    """Return the grid of an image without a place: axial, its middle at the origin, as NIfTI has it without a transform."""
    frame, stack = plan.frames[0][0], plan.grid.stack
    first = plan.instances[0].elements
    row, column = frame.spacing_mm
    step = float(np.linalg.norm(stack.ijk_to_ras[:3, 2])) if stack else frame.step_mm
    lps = np.diag([column, row, step, 1.0])
    size = [metadata.integer(first, Tag.COLUMNS), metadata.integer(first, Tag.ROWS), len(plan.frames[0])]
    lps[:3, 3] = -lps[:3, :3] @ (np.array(size) - 1) / 2
    return LPS_TO_RAS @ lps


def _time_step(plan: Plan) -> float:
    """Return seconds between times: RepetitionTime, FrameTime or TemporalResolution; 0 where unknown."""
    if len(plan.frames) < 2:
        return 0.0
    elements, first = plan.instances[0].elements, plan.frames[0][0]
    look = Lookup(elements, own_groups(elements, first.frame))
    step_s = (
        look.number(Tag.MR_TIMING_AND_RELATED_PARAMETERS_SEQUENCE, Tag.REPETITION_TIME)
        or metadata.number(elements, Tag.FRAME_TIME)
        or metadata.number(elements, Tag.TEMPORAL_RESOLUTION)
        or 0.0
    )
    return step_s / 1000.0 if 0 < step_s < LARGEST_SLOPE else 0.0
