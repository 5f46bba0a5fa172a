"""Which value of a Label Map Segmentation is background: PixelPaddingValue where it is there, else 0 (PS3.3 C.8.20.2.4).

A segment may have the number 0, which label maps of other formats have for background.
"""

from __future__ import annotations

from .....model import metadata
from .....model.metadata import Elements
from .....standard.dictionary import describe
from .....standard.tags import Tag

LABEL_MAP = "LABELMAP"
_BACKGROUND, _SCHEME = "125040", "DCM"
"""Code of a segment that is background (PS3.16 CID 7150 ff.)."""


def background_of(elements: Elements) -> int:
    """Return the value of background in the voxels of an object; 0 for others than Label Map Segmentations."""
    is_label_map = metadata.text(elements, Tag.SEGMENTATION_TYPE) == LABEL_MAP
    return metadata.integer(elements, Tag.PIXEL_PADDING_VALUE) if is_label_map else 0


def segment_zero(elements: Elements) -> str:
    """Return the label of a segment of a Label Map Segmentation that has the number 0, and is not background; else empty."""
    if metadata.text(elements, Tag.SEGMENTATION_TYPE) != LABEL_MAP or metadata.number(elements, Tag.PIXEL_PADDING_VALUE) == 0:
        return ""
    for item in metadata.items(elements, Tag.SEGMENT_SEQUENCE):
        number = metadata.number(item.elements, Tag.SEGMENT_NUMBER)
        if number == 0 and not _is_background(item.elements):
            return metadata.text(item.elements, Tag.SEGMENT_LABEL) or "Segment 0"
    return ""


def doubts_of_background(elements: Elements) -> list[str]:
    """Return that a value other than 0 is background, and that 0 is a segment: most programs expect the opposite."""
    value, name = background_of(elements), segment_zero(elements)
    doubts = []
    if value:
        doubts.append(f"{describe(Tag.PIXEL_PADDING_VALUE)} is {value}: voxels of this value, not of 0, are background")
    if name:
        doubts.append(f"the value 0 is segment 0 ({name}), not background, which it is for most programs")
    return doubts


def _is_background(item: Elements) -> bool:
    code = metadata.first_item(item, Tag.SEGMENTED_PROPERTY_TYPE_CODE_SEQUENCE)
    stated = metadata.text(code, Tag.CODE_VALUE), metadata.text(code, Tag.CODING_SCHEME_DESIGNATOR)
    return stated == (_BACKGROUND, _SCHEME) or metadata.text(item, Tag.SEGMENT_LABEL).casefold() == "background"
