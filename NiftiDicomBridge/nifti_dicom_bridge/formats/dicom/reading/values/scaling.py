"""One rescale for a volume whose frames may have different ones: decided once, for arrays and for planes read in turn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from .....model.voxels.pixels import Rescale
from .....model.voxels.real_values import float_type_for, to_real_values
from ..frames.frame_info import FrameInfo

NOT_APPLIED = (
    "slope or intercept differ between frames, and no float type returns all stored values exactly: the values are the stored "
    "ones, without a rescale"
)


class Scaling(NamedTuple):
    """How the voxels of a volume are held.

    Attributes
    ----------
    rescale : Rescale
        Voxels → real values.
    dtype : numpy.dtype or None
        Of voxels that are real values, as frames differ in slope or intercept; None if voxels are stored values.
    note : str
        What is lost; empty if nothing is.
    """

    rescale: Rescale
    dtype: np.dtype | None = None
    note: str = ""


def scaling_of(frames: Sequence[FrameInfo], stored: np.dtype, ndim: int, planes: Iterable[np.ndarray]) -> Scaling:
    """Return how the voxels of a volume are held: stored values where all frames have one rescale, else real values.

    NIfTI has one slope for an image. Where frames differ, real values are held in the float type that gives the stored ones
    back exactly; where none does, stored values stay, without a rescale.

    Parameters
    ----------
    frames : sequence of FrameInfo
        All frames, by time, then by slice.
    stored : numpy.dtype
        Of the stored values.
    ndim : int
        Of the voxels: 5 for colors.
    planes : iterable of numpy.ndarray
        The stored values of the frames, in their order; read only where they decide.
    """
    first = frames[0]
    if len({(frame.slope, frame.intercept) for frame in frames}) == 1:
        return Scaling(Rescale(first.slope, first.intercept, first.units))
    if stored.kind == "f" or ndim > 4:
        return Scaling(Rescale(), note=NOT_APPLIED)
    real_type = np.dtype("<f4")
    for frame, plane in zip(frames, planes, strict=False):
        dtype = float_type_for(plane, frame.slope, frame.intercept)
        if dtype is None:
            return Scaling(Rescale(), note=NOT_APPLIED)
        real_type = max(real_type, dtype, key=lambda one: one.itemsize)
    return Scaling(Rescale(1.0, 0.0, first.units), real_type)


def real_planes(planes: Sequence[np.ndarray] | np.ndarray, frames: Sequence[FrameInfo], dtype: np.dtype) -> np.ndarray:
    """Return the real values of planes (planes, rows, columns), each by the rescale of its frame."""
    result = np.empty((len(frames), *np.shape(planes[0])), dtype)
    for n, frame in enumerate(frames):
        result[n] = to_real_values(planes[n], frame.slope, frame.intercept, dtype)
    return result
