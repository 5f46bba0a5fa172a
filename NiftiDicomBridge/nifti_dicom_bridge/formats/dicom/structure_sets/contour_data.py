"""Contours in pixel coordinates ⇄ items of ContourSequence in coordinates of the patient (PS3.3 C.8.8.6)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ....model.metadata import Element, Elements
from ....model.space.geometry import Plane
from ....standard.numbers import DS_LENGTH, decimal_text
from ....standard.tags import Tag
from .. import new_element
from .rois import CLOSED_PLANAR

_LEAST_DIGITS = 4
_PART_OF_VOXEL = 1e-4
"""Coordinates are rounded to a part of the smallest voxel size; text of 16 digits would double the size of files."""


def contour_item(points: np.ndarray, plane: Plane, number: int, images: Sequence[Elements]) -> Elements:
    """Return the item of a closed contour.

    Parameters
    ----------
    points : numpy.ndarray, shape (points, 2)
        Column and row of every point, from 0 at the center of the first voxel.
    plane : Plane
        Position of the plane, LPS, mm.
    number : int
        ContourNumber.
    images : sequence of Elements
        Items of ContourImageSequence.
    """
    across, down = plane.steps
    lps = plane.position + points[:, :1] * across + points[:, 1:] * down
    return {
        **({Tag.CONTOUR_IMAGE_SEQUENCE: new_element.sequence(*images)} if images else {}),
        Tag.CONTOUR_GEOMETRIC_TYPE: new_element.text("CS", CLOSED_PLANAR),
        Tag.NUMBER_OF_CONTOUR_POINTS: new_element.integers("IS", len(points)),
        Tag.CONTOUR_NUMBER: new_element.integers("IS", number),
        Tag.CONTOUR_DATA: _decimals(lps, min(plane.spacing)),
    }


def _decimals(lps: np.ndarray, voxel_mm: float) -> Element:
    digits = max(_LEAST_DIGITS, math.ceil(-math.log10(voxel_mm * _PART_OF_VOXEL)))
    texts = (f"{value:.{digits}f}".rstrip("0").rstrip(".") for value in (lps.reshape(-1) + 0.0).tolist())
    return new_element.text("DS", *(text if len(text) <= DS_LENGTH else decimal_text(float(text)) for text in texts))
