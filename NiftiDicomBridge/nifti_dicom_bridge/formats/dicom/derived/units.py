"""Units of edited values: those of the original, unless the values can hardly be in them, as after normalization."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ....model import metadata
from ....model.metadata import Instance, SeriesMetadata
from ....standard.sop_classes import CT
from ....standard.tags import Tag
from ..reading.frames.frame_info import FrameInfo
from ..reading.frames.frames import frames_of
from ..reading.pixel_data import decode
from .stored import DerivedPixels

HU, ACTIVITY = "HU", "BQML"
UNITLESS = "NONE"
"""Units of PET whose values are not in the unit of the original (PS3.3 C.8.9.1.1.3)."""
_NARROWEST_HU, _LOWEST_HU, _HIGHEST_HU = 20.0, -8192.0, 65535.0
"""Fractions in a narrower range are not HU: noise alone is wider. Metal is not higher, and only padding is lower."""
LARGEST_SUV = 100.0
"""Images of activity have larger values, Bq/mL."""


def lost_unit(pixels: DerivedPixels, series: SeriesMetadata, templates: np.ndarray) -> tuple[str, str]:
    """Return the unit of the original, HU or BQML, and why real values can hardly be in it; empty texts if they can.

    CT that does not specify a unit is in HU (PS3.3 C.8.2.1).
    """
    first = series.first
    frame = frames_of(first, 0)[0]
    unit = frame.units or (HU if metadata.text(first.elements, Tag.SOP_CLASS_UID) == CT else "")
    if unit not in (HU, ACTIVITY):
        return "", ""
    low, high = pixels.real_range
    values = f"edited values are from {low:g} to {high:g}, which do not look like"
    if unit == ACTIVITY:
        is_possible = can_be_activity(high, series.instances) or _has_steps_of(pixels, series, templates)
        return ("", "") if is_possible else (unit, f"{values} Bq/mL")
    is_narrow = high - low < _NARROWEST_HU and not pixels.is_whole
    is_low = low < _LOWEST_HU and low != _padding(first, frame)
    return (unit, f"{values} Hounsfield units") if is_narrow or is_low or high > _HIGHEST_HU else ("", "")


def can_be_activity(high: float, instances: Sequence[Instance]) -> bool:
    """Whether values up to one can be activities, as those of an image are: they are not low, or its own must be as low."""
    return not 0 < high < LARGEST_SUV or _largest_value(instances) < LARGEST_SUV


def _largest_value(instances: Sequence[Instance]) -> float:
    """Return the largest real value that the bits of an image can hold: most scanners scale each slice to all of them."""
    pixel = decode.pixel_format(instances[0])
    if pixel.floating:
        return np.inf
    stored = (1 << pixel.bits_stored - pixel.signed) - 1
    frames = (frame for n, instance in enumerate(instances) for frame in frames_of(instance, n))
    return max(stored * frame.slope + frame.intercept for frame in frames)


def _has_steps_of(pixels: DerivedPixels, series: SeriesMetadata, templates: np.ndarray) -> bool:
    """Whether all values are steps of the original, which are not whole numbers: masked or cropped, but not scaled."""
    places = templates.reshape(-1, 2).tolist()
    infos = {n: frames_of(series.instances[n], n) for n in {n for n, _ in places}}
    slopes = np.array([infos[n][frame].slope for n, frame in places])
    return bool((slopes == pixels.slopes.reshape(-1)).all() and (slopes != np.rint(slopes)).any())


def _padding(first: Instance, frame: FrameInfo) -> float | None:
    """Return the real value of voxels outside of the image, which edited images still have."""
    padding = metadata.number(first.elements, Tag.PIXEL_PADDING_VALUE)
    return None if padding is None else padding * frame.slope + frame.intercept


def note_of_units(unit: str, reason: str, is_functional: bool) -> str:
    """Return a note on values that can hardly be in the unit of the original.

    Enhanced CT can state no other unit than HU (PS3.3 C.8.15.3.10).
    """
    if unit == ACTIVITY:
        return f"{reason}, the Units of the original: {note_of_activity()}"
    if is_functional:
        return f"{reason}, which is all that Enhanced CT can state"
    return f'{reason}: RescaleType is US, unspecified. Use set_values={{"RescaleType": "HU"}} if they are'


def note_of_activity() -> str:
    """Return what Units of PET are written, and how to set others."""
    return f'Units is {UNITLESS}. Use set_values={{"Units": "GML"}} if they are SUV, or "BQML" if they are Bq/mL'
