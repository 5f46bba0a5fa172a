"""The median without the import of masked arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def median_of(values: Sequence[float] | np.ndarray) -> float:
    """Return the median of all values, as ``numpy.median`` does, whose import of masked arrays takes as long as 20 files."""
    ordered = np.sort(np.ravel(values))
    low, high = (len(ordered) - 1) // 2, len(ordered) // 2
    is_known = len(ordered) > 0 and not np.isnan(ordered[-1])
    return float(ordered[low : high + 1].mean()) if is_known else float("nan")
