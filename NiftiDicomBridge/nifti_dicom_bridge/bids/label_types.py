"""What a volume of arterial spin labeling is: labeled, its control, or for calibration."""

from __future__ import annotations

from ..standard.tags import Tag
from .row import PHILIPS
from .source import PlaneAttributes, Private

PHILIPS_LABEL_TYPE = Private(0x2005, "Philips MR Imaging DD 005", 0x1029)


def label_type_of(plane: PlaneAttributes) -> str:
    """Return ASLContext (0018,9257), or what Philips has instead of it; empty where neither is there."""
    return plane.text(Tag.ASL_CONTEXT) or (plane.text(PHILIPS_LABEL_TYPE) if PHILIPS.holds(plane) else "")
