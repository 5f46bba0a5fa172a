"""Objects of many frames: Enhanced CT, MR and PET (PS3.3 C.7.6.16), and multi-frame Secondary Capture."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from ....model import metadata
from ....model.metadata import Element, Elements, Log
from ....model.space import geometry
from ....options import Kind
from ....standard.tags import Tag
from .. import new_element
from ..new_file import NewFile, file_of_planes
from ..pydicom_conversion import with_charset
from ..references import Reference, evidence, source_images
from ..uids import new_uid
from . import clock, enhanced_pet, quantities, references
from .request import (
    WINDOW_WORDS,
    Request,
    common_elements,
    directionality,
    patient_orientation,
    rescale_elements,
    sources_with_frames,
    window_elements,
)
from .stored_pixels import StoredPixels

# attributes that a flat description has and functional groups hold: kind → group sequence → (flat tag, tag, VR). Only groups
# that are whole with them: for example, repetition time and flip angle would require SAR by its definition and operating
# mode next to them
# (C.8.13.5.2), which a flat description does not specify. Those stay in the data set (Standard Extended SOP Class, PS3.2
# 3.11.2).
_MOVED: dict[Kind, dict[int, tuple[tuple[int, int, str], ...]]] = {
    Kind.ENHANCED_MR: {
        Tag.MR_AVERAGES_SEQUENCE: ((Tag.NUMBER_OF_AVERAGES, Tag.NUMBER_OF_AVERAGES, "DS"),),
        Tag.MR_ECHO_SEQUENCE: ((Tag.ECHO_TIME, Tag.EFFECTIVE_ECHO_TIME, "FD"),),
    },
    Kind.ENHANCED_CT: {},
    Kind.ENHANCED_PET: {},
}
_FRAME_TYPES = {
    Kind.ENHANCED_CT: Tag.CT_IMAGE_FRAME_TYPE_SEQUENCE,
    Kind.ENHANCED_MR: Tag.MR_IMAGE_FRAME_TYPE_SEQUENCE,
    Kind.ENHANCED_PET: Tag.PET_FRAME_TYPE_SEQUENCE,
}
_OF_FRAME_TYPE = (
    Tag.PIXEL_PRESENTATION,
    Tag.VOLUMETRIC_PROPERTIES,
    Tag.VOLUME_BASED_CALCULATION_TECHNIQUE,
    Tag.COMPLEX_IMAGE_COMPONENT,
    Tag.ACQUISITION_CONTRAST,
)
_IN_GROUPS = frozenset({
    Tag.WINDOW_CENTER, Tag.WINDOW_WIDTH, *WINDOW_WORDS, Tag.SLICE_THICKNESS, Tag.RESCALE_TYPE, Tag.ANATOMIC_REGION_SEQUENCE,
    Tag.LATERALITY,
})  # fmt: skip
_STACK = "1"


# dcm2niix sorts the frames of an object, except of these manufacturers. It reads an object per time correctly from all, and
# Siemens, GE and United Imaging write such objects
_ONE_TIME_PER_OBJECT = (
    "SIEMENS",
    "GE",
    "UIH",
    "UNITED IMAGING",
    "TOSHIBA",
    "HITACHI",
    "HYPERFINE",
    "MRSOLUTIONS",
    "MR SOLUTIONS",
)


def multi_frame(request: Request, stored: StoredPixels, log: Log) -> Iterator[NewFile]:
    """Yield the object that holds all frames, times outermost; an object per time where the manufacturer writes them so."""
    elements = common_elements(request, stored, log)
    if request.kind is Kind.ENHANCED_PET:
        elements |= enhanced_pet.elements(request.attributes)
    elements |= _of_all_frames(request, stored, elements) if request.object_kind.groups else _plain(request, stored, log)
    if request.object_kind.groups:
        elements = metadata.without(elements, _flat_tags(request))
    for number, times in enumerate(_times_of_objects(request), 1):
        planes = [(t, k) for t in range(times.start, times.stop) for k in range(stored.voxels.shape[1])]
        one = elements | {
            Tag.SOP_INSTANCE_UID: new_element.text("UI", new_uid()),
            Tag.INSTANCE_NUMBER: new_element.integers("IS", number),
            Tag.NUMBER_OF_FRAMES: new_element.integers("IS", len(planes)),
            Tag.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE: _per_frame(request, stored, times),
        }
        yield file_of_planes(with_charset(one), stored.pixel, stored.voxels, planes)


def _times_of_objects(request: Request) -> list[slice]:
    """Return which times are together in an object."""
    times, maker = request.image.times, request.attributes.text(Tag.MANUFACTURER).upper()
    if request.kind is Kind.ENHANCED_MR and maker.startswith(_ONE_TIME_PER_OBJECT):
        return [slice(t, t + 1) for t in range(times)]
    return [slice(0, times)]


def _per_frame(request: Request, stored: StoredPixels, times: slice) -> Element:
    """Return the Per-frame Functional Groups Sequence of an object."""
    of_frame = _frame_groups if request.object_kind.groups else _place
    count = stored.voxels.shape[1]
    windows = window_elements(request, stored) if request.object_kind.groups and len(request.windows) > 1 else []
    voi = [{Tag.FRAME_VOI_LUT_SEQUENCE: new_element.sequence(window)} for window in windows] if len(windows) > 1 else []
    return new_element.sequence(
        *(
            of_frame(request, stored, t, k) | (voi[t * count + k] if voi else {})
            for t in range(times.start, times.stop)
            for k in range(count)
        )
    )


def _plain(request: Request, stored: StoredPixels, log: Log) -> Elements:
    """Return what multi-frame Secondary Capture has without functional groups (PS3.3 C.8.6.3)."""
    groups = _spatial_groups(request, stored)
    if stored.pixel.samples == 1:
        groups |= rescale_elements(request, stored, 0, 0) or {
            Tag.RESCALE_SLOPE: new_element.decimals([1]),
            Tag.RESCALE_INTERCEPT: new_element.decimals([0]),
            Tag.RESCALE_TYPE: new_element.text("LO", "US"),
        }
        groups[Tag.PRESENTATION_LUT_SHAPE] = new_element.text("CS", "IDENTITY")
        groups |= _common_window(request, stored, log)
    if request.sources:
        groups[Tag.SOURCE_IMAGE_SEQUENCE] = source_images(sources_with_frames(request))
    return groups


def _common_window(request: Request, stored: StoredPixels, log: Log) -> Elements:
    """Return the only window that multi-frame Secondary Capture has."""
    first, *others = window_elements(request, stored)
    if others:
        log.warnings.append("windows differ between frames, and this kind of object has one for all: the first was used")
    return first


def _spatial_groups(request: Request, stored: StoredPixels) -> Elements:
    """Return the functional groups that multi-frame Secondary Capture may have (PS3.3 A.8.2.4): where its frames are."""
    plane = request.planes[0]
    shared: Elements = {
        **_measures(request),
        Tag.PLANE_ORIENTATION_SEQUENCE: new_element.sequence(
            {Tag.IMAGE_ORIENTATION_PATIENT: new_element.decimals(plane.orientation)}
        ),
    }
    times, slices = stored.voxels.shape[:2]
    pointer = {Tag.FRAME_INCREMENT_POINTER: new_element.tag(Tag.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE)}
    return {
        **(pointer if times * slices > 1 else {}),
        Tag.PATIENT_ORIENTATION: new_element.text("CS", *patient_orientation(plane)),
        **_dimensions(times > 1),
        Tag.SHARED_FUNCTIONAL_GROUPS_SEQUENCE: new_element.sequence(shared),
    }


def _measures(request: Request, frame: int | None = None) -> Elements:
    """Return the Pixel Measures macro (PS3.3 C.7.6.16.2.1) of all frames, or of one where their slices differ in thickness."""
    if (frame is not None) != bool(request.thicknesses):
        return {}
    own = None if frame is None else request.thicknesses[frame]
    given = own or request.attributes.elements.get(Tag.SLICE_THICKNESS)
    measures = {
        Tag.PIXEL_SPACING: new_element.decimals(request.planes[0].spacing),
        Tag.SLICE_THICKNESS: given or new_element.decimals([request.step_mm]),
        Tag.SPACING_BETWEEN_SLICES: new_element.decimals([request.step_mm]),
    }
    return {Tag.PIXEL_MEASURES_SEQUENCE: new_element.sequence(measures)}


def _place(request: Request, stored: StoredPixels, t: int, k: int) -> Elements:
    """Return Frame Content and Plane Position of a frame."""
    times = stored.voxels.shape[0]
    content: Elements = {
        Tag.STACK_ID: new_element.text("SH", _STACK),
        Tag.IN_STACK_POSITION_NUMBER: new_element.integers("UL", k + 1),
        Tag.DIMENSION_INDEX_VALUES: new_element.integers("UL", 1, k + 1, *([t + 1] if times > 1 else [])),
    }
    if times > 1 or request.kind is Kind.ENHANCED_PET:
        content[Tag.TEMPORAL_POSITION_INDEX] = new_element.integers("UL", t + 1)
    content |= _moments(request, t, k)
    position = new_element.decimals(request.planes[k].position)
    return {
        Tag.FRAME_CONTENT_SEQUENCE: new_element.sequence(content),
        Tag.PLANE_POSITION_SEQUENCE: new_element.sequence({Tag.IMAGE_POSITION_PATIENT: position}),
        **_measures(request, t * stored.voxels.shape[1] + k),
    }


def moved_tags(kind: Kind) -> dict[int, int]:
    """Return the attributes that functional groups of a kind contain under another tag."""
    return {flat: tag for group in _MOVED.get(kind, {}).values() for flat, tag, _ in group}


def _flat_tags(request: Request) -> set[int]:
    """Return the tags that functional groups took from the data set."""
    groups = _MOVED[request.kind].values()
    return {flat for group in groups for flat, _, _ in group} | _IN_GROUPS


def _of_all_frames(request: Request, stored: StoredPixels, elements: Elements) -> Elements:
    """Return dimensions, shared functional groups and evidence."""
    shared = _shared_groups(request, stored, elements) | references.of_all_frames(request)
    dimensions = _dimensions(stored.voxels.shape[0] > 1)
    dimensions[Tag.SHARED_FUNCTIONAL_GROUPS_SEQUENCE] = new_element.sequence(shared)
    return dimensions | evidence(map(Reference.to, request.sources))


def _dimensions(temporal: bool) -> Elements:
    """Return the Multi-frame Dimension module (PS3.3 C.7.6.17): stack, place in it, time."""
    uid = new_element.text("UI", new_uid())
    pointers = [Tag.STACK_ID, Tag.IN_STACK_POSITION_NUMBER, *([Tag.TEMPORAL_POSITION_INDEX] if temporal else [])]
    items = [
        {
            Tag.DIMENSION_ORGANIZATION_UID: uid,
            Tag.DIMENSION_INDEX_POINTER: new_element.tag(pointer),
            Tag.FUNCTIONAL_GROUP_POINTER: new_element.tag(Tag.FRAME_CONTENT_SEQUENCE),
        }
        for pointer in pointers
    ]
    return {
        Tag.DIMENSION_ORGANIZATION_SEQUENCE: new_element.sequence({Tag.DIMENSION_ORGANIZATION_UID: uid}),
        Tag.DIMENSION_INDEX_SEQUENCE: new_element.sequence(*items),
        Tag.DIMENSION_ORGANIZATION_TYPE: new_element.text("CS", "3D_TEMPORAL" if temporal else "3D"),
    }


def _shared_groups(request: Request, stored: StoredPixels, elements: Elements) -> Elements:
    plane, decided = request.planes[0], request.attributes.elements
    groups: Elements = {
        **_measures(request),
        Tag.PLANE_ORIENTATION_SEQUENCE: new_element.sequence(
            {Tag.IMAGE_ORIENTATION_PATIENT: new_element.decimals(plane.orientation)}
        ),
        _FRAME_TYPES[request.kind]: new_element.sequence(_frame_type(elements)),
        Tag.FRAME_ANATOMY_SEQUENCE: new_element.sequence(_anatomy(request)),
    }
    windows = window_elements(request, stored) if stored.pixel.samples == 1 else []
    if len(windows) == 1:
        groups[Tag.FRAME_VOI_LUT_SEQUENCE] = new_element.sequence(windows[0])
    groups |= _ONLY_OF_KIND[request.kind]()
    if _is_shared(stored):
        groups |= _values(request, stored, 0, 0)
    return groups | _moved(request.kind, decided)


def _values(request: Request, stored: StoredPixels, t: int, k: int) -> Elements:
    """Return the functional groups of what stored values are: of PET with their units, which it specifies nowhere else."""
    rescale = rescale_elements(request, stored, t, k)
    groups = {Tag.PIXEL_VALUE_TRANSFORMATION_SEQUENCE: new_element.sequence(rescale)}
    if request.kind is Kind.ENHANCED_PET:
        mapping = enhanced_pet.value_mapping(request.attributes, rescale, stored.pixel)
        groups[Tag.REAL_WORLD_VALUE_MAPPING_SEQUENCE] = new_element.sequence(mapping)
    return groups


def _moved(kind: Kind, flat_elements: Elements) -> Elements:
    """Return the functional groups that hold what a flat description has."""
    groups = {}
    for sequence, members in _MOVED[kind].items():
        given = [(flat, tag, vr) for flat, tag, vr in members if flat in flat_elements and flat_elements[flat].value]
        if given:
            groups[sequence] = new_element.sequence({tag: _as(vr, flat_elements[flat]) for flat, tag, vr in given})
    return groups


def _is_shared(stored: StoredPixels) -> bool:
    return bool((stored.slopes == stored.slopes[0, 0]).all() and (stored.intercepts == stored.intercepts[0, 0]).all())


def _as(vr: str, element: Element) -> Element:
    """Return a decimal text as it is, or as binary floating point."""
    if vr != "FD" or not isinstance(element.value, bytes):
        return element
    return new_element.floats("FD", *(float(part) for part in element.value.decode("ascii").strip(" \0").split("\\")))


def _frame_type(elements: Elements) -> Elements:
    return {
        Tag.FRAME_TYPE: elements[Tag.IMAGE_TYPE],
        **{tag: elements[tag] for tag in _OF_FRAME_TYPE if tag in elements},
    }


def _irradiation_event() -> Elements:
    """Return the Irradiation Event Identification macro (PS3.3 C.7.6.16.2.18) of an event that no one recorded."""
    return {
        Tag.IRRADIATION_EVENT_IDENTIFICATION_SEQUENCE: new_element.sequence(
            {Tag.IRRADIATION_EVENT_UID: new_element.text("UI", new_uid())}
        )
    }


_ONLY_OF_KIND: dict[Kind, Callable[[], Elements]] = {
    Kind.ENHANCED_CT: _irradiation_event,
    Kind.ENHANCED_MR: dict,
    Kind.ENHANCED_PET: lambda: {Tag.RADIOPHARMACEUTICAL_USAGE_SEQUENCE: enhanced_pet.USAGE},
}


def _anatomy(request: Request) -> Elements:
    """Return the Frame Anatomy macro (PS3.3 C.7.6.16.2.8); the region is the whole body where no source specifies it."""
    given = request.attributes.elements.get(Tag.ANATOMIC_REGION_SEQUENCE)
    region = quantities.region_code(request.attributes.text(Tag.BODY_PART_EXAMINED), Log())
    laterality = request.attributes.text(Tag.LATERALITY) or "U"
    region_item = new_element.code(region.value, region.scheme, region.meaning)
    return {
        Tag.ANATOMIC_REGION_SEQUENCE: given or new_element.sequence(region_item),
        Tag.FRAME_LATERALITY: new_element.text("CS", laterality),
    }


def _frame_groups(request: Request, stored: StoredPixels, t: int, k: int) -> Elements:
    times = stored.voxels.shape[0]
    groups = _place(request, stored, t, k) | references.of_frame(request, t, k)
    if not _is_shared(stored):
        groups |= _values(request, stored, t, k)
    if times > 1 and clock.start_s(request, times - 1) is not None:
        offset = new_element.floats("FD", clock.start_s(request, t) or 0.0)
        groups[Tag.TEMPORAL_POSITION_SEQUENCE] = new_element.sequence({Tag.TEMPORAL_POSITION_TIME_OFFSET: offset})  # s
    if request.frames:
        groups |= _moved(request.kind, request.frames[t * stored.voxels.shape[1] + k])
    if request.image.gradients is not None and request.kind is Kind.ENHANCED_MR:
        groups[Tag.MR_DIFFUSION_SEQUENCE] = new_element.sequence(_diffusion(request.image.gradients[t]))
    return groups


def _moments(request: Request, t: int, k: int) -> Elements:
    """Return when a frame was acquired (PS3.3 C.7.6.16.2.2), where that is known."""
    moment, duration = clock.moment_of(request, t, k), clock.duration_s(request, t)
    if moment is None:
        return {}
    stamp = new_element.text("DT", moment.strftime("%Y%m%d%H%M%S.%f"))
    return {
        Tag.FRAME_ACQUISITION_DATE_TIME: stamp,
        Tag.FRAME_REFERENCE_DATE_TIME: stamp,
        Tag.FRAME_ACQUISITION_DURATION: new_element.floats("FD", 1000.0 * (duration or 0.0)),  # ms
    }


def _diffusion(gradient: np.ndarray) -> Elements:
    """Return the MR Diffusion macro of a frame (PS3.3 C.8.13.5.9)."""
    b_value, direction = float(gradient[0]), gradient[1:]
    weighted = b_value > 0 and bool(np.any(direction))
    elements: Elements = {
        Tag.DIFFUSION_B_VALUE: new_element.floats("FD", b_value),
        Tag.DIFFUSION_DIRECTIONALITY: new_element.text("CS", directionality(b_value, weighted)),
    }
    if weighted:
        orientation = new_element.floats("FD", *geometry.ras_of_lps(direction))
        elements[Tag.DIFFUSION_GRADIENT_DIRECTION_SEQUENCE] = new_element.sequence(
            {Tag.DIFFUSION_GRADIENT_ORIENTATION: orientation}
        )
    return elements
