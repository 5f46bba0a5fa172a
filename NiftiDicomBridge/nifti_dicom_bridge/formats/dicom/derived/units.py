"""Units of edited values: those of the original, unless the values can hardly be in them, as after normalization."""

from __future__ import annotations

from .stored import DerivedPixels

_NARROWEST_HU, _LOWEST_HU, _HIGHEST_HU = 20.0, -8192.0, 65535.0
"""Fractions in a narrower range are not HU: noise alone is wider. Padding is not lower, and metal not higher."""
_LARGEST_BQML = 100.0
"""Images of activity have larger values; SUV have not."""


def lost_unit(pixels: DerivedPixels, unit: str) -> str:
    """Return why real values can hardly be in a unit, HU or BQML; empty if they can, or for other units."""
    low, high = pixels.real_range
    values = f"edited values are from {low:g} to {high:g}, which do not look like"
    if unit == "HU":
        is_narrow = high - low < _NARROWEST_HU and not pixels.is_whole
        return f"{values} Hounsfield units" if is_narrow or low < _LOWEST_HU or high > _HIGHEST_HU else ""
    return f"{values} Bq/mL" if unit == "BQML" and 0 < high < _LARGEST_BQML else ""


def note_of_units(pixels: DerivedPixels, unit: str, is_functional: bool) -> str:
    """Return a note on values that can hardly be in the unit of the original; empty where there is none.

    Enhanced CT can state no other unit than HU (PS3.3 C.8.15.3.10).
    """
    if not (reason := lost_unit(pixels, unit)):
        return ""
    if unit != "HU":
        return f'{reason}, the Units of the original. Use set_values={{"Units": "GML"}} if they are SUV'
    if is_functional:
        return f"{reason}, which is all that Enhanced CT can state"
    return f'{reason}: RescaleType is US, unspecified. Use set_values={{"RescaleType": "HU"}} if they are'
