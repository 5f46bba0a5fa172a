"""Voxels that are labels or probabilities, checked."""

from __future__ import annotations

import numpy as np

from ....errors import LabelError
from ....model.metadata import Log
from ....model.volume import Volume
from ....options.remedies import remedy
from .label_evidence import WHOLE

FULL = 255
"""Stored value of a probability of 1."""


FULL_SCALES = (100, 255, 65535)
"""Stored values of a probability of 1 in integer images: percent, 8 bits, 16 bits."""


def label_voxels(volume: Volume, log: Log) -> np.ndarray:
    """Return the voxels of a label map as unsigned integers, shape (times, slices, rows, columns).

    Values that are whole within 1e-3, as a scale in the header leaves them, are rounded, with a note.

    Raises
    ------
    LabelError
        If a voxel is negative, not whole or not finite, or no voxel is above 0.
    """
    voxels = volume.array if volume.rescale.is_identity else volume.real_values()
    if voxels.dtype.kind == "f":
        voxels = _whole(voxels, log)
    elif voxels.dtype.kind not in "iub":
        raise LabelError(f"Voxels of type {voxels.dtype} are not labels. Labels are whole numbers.")
    if voxels.size and voxels.min() < 0:
        raise LabelError(
            f"{int((voxels < 0).sum())} voxels are negative (down to {voxels.min():g}): labels are whole numbers from 0 "
            'upwards. If it is an image of values, use kind="pm".'
        )
    if not voxels.any():
        raise LabelError("all voxels are 0, so there is no label to write. Check that it is the right file.")
    largest = int(voxels.max())
    if largest >= 1 << 32:
        raise LabelError(
            f'The label {largest} is too large: labels go up to {(1 << 32) - 1}. Use kind="pm" for an image of values.'
        )
    return voxels.astype(np.min_scalar_type(largest), copy=False)


def _whole(voxels: np.ndarray, log: Log) -> np.ndarray:
    missing = int((~np.isfinite(voxels)).sum())
    if missing:
        raise LabelError(f"{missing} voxels are NaN or infinite: labels are whole numbers. Set them to 0 for background.")
    rounded: np.ndarray = np.rint(voxels)
    error = np.abs(rounded - voxels.astype(np.float64))
    odd = voxels[error > WHOLE]
    if odd.size:
        raise LabelError(
            f"{odd.size} voxels are not whole numbers, such as {float(odd[0])!r}: labels are. {remedy('label-values')}"
        )
    if error.size and error.max() > 0:
        log.notes.append(f"labels were rounded to whole numbers: the largest difference is {float(error.max()):.2g}")
    return rounded


def probabilities(volume: Volume, log: Log) -> np.ndarray:
    """Return probabilities from 0 to 1 as float64: of integers divided by their full scale, which is reported.

    Raises
    ------
    LabelError
        If a voxel is not finite or out of range, all are 0, or the full scale is not known.
    """
    voxels = volume.array if volume.rescale.is_identity else volume.real_values()
    low, high = (float(voxels.min()), float(voxels.max())) if voxels.size else (0.0, 0.0)
    if high == 0 and low == 0:
        raise LabelError("all voxels are 0, so there is no segment to write. Check that it is the right file.")
    full = _full_scale(voxels, low, high)
    if full != 1:
        what = "percent" if full == 100 else f"whole numbers from 0 to {full}"
        log.warnings.append(f"values up to {high:g} were taken for {what}: divided by {full} to get probabilities from 0 to 1")
    result = voxels.astype(np.float64) / full
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
    if not low >= 0 or not np.isfinite(high):
        raise LabelError(f"Voxels are from {low:g} to {high:g}: probabilities are from 0 to 1.")
    if high <= 1:
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
