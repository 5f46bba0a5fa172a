"""Segmentations whose frames have no position: each is where the image is that it was made from (PS3.3 C.7.6.16.2.6).

Some viewers write them so. The positions are those of the series that is read with the Segmentation. Probabilities stay
without: an edited image of them has the functional groups of its original.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from .....model.files.names import safe_name
from .....model.legacy_converted import own_groups
from .....model.metadata import Instance
from .....model.space.geometry import Plane
from ..frames.frame_info import FrameInfo
from ..frames.tiles import slice_shape_of
from ..plans import Plan
from .segment_grids import has_labels, images_of
from .segment_sources import BY_SOURCE, WITHOUT_SOURCE, source_of

Source = tuple[str, int]
"""SOPInstanceUID, and number of a frame."""
_PLACED = "the frames have no position: they are where the images of {title} are that they were made from"


def placed_by_sources(plans: Sequence[Plan], series: Sequence[Plan]) -> list[Plan]:
    """Return plans, in which those of Segmentations without positions are replaced by ones in the places of their sources.

    Parameters
    ----------
    plans : sequence of Plan
        What the input becomes.
    series : sequence of Plan
        Images with positions, none of them a Segmentation.
    """
    objects: dict[int, list[Plan]] = {}
    for plan in plans:
        if len(plan.instances) == 1 and not plan.is_placed and has_labels(plan.instances[0]):
            objects.setdefault(id(plan.instances[0]), []).append(plan)
    of_images = _series_of_images(series) if objects else {}
    placed = {key: made for key, own in objects.items() if (made := _placed(own, of_images))}
    return [made for plan in plans for made in _in_place_of(plan, objects, placed)]


def _in_place_of(plan: Plan, objects: dict[int, list[Plan]], placed: dict[int, list[Plan]]) -> list[Plan]:
    key = id(plan.instances[0])
    if key not in placed or not any(plan is one for one in objects[key]):
        return [plan]
    return placed[key] if plan is objects[key][0] else []


def _series_of_images(series: Sequence[Plan]) -> dict[str, list[Plan]]:
    """Return the series that each image is of, by its SOPInstanceUID."""
    of_images: dict[str, list[Plan]] = defaultdict(list)
    for one in series:
        for uid in dict.fromkeys(instance.uid for instance in one.instances):
            of_images[uid].append(one)
    return of_images


def _placed(own: Sequence[Plan], of_images: Mapping[str, Sequence[Plan]]) -> list[Plan]:
    """Return the images of one object in the places of its sources; none where these are not all in one series."""
    instance, first = own[0].instances[0], own[0]
    frames = list({frame.key: frame for plan in own for frame in _frames_of(plan)}.values())
    source = source_of(own_groups(instance.elements, frames[0].frame))
    for one in of_images.get(source[0], ()) if source else ():
        planes = _planes_of(frames, instance, one)
        if planes and slice_shape_of(one.instances[0].elements) == slice_shape_of(instance.elements):
            step = one.frames[0][0].step_mm
            there = [replace(f, plane=p, is_assumed=False, step_mm=step) for f, p in zip(frames, planes, strict=True)]
            grids = images_of(first.instances, there)
            known = [text for text in first.warnings if text not in (BY_SOURCE, WITHOUT_SOURCE, *first.grid.warnings)]
            notes = [*known, _PLACED.format(title=one.title)]
            return [
                Plan(safe_name(first.title), first.title, first.instances, grid, [*notes, *grid.warnings]) for grid in grids
            ]
    return []


def _frames_of(plan: Plan) -> list[FrameInfo]:
    return [layer.frame for layer in plan.grid.layers] or plan.all_frames


def _planes_of(frames: Sequence[FrameInfo], instance: Instance, series: Plan) -> list[Plane]:
    """Return the plane of the only source of each frame; none where one is not in the series."""
    known = {(series.instances[frame.instance].uid, frame.frame + 1): frame.plane for frame in series.all_frames}
    planes: list[Plane] = []
    for frame in frames:
        source = source_of(own_groups(instance.elements, frame.frame))
        plane = known.get(source) if source is not None else None
        if plane is None:
            return []
        planes.append(plane)
    return planes
