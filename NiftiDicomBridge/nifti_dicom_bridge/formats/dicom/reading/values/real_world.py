"""Real World Value Mapping (PS3.3 C.7.6.16.2.11): what the stored values of a Parametric Map mean, and doubts about others."""

from __future__ import annotations

from .....model import metadata
from .....model.legacy_converted import own_groups
from .....model.metadata import Elements
from .....standard.dictionary import describe
from .....standard.sop_classes import PARAMETRIC_MAP
from .....standard.tags import Tag
from ..attributes.functional_groups import Lookup, frame_count
from .value_range import DoubtsOfRange, Range, common_range

_SEQUENCE = Tag.REAL_WORLD_VALUE_MAPPING_SEQUENCE
_RANGES = (
    (Tag.REAL_WORLD_VALUE_FIRST_VALUE_MAPPED, Tag.REAL_WORLD_VALUE_LAST_VALUE_MAPPED),
    (Tag.DOUBLE_FLOAT_REAL_WORLD_VALUE_FIRST_VALUE_MAPPED, Tag.DOUBLE_FLOAT_REAL_WORLD_VALUE_LAST_VALUE_MAPPED),
)
Rescale = tuple[float, float, str]
"""Slope, intercept, units."""


def with_mapping(look: Lookup, rescale: Rescale, public: tuple[float, float], notes: list[str]) -> Rescale:
    """Return the rescale of a frame: that of its value mapping for a Parametric Map, which has no other.

    Parameters
    ----------
    look : Lookup
        The attributes of the frame.
    rescale : Rescale
        Without the mapping.
    public : (float, float)
        RescaleSlope and RescaleIntercept, of which `rescale` may be another form.
    notes : list of str
        Receives what is not applied.
    """
    mappings = metadata.items(_layer(look), _SEQUENCE)
    if not mappings:
        return rescale
    mapping = mappings[0].elements
    units = _units_in(mapping)
    slope, intercept = _numbers(mapping)
    is_map = metadata.text(look.data_set, Tag.SOP_CLASS_UID) == PARAMETRIC_MAP
    if slope is None:
        notes.append(
            f"{describe(_SEQUENCE)} has a table of values{_of(units)}, which was not applied: it has no place in NIfTI"
        )
        return rescale
    if is_map and slope:
        if len(mappings) > 1:
            notes.append(f"{describe(_SEQUENCE)} has {len(mappings)} items: the first{_of(units)} is used")
        return slope, intercept, units
    if not any(_equal((slope, intercept), other) for other in (public, rescale[:2])):
        notes.append(f"{describe(_SEQUENCE)} specifies slope {slope:g} and intercept {intercept:g}{_of(units)}: not applied")
    return rescale


def quantity_of(look: Lookup) -> str | None:
    """Return what a frame of a Parametric Map shows, and in which unit: frames of others are another map; None elsewhere."""
    if metadata.text(look.data_set, Tag.SOP_CLASS_UID) != PARAMETRIC_MAP:
        return None
    mapping = metadata.first_item(_layer(look), _SEQUENCE)
    defined = metadata.items(mapping, Tag.QUANTITY_DEFINITION_SEQUENCE)
    codes = [metadata.first_item(item.elements, Tag.CONCEPT_CODE_SEQUENCE) for item in defined]
    names = [metadata.text(code, Tag.CODE_MEANING) or metadata.text(code, Tag.CODE_VALUE) for code in codes]
    units = _units_in(mapping)
    words = [*filter(None, names)] or [metadata.text(mapping, Tag.LUT_LABEL)]
    return " ".join(filter(None, [*words, units])) or None


def units_of(look: Lookup) -> str:
    """Return the unit of the real world values of a frame; empty where it has none."""
    return _units_in(metadata.first_item(_layer(look), _SEQUENCE))


def doubts_of_mapping(elements: Elements) -> DoubtsOfRange:
    """Return what notes the stored values of a Parametric Map that its mapping does not map (PS3.3 C.7.6.16.2.11.1)."""
    ranges = []
    if metadata.text(elements, Tag.SOP_CLASS_UID) == PARAMETRIC_MAP:
        looks = (Lookup(elements, own_groups(elements, n)) for n in range(frame_count(elements)))
        ranges = list(filter(None, map(_range_of, looks)))
    return DoubtsOfRange(common_range(ranges), _SEQUENCE, "others have no real world value, but are scaled, too")


def _range_of(look: Lookup) -> Range | None:
    mapping = metadata.first_item(_layer(look), _SEQUENCE)
    if _numbers(mapping)[0] is None:
        return None
    for first, last in _RANGES:
        limits = metadata.number(mapping, first), metadata.number(mapping, last)
        if limits[0] is not None and limits[1] is not None and limits[0] < limits[1]:
            return limits[0], limits[1]
    return None


def _layer(look: Lookup) -> Elements:
    """Return the functional groups or the data set that the mapping is in."""
    return next((layer for layer in look.layers if metadata.items(layer, _SEQUENCE)), {})


def _numbers(mapping: Elements) -> tuple[float | None, float]:
    slope = metadata.number(mapping, Tag.REAL_WORLD_VALUE_SLOPE)
    return slope, metadata.number(mapping, Tag.REAL_WORLD_VALUE_INTERCEPT) or 0.0


def _of(units: str) -> str:
    return f" ({units})" if units else ""


def _units_in(mapping: Elements) -> str:
    return metadata.text(metadata.first_item(mapping, Tag.MEASUREMENT_UNITS_CODE_SEQUENCE), Tag.CODE_VALUE)


def _equal(one: tuple[float, float], other: tuple[float, float]) -> bool:
    """Whether two rescales are the same as far as decimal strings and single precision distinguish them."""
    return all(abs(a - b) <= 1e-5 * max(abs(a), abs(b)) for a, b in zip(one, other, strict=True))
