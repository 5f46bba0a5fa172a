"""Values as windows mean them, where the voxels hold more precise ones: Philips' private scale slope (see `vendor`)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .....model import metadata
from .....model.legacy_converted import own_groups
from .....model.volume import Volume
from .....model.voxels.lazy_voxels import mapped
from .....model.voxels.pixels import Rescale
from .....model.voxels.real_values import to_real_values
from .....standard.tags import Tag
from ..attributes.functional_groups import Lookup
from ..attributes.vendor import is_of_philips
from ..frames.frame_info import FrameInfo
from ..frames.frames import frames_of

_UNCHANGED = (1.0, 0.0)


def with_display_rescale(volume: Volume) -> Volume:
    """Return a volume whose real values are those of RescaleSlope and RescaleIntercept, in whose unit the file's windows are.

    The volume itself where they are already; otherwise only for display, as it is no longer what was read.
    """
    factors = _factors(volume)
    distinct = set(factors.values())
    if volume.source is None or distinct <= {_UNCHANGED}:
        return volume
    series = volume.source.metadata
    if len(distinct) == 1:
        factor, offset = distinct.pop()
        rescale = volume.rescale
        return replace(volume, rescale=Rescale(rescale.slope * factor, rescale.intercept * factor + offset))
    if volume.voxels.shape[:2] != series.frames.shape[:2]:
        return volume
    rescales = [_combined(volume.rescale, factors[n, f]) for n, f in series.frames.reshape(-1, 2).tolist()]
    real_type = np.dtype(np.float32)

    def real_values(planes: np.ndarray, start: int) -> np.ndarray:
        return np.stack([to_real_values(plane, *rescales[n], real_type) for n, plane in enumerate(planes, start)])

    return replace(volume, voxels=mapped(volume.voxels, real_type, real_values), rescale=Rescale())


def is_in_unit_of_windows(volume: Volume) -> bool:
    """Whether the windows of the file apply to the real values of a volume, of any orientation."""
    return set(_factors(volume).values()) <= {_UNCHANGED}


def _factors(volume: Volume) -> dict[tuple[int, int], tuple[float, float]]:
    """Return factor and offset to the values of the rescale of each frame; empty where they are those of the volume."""
    if volume.source is None or volume.voxels.ndim != 4 or not is_of_philips(volume.source.metadata.first.elements):
        return {}
    series = volume.source.metadata
    infos = {n: frames_of(series.instances[n], n) for n in set(series.frames[..., 0].reshape(-1).tolist())}
    return {(n, f): _factor(series.instances[n].elements, infos[n][f]) for n, f in series.frames.reshape(-1, 2).tolist()}


def _combined(rescale: Rescale, factor: tuple[float, float]) -> tuple[float, float]:
    return rescale.slope * factor[0], rescale.intercept * factor[0] + factor[1]


def _factor(elements: metadata.Elements, info: FrameInfo) -> tuple[float, float]:
    """Return factor and offset from the real values of a frame to those that its rescale gives."""
    look = Lookup(elements, own_groups(elements, info.frame))
    sequence = Tag.PIXEL_VALUE_TRANSFORMATION_SEQUENCE
    slope, intercept = look.number(sequence, Tag.RESCALE_SLOPE), look.number(sequence, Tag.RESCALE_INTERCEPT)
    if slope is None or intercept is None:
        return _UNCHANGED
    factor = slope / info.slope
    return factor, intercept - info.intercept * factor
