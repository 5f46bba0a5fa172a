"""Plan → volume without its pixel data."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ....bids import time_step_s_of
from ....model.dicom_source import DicomSource, Origin
from ....model.metadata import SeriesMetadata
from ....model.space.geometry import LPS_TO_RAS
from ....model.volume import UNPLACED, Volume
from ....model.voxels.pixels import Rescale
from .frames.tiles import slice_shape_of
from .loader import Loader
from .plans import DrawnPlan, Plan
from .segmentations.segment_grids import has_labels
from .timing.gradients import gradients_and_notes


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
    volume = Volume(
        voxels=np.broadcast_to(np.zeros((), np.uint8), loader.shape),
        ijk_to_ras=matrix,
        name=plan.name,
        source=DicomSource(series, loader.pixel_record(), Origin("", loader.shape, matrix, Rescale(), plan.dtype.str)),
        gradients=gradients,
        warnings=(*plan.warnings, *notes),
        intent="label" if has_labels(plan.instances[0]) else "",
        space="" if plan.is_placed else UNPLACED,
    )
    return replace(volume, time_step_s=time_step_s_of(volume))


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
