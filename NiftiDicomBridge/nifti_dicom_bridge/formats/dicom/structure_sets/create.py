"""Label maps and probability maps → RT Structure Sets (PS3.3 A.19.3, C.8.8.5, C.8.8.6, C.8.8.8)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ....labels import Code, Segment
from ....model.metadata import Element, Elements
from ....options.algorithm import FAMILIES, UNKNOWN, Algorithm
from ....standard.iods import modules_of
from ....standard.sop_classes import STRUCTURE_SET
from ....standard.tags import Tag
from .. import new_element
from ..created.algorithm import made_by
from ..new_file import NewFile, file_without_pixels, with_equipment
from ..pydicom_conversion import with_charset
from ..references import Reference
from ..uids import new_uid
from .contour_data import contour_item
from .regions import regions_of
from .trace import contours_of, require_tracer

if TYPE_CHECKING:
    from ..created.placement import Placement, SourcePlane
    from ..created.segmentation import SegmentationRequest

_DETACHED_STUDY = "1.2.840.10008.3.1.2.3.1"
"""What others write as ReferencedSOPClassUID of a study; the standard does not define the value."""
_ANATOMY = ("91723000", "123037004")
"""Categories of body structures in SCT (CID 7150): ROIs that are organs."""
_UNKNOWN_LABEL = "RTSTRUCT"


@dataclass
class _Tracing:
    """The contours of all regions, by their numbers, and notes about them."""

    items: dict[int, list[Elements]] = field(default_factory=lambda: defaultdict(list))
    holes: int = 0
    unreferenced: set[int] = field(default_factory=set)


def structure_sets(request: SegmentationRequest, decided: Elements) -> Iterator[NewFile]:
    """Yield the RT Structure Set of an image.

    Parameters
    ----------
    request : SegmentationRequest
        The image and what its labels mean, as for a Segmentation.
    decided : dict of int to Element
        Attributes of patient, study, series, frame of reference, equipment, in UTF-8.

    Raises
    ------
    DependencyError
        If the package that traces contours is not installed.
    LabelError, GeometryError, PixelError
        As `segmentations`.
    """
    require_tracer()
    regions = regions_of(request)
    placement = request.placement()
    traced = _Tracing()
    for k in range(regions.slices):
        for segment, plane in regions.planes(k):
            _trace(traced, segment, plane, placement, k)
    _report(traced, regions.segments, request)
    elements = _common(decided, request) | roi_elements(regions.segments, traced.items, decided, request.algorithm)
    yield file_without_pixels(with_charset(elements))


def _trace(traced: _Tracing, segment: Segment, plane: np.ndarray, placement: Placement, k: int) -> None:
    contours, holes = contours_of(plane)
    traced.holes += holes
    matches = placement.matches[k]
    if contours and not matches:
        traced.unreferenced.add(k)
    items = traced.items[segment.number]
    for points in contours:
        items.append(contour_item(points, placement.planes[k], len(items) + 1, _image_items(matches[:1])))


def _image_items(matches: Sequence[SourcePlane]) -> list[Elements]:
    """Return items of ContourImageSequence."""
    return [
        {
            **Reference.to_data_set(match.source).item,
            **({Tag.REFERENCED_FRAME_NUMBER: new_element.integers("IS", match.frame)} if match.frame else {}),
        }
        for match in matches
    ]


def _report(traced: _Tracing, segments: Sequence[Segment], request: SegmentationRequest) -> None:
    empty = [segment.label for segment in segments if not traced.items[segment.number]]
    if traced.holes:
        request.log.notes.append(f"{traced.holes} hole(s) are joined to their outlines by keyholes (PS3.3 C.8.8.6.3)")
    if empty:
        request.log.warnings.append(f"no voxel above 0.5, so no contour: {', '.join(empty[:5])}")
    if not request.sources:
        request.log.warnings.append(
            "no images are referenced, which many programs require. Name the series on which the regions were drawn with "
            "reference="
        )
    elif traced.unreferenced:
        request.log.warnings.append(
            f"the contours of {len(traced.unreferenced)} slice(s) are not in a plane of the reference: programs for "
            "treatment planning may ignore or move them. Resample the label map to the grid of the reference"
        )


# --- attributes -------------------------------------------------------------------------------------------------------


def _common(decided: Elements, request: SegmentationRequest) -> Elements:
    """Return the attributes of the whole object: those decided that the IOD has, its label, date and references."""
    allowed = {rule.tag for module in modules_of(STRUCTURE_SET) for rule in module.rules}
    elements = {tag: element for tag, element in decided.items() if tag in allowed}
    name = request.volume.name.replace("\\", " ")
    date, time = new_element.now(elements)
    defaults = {
        Tag.STRUCTURE_SET_LABEL: new_element.text("SH", name[: new_element.SH_LENGTH].strip() or _UNKNOWN_LABEL),
        Tag.STRUCTURE_SET_NAME: new_element.text("LO", name[: new_element.LO_LENGTH]),
        Tag.STRUCTURE_SET_DATE: date,
        Tag.STRUCTURE_SET_TIME: time,
        Tag.INSTANCE_NUMBER: new_element.integers("IS", 1),
        Tag.SERIES_INSTANCE_UID: new_element.text("UI", new_uid()),
    }
    own = {
        Tag.SOP_CLASS_UID: new_element.text("UI", STRUCTURE_SET),
        Tag.SOP_INSTANCE_UID: new_element.text("UI", new_uid()),
        Tag.MODALITY: new_element.text("CS", "RTSTRUCT"),
        Tag.INSTANCE_CREATION_DATE: date,
        Tag.INSTANCE_CREATION_TIME: time,
        Tag.CONTRIBUTING_EQUIPMENT_SEQUENCE: with_equipment(elements),
        Tag.REFERENCED_FRAME_OF_REFERENCE_SEQUENCE: new_element.sequence(_frame_of_reference(decided, request)),
    }
    return {**defaults, **elements, **own}


def _frame_of_reference(decided: Elements, request: SegmentationRequest) -> Elements:
    """Return the item of ReferencedFrameOfReferenceSequence, with all images of the referenced series."""
    item = {Tag.FRAME_OF_REFERENCE_UID: decided[Tag.FRAME_OF_REFERENCE_UID]}
    by_study: dict[str, dict[str, list[Elements]]] = defaultdict(lambda: defaultdict(list))
    for uid, reference in {str(source.SOPInstanceUID): Reference.to_data_set(source) for source in request.sources}.items():
        by_study[reference.study][reference.series].append(new_element.reference(reference.sop_class, uid))
    studies = [
        {
            **new_element.reference(_DETACHED_STUDY, study),
            Tag.RT_REFERENCED_SERIES_SEQUENCE: new_element.sequence(*(
                {
                    Tag.SERIES_INSTANCE_UID: new_element.text("UI", series),
                    Tag.CONTOUR_IMAGE_SEQUENCE: new_element.sequence(*images),
                }
                for series, images in of_study.items()
            )),
        }
        for study, of_study in by_study.items()
    ]  # fmt: skip
    return {**item, **({Tag.RT_REFERENCED_STUDY_SEQUENCE: new_element.sequence(*studies)} if studies else {})}


def roi_elements(
    segments: Sequence[Segment], contours: dict[int, list[Elements]], decided: Elements, algorithm: Algorithm = UNKNOWN
) -> Elements:
    """Return the sequences of ROIs, their contours, and the observations on them, by the numbers of segments."""
    frame = decided[Tag.FRAME_OF_REFERENCE_UID]
    return {
        Tag.STRUCTURE_SET_ROI_SEQUENCE: new_element.sequence(*(_roi(one, frame, algorithm) for one in segments)),
        Tag.ROI_CONTOUR_SEQUENCE: new_element.sequence(*(_contours(one, contours[one.number]) for one in segments)),
        Tag.RTROI_OBSERVATIONS_SEQUENCE: new_element.sequence(*map(_observation, segments)),
    }


def _roi(segment: Segment, frame: Element, algorithm: Algorithm) -> Elements:
    name = segment.algorithm_name
    item = {
        Tag.ROI_NUMBER: new_element.integers("IS", segment.number),
        Tag.REFERENCED_FRAME_OF_REFERENCE_UID: frame,
        Tag.ROI_NAME: new_element.text("LO", segment.label.replace("\\", " ")[: new_element.LO_LENGTH]),
        Tag.ROI_GENERATION_ALGORITHM: new_element.text("CS", segment.algorithm_type),
        **({Tag.ROI_GENERATION_DESCRIPTION: new_element.text("LO", name[: new_element.LO_LENGTH])} if name else {}),
    }
    if made_by(segment, algorithm):
        item[Tag.ROI_DERIVATION_ALGORITHM_IDENTIFICATION_SEQUENCE] = new_element.sequence(_identification(algorithm))
    return item


def _identification(algorithm: Algorithm) -> Elements:
    """Return the Algorithm Identification Macro (PS3.3 10.16)."""
    family = new_element.code(FAMILIES[algorithm.family], "DCM", algorithm.family)
    return {
        Tag.ALGORITHM_FAMILY_CODE_SEQUENCE: new_element.sequence(family),
        Tag.ALGORITHM_NAME: new_element.text("LO", algorithm.name),
        Tag.ALGORITHM_VERSION: new_element.text("LO", algorithm.version),
    }


def _contours(segment: Segment, items: Sequence[Elements]) -> Elements:
    color = {Tag.ROI_DISPLAY_COLOR: new_element.integers("IS", *segment.color)} if segment.color else {}
    contours = {Tag.CONTOUR_SEQUENCE: new_element.sequence(*items)} if items else {}
    return {**color, **contours, Tag.REFERENCED_ROI_NUMBER: new_element.integers("IS", segment.number)}


def _observation(segment: Segment) -> Elements:
    """Return the item of RTROIObservationsSequence (PS3.3 C.8.8.8) with the codes of a segment."""
    number = new_element.integers("IS", segment.number)
    is_organ = segment.category is not None and segment.category.value in _ANATOMY
    item = {
        Tag.OBSERVATION_NUMBER: number,
        Tag.REFERENCED_ROI_NUMBER: number,
        Tag.RTROI_INTERPRETED_TYPE: new_element.text("CS", "ORGAN" if is_organ else ""),
        Tag.ROI_INTERPRETER: new_element.text("PN", ""),
    }
    if segment.category is not None:
        item[Tag.SEGMENTED_PROPERTY_CATEGORY_CODE_SEQUENCE] = new_element.sequence(_code(segment.category))
    if segment.type is not None:
        modifier = Tag.SEGMENTED_PROPERTY_TYPE_MODIFIER_CODE_SEQUENCE
        item[Tag.RTROI_IDENTIFICATION_CODE_SEQUENCE] = new_element.sequence(_code(segment.type, segment.modifier, modifier))
    if segment.region is not None:
        modifier = Tag.ANATOMIC_REGION_MODIFIER_SEQUENCE
        item[Tag.ANATOMIC_REGION_SEQUENCE] = new_element.sequence(_code(segment.region, segment.region_modifier, modifier))
    return item


def _code(code: Code, modifier: Code | None = None, tag: int = 0) -> Elements:
    item = new_element.code(*code)
    return item if modifier is None else {**item, tag: new_element.sequence(new_element.code(*modifier))}
