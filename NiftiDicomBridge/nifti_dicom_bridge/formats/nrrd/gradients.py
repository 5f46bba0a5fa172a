"""b-values and gradient directions in NRRD (https://www.na-mic.org/wiki/NAMIC_Wiki:DTI:Nrrd_format)."""

from __future__ import annotations

import numpy as np

from .axes import space_to_ras
from .header import NrrdHeader

_B_VALUE, _GRADIENT, _REPEATED = "DWMRI_b-value", "DWMRI_gradient_{:04}", "DWMRI_NEX_{:04}"
_NOT_VALID = "its gradients are not valid: b-value and direction are not written"


def gradients_of(header: NrrdHeader, times: int) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """Return b-value and unit direction in RAS of every time, or None and why they cannot be used.

    The b-value of the header belongs to the longest gradient; that of others is smaller by the square of their length.
    """
    try:
        nominal = float(header.values[_B_VALUE])
        vectors = np.array(_vectors(header, times), dtype=float)
        axes = [one for one in header.vectors("measurement frame") if one is not None]
        frame = np.column_stack(axes) if axes else np.eye(3)
    except (KeyError, ValueError):
        return None, (_NOT_VALID,)
    if vectors.shape != (times, 3) or frame.shape != (3, 3) or not np.isfinite(vectors).all():
        return None, (f"it has {len(vectors)} gradients for {times} volumes: b-value and direction are not written",)
    if not 0 <= nominal < np.inf or not np.isfinite(frame).all():
        return None, (_NOT_VALID,)
    lengths = np.linalg.norm(vectors, axis=1)
    longest = lengths.max(initial=0.0)
    b_values = nominal * (lengths / longest) ** 2 if longest else np.zeros(times)
    directions = vectors @ frame.T @ space_to_ras(header)[0][:3, :3].T
    norms = np.linalg.norm(directions, axis=1)
    return np.column_stack([np.round(b_values, 3), directions / np.where(norms > 0, norms, 1.0)[:, None]]), ()


def _vectors(header: NrrdHeader, times: int) -> list[list[float]]:
    vectors: list[list[float]] = []
    while len(vectors) < times and _GRADIENT.format(len(vectors)) in header.values:
        number = len(vectors)
        vector = [float(word) for word in header.values[_GRADIENT.format(number)].split()]
        vectors += [vector] * max(1, min(times, int(header.values.get(_REPEATED.format(number), "1"))))
    return vectors
