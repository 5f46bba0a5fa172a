"""How fast the frames of a cine follow each other (PS3.3 C.7.6.5)."""

from __future__ import annotations

import numpy as np

from ..model import metadata
from ..model.metadata import Elements
from ..model.volume import Volume
from ..standard.tags import Tag

USUAL = 10.0
"""Pictures per second of movies through slices or times, which have no rate of their own."""
_SLOWEST, _FASTEST = 1.0, 60.0
_RATES = (Tag.RECOMMENDED_DISPLAY_FRAME_RATE, Tag.CINE_RATE)


def rate_of(volume: Volume) -> float:
    """Return the pictures per second of a movie: those that a cine specifies, from 1 to 60, else `USUAL`."""
    if volume.source is None or len(volume.source.metadata.instances) != 1:
        return USUAL
    elements = volume.source.metadata.first.elements
    is_cine = Tag.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE not in elements
    rate = _stated_rate(elements) if is_cine and metadata.integer(elements, Tag.NUMBER_OF_FRAMES) > 1 else 0.0
    return min(max(rate, _SLOWEST), _FASTEST) if rate > 0 else USUAL


def _stated_rate(elements: Elements) -> float:
    """Return the rate of display, else that of acquisition; 0 where neither is stated."""
    rates = [metadata.number(elements, tag) or 0.0 for tag in _RATES]
    steps_ms = metadata.numbers(elements, Tag.FRAME_TIME) or metadata.numbers(elements, Tag.FRAME_TIME_VECTOR)[1:]
    step_ms = float(np.median(steps_ms)) if steps_ms else 0.0
    rates.append(1000 / step_ms if step_ms > 0 else 0.0)
    return next((rate for rate in rates if rate > 0 and np.isfinite(rate)), 0.0)
