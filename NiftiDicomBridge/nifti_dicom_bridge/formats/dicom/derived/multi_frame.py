"""Derived objects of many frames: with functional groups (PS3.3 C.7.6.16), and cines without."""

from __future__ import annotations

from collections.abc import Iterator

from ....errors import GeometryError
from ....model import metadata
from ....model.metadata import Element, Elements, Item
from ....standard import dictionary
from ....standard.tags import Tag
from .. import new_element
from ..new_file import NewFile
from ..reading.attributes.functional_groups import frame_count
from ..reading.frames.multiframe import vectors_of_frames
from ..reading.frames.philips_volumes import kept_elements
from ..uids import UidMap
from .attributes import OF_ONE_TIME, common, file_of_planes, rescale_elements, with_value_mapping
from .derivation import DerivationContext
from .frame_sources import evidence_of, with_sources
from .single_frame import pixel_spacings


def cine(work: DerivationContext, uids: UidMap) -> Iterator[NewFile]:
    """Yield multi-frame objects without functional groups: possible while the frames are the same.

    Raises `GeometryError` if they are not.
    """
    offsets = Tag.GRID_FRAME_OFFSET_VECTOR in work.series.first.elements and len(work.series.instances) == 1
    if work.resampled and not offsets:
        raise GeometryError(
            "the grid of an image from a multi-frame object without functional groups was changed: such an object "
            "cannot store new positions of its frames. Edit the voxels only."
        )
    for n, template in enumerate(work.series.instances):
        elements = common(template, work, uids, [template])
        if work.resampled:
            planes = [(0, k) for k in range(work.stored.shape[1])]
            elements |= _offset_planes(work)
        else:
            frames = _frames_of_instance(work, n)
            planes = [(t, k) for _, t, k in frames]
            elements |= _of_some_frames(template.elements, [frame for frame, _, _ in frames])
        elements |= rescale_elements(work, elements)
        yield file_of_planes(template, elements, work, planes)


def _offset_planes(work: DerivationContext) -> Elements:
    """Return position, orientation and frame offsets of a dose grid (PS3.3 C.8.8.3.2)."""
    first = work.planes[0]
    return {
        Tag.NUMBER_OF_FRAMES: new_element.integers("IS", len(work.planes)),
        Tag.IMAGE_POSITION_PATIENT: new_element.decimals(first.position),
        Tag.IMAGE_ORIENTATION_PATIENT: new_element.decimals(first.orientation),
        Tag.PIXEL_SPACING: new_element.decimals(first.spacing),
        Tag.GRID_FRAME_OFFSET_VECTOR: new_element.decimals((p.position - first.position) @ first.normal for p in work.planes),
    }


def _frames_of_instance(work: DerivationContext, n: int) -> list[tuple[int, int, int]]:
    """Return the frames of an instance in this volume, in their order, each with its time and slice."""
    return sorted((frame.frame, t, k) for t, k, frame in work.series.planes() if frame.instance == n)


def _of_some_frames(elements: Elements, frames: list[int]) -> Elements:
    """Return NumberOfFrames, and the values of these frames of what has one for each; empty for all frames.

    Others are in other volumes: of other detectors or energy windows of an NM object.
    """
    count = frame_count(elements)
    if frames == list(range(count)):
        return kept_elements(elements)
    result = {Tag.NUMBER_OF_FRAMES: new_element.integers("IS", len(frames))}
    for tag in vectors_of_frames(elements):
        numbers, vr = metadata.numbers(elements, tag), elements[tag].vr
        if len(numbers) == count:
            some = [numbers[frame] for frame in frames]
            if vr in ("FL", "FD"):
                result[tag] = new_element.floats(vr, *some)
            else:
                result[tag] = new_element.decimals(some) if vr == "DS" else new_element.integers(vr, *map(int, some))
    return result | _counted_again(elements, result)


_COUNTED = {
    Tag.ENERGY_WINDOW_VECTOR: (Tag.NUMBER_OF_ENERGY_WINDOWS, Tag.ENERGY_WINDOW_INFORMATION_SEQUENCE),
    Tag.DETECTOR_VECTOR: (Tag.NUMBER_OF_DETECTORS, Tag.DETECTOR_INFORMATION_SEQUENCE),
}
"""What the frames of an NM object count, and that images are separated by: how many there are, and what they are."""


def _counted_again(elements: Elements, some: Elements) -> Elements:
    """Return the energy windows and detectors of some frames of an NM object, counted from 1 (PS3.3 C.8.4.8.1.1)."""
    result: Elements = {}
    for vector, (number, sequence) in _COUNTED.items():
        numbers, items = [int(n) for n in metadata.numbers(some, vector)], metadata.items(elements, sequence)
        used = sorted(set(numbers))
        if used and 1 <= used[0] <= used[-1] <= len(items) == metadata.integer(elements, number) and len(used) < len(items):
            result[vector] = new_element.integers("US", *(used.index(n) + 1 for n in numbers))
            result[number] = new_element.integers("US", len(used))
            result[sequence] = Element("SQ", tuple(items[n - 1] for n in used))
    return result


