"""The order in which slices were acquired: ``slice_code``, ``slice_duration`` of NIfTI ⇄ times of slices (nifti1.h)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_SAME = 0.1
"""Times that deviate from an even rhythm by less of one slice are rounded."""


def order_of(code: int, count: int) -> list[int]:
    """Return the slices in the order of acquisition, counted from 0; empty where the code is not one of nifti1.h."""
    up, down = list(range(count)), list(range(count - 1, -1, -1))
    orders = {
        1: up, 2: down, 3: up[::2] + up[1::2], 4: down[::2] + down[1::2], 5: up[1::2] + up[::2], 6: down[1::2] + down[::2],
    }  # fmt: skip
    return orders.get(code, [])


def times_of(code: int, duration_s: float, count: int) -> list[float]:
    """Return the time of each slice from the start of a volume, s; empty where the header does not specify them."""
    order = order_of(code, count)
    if not order or not np.isfinite(duration_s) or duration_s <= 0:
        return []
    times = [0.0] * count
    for n, k in enumerate(order):
        times[k] = float(f"{n * duration_s:.7g}")
    return times


def code_of(times_s: Sequence[float]) -> tuple[int, float]:
    """Return slice_code and slice_duration, s, of the time of each slice; (0, 0) for other orders, as of several at a time."""
    count = len(times_s)
    times = np.asarray(times_s, dtype=float)
    duration = float(np.ptp(times)) / (count - 1) if count > 1 else 0.0
    if not duration > 0 or not np.isfinite(duration):
        return 0, 0.0
    ranks = (times - times.min()) / duration
    for code in range(1, 7):
        if np.abs(ranks[order_of(code, count)] - np.arange(count)).max() < _SAME:
            return code, duration
    return 0, 0.0
