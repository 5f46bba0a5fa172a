"""Grids of frames: volumes of one shape at one place, and what a regular grid cannot hold of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from .....model.space.geometry import Plane
from .....model.space.stack_affine import Stack, affine_from_attributes, spacing_problem
from .....model.voxels.median import median_of
from .....standard.dictionary import describe
from .....standard.tags import Tag
from ..frames.frame_info import FrameInfo
from ..frames.tolerances import SEEN_SHIFT
from .moved_volumes import shift_note

Frames = list[FrameInfo]


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
        Where the slices are; None where the frames have no geometry.
    labels : dict
        What distinguishes this volume from others of the series.
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


def grid_of(volumes: list[Frames], notes: Sequence[str]) -> Grid:
    """Return the grid of volumes whose slices are at the same places, with what it cannot hold."""
    planes = [frame.plane for frame in volumes[0] if frame.plane is not None]
    stack = affine_from_attributes(planes, volumes[0][0].step_mm)
    doubts = [*_notes_of_units(volumes), *_notes_of_scales(volumes)]
    warnings = [*notes, *doubts, *_note_of_thickness(volumes), *shift_note(volumes), *stack_warnings(stack, planes)]
    return Grid(volumes, stack, {}, warnings)


def _note_of_thickness(volumes: Sequence[Frames]) -> list[str]:
    """Return that nothing specifies how thick a single slice is, whose place is known."""
    frame = volumes[0][0]
    if len(volumes[0]) > 1 or frame.is_assumed or not frame.is_step_assumed:
        return []
    return [f"{describe(Tag.SLICE_THICKNESS)} and {describe(Tag.SPACING_BETWEEN_SLICES)} are missing: 1 mm is assumed"]


def _notes_of_units(volumes: Sequence[Frames]) -> list[str]:
    """Return that frames of one image have different units (RescaleType, Units), so that their values do not compare."""
    units = dict.fromkeys(frame.units for volume in volumes for frame in volume)
    if len(units) < 2:
        return []
    names = ", ".join(name or "none" for name in units)
    return [f"the slices have different units (RescaleType (0028,1054) or Units (0054,1001)): {names}"]


def _notes_of_scales(volumes: list[Frames]) -> list[str]:
    """Return that some frames of one image have a scale and others none, or from another attribute, so that they differ."""
    frames = [frame for volume in volumes for frame in volume]
    counts = Counter(frame.scale_attribute for frame in frames)
    if len(counts) < 2 or len({(frame.slope, frame.intercept) for frame in frames}) < 2:
        return []
    words = ", ".join(f"{count} by {name}" if name else f"{count} not at all" for name, count in sorted(counts.items()))
    return [f"the slices are scaled in different ways, so their values may not compare: {words}"]


def stack_warnings(stack: Stack, planes: list[Plane]) -> list[str]:
    """Return what the grid of planes cannot hold."""
    problem = spacing_problem(stack)
    off = f"slices are up to {stack.deviation_mm:.3g} mm off the even grid"
    sentences = [f"{problem}: {off}, the true positions are in the sidecar"] if problem else []
    step = abs(median_of(stack.steps_mm)) if stack.steps_mm.size else 1.0
    if stack.shear_mm > min(0.01, SEEN_SHIFT * step) and not problem:
        angle = float(np.degrees(np.arctan2(stack.shear_mm, step)))
        if angle > 0.1:
            sentences.append(
                f"the slices are sheared by {angle:.2f}° (gantry tilt): the sform contains the shear, nothing was resampled"
            )
    if stack.deviation_mm > SEEN_SHIFT * min(1.0, step, *planes[0].spacing) and not problem and len(planes) > 1:
        sentences.append(f"slices are up to {stack.deviation_mm:.3g} mm off the grid; the sidecar contains the true positions")
    return sentences
