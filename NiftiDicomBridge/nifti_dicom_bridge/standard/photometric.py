"""Photometric interpretations, and how many samples a pixel has in each (PS3.3 C.7.6.3.1.2)."""

from __future__ import annotations

ONE_SAMPLE = frozenset({"MONOCHROME1", "MONOCHROME2", "PALETTE COLOR"})
RETIRED = {"HSV": 3, "ARGB": 4, "CMYK": 4}
_COLORS = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_PARTIAL_420", "YBR_PARTIAL_422", "YBR_ICT", "YBR_RCT", "XYB")
SAMPLES = {**dict.fromkeys(ONE_SAMPLE, 1), **dict.fromkeys(_COLORS, 3), **RETIRED}
"""Photometric interpretation → samples of a pixel."""
