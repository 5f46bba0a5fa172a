"""Histogram before and after, as SVG."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..model.volume import Volume
from ..model.voxels.real_values import to_real_values
from .templates import render

BINS = 56
MOST = 1 << 20
"""Voxels counted: of larger images every second, third…"""
WIDTH, HEIGHT, BOTTOM = 320, 150, 18


def histogram(before: Volume | None, after: Volume | None) -> str:
    """Return how often real values occur, on a logarithmic scale: filled before, a line after; empty where there are none."""
    samples = [None if volume is None else _sample(volume) for volume in (before, after)]
    values = [sample for sample in samples if sample is not None and sample.size]
    if not values:
        return ""
    low, high = min(float(v.min()) for v in values), max(float(v.max()) for v in values)
    narrowest = max(1.0 if high <= low else 0.0, 2 * BINS * float(np.spacing(max(abs(low), abs(high)))))
    high = max(high, low + narrowest)
    shapes = [None if s is None else np.log1p(np.histogram(s, BINS, (low, high))[0] / len(s) * 1e6) for s in samples]
    top = max(float(shape.max()) for shape in shapes if shape is not None)
    outlines = [(name, _outline(shape / top)) for name, shape in zip(("was", "is"), shapes, strict=True) if shape is not None]
    return render("histogram.svg", width=WIDTH, height=HEIGHT, bottom=BOTTOM, low=low, high=high, outlines=outlines)


def _sample(volume: Volume) -> np.ndarray:
    """Return the finite real values of some voxels; of colors their brightness."""
    voxels = volume.array
    step = max(1, round((voxels[..., 0].size if voxels.ndim == 5 else voxels.size) / MOST))
    planes = voxels.reshape(-1, *voxels.shape[2:])[:: step if len(voxels) * voxels.shape[1] >= 8 * step else 1]
    flat = planes.reshape(-1, voxels.shape[4]).mean(axis=1) if voxels.ndim == 5 else planes.reshape(-1)
    real = to_real_values(flat[:: max(1, flat.size // MOST)], volume.rescale.slope, volume.rescale.intercept, np.dtype("f8"))
    result: np.ndarray = real[np.isfinite(real)]
    return result


def _outline(heights: Sequence[float] | np.ndarray) -> str:
    """Return the path of steps, one per bin, from the left end of the axis to the right one."""
    ground, wide = HEIGHT - BOTTOM, WIDTH / len(heights)
    steps = "".join(f"V{ground - float(h) * (ground - 4):.0f}h{wide:.2f}" for h in heights)
    return f"M0 {ground}{steps}V{ground}z"
