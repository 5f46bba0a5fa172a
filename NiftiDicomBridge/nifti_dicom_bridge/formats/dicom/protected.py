"""Attributes that follow from the image and cannot be set: by ``set_values``, ``metadata`` or an edited sidecar."""

from __future__ import annotations

from ...standard import dictionary
from ...standard.tags import Tag

_PIXELS = "it describes how the pixels are encoded. Change the voxels of the image instead."
_RESCALE = "it would change all values. Change the values or the scale (scl_slope, scl_inter) of the image instead."
_GEOMETRY = "it describes where the image is located. Change the affine of the image (sform, qform) instead."
_IDENTITY = 'it identifies the object. kind="KIND" chooses the kind of object, and uids="keep" keeps the UIDs of an original.'
_CHARSET = "texts are written in UTF-8 if they need it, which this attribute states."

PROTECTED: dict[int, str] = {
    **dict.fromkeys((
        Tag.SAMPLES_PER_PIXEL, Tag.PHOTOMETRIC_INTERPRETATION, Tag.PLANAR_CONFIGURATION, Tag.NUMBER_OF_FRAMES, Tag.ROWS,
        Tag.COLUMNS, Tag.BITS_ALLOCATED, Tag.BITS_STORED, Tag.HIGH_BIT, Tag.PIXEL_REPRESENTATION, Tag.PIXEL_PADDING_VALUE,
        Tag.PIXEL_PADDING_RANGE_LIMIT, Tag.SMALLEST_IMAGE_PIXEL_VALUE, Tag.LARGEST_IMAGE_PIXEL_VALUE,
        Tag.FRAME_INCREMENT_POINTER,
        Tag.RED_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR, Tag.GREEN_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
        Tag.BLUE_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR, Tag.PRESENTATION_LUT_SHAPE, Tag.MAXIMUM_FRACTIONAL_VALUE,
        Tag.SEGMENTATION_TYPE,
    ), _PIXELS),
    **dict.fromkeys((
        Tag.RESCALE_SLOPE, Tag.RESCALE_INTERCEPT, Tag.REAL_WORLD_VALUE_SLOPE, Tag.REAL_WORLD_VALUE_INTERCEPT,
        Tag.DOSE_GRID_SCALING,
    ), _RESCALE),
    **dict.fromkeys((
        Tag.IMAGE_POSITION_PATIENT, Tag.IMAGE_ORIENTATION_PATIENT, Tag.PIXEL_SPACING, Tag.PIXEL_ASPECT_RATIO,
        Tag.SPACING_BETWEEN_SLICES, Tag.SLICE_LOCATION, Tag.GRID_FRAME_OFFSET_VECTOR,
    ), _GEOMETRY),
    **dict.fromkeys((
        Tag.SOP_CLASS_UID, Tag.SOP_INSTANCE_UID, Tag.SERIES_INSTANCE_UID, Tag.INSTANCE_NUMBER, Tag.IMAGE_INDEX, Tag.STACK_ID,
        Tag.IN_STACK_POSITION_NUMBER, Tag.TEMPORAL_POSITION_INDEX, Tag.TEMPORAL_POSITION_IDENTIFIER,
        Tag.NUMBER_OF_TEMPORAL_POSITIONS, Tag.DIMENSION_INDEX_VALUES, Tag.NUMBER_OF_SLICES, Tag.NUMBER_OF_TIME_SLICES,
    ), _IDENTITY),
    Tag.SPECIFIC_CHARACTER_SET: _CHARSET,
}  # fmt: skip
"""Attribute → why it cannot be set, and what to do instead."""
_GROUPS = {0x0002: _IDENTITY, 0x7FE0: _PIXELS}


def refusal(tag: int) -> str:
    """Return why an attribute cannot be set and what to do instead; empty if it can be set."""
    reason = PROTECTED.get(tag) or _GROUPS.get(tag >> 16, "")
    return f"{dictionary.describe(tag)} cannot be set: {reason}" if reason else ""