def functional_frames(work: DerivationContext, uids: UidMap) -> Iterator[NewFile]:
    """Yield objects with functional groups: one for the frames that come from one."""
    by_template: dict[int, list[tuple[int, int, int]]] = {}
    for t, times in enumerate(work.templates.tolist()):
        for k, (n, frame) in enumerate(times):
            by_template.setdefault(n, []).append((frame, t, k))
    for n, places in by_template.items():
        template = work.series.instances[n]
        places = places if work.resampled else sorted(places)
        elements = common(template, work, uids, [template])
        elements[Tag.NUMBER_OF_FRAMES] = new_element.integers("IS", len(places))
        shared = metadata.first_item(template.elements, Tag.SHARED_FUNCTIONAL_GROUPS_SEQUENCE)
        own = metadata.items(template.elements, Tag.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE)
        per_frame = []
        for frame, t, k in places:
            before = own[frame].elements if frame < len(own) else {}
            groups = _frame_groups(work, before, shared, t, k)
            per_frame.append(with_sources(work, groups, {**shared, **before}, t, k))
        elements[Tag.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE] = Element("SQ", tuple(Item(item) for item in per_frame))
        moved = {tag for item in per_frame for tag in item}
        kept = _public({tag: element for tag, element in shared.items() if tag not in moved})
        _, first_t, first_k = places[0]
        elements[Tag.SHARED_FUNCTIONAL_GROUPS_SEQUENCE] = new_element.sequence(_with_values(work, kept, first_t, first_k))
        planes = [(t, k) for _, t, k in places]
        yield file_of_planes(template, elements | evidence_of(work, template, planes), work, planes)


def _public(groups: Elements) -> Elements:
    return {tag: element for tag, element in groups.items() if not dictionary.is_private(tag)}


def _frame_groups(work: DerivationContext, own: Elements, shared: Elements, t: int, k: int) -> Elements:
    """Return the functional groups of one frame: its template's, with place and values as they are now."""
    groups = metadata.without(_public(own), OF_ONE_TIME if work.is_of_one_time else set())
    plane = work.planes[k]
    measures = metadata.first_item(own, Tag.PIXEL_MEASURES_SEQUENCE) or metadata.first_item(shared, Tag.PIXEL_MEASURES_SEQUENCE)
    if scaled := pixel_spacings(work, measures):
        groups[Tag.PIXEL_MEASURES_SEQUENCE] = new_element.sequence({**measures, **scaled})
    if work.resampled and work.has_geometry:
        step = new_element.decimals([work.step_mm])
        measures = measures | {Tag.PIXEL_SPACING: new_element.decimals(plane.spacing)}
        if work.step_changed or Tag.SLICE_THICKNESS not in measures:
            measures[Tag.SLICE_THICKNESS] = step
        groups |= {
            Tag.PLANE_POSITION_SEQUENCE: new_element.sequence(
                {Tag.IMAGE_POSITION_PATIENT: new_element.decimals(plane.position)}
            ),
            Tag.PLANE_ORIENTATION_SEQUENCE: new_element.sequence(
                {Tag.IMAGE_ORIENTATION_PATIENT: new_element.decimals(plane.orientation)}
            ),
            Tag.PIXEL_MEASURES_SEQUENCE: new_element.sequence({**measures, Tag.SPACING_BETWEEN_SLICES: step}),
        }
    if Tag.PIXEL_VALUE_TRANSFORMATION_SEQUENCE not in {**shared, **groups}:
        groups |= _transformation(work, t, k)
    return _with_values(work, groups, t, k)


def _transformation(work: DerivationContext, t: int, k: int) -> Elements:
    """Return PixelValueTransformationSequence of an original without it, if stored values are not the real ones any more."""
    rescale = rescale_elements(work, work.series.first.elements, t, k)
    if not rescale:
        return {}
    return {
        Tag.PIXEL_VALUE_TRANSFORMATION_SEQUENCE: new_element.sequence(
            {Tag.RESCALE_TYPE: new_element.text("LO", "US"), **rescale}
        )
    }


def _with_values(work: DerivationContext, groups: Elements, t: int, k: int) -> Elements:
    """Return functional groups with rescale, window and frame type as they are now."""
    updated = dict(groups)
    transformation = metadata.first_item(groups, Tag.PIXEL_VALUE_TRANSFORMATION_SEQUENCE)
    if transformation:
        changed = {**transformation, **rescale_elements(work, transformation, t, k)}
        updated[Tag.PIXEL_VALUE_TRANSFORMATION_SEQUENCE] = new_element.sequence(changed)
    window = metadata.first_item(groups, Tag.FRAME_VOI_LUT_SEQUENCE)
    if window:
        updated[Tag.FRAME_VOI_LUT_SEQUENCE] = new_element.sequence({**window, **_windowed(work)})
    return with_value_mapping(work, _derived_frame_types(updated), t, k)


def _windowed(work: DerivationContext) -> Elements:
    centre, width = work.pixels.window
    return {Tag.WINDOW_CENTER: new_element.decimals([centre]), Tag.WINDOW_WIDTH: new_element.decimals([width])}


def _derived_frame_types(groups: Elements) -> Elements:
    """Return functional groups whose FrameType specifies DERIVED."""
    changed = dict(groups)
    for sequence in (Tag.MR_IMAGE_FRAME_TYPE_SEQUENCE, Tag.CT_IMAGE_FRAME_TYPE_SEQUENCE, Tag.PET_FRAME_TYPE_SEQUENCE):
        item = metadata.first_item(groups, sequence)
        old = metadata.texts(item, Tag.FRAME_TYPE)
        if old:
            kind = new_element.text("CS", "DERIVED", *(old[1:2] or ["PRIMARY"]), *old[2:])
            changed[sequence] = new_element.sequence({**item, Tag.FRAME_TYPE: kind})
    return changed
