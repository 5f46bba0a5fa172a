"""Segmentations on the slices of the series that they are of: images have its shape, with background where no frame is.

A Segmentation leaves out frames without a voxel of their segment (PS3.3 C.8.20.2), also at both ends of the series.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from .....model import metadata
from .....model.legacy_converted import own_groups
from .....model.space.geometry import Plane
from .....model.voxels.median import median_of
from .....options.remedies import remedy
from .....standard.sop_classes import SEGMENTATIONS
from .....standard.tags import Tag
from ..attributes.functional_groups import Lookup
from ..frames.frame_info import FrameInfo
from ..frames.frames import slices_with_frames, with_gaps
from ..frames.multiframe import sop_class_of
from ..frames.tiles import slice_shape_of
from ..frames.tolerances import near_slice_mm
from ..grouping.patients import is_of_another_patient
from ..grouping.registrations import Spaces
from ..plans import Plan
from ..stacking.grids import Grid, Layer, stack_warnings
from ..stacking.orientations import parallel_groups
from .segment_doubts import FILLED, LEFT_OUT
from .segment_grids import ON_GRID, WHOLE
from .segment_placement import placed_by_sources
from .segment_sources import source_of

_NOT_OF_REFERENCE = "its slices are not among those of reference=, or are in another frame of reference: it keeps its own grid"
_IN_ANOTHER_SPACE = "it keeps its own grid: the series of reference= is in another frame of reference. " + remedy("one-space")


def is_of_segmentation(plan: Plan) -> bool:
    """Whether a plan is of a Segmentation."""
    return sop_class_of(plan.instances[0].elements) in SEGMENTATIONS


def put_on_series(plans: list[Plan], references: Sequence[Plan] = (), spaces: Spaces | None = None) -> list[Plan]:
    """Return plans, those of Segmentations with the slices of the series that they refer to, where theirs are among these.

    Without such a series, those in the frame of reference of the Segmentation count, if all of them have one grid. Frames
    without a position are where the images are that they were made from.

    Parameters
    ----------
    plans : list of Plan
        Of one input.
    references : sequence of Plan
        Series that the user named instead.
    spaces : Spaces, optional
        Which frames of reference are one space.
    """
    spaces = spaces or Spaces()
    if not any(map(is_of_segmentation, plans)):
        return plans
    series = [plan for plan in references or plans if plan.is_placed and not is_of_segmentation(plan)]
    plans = placed_by_sources(plans, series)
    by_space: dict[str, list[Plan]] = defaultdict(list)
    for one in series:
        by_space[one.frame_of_reference].append(one)
    for plan in filter(is_of_segmentation, plans):
        near = _near(plan, by_space, spaces)
        grids = [
            (one, grid) for one in _series_of(plan, near, bool(references), spaces) if (grid := _grid_on(plan, one)) is not None
        ]
        if grids and all(_are_same(grids[0][1], grid) for _, grid in grids):
            _put_on(plan, *grids[0])
            plan.warnings += spaces.doubt(plan.frame_of_reference, grids[0][0].frame_of_reference, grids[0][0].title)
        elif references:
            plan.warnings = [*plan.warnings, _NOT_OF_REFERENCE if near else _IN_ANOTHER_SPACE]
    return plans


def _near(plan: Plan, by_space: Mapping[str, list[Plan]], spaces: Spaces) -> list[Plan]:
    """Return the series that may be in the frame of reference of a Segmentation: one of both may not specify any."""
    own = plan.frame_of_reference
    return [one for space, some in by_space.items() if not own or not space or spaces.are_one(own, space) for one in some]


def _put_on(plan: Plan, series: Plan, grid: Grid) -> None:
    """Change a plan to a grid with the slices of a series."""
    assert plan.grid.stack is not None
    assert grid.stack is not None
    stale = stack_warnings(plan.grid.stack, _planes_of(plan.frames[0]))
    kept = [text for text in plan.warnings if text not in stale and not text.endswith((FILLED, LEFT_OUT))]
    empty = len(grid.frames[0]) - len({layer.slice for layer in grid.layers})
    filled = [f"the slices are those of {series.title}: {empty} {FILLED}"] if empty else []
    plan.warnings = [*kept, *filled, *stack_warnings(grid.stack, _planes_of(grid.frames[0]))]
    plan.grid = grid


# --- which series -----------------------------------------------------------------------------------------------------


def _series_of(plan: Plan, near: Sequence[Plan], are_named: bool, spaces: Spaces) -> list[Plan]:
    """Return the series that a Segmentation may be of: named ones, those it refers to, else those in its frame of reference.

    `near` may be in its frame of reference: it, or they, may not specify any.
    """
    if are_named:
        return [one for one in near if _have_one_distance(plan, one) is not False]
    referenced = [one for one in _referenced(plan, near) if _have_one_distance(plan, one) is not False]
    placed = [one for one in near if _are_in_one_space(plan, one, spaces) and _have_one_distance(plan, one)]
    return referenced or [one for one in placed if one.frame_of_reference == plan.frame_of_reference] or placed


def _are_in_one_space(plan: Plan, series: Plan, spaces: Spaces) -> bool:
    """Whether both specify a frame of reference, which is one space, and are of one patient."""
    is_foreign = is_of_another_patient(plan.instances[0].elements, series.instances[0].elements)
    return (
        bool(series.frame_of_reference)
        and spaces.are_one(plan.frame_of_reference, series.frame_of_reference)
        and not is_foreign
    )


def _have_one_distance(plan: Plan, series: Plan) -> bool | None:
    """Whether the slices of both are equally far apart, else equally thick; None where that is not stated.

    Thick slices of a Segmentation may have the positions of some thin ones.
    """
    steps = series.grid.stack.steps_mm if series.grid.stack is not None else np.zeros(0)
    distances = plan.frames[0][0].stated_step_mm, abs(median_of(steps)) if steps.size else 0.0
    for one, other in (distances, (_thickness_of(plan), _thickness_of(series))):
        if one and other:
            return abs(one / other - 1) <= WHOLE
    return None


def _thickness_of(plan: Plan) -> float:
    first = plan.frames[0][0]
    elements = plan.instances[first.instance].elements
    look = Lookup(elements, own_groups(elements, first.frame))
    return look.number(Tag.PIXEL_MEASURES_SEQUENCE, Tag.SLICE_THICKNESS) or 0.0


def _referenced(plan: Plan, series: Sequence[Plan]) -> list[Plan]:
    """Return the series that a Segmentation refers to, or of which there is the image that its first frame was made from."""
    elements = plan.instances[0].elements
    source = source_of(own_groups(elements, 0))
    items = metadata.items(elements, Tag.REFERENCED_SERIES_SEQUENCE)
    stated = {metadata.text(item.elements, Tag.SERIES_INSTANCE_UID) for item in items}
    return [
        one
        for one in series
        if metadata.text(one.instances[0].elements, Tag.SERIES_INSTANCE_UID) in stated
        or (source is not None and any(source[0] == instance.uid for instance in one.instances))
    ]


def _are_same(one: Grid, other: Grid) -> bool:
    assert one.stack is not None
    assert other.stack is not None
    return len(one.frames[0]) == len(other.frames[0]) and np.allclose(one.stack.ijk_to_ras, other.stack.ijk_to_ras)


# --- its slices -------------------------------------------------------------------------------------------------------


def _grid_on(plan: Plan, series: Plan) -> Grid | None:
    """Return the grid of a Segmentation with all slices of a series; None where its slices are not among them.

    The record of a Segmentation with positions must give the same places again: slices without a frame are evenly between,
    before and behind those that have one.
    """
    places = _places_in(plan, series)
    if places is None:
        return None
    layers = [layer._replace(slice=places[layer.slice]) for layer in _layers_of(plan)]
    described = {places[k]: frame for k, frame in enumerate(plan.frames[0]) if k in places}
    planes = _planes_of(series.frames[0])
    own = np.array([layer.slice for layer in layers])
    nearest = [layers[int(np.abs(own - k).argmin())].frame for k in range(len(planes))]
    frames = [replace(described.get(k, nearest[k]), plane=plane) for k, plane in enumerate(planes)]
    true = [described[k].plane or plane if k in described else plane for k, plane in enumerate(planes)]
    grid = Grid([frames], series.grid.stack, plan.grid.labels, [], layers)
    return grid if not _has_positions(plan) or _are_even(true, frames, layers, planes) else None


def _has_positions(plan: Plan) -> bool:
    groups = own_groups(plan.instances[0].elements, 0)
    return any(Tag.PLANE_POSITION_SEQUENCE in item for item in (groups, plan.instances[0].elements))


def _places_in(plan: Plan, series: Plan) -> dict[int, int] | None:
    """Return the slices of a series that slices of a Segmentation are; None where one with a frame is none of them."""
    if plan.grid.stack is None or len(plan.frames) > 1 or plan.frames[0][0].is_assumed:
        return None
    shapes = {slice_shape_of(one.instances[0].elements) for one in (plan, series)}
    if len(shapes) > 1 or len(parallel_groups([plan.frames[0][0], series.frames[0][0]])) > 1:
        return None
    positions = np.array([plane.position for plane in _planes_of(series.frames[0])])
    near_mm = near_slice_mm(series.frames[0][0].step_mm, ON_GRID)
    places = {}
    for k, plane in enumerate(_planes_of(plan.frames[0])):
        away = np.abs(positions - plane.position).max(axis=1)
        if away.min() <= near_mm:
            places[k] = int(away.argmin())
    return places if {layer.slice for layer in _layers_of(plan)} <= places.keys() else None


def _layers_of(plan: Plan) -> list[Layer]:
    """Return the layers of a plan, also of one whose slices are its frames."""
    return plan.grid.layers or [Layer(k, frame, 0) for k, frame in enumerate(plan.frames[0])]


def _planes_of(frames: Sequence[FrameInfo]) -> list[Plane]:
    return [frame.plane for frame in frames if frame.plane is not None]


def _are_even(true: list[Plane], frames: Sequence[FrameInfo], layers: Sequence[Layer], planes: Sequence[Plane]) -> bool:
    """Whether the places of slices without a frame follow from those of the others."""
    keys = np.array([frame.key for frame in frames])
    known = slices_with_frames(keys, np.array([(layer.slice, *layer.frame.key, layer.label) for layer in layers]))
    filled = with_gaps(true, known, frames[0].stated_step_mm)
    near_mm = near_slice_mm(frames[0].step_mm, ON_GRID)
    away = [np.abs(one.position - plane.position).max() for one, plane in zip(filled, planes, strict=True)]
    return len(filled) == len(frames) and max(away) <= near_mm
