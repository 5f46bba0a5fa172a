"""Keys of Philips."""

from __future__ import annotations

import math
from typing import Any

from ..standard.tags import Tag
from .kinds import NUMBER, POSITIVE, round_to_12_digits
from .row import PHILIPS, AnyRow, Derived, Row, When
from .source import Nested, PlaneAttributes, Private

SCALE = Private(0x2005, "Philips MR Imaging DD 001", 0x100E)
TABLE = Private(0x2005, "Philips MR Imaging DD 005", 0x143C)
DEEP_LEARNING = Private(0x2005, "Philips MR Imaging DD 008", 0x1110)
NO_VALUE = 1e38


def _world(source: PlaneAttributes) -> tuple[float, float] | None:
    """Return slope and intercept of the real world value mapping; None if unknown."""
    for place in (
        (Tag.REAL_WORLD_VALUE_SLOPE, Tag.REAL_WORLD_VALUE_INTERCEPT),
        (
            Nested((Tag.REAL_WORLD_VALUE_MAPPING_SEQUENCE, Tag.REAL_WORLD_VALUE_SLOPE)),
            Nested((Tag.REAL_WORLD_VALUE_MAPPING_SEQUENCE, Tag.REAL_WORLD_VALUE_INTERCEPT)),
        ),
    ):
        slope, intercept = source.number(place[0]), source.number(place[1])
        if slope and abs(slope) < NO_VALUE:
            return slope, intercept or 0.0
    return None


def _world_part(source: PlaneAttributes, n: int) -> float | int | None:
    world = _world(source)
    return None if world is None else round_to_12_digits(world[n])


def _table_position(source: PlaneAttributes) -> list[Any] | None:
    position = source.number(TABLE)
    return None if position is None else [0, 0, round_to_12_digits(-position) if position else 0]


def _deep_learning(source: PlaneAttributes) -> str | None:
    text = source.text(DEEP_LEARNING)
    return text if "_AI" in text else None


def _rescale(source: PlaneAttributes, tag: int) -> float | int | None:
    factor, world = source.number(tag), _world(source)
    neutral = tag == Tag.RESCALE_SLOPE
    if world and factor in (None, float(neutral)):
        factor = world[0 if neutral else 1]
    return None if factor is None else round_to_12_digits(factor)


def _is_precise(source: PlaneAttributes) -> int:
    """Whether values are Philips' precise ones, not those of its display."""
    volume, scale = source.volume, source.number(SCALE) or 0.0
    if volume is None:
        return 0
    is_applied = volume.dicom.pixel_record.rescaled  # the slope varies: voxels are real values
    return int((is_applied and math.isfinite(scale)) or abs(volume.rescale.slope * scale - 1.0) < 1e-4)


SCALED = When("Philips, (2005,xx0E)", lambda source: PHILIPS.holds(source) and bool(source.number(SCALE)))

# fmt: off
ROWS: tuple[AnyRow, ...] = (
    Derived("PhilipsRWVSlope", lambda source: _world_part(source, 0), "(0040,9225)", PHILIPS),
    Derived("PhilipsRWVIntercept", lambda source: _world_part(source, 1), "(0040,9224)", PHILIPS),
    Derived("PhilipsRescaleSlope", lambda source: _rescale(source, Tag.RESCALE_SLOPE), "(0028,1053)", SCALED),
    Derived("PhilipsRescaleIntercept", lambda source: _rescale(source, Tag.RESCALE_INTERCEPT), "(0028,1052)", SCALED),
    Row("PhilipsScaleSlope", SCALE, NUMBER, when=SCALED),
    Derived("TablePosition", _table_position, "(2005,xx3C) Philips MR Imaging DD 005; z reversed", PHILIPS),
    Derived("DeepLearning", lambda source: bool(_deep_learning(source)) or None, "with DeepLearningDetails", PHILIPS),
    Derived("DeepLearningDetails", _deep_learning, "(2005,xx10) Philips MR Imaging DD 008", PHILIPS),
    Row("InversionTime", Private(0x2001, "Philips Imaging DD 001", 0x101B), POSITIVE, 1e-3, PHILIPS),
    Derived("UsePhilipsFloatNotDisplayScaling", _is_precise, "the slope of the image: 1 / PhilipsScaleSlope in "
            "every volume, or the display's", SCALED),
)
# fmt: on
