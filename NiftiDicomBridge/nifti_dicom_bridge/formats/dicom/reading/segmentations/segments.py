"""What the values of an image that was read from a Segmentation object mean (PS3.3 C.8.20)."""

from __future__ import annotations

from dataclasses import replace

from .....labels import Segment
from .....labels.segment import RGB
from .....model import metadata
from .....model.charset import CharacterSet
from .....model.metadata import Elements, Instance
from .....model.volume import Volume
from .....standard.tags import Tag
from ...structure_sets import is_structure_set
from ..attributes.functional_groups import frame_count
from ..attributes.item_values import code_of
from ..frames.frames import frames_of
from .cielab import rgb_of
from .segment_background import LABEL_MAP, background_of
from .segment_grids import is_segmentation, label_numbers


def segments_of(volume: Volume) -> list[Segment]:
    """Return the labels that the voxels of a volume can have, with their values as numbers.

    ``BINARY`` segments and a ``LABELMAP`` have their segment numbers (see `label_numbers`), also those without a frame; a
    ``BINARY`` segment that is nowhere in the patient is an image of its own, with 1 in it. Empty for probabilities, and for
    what is not a Segmentation.

    Parameters
    ----------
    volume : Volume
        Read from a Segmentation (PS3.3 A.51); others have no labels.

    Returns
    -------
    list of Segment
        In the order of their numbers.

    Examples
    --------
    >>> from nifti_dicom_bridge import read, segments_of
    >>> segments_of(read("scans")[0])  # an MR series has none
    []
    """
    if volume.source is None:
        return []
    instance = volume.dicom.metadata.first
    if is_structure_set(instance):
        return _rois_of(volume, instance)
    elements = instance.elements
    kind = metadata.text(elements, Tag.SEGMENTATION_TYPE)
    if not is_segmentation(instance) or kind == "FRACTIONAL":
        return []
    segments = all_segments(instance)
    if kind == LABEL_MAP:
        return [segment for segment in segments if segment.number not in (0, background_of(elements))]
    if volume.dicom.metadata.layers is not None:
        labeled, own = labeled_segments(instance), set(volume.dicom.metadata.layers[:, 3].tolist())
        has_all_frames = len(volume.dicom.metadata.layers) >= sum(map(_frame_count, volume.dicom.metadata.instances))
        return labeled if has_all_frames else [segment for segment in labeled if segment.number in own]
    n, frame = volume.dicom.metadata.frames[0, 0].tolist()
    own = frames_of(instance, n)[frame].labels.get("segment")
    return [replace(segment, number=1) for segment in segments if segment.number == own or len(segments) == 1]


def _frame_count(instance: Instance) -> int:
    return frame_count(instance.elements)


def _rois_of(volume: Volume, instance: Instance) -> list[Segment]:
    """Return the ROIs that a label map or mask of an RT Structure Set contains, by their values there."""
    from ...structure_sets.rois import segments_of_rois  # few images are drawn

    segments, layers = segments_of_rois(instance), volume.dicom.metadata.layers
    values = [] if layers is None else layers[:, 2:].tolist()
    return [replace(segments[index], number=label) for index, label in values if label and index < len(segments)]


def labeled_segments(instance: Instance) -> list[Segment]:
    """Return the segments that an instance describes, by the labels that they have in a label map."""
    labels = label_numbers(instance)
    return [replace(segment, number=labels[segment.number]) for segment in all_segments(instance)]


def all_segments(instance: Instance) -> list[Segment]:
    """Return the segments that an instance describes, by their numbers."""
    charset = CharacterSet().of(instance.elements)
    return [_segment(item.elements, charset) for item in metadata.items(instance.elements, Tag.SEGMENT_SEQUENCE)]


def _segment(item: Elements, charset: CharacterSet) -> Segment:
    kind = metadata.first_item(item, Tag.SEGMENTED_PROPERTY_TYPE_CODE_SEQUENCE)
    region = metadata.first_item(item, Tag.ANATOMIC_REGION_SEQUENCE)
    number = metadata.integer(item, Tag.SEGMENT_NUMBER)
    return Segment(
        number=number,
        label=charset.text(item, Tag.SEGMENT_LABEL) or f"Segment {number}",
        category=code_of(metadata.first_item(item, Tag.SEGMENTED_PROPERTY_CATEGORY_CODE_SEQUENCE), charset),
        type=code_of(kind, charset),
        modifier=code_of(metadata.first_item(kind, Tag.SEGMENTED_PROPERTY_TYPE_MODIFIER_CODE_SEQUENCE), charset),
        region=code_of(region, charset),
        region_modifier=code_of(metadata.first_item(region, Tag.ANATOMIC_REGION_MODIFIER_SEQUENCE), charset),
        color=_color(metadata.numbers(item, Tag.RECOMMENDED_DISPLAY_CIE_LAB_VALUE)),
        algorithm_type=metadata.text(item, Tag.SEGMENT_ALGORITHM_TYPE),
        algorithm_name=charset.text(item, Tag.SEGMENT_ALGORITHM_NAME),
        tracking_id=charset.text(item, Tag.TRACKING_ID),
        tracking_uid=metadata.text(item, Tag.TRACKING_UID),
    )


def _color(cielab: list[float]) -> RGB | None:
    """Return the color nearest to RecommendedDisplayCIELabValue (PS3.3 C.10.7.1.1)."""
    return rgb_of([int(value) for value in cielab]) if len(cielab) == 3 else None
