"""Voxels that are probabilities, checked."""

from __future__ import annotations

import numpy as np

from ....errors import LabelError
from ....model.metadata import Log
from ....model.volume import Volume
from ....options.remedies import remedy
from .label_evidence import LEAST_PROBABILITY, ROUNDING, WHOLE, became_background

FULL = 255
"""Stored value of a probability of 1."""


FULL_SCALES = (100, 255, 65535)
"""Stored values of a probability of 1 in integer images: percent, 8 bits, 16 bits."""


def probabilities(volume: Volume, log: Log) -> np.ndarray:
    """Return probabilities from 0 to 1, float64, in the shape of the voxels: integers are divided by their full scale.

    Raises
    ------
    LabelError
        If a voxel is infinite or out of range, all are NaN, or the full scale is not known.
    """
    voxels = volume.array if volume.rescale.is_identity else volume.real_values()
    if missing := int(np.count_nonzero(np.isnan(voxels))):
        log.warnings.append(became_background(missing, voxels.size))
        voxels = np.nan_to_num(voxels, nan=0.0, posinf=np.inf, neginf=-np.inf)
    low, high = (float(voxels.min()), float(voxels.max())) if voxels.size else (0.0, 0.0)
    full = _full_scale(voxels, low, high)
    if full != 1:
        what = "percent" if full == 100 else f"whole numbers from 0 to {full}"
        log.warnings.append(f"values up to {high:g} were taken for {what}: divided by {full} to get probabilities from 0 to 1")
    result = np.clip(voxels.astype(np.float64) / full, 0, 1)
    scaled = result * FULL
    error = float(np.abs(np.rint(scaled) - scaled).max()) / FULL
    if error > 1e-9:
        log.notes.append(f"probabilities were rounded to steps of 1/{FULL}: the largest error is {error:.2g}")
    return result


def _full_scale(voxels: np.ndarray, low: float, high: float) -> int:
    """Return the value that is a probability of 1.

    Raises
    ------
    LabelError
        If that is not known.
    """
    if infinite := int(np.count_nonzero(np.isinf(voxels))):
        raise LabelError(f"{infinite} voxels are infinite: probabilities are from 0 to 1. Set them to 0 for background.")
    if low < -ROUNDING:
        raise LabelError(f"Voxels are from {low:g} to {high:g}: probabilities are from 0 to 1.")
    if 0 < high < LEAST_PROBABILITY:
        raise LabelError(
            f"Voxels are at most {high:g}: as probabilities in steps of 1/{FULL}, most of their differences would be lost. "
            'Use kind="pm", which keeps them.'
        )
    if high <= 1 + ROUNDING:
        return 1
    scales = [full for full in FULL_SCALES if abs(high - full) <= WHOLE]
    if voxels.dtype == np.uint8 and high > FULL_SCALES[0]:
        return FULL
    if not scales:
        raise LabelError(
            f"Voxels are from {low:g} to {high:g}, and which value is a probability of 1 is unknown. Divide them so that they "
            f"are from 0 to 1, or {remedy('write-labels')}."
        )
    return scales[0]
