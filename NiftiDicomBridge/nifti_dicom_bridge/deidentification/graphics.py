"""Overlays that the option "Clean Graphics" keeps: regions of interest, without their texts (PS3.15 E.3.3)."""

from __future__ import annotations

from ..model import metadata
from ..model.metadata import Elements
from ..standard.dictionary import OVERLAY_GROUPS
from .actions import keeps_graphics
from .policy import Policy
from .values import in_form

_TYPE = 0x0040
_REGION_OF_INTEREST = "R"
_KEPT = frozenset({0x0010, 0x0011, 0x0015, 0x0040, 0x0050, 0x0051, 0x0100, 0x0102, 0x1301, 0x1302, 0x1303, 0x3000})
"""Size, frames, type, place, bits, statistics and the bitmap; not description, label, subtype and comments (C.9.2)."""


def kept_overlays(elements: Elements, policy: Policy) -> Elements:
    """Return the overlays of a data set that are kept; those of graphics, which may draw text, never are."""
    if not keeps_graphics(policy):
        return {}
    groups = [g for g in OVERLAY_GROUPS if metadata.text(elements, g << 16 | _TYPE) == _REGION_OF_INTEREST]
    return {
        tag: element if tag & 0xFFFF == 0x3000 else element._replace(value=in_form(element.vr, element.value))
        for tag, element in elements.items()
        if tag >> 16 in groups and tag & 0xFFFF in _KEPT and isinstance(element.value, bytes)
    }
