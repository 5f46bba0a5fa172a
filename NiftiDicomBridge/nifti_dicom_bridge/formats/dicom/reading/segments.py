"""What the values of an image that was read from a Segmentation object mean (PS3.3 C.8.20)."""

from __future__ import annotations

from dataclasses import replace

from ....labels import Code, Segment
from ....labels.segment import RGB
from ....model import metadata
from ....model.charset import CharacterSet
from ....model.metadata import Elements, Instance
from ....model.volume import Volume
from ....standard import tags
from .frames import frames_of
from .segment_grids import is_segmentation, label_numbers

_SEGMENT_LABEL = 0x00620005
_ALGORITHM_TYPE, _ALGORITHM_NAME, _CIELAB = 0x00620008, 0x00620009, 0x0062000D
_CATEGORY, _TYPE, _MODIFIER = 0x00620003, 0x0062000F, 0x00620011
_REGION, _REGION_MODIFIER = 0x00082218, 0x00082220
_CODE_VALUE, _CODING_SCHEME, _CODE_MEANING = 0x00080100, 0x00080102, 0x00080104


def segments_of(volume: Volume) -> list[Segment]:
    """Return the labels that the voxels of a volume can have, with their values as numbers.

    ``BINARY`` segments and a ``LABELMAP`` have their segment numbers (see `label_numbers`); a ``BINARY`` segment that lies
    nowhere in the patient is an image of its own, with 1 in it. Empty for probabilities, and for what is no Segmentation.
    """
    if volume.metadata is None:
        return []
    instance = volume.metadata.first
    elements = instance.elements
    kind = metadata.text(elements, tags.SEGMENTATION_TYPE)
    if not is_segmentation(instance) or kind == "FRACTIONAL":
        return []
    found = all_segments(instance)
    if kind == "LABELMAP":
        return [segment for segment in found if segment.number]
    if volume.metadata.layers is not None:
        own = set(volume.metadata.layers[:, 3].tolist())
        return [segment for segment in labelled_segments(instance) if segment.number in own]
    n, frame = volume.metadata.frames[0, 0].tolist()
    own = frames_of(instance, n)[frame].labels.get("segment")
    return [replace(segment, number=1) for segment in found if segment.number == own or len(found) == 1]


def labelled_segments(instance: Instance) -> list[Segment]:
    """Return the segments that an instance describes, by the labels that they have in a label map."""
    labels = label_numbers(instance)
    return [replace(segment, number=labels[segment.number]) for segment in all_segments(instance)]


def all_segments(instance: Instance) -> list[Segment]:
    """Return the segments that an instance describes, by their numbers."""
    charset = CharacterSet().of(instance.elements)
    return [_segment(item.elements, charset) for item in metadata.items(instance.elements, tags.SEGMENT_SEQUENCE)]


def _segment(item: Elements, charset: CharacterSet) -> Segment:
    kind = metadata.first_item(item, _TYPE)
    region = metadata.first_item(item, _REGION)
    number = metadata.integer(item, tags.SEGMENT_NUMBER)
    return Segment(
        number=number,
        label=_text(item, _SEGMENT_LABEL, charset) or f"Segment {number}",
        category=_code(metadata.first_item(item, _CATEGORY), charset),
        type=_code(kind, charset),
        modifier=_code(metadata.first_item(kind, _MODIFIER), charset),
        region=_code(region, charset),
        region_modifier=_code(metadata.first_item(region, _REGION_MODIFIER), charset),
        colour=_colour(metadata.numbers(item, _CIELAB)),
        algorithm_type=metadata.text(item, _ALGORITHM_TYPE),
        algorithm_name=_text(item, _ALGORITHM_NAME, charset),
    )


def _code(item: Elements, charset: CharacterSet) -> Code | None:
    value, scheme = metadata.text(item, _CODE_VALUE), metadata.text(item, _CODING_SCHEME)
    return Code(value, scheme, _text(item, _CODE_MEANING, charset)) if value and scheme else None


def _text(item: Elements, tag: int, charset: CharacterSet) -> str:
    element = item.get(tag)
    if element is None or not isinstance(element.value, bytes):
        return ""
    try:
        return charset.of(item).decode(element.value, element.vr).strip(metadata.SPACE_AND_NULL)
    except (UnicodeError, LookupError):
        return metadata.text(item, tag)


def _colour(cielab: list[float]) -> RGB | None:
    """Return the colour nearest to RecommendedDisplayCIELabValue (PS3.3 C.10.7.1.1)."""
    if len(cielab) != 3:
        return None
    from highdicom.color import CIELabColor

    red, green, blue = CIELabColor.from_dicom_value([int(value) for value in cielab]).to_rgb(clip=True)
    return red, green, blue
