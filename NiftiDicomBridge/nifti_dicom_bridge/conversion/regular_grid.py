"""Volumes whose slices are uneven or tilted, for planes across them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..errors import GeometryError
from ..model.space.geometry import Plane
from ..model.space.resample import resample
from ..model.volume import Volume
from ..options import Resample


def on_regular_grid(volume: Volume, planes: Sequence[Plane] | None) -> Volume:
    """Return the volume on a regular grid, which planes across its slices need."""
    if planes is None or len(planes) < 2 or np.diff([plane.distance for plane in planes]).min() <= 0:
        return volume
    try:
        return resample(volume, planes, frozenset({Resample.TILT, Resample.SPACING})) or volume
    except GeometryError:
        return volume
