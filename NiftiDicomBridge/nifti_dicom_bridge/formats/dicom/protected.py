"""Attributes that follow from the image and cannot be set: by ``set_values``, ``metadata`` or an edited sidecar."""

from __future__ import annotations

from functools import cache

from ... import bids
from ...bids import reverse_rows
from ...options.remedies import remedy
from ...standard import dictionary
from ...standard.iods import only_in_items
from ...standard.tags import Tag

_PIXELS = "it describes how the pixels are encoded. Change the voxels of the image instead."
_RESCALE = "it would change all values. Change the values or the scale (scl_slope, scl_inter) of the image instead."
_GEOMETRY = "it describes where the image is located. Change the affine of the image (sform, qform) instead."
_IDENTITY = 'it identifies the object. kind="KIND" chooses the kind of object, and uids="keep" keeps the UIDs of an original.'
_CHARSET = "texts are written in UTF-8 if they need it, which this attribute states."
_ITEM = (
    "it belongs in an item of a sequence, and only attributes of the data set can be set. Leave it out; the sidecar of the "
    f"image can specify radiopharmaceuticals, and {remedy('segment-attributes')}."
)

PROTECTED: dict[int, str] = {
    **dict.fromkeys((
        Tag.PRESENTATION_LUT_SHAPE, Tag.MAXIMUM_FRACTIONAL_VALUE, Tag.SEGMENTATION_TYPE, Tag.SEGMENTATION_FRACTIONAL_TYPE,
        Tag.SEGMENTS_OVERLAP,
    ), _PIXELS),
    **dict.fromkeys((
        Tag.RESCALE_SLOPE, Tag.RESCALE_INTERCEPT, Tag.REAL_WORLD_VALUE_SLOPE, Tag.REAL_WORLD_VALUE_INTERCEPT,
        Tag.REAL_WORLD_VALUE_FIRST_VALUE_MAPPED, Tag.REAL_WORLD_VALUE_LAST_VALUE_MAPPED, Tag.DOSE_GRID_SCALING,
    ), _RESCALE),
    **dict.fromkeys((
        Tag.IMAGE_POSITION_PATIENT, Tag.IMAGE_ORIENTATION_PATIENT, Tag.PIXEL_SPACING, Tag.PIXEL_ASPECT_RATIO,
        Tag.SPACING_BETWEEN_SLICES, Tag.SLICE_LOCATION, Tag.GRID_FRAME_OFFSET_VECTOR, Tag.PATIENT_ORIENTATION,
        Tag.IMAGER_PIXEL_SPACING, Tag.NOMINAL_SCANNED_PIXEL_SPACING, Tag.IMAGE_POSITION, Tag.IMAGE_ORIENTATION, Tag.LOCATION,
        Tag.IMAGE_ORIENTATION_SLIDE, Tag.TOTAL_PIXEL_MATRIX_ROWS, Tag.TOTAL_PIXEL_MATRIX_COLUMNS,
    ), _GEOMETRY),
    **dict.fromkeys((
        Tag.SOP_CLASS_UID, Tag.SOP_INSTANCE_UID, Tag.SERIES_INSTANCE_UID, Tag.INSTANCE_NUMBER, Tag.IMAGE_INDEX, Tag.STACK_ID,
        Tag.IN_STACK_POSITION_NUMBER, Tag.TEMPORAL_POSITION_INDEX, Tag.TEMPORAL_POSITION_IDENTIFIER,
        Tag.NUMBER_OF_TEMPORAL_POSITIONS, Tag.DIMENSION_INDEX_VALUES, Tag.NUMBER_OF_SLICES, Tag.NUMBER_OF_TIME_SLICES,
        Tag.DIMENSION_ORGANIZATION_TYPE, Tag.FRAME_TYPE, Tag.CONCATENATION_UID, Tag.IN_CONCATENATION_NUMBER,
        Tag.IN_CONCATENATION_TOTAL_NUMBER, Tag.CONCATENATION_FRAME_OFFSET_NUMBER,
        Tag.SOP_INSTANCE_UID_OF_CONCATENATION_SOURCE,
    ), _IDENTITY),
    Tag.SPECIFIC_CHARACTER_SET: _CHARSET,
}  # fmt: skip
"""Attribute → why it cannot be set, and what to do instead."""
_GROUPS = {0x0000: _IDENTITY, 0x0002: _IDENTITY, 0x0004: _IDENTITY, 0x0028: _PIXELS, 0x7FE0: _PIXELS}
# of group 0028 all but these describes how pixels are encoded: what is shown, and what the content of the image is
_FREE = frozenset({
    Tag.CORRECTED_IMAGE, Tag.QUALITY_CONTROL_IMAGE, Tag.BURNED_IN_ANNOTATION, Tag.RECOGNIZABLE_VISUAL_FEATURES,
    Tag.LONGITUDINAL_TEMPORAL_INFORMATION_MODIFIED, Tag.PIXEL_INTENSITY_RELATIONSHIP, Tag.PIXEL_INTENSITY_RELATIONSHIP_SIGN,
    Tag.PIXEL_SPACING_CALIBRATION_TYPE, Tag.PIXEL_SPACING_CALIBRATION_DESCRIPTION, Tag.WINDOW_CENTER, Tag.WINDOW_WIDTH,
    Tag.WINDOW_CENTER_WIDTH_EXPLANATION, Tag.VOI_LUT_FUNCTION, Tag.RESCALE_TYPE, Tag.RECOMMENDED_VIEWING_MODE,
    Tag.BREAST_IMPLANT_PRESENT, Tag.PARTIAL_VIEW, Tag.PARTIAL_VIEW_DESCRIPTION, Tag.SPATIAL_LOCATIONS_PRESERVED,
    Tag.LOSSY_IMAGE_COMPRESSION, Tag.LOSSY_IMAGE_COMPRESSION_RATIO, Tag.LOSSY_IMAGE_COMPRESSION_METHOD,
    Tag.IMAGE_PRESENTATION_COMMENTS, Tag.REPRESENTATIVE_FRAME_NUMBER, Tag.FRAME_NUMBERS_OF_INTEREST,
    Tag.FRAME_OF_INTEREST_DESCRIPTION, Tag.FRAME_OF_INTEREST_TYPE,
})  # fmt: skip
_ENHANCED = 0x9000
"""Of group 0018, elements from here on are those of enhanced objects, which vendors write into data sets of one frame, too."""


def refusal(tag: int) -> str:
    """Return why an attribute cannot be set and what to do instead; empty if it can be set."""
    reason = "" if tag in _FREE else PROTECTED.get(tag) or _GROUPS.get(tag >> 16, "")
    return f"{dictionary.describe(tag)} cannot be set: {reason}" if reason else ""


def misplaced(tag: int, groups: bool) -> str:
    """Return why an attribute has no meaning in a data set itself; empty if it has.

    Parameters
    ----------
    tag : int
        The attribute.
    groups : bool
        The object has functional groups, which contain the attributes of enhanced objects.
    """
    if tag not in only_in_items() or tag in _flat_keys() or (tag >> 16 == 0x0018 and tag & 0xFFFF >= _ENHANCED and not groups):
        return ""
    return f"{dictionary.describe(tag)} cannot be set: {_ITEM}"


@cache
def _flat_keys() -> frozenset[int]:
    """Return the attributes that BIDS keys are read from in data sets, too."""
    direct = {tag for row in bids.BY_KEY.values() for tag in row.tags}
    return frozenset(direct | {row.path[0] for row in reverse_rows.REVERSE_ROWS if len(row.path) == 1})
