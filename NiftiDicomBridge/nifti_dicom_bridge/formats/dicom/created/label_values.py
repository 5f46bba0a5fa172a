"""Voxels that are labels or probabilities, checked."""

from __future__ import annotations

import numpy as np

from ....errors import LabelError
from ....model.metadata import Log
from ....model.volume import Volume

FULL = 255
"""Stored value of a probability of 1."""
WHOLE = 1e-3
"""By how much a label may differ from a whole number: labels that were saved again with a scale do."""


def label_voxels(volume: Volume) -> np.ndarray:
    """Return the voxels of a label map as unsigned integers, shape (times, slices, rows, columns).

    Raises
    ------
    LabelError
        If a voxel is negative, no whole number or not finite, or no voxel is above 0.
    """
    voxels = volume.array if volume.rescale.is_identity else volume.real_values()
    if voxels.dtype.kind == "f":
        _check_whole(voxels)
        voxels = np.rint(voxels)
    elif voxels.dtype.kind not in "iub":
        raise LabelError(f"voxels of type {voxels.dtype} are no labels. Labels are whole numbers.")
    if voxels.size and voxels.min() < 0:
        raise LabelError(
            f"{int((voxels < 0).sum())} voxels are negative (down to {voxels.min():g}): labels are whole numbers from 0 "
            "upwards. Is it an image of values? Then make a parametric map (--as pm) of it."
        )
    if not voxels.any():
        raise LabelError("all voxels are 0: there is no label to write. Check that it is the right file.")
    largest = int(voxels.max())
    if largest >= 1 << 32:
        raise LabelError(f"the label {largest} is too large: labels go up to {(1 << 32) - 1}. Is it an image of values?")
    return voxels.astype(np.min_scalar_type(largest), copy=False)


def rounded_by(volume: Volume) -> float:
    """Return by how much the real values of a label map differ from whole numbers at most."""
    if volume.voxels.dtype.kind != "f" and volume.rescale.is_identity:
        return 0.0
    real = volume.real_values()
    return float(np.abs(np.rint(real) - real).max()) if real.size else 0.0


def _check_whole(voxels: np.ndarray) -> None:
    missing = int((~np.isfinite(voxels)).sum())
    if missing:
        raise LabelError(
            f"{missing} voxels are NaN or infinite: labels are whole numbers. Set them to 0 where they mean nothing."
        )
    odd = voxels[np.abs(np.rint(voxels) - voxels) > WHOLE]
    if odd.size:
        raise LabelError(
            f"{odd.size} voxels are no whole numbers (such as {float(odd[0])!r}): labels are. Probabilities from 0 to 1 make "
            "a fractional segmentation, other values a parametric map (--as pm); resample label maps by nearest neighbour."
        )


def probabilities(volume: Volume, log: Log) -> np.ndarray:
    """Return probabilities from 0 to 1 as float64: of fractions as they are, of 8-bit numbers divided by 255.

    Raises
    ------
    LabelError
        If a voxel is not finite or out of that range, or all are 0.
    """
    voxels = volume.array if volume.rescale.is_identity else volume.real_values()
    if voxels.dtype.kind in "iu" and voxels.max() > 1:
        if voxels.min() < 0 or voxels.max() > FULL:
            raise LabelError(
                f"voxels go from {voxels.min()} to {voxels.max()}: probabilities go from 0 to 1, or in 8 bits from 0 to {FULL}."
            )
        return voxels / FULL
    low, high = (float(voxels.min()), float(voxels.max())) if voxels.size else (0.0, 0.0)
    if not (low >= 0 and high <= 1):  # NaN too
        raise LabelError(f"voxels go from {low:g} to {high:g}: probabilities go from 0 to 1.")
    if high == 0:
        raise LabelError("all voxels are 0: there is no segment to write. Check that it is the right file.")
    scaled = voxels.astype(np.float64) * FULL
    error = float(np.abs(np.rint(scaled) - scaled).max()) / FULL
    if error > 1e-9:
        log.notes.append(f"probabilities were rounded to steps of 1/{FULL}: the largest error is {error:.2g}")
    return voxels.astype(np.float64)
