"""Frames → grids: which frames make one volume, and in which order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np

from ....model.geometry import Plane, Stack, affine_from_attributes, spacing_problem
from .frames import FrameInfo

SAME_POSITION_MM = 0.01
SAME_DIRECTION = 2e-3
"""Largest difference of a direction cosine within one volume: scanners round, and repeat with jitter."""
SAME_SPACING = 1e-3


class Layer(NamedTuple):
    """One frame in a slice that it does not make alone: it is 1 where the slice has its label; with label 0 it is the slice."""

    slice: int
    frame: FrameInfo
    label: int


@dataclass(frozen=True)
class Grid:
    """Frames that make one volume.

    Attributes
    ----------
    frames : list of list of FrameInfo
        By time, then by slice.
    stack : Stack or None
        Where the slices lie; None where the frames have no geometry.
    labels : dict
        What tells this volume from others of the series.
    warnings : list of str
        What the grid cannot hold.
    layers : list of Layer
        All frames, where slices and frames are not one and the same: `frames` then has one that describes the slice, moved
        there. Empty where every slice is its frame.
    """

    frames: list[list[FrameInfo]]
    stack: Stack | None
    labels: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    layers: list[Layer] = field(default_factory=list)


def split(frames: Sequence[FrameInfo]) -> list[Grid]:
    """Return the volumes of one series.

    Frames of one kind (size, pixel type, component, echo, segment) and one orientation make a stack. In a stack, frames are
    sorted by position along the normal; frames at the same position are different times.
    """
    kinds: dict[tuple, list[FrameInfo]] = {}
    for frame in frames:
        kinds.setdefault(frame.kind, []).append(frame)
    varying = _varying_labels(frames)
    grids = []
    for group in kinds.values():
        labels = {name: group[0].labels.get(name) for name in varying}
        grids += [_with_labels(grid, labels) for grid in _grids_of(group)]
    return grids


def _varying_labels(frames: Sequence[FrameInfo]) -> list[str]:
    names = sorted({name for frame in frames for name in frame.labels})
    return [name for name in names if len({frame.labels.get(name) for frame in frames}) > 1]


def _with_labels(grid: Grid, labels: dict[str, Any]) -> Grid:
    return Grid(grid.frames, grid.stack, {**labels, **grid.labels}, grid.warnings)


def _grids_of(group: list[FrameInfo]) -> list[Grid]:
    placed = [frame for frame in group if frame.plane is not None]
    loose = [frame for frame in group if frame.plane is None]
    grids = [Grid([sorted(frames, key=lambda f: f.order)], None) for frames in _by_instance(loose)]
    for parallel in parallel_groups(placed):
        grids += _stacked(parallel)
    return grids


def _by_instance(frames: list[FrameInfo]) -> list[list[FrameInfo]]:
    """Frames that do not say where they lie belong together only within one object."""
    return [list(found) for _, found in groupby(frames, key=lambda frame: frame.instance)]


def parallel_groups(frames: list[FrameInfo]) -> list[list[FrameInfo]]:
    """Return frames that lie somewhere in groups of one orientation and spacing."""
    groups: list[list[FrameInfo]] = []
    for frame in frames:
        for group in groups:
            if _parallel(group[0].plane, frame.plane):
                group.append(frame)
                break
        else:
            groups.append([frame])
    return groups


def _parallel(a: Plane | None, b: Plane | None) -> bool:
    assert a is not None
    assert b is not None
    if a.orientation is b.orientation and a.spacing == b.spacing:
        return True
    return bool(
        np.abs(a.orientation - b.orientation).max() <= SAME_DIRECTION
        and np.abs(np.subtract(a.spacing, b.spacing)).max() <= SAME_SPACING
    )


def _stacked(frames: list[FrameInfo]) -> list[Grid]:
    """Return one grid where every position was seen equally often; the surplus as further grids where not."""
    places = places_of(frames)
    counts = [len(place) for place in places]
    complete = min(counts)
    grids = [_grid([[place[t] for place in places] for t in range(complete)])]
    for t in range(complete, max(counts)):
        rest = [place[t] for place in places if len(place) > t]
        grid = _grid([rest])
        note = f"only {len(rest)} of {len(places)} slices were found for time {t + 1}; they are kept as a volume of their own"
        grids.append(Grid(grid.frames, grid.stack, {"incomplete": t + 1}, [note, *grid.warnings]))
    return grids


def places_of(frames: list[FrameInfo]) -> list[list[FrameInfo]]:
    """Return frames by position along the normal, each position sorted by time."""
    normal = frames[0].plane.normal if frames[0].plane else np.zeros(3)
    distances = {id(frame): float(frame.plane.position @ normal) if frame.plane else 0.0 for frame in frames}
    ordered = sorted(frames, key=lambda frame: distances[id(frame)])
    places: list[list[FrameInfo]] = []
    last = -np.inf
    for frame in ordered:
        if distances[id(frame)] - last > SAME_POSITION_MM:
            places.append([])
            last = distances[id(frame)]
        places[-1].append(frame)
    return [sorted(place, key=lambda frame: frame.order) for place in places]


def _grid(frames: list[list[FrameInfo]]) -> Grid:
    planes = [frame.plane for frame in frames[0] if frame.plane is not None]
    stack = affine_from_attributes(planes, frames[0][0].step_mm)
    return Grid(frames, stack, {}, stack_warnings(stack, planes))


def stack_warnings(stack: Stack, planes: list[Plane]) -> list[str]:
    """Say what the grid of planes cannot hold."""
    problem = spacing_problem(stack)
    found = [f"{problem}: the grid is even, the true positions are in the sidecar"] if problem else []
    if stack.shear_mm > 0.01 and not problem:
        step = float(np.median(stack.steps_mm)) if stack.steps_mm.size else 1.0
        angle = float(np.degrees(np.arctan2(stack.shear_mm, abs(step))))
        if angle > 0.1:
            found.append(f"the slices are sheared by {angle:.2f}° (gantry tilt): the sform says so, nothing was resampled")
    if stack.deviation_mm > 0.1 and not problem and len(planes) > 1:
        found.append(f"slices lie up to {stack.deviation_mm:.3g} mm beside the grid; the true positions are in the sidecar")
    return found
