"""How far apart frames may be and still count as at one place: relative to pixels and slices, which may be micrometers."""

from __future__ import annotations

SMALLEST, LARGEST = 1e-9, 1e9
"""Millimeters that are plausible for an image."""
SAME_PLACE_MM = 0.01
"""Scanners write positions with two or three decimals; no clinical slices are closer."""
SAME_PLACE = 0.05
"""And no more than this part of a pixel or of the slice distance, where those are micrometers (OCT, micro-CT, histology)."""
WITHIN_SLICE = 0.25
"""A frame or contour within this part of the slice distance from a slice is not in the next one, however near that is."""
SAME_DIRECTION = 2e-3
"""Largest difference of a direction cosine within one volume: scanners round, and repeat with jitter (GE, 1e-3)."""
MOVED_DIRECTION = 0.1
"""And between volumes of one image that follow the head of the patient (prospective motion correction): 6°."""
SAME_SPACING = 2e-3
"""Largest relative difference of pixel spacings within one volume: decimal strings of a division, rounded."""
SAME_STEP = 0.2
"""Slices whose distances vary by no more than this part of the median are one stack, not several shifted ones."""
LARGEST_SHIFT = 0.25
"""Volumes of one image may be so far apart, as a part of their extent; others are scans of different regions."""
SEEN_SHIFT = 0.1
"""Shifts of a smaller part of a pixel or slice are not reported: rounding."""
OVERLAP = 0.5
"""Volumes of one image cover at least this part of what all its frames cover, or of its slices."""
WHOLE = 0.75
"""One pass of InstanceNumber through the slices of a volume has more than this part of them; every second slice has less."""
SAME_NUMBER = 1e-3
"""Echo, repetition and inversion times and flip angles that differ by no more than this part of them are equal: rounding."""
SAME_NUMBER_OF_SLICES = 1e-2
"""And by this part, where they differ from slice to slice of one image: no protocol has such steps."""
SAME_PERIOD = 0.2
"""How far steps of a running number may be from whole periods: times of a volume jitter."""


def same_place_mm(spacing_mm: tuple[float, float], step_mm: float) -> float:
    """Return how far apart positions of one slice may be, mm."""
    return min(SAME_PLACE_MM, SAME_PLACE * min(*spacing_mm, abs(step_mm) or 1.0))


def near_slice_mm(step_mm: float, part: float) -> float:
    """Return how far from a slice what is in it may be, mm: this part of the slice distance, of tiny ones less than half."""
    near_mm = max(SAME_PLACE_MM, part * step_mm)
    return min(near_mm, WITHIN_SLICE * step_mm) if step_mm > 0 else near_mm
