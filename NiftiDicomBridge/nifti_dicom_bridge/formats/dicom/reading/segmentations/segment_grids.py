"""Frames of Segmentation objects → grids: one for all segments, on which they become as few label maps as possible.

A Segmentation leaves out frames without a voxel of their segment (PS3.3 C.8.20.2): only all frames together, and the distance
that Pixel Measures specify, specify what the grid is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from .....labels import number_in_description
from .....model import metadata
from .....model.charset import CharacterSet
from .....model.legacy_converted import own_groups
from .....model.metadata import Instance, can_be_labels
from .....model.space.geometry import Plane
from .....model.space.stack_affine import Stack, affine_from_attributes
from .....standard.sop_classes import SEGMENTATIONS
from .....standard.tags import Tag
from ..attributes.functional_groups import Lookup
from ..frames.frame_info import FrameInfo
from ..frames.multiframe import sop_class_of
from ..frames.tolerances import near_slice_mm
from ..stacking.grids import Grid, Layer, stack_warnings
from ..stacking.orientations import parallel_groups
from ..stacking.stacks import grids_of_frames
from ..timing.times import places_of
from .overlaps import sets_without_overlap
from .segment_background import LABEL_MAP
from .segment_doubts import FILLED, doubt_of_gaps, doubt_of_type, doubts_of_numbers
from .segment_repeats import check_repeats, repeats_of
from .segment_sources import BY_SOURCE, WITHOUT_SOURCE, in_order_of_sources

MOST_SLICES = 4096
"""A grid of more is none: some position is wrong."""
WHOLE = 0.05
"""By how much of a slice distance a gap may differ from a multiple of it; and of a pixel, how far frames may be shifted
against each other.
"""
ON_GRID = 0.01
"""And what part of the slice distance a plane may be off its place in the grid, of usual distances."""
_BINARY = "BINARY"
"""What a label map of 16 bits has room for."""


def is_segmentation(instance: Instance) -> bool:
    """Whether an instance is a Segmentation or a Label Map Segmentation."""
    return sop_class_of(instance.elements) in SEGMENTATIONS


def has_labels(instance: Instance) -> bool:
    """Whether the pixels of an instance are segment numbers, or masks of segments."""
    return is_segmentation(instance) and metadata.text(instance.elements, Tag.SEGMENTATION_TYPE) in (_BINARY, LABEL_MAP)


def label_numbers(instance: Instance) -> dict[int, int]:
    """Return the label of every segment of an instance: its number, or the one that it had before it became a segment.

    `labels.description_of` keeps it in SegmentDescription (0062,0006), where that had to be another one.
    """
    items = [item.elements for item in metadata.items(instance.elements, Tag.SEGMENT_SEQUENCE)]
    numbers = [metadata.integer(item, Tag.SEGMENT_NUMBER) for item in items]
    kept = [number_in_description(metadata.text(item, Tag.SEGMENT_DESCRIPTION)) for item in items]
    labels = [number if label is None else label for number, label in zip(numbers, kept, strict=True)]
    return dict(zip(numbers, labels if can_be_labels(labels) else numbers, strict=True))


def grids_of_segmentations(instances: Sequence[Instance], frames: Sequence[FrameInfo]) -> list[Grid]:
    """Return the grids of the Segmentation objects of one series.

    ``BINARY`` segments become label maps (see `label_numbers`), as few as their overlaps allow. Probabilities stay an image per
    segment, a ``LABELMAP`` stays what it is. All have every slice of the grid, also those that the object leaves out. Objects
    whose frames do not specify where they are, repeat a position, or are side by side, are stacked as any other.

    Parameters
    ----------
    instances : sequence of Instance
        Of the series.
    frames : sequence of FrameInfo
        Of Segmentations among them.

    Raises
    ------
    DicomReadError
        If segments share planes, and the pixel data that specify whether they overlap cannot be decoded.
    """
    objects: dict[object, list[FrameInfo]] = {}
    for frame in frames:  # segment numbers mean something within one object, or one that was cut into several
        whole = metadata.text(instances[frame.instance].elements, Tag.CONCATENATION_UID)
        objects.setdefault(whole or frame.instance, []).append(frame)
    grids = []
    for numbers in objects.values():
        first = instances[numbers[0].instance]
        segments = {_number(frame) if "segment" in frame.labels else None for frame in numbers}
        doubts = doubts_of_numbers(first.elements, segments) if has_labels(first) else doubt_of_type(first.elements)
        grids += [replace(grid, warnings=[*doubts, *grid.warnings]) for grid in _grids_of_object(instances, numbers)]
    return grids


def _grids_of_object(instances: Sequence[Instance], frames: list[FrameInfo]) -> list[Grid]:
    if all(frame.plane is None or frame.is_assumed for frame in frames):
        counted = _in_order_of_sources(instances, frames)
        if counted:
            return images_of(instances, counted, are_counted=True)
    if any(frame.plane is None for frame in frames):
        doubts = [WITHOUT_SOURCE] if len(frames) > 1 and not _is_of_slide(instances, frames) else []
        return [replace(grid, warnings=[*grid.warnings, *doubts]) for grid in grids_of_frames(frames)]
    grids = []
    for parallel in parallel_groups(frames):
        grids += images_of(instances, parallel)
    return grids


def images_of(instances: Sequence[Instance], frames: list[FrameInfo], are_counted: bool = False) -> list[Grid]:
    """Return the images of parallel frames, the first with what was assumed; slices of counted frames begin at the origin."""
    are_masks = all(_is_binary(instances[frame.instance], frame) for frame in frames)
    repeats = repeats_of(frames)
    note = check_repeats(instances, repeats, are_masks) if repeats else ""
    if (_repeats_a_place(frames) and not repeats) or _is_shifted(frames):
        return grids_of_frames(frames)
    slices = _Slices(instances, frames, are_counted)
    grids = _label_maps(instances, frames, slices) if are_masks else _filled(instances[frames[0].instance], frames, slices)
    by_source = BY_SOURCE if are_counted and len(slices.planes) > 1 else ""
    grids[0].warnings.extend(filter(None, [note, by_source]))
    return grids


def _in_order_of_sources(instances: Sequence[Instance], frames: list[FrameInfo]) -> list[FrameInfo]:
    """Return frames in the places of what they were made from; none where that is not stated, or is one frame for several."""
    counted = [] if _is_of_slide(instances, frames) else in_order_of_sources(instances, frames)
    return [] if counted and _repeats_a_place(counted) else counted


def _is_of_slide(instances: Sequence[Instance], frames: list[FrameInfo]) -> bool:
    return Tag.TOTAL_PIXEL_MATRIX_ROWS in instances[frames[0].instance].elements


def _repeats_a_place(frames: list[FrameInfo]) -> bool:
    """Whether a segment has more than one frame at a place: those are times, and it is unknown which were left out."""
    return any(len({frame.kind for frame in place}) < len(place) for place in places_of(frames))


def _is_shifted(frames: list[FrameInfo]) -> bool:
    """Whether frames at one position are side by side in their plane, so that one image cannot contain them."""
    for place in places_of(frames):
        planes = [frame.plane for frame in place if frame.plane is not None]
        near = near_slice_mm(min(planes[0].spacing), WHOLE)
        if any(np.abs(plane.position - planes[0].position).max() > near for plane in planes):
            return True
    return False


def _is_binary(instance: Instance, frame: FrameInfo) -> bool:
    """Whether a frame is the mask of a segment with a number."""
    bits = metadata.integer(instance.elements, Tag.BITS_ALLOCATED)
    binary = metadata.text(instance.elements, Tag.SEGMENTATION_TYPE) == _BINARY
    return binary and bits == 1 and _number(frame) > 0


def _number(frame: FrameInfo) -> int:
    """Return the segment that a frame is of; 0 if not specified."""
    return int(frame.labels.get("segment", 0))


# --- the grid of all segments -----------------------------------------------------------------------------------------


class _Slices:
    """Every slice of a grid, and which of them frames are in."""

    def __init__(self, instances: Sequence[Instance], frames: list[FrameInfo], are_counted: bool = False):
        self.places = places_of(frames)
        planes = [place[0].plane for place in self.places if place[0].plane is not None]
        step = _stated_step(instances[frames[0].instance], frames[0].frame)
        if are_counted:
            self.numbers, self.planes = _counted(planes, frames[0].step_mm)
        else:
            self.numbers, self.planes = _even(planes, [step, frames[0].step_mm]) or (list(range(len(planes))), planes)
        self.stack: Stack = affine_from_attributes(self.planes, frames[0].step_mm)
        self.doubts = doubt_of_gaps(self.stack.steps_mm, 0.0 if step else frames[0].step_mm)

    def grid(self, layers: list[Layer], labels: dict[str, Any]) -> Grid:
        """Return the grid of some frames; a slice without one is described by that of another segment, else by the nearest."""
        own = np.array([layer.slice for layer in layers])
        planes = {k: place[0] for k, place in zip(self.numbers, self.places, strict=True)}
        planes |= {layer.slice: layer.frame for layer in reversed(layers)}
        nearest = [layers[int(np.abs(own - k).argmin())].frame for k in range(len(self.planes))]
        frames = [replace(planes.get(k, nearest[k]), plane=plane) for k, plane in enumerate(self.planes)]
        warnings = [*self.doubts, *stack_warnings(self.stack, self.planes)]
        empty = len(frames) - len(np.unique(own))
        if empty:
            warnings.append(f"{empty} {FILLED}")
        return Grid([frames], self.stack, labels, warnings, layers)

    def layers(self, frames: Sequence[FrameInfo], labels: Mapping[int, int]) -> list[Layer]:
        """Return the slice of every one of some frames, and its label, 0 for segments without one."""
        wanted = {id(frame) for frame in frames}
        return [
            Layer(k, frame, labels.get(_number(frame), 0))
            for k, place in zip(self.numbers, self.places, strict=True)
            for frame in place
            if id(frame) in wanted
        ]


def _stated_step(instance: Instance, frame: int) -> float:
    """Return SpacingBetweenSlices, mm; 0 where it is not stated."""
    look = Lookup(instance.elements, own_groups(instance.elements, frame))
    return look.number(Tag.PIXEL_MEASURES_SEQUENCE, Tag.SPACING_BETWEEN_SLICES) or 0.0


def _counted(planes: list[Plane], step: float) -> tuple[list[int], list[Plane]]:
    """Return the number of every plane, the first at the origin, and all planes up to the last one."""
    normal = planes[0].normal
    numbers = [round(float(plane.position @ normal) / step) for plane in planes]
    return numbers, [planes[0]._replace(position=normal * step * n) for n in range(numbers[-1] + 1)]


def _even(planes: list[Plane], steps: Sequence[float]) -> tuple[list[int], list[Plane]] | None:
    """Return the number of every plane in an even grid, and all planes of that; None where there is no such grid.

    The distance of the slices is the first of those stated, or the smallest there is, that all distances are multiples of.
    """
    distances = np.diff([float(plane.position @ planes[0].normal) for plane in planes])
    if not distances.size:
        return [0], planes
    for step in (steps[0], float(distances.min()), *steps[1:]):
        whole = distances / step if step > 0 else np.zeros(1)
        counts = np.rint(whole)
        if counts.min() >= 1 and np.abs(whole - counts).max() <= WHOLE and counts.sum() < MOST_SLICES:
            numbers = [0, *np.cumsum(counts).astype(int).tolist()]
            between = _between(planes, numbers, step)
            if between is not None:
                return numbers, between
    return None


def _between(planes: list[Plane], numbers: list[int], step: float) -> list[Plane] | None:
    """Return planes evenly from the first to the last, the true ones where they are; None where those are off the line."""
    first = planes[0].position
    line = (planes[-1].position - first) / numbers[-1]
    off = max(float(np.abs(first + n * line - plane.position).max()) for n, plane in zip(numbers, planes, strict=True))
    if off > near_slice_mm(step, ON_GRID):
        return None
    true = dict(zip(numbers, planes, strict=True))
    return [true.get(n) or planes[0]._replace(position=first + n * line) for n in range(numbers[-1] + 1)]


# --- images on it -----------------------------------------------------------------------------------------------------


def _labels(instances: Sequence[Instance], frames: list[FrameInfo]) -> dict[int, int]:
    """Return the labels of all segments that have frames; their numbers where one is not described."""
    known, numbers = label_numbers(instances[frames[0].instance]), {_number(frame) for frame in frames}
    return known if numbers <= known.keys() else {number: number for number in numbers}


def _names(instance: Instance) -> dict[int, str]:
    """Return the sentences that name the segments of probabilities, whose images have no table of labels; by number."""
    if metadata.text(instance.elements, Tag.SEGMENTATION_TYPE) != "FRACTIONAL":
        return {}
    charset = CharacterSet().of(instance.elements)
    items = [item.elements for item in metadata.items(instance.elements, Tag.SEGMENT_SEQUENCE)]
    labels = {metadata.integer(item, Tag.SEGMENT_NUMBER): charset.text(item, Tag.SEGMENT_LABEL) for item in items}
    return {number: f"segment {number} is {label!r}" for number, label in labels.items() if label}


def _filled(instance: Instance, frames: list[FrameInfo], slices: _Slices) -> list[Grid]:
    """Return an image for every segment, each with all slices of the grid."""
    grids, names = [], _names(instance)
    for grid in grids_of_frames(frames):
        layers = slices.layers(grid.frames[0], {})
        complete = len(layers) == len(slices.planes)
        made = replace(slices.grid(layers, grid.labels), layers=[] if complete else layers)
        made.warnings.extend(filter(None, [names.get(_number(grid.frames[0][0]))]))
        grids.append(made)
    return grids


def _label_maps(instances: Sequence[Instance], frames: list[FrameInfo], slices: _Slices) -> list[Grid]:
    """Return the label maps that hold all segments, as few as possible."""
    sets = sets_without_overlap(instances, slices.layers(frames, _labels(instances, frames)))
    grids = [slices.grid(layers, {}) for layers in sets]
    for n, grid in enumerate(grids if len(grids) > 1 else [], 1):
        numbers = ", ".join(str(label) for label in sorted({layer.label for layer in sets[n - 1]}))
        grid.warnings.append(
            f"segments overlap: this is label map {n} of {len(grids)}, of segment(s) {numbers}; only all together give the "
            "object back"
        )
    return grids
