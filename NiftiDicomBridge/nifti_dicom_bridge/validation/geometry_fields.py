"""Directions and spacings within one file, wherever they are in it (PS3.3 C.7.6.2.1.1)."""

from __future__ import annotations

import numpy as np

from ..model import metadata
from ..model.metadata import Elements
from ..standard.tags import Tag
from .findings import TagPath
from .subject import DataSetContext

UNIT, RIGHT_ANGLE = 1e-3, 1e-3
DIRECTIONS = (Tag.VELOCITY_ENCODING_DIRECTION, Tag.SLAB_ORIENTATION)
"""VelocityEncodingDirection and SlabOrientation (PS3.3 C.8.13.5.12, C.8.13.5.14)."""


def check_geometry(subject: DataSetContext, elements: Elements, above: TagPath) -> None:
    """Report orientations other than pairs of unit vectors at right angles, and spacings that are not positive."""
    if Tag.IMAGE_ORIENTATION_PATIENT in elements:
        _check_orientation(subject, metadata.numbers(elements, Tag.IMAGE_ORIENTATION_PATIENT), above)
    for tag in DIRECTIONS:
        vector = metadata.numbers(elements, tag) if tag in elements else []
        if len(vector) == 3 and abs(float(np.linalg.norm(vector)) - 1) > UNIT:
            subject.error(
                "geometry",
                (*above, tag),
                f"It is {vector}; the length of a direction must be 1 (PS3.3 C.8.13.5).",
                "Correct it.",
            )
    spacing = metadata.numbers(elements, Tag.PIXEL_SPACING)
    if spacing and not all(number > 0 for number in spacing):
        subject.error(
            "geometry",
            (*above, Tag.PIXEL_SPACING),
            f"It is {spacing}; distances must be above 0 (PS3.3 10.7.1.3).",
            "Correct it.",
        )


def _check_orientation(subject: DataSetContext, numbers: list[float], above: TagPath) -> None:
    if len(numbers) != 6:
        return
    path = (*above, Tag.IMAGE_ORIENTATION_PATIENT)
    row, column = np.array(numbers[:3]), np.array(numbers[3:])
    lengths = np.linalg.norm(row), np.linalg.norm(column)
    if not np.allclose(lengths, 1, atol=UNIT):
        subject.error(
            "geometry",
            path,
            f"Its directions have the lengths {lengths[0]:.4g} and {lengths[1]:.4g}; both must be 1 (PS3.3 C.7.6.2.1.1).",
            "Correct it.",
        )
    elif abs(float(row @ column)) > RIGHT_ANGLE:
        subject.error(
            "geometry",
            path,
            f"Its directions have the scalar product {row @ column:.3g}; they must be at right angles (PS3.3 C.7.6.2.1.1).",
            "Correct it.",
        )
