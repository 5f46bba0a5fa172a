"""Which images of its reference each frame of a new object was made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from ..formats.dicom.created.reference import Reference
from ..formats.dicom.created.reference_times import UNKNOWN_TIMES
from ..model.metadata import Instance, Log
from ..model.space.geometry import Plane
from ..options import Kind
from ..options.choices import LABEL_KINDS
from .placed_image import Placed

_ALL_TIMES = "the reference has {count} times, the image one: its frames refer to the images of all times"
_SAME_SLICE = 1e-3
"""Part of a slice distance by which a frame may be off the plane of a slice that it has the place of."""


@dataclass(frozen=True)
class FrameSources:
    """The images that an image was made from.

    Attributes
    ----------
    instances : sequence of Instance
        One for each frame of the reference, times outermost, or each instance once.
    frames : sequence of int
        Their frames, from 1; empty where they have one frame each, or all frames are meant.
    of_frames : sequence of sequence of int
        For each frame of the image, times outermost, its numbers in `instances`; empty: all of them.
    of_times : sequence of sequence of int
        For each time of the reference, its numbers in `instances`; empty: the reference has no times.
    """

    instances: Sequence[Instance] = ()
    frames: Sequence[int] = ()
    of_frames: Sequence[Sequence[int]] = ()
    of_times: Sequence[Sequence[int]] = ()


def frame_sources(place: Placed, kind: Kind, log: Log) -> FrameSources:
    """Return the images that an image was made from; none if it is not located in their space.

    On the grid of the reference, every slice is made from its own; elsewhere, from those that it crosses, or is between. Every
    time is made from its own, if there are as many; the only time from all of them. Segmentations and structure sets find
    images of their time in their planes themselves, and those of one time refer to the first.

    Parameters
    ----------
    place : Placed
        The image on its reference.
    kind : Kind
        The kind of the new object.
    log : Log
        Receives a note where the numbers of times differ.
    """
    reference = place.reference
    if reference is None or not place.same_space or (reference.is_space_only and not place.same_grid):
        return FrameSources()
    if reference.volumes > 1 and not place.same_grid:
        return FrameSources(reference.instances)
    all_frames = list(chain.from_iterable(reference.frames))
    instances, frames = [frame.instance for frame in all_frames], [frame.number for frame in all_frames]
    numbers = np.arange(len(all_frames)).reshape(len(reference.frames), -1)
    of_frames = [] if kind in LABEL_KINDS else _of_frames(place, reference, numbers, log)
    return FrameSources(instances, frames if any(frames) else (), of_frames, numbers.tolist())


def _of_frames(place: Placed, reference: Reference, numbers: np.ndarray, log: Log) -> list[list[int]]:
    times = _times(len(reference.frames), place.image.times, log)
    slices = [[k] for k in range(numbers.shape[1])] if place.same_grid else _crossed(place, reference)
    return [numbers[np.ix_(of_time, of_slice)].reshape(-1).tolist() for of_time in times for of_slice in slices]


def _times(count: int, own: int, log: Log) -> list[list[int]]:
    """Return the times of the reference that each time of an image was made from."""
    if count in (1, own):
        return [[t if count == own else 0] for t in range(own)]
    if own == 1:
        log.notes.append(_ALL_TIMES.format(count=count))
        return [list(range(count))]
    log.warnings.append(UNKNOWN_TIMES.format(count=count, own=own))
    return [[]] * own


def _crossed(place: Placed, reference: Reference) -> list[list[int]]:
    """Return the slices of the reference that each plane of an image on another grid crosses, or is between.

    All of them where it is not known where they are; none for planes beyond the last one.
    """
    planes = reference.planes
    if len(planes) < 2:
        return [list(range(len(reference.frames[0])))] * len(place.planes)
    order = np.argsort([plane.position @ planes[0].normal for plane in planes])
    places = np.array([planes[n].position @ planes[0].normal for n in order])
    step = float(np.median(np.diff(places)))
    ranges = (_range(plane, place, planes[0], places, step) for plane in place.planes)
    return [sorted(order[low:high].tolist()) for low, high in ranges]


def _range(plane: Plane, place: Placed, first: Plane, places: np.ndarray, step: float) -> tuple[int, int]:
    """Return the first of the slices, in the order of their places, and the one behind the last."""
    along = plane.corners(*place.image.voxels.shape[2:4]) @ first.normal
    low, high, nearly = float(along.min()), float(along.max()), (1 - _SAME_SLICE) * step
    if low - places[-1] > nearly or places[0] - high > nearly:
        return 0, 0
    begin = int(np.searchsorted(places, low + _SAME_SLICE * step, side="right")) - 1
    end = int(np.searchsorted(places, high - _SAME_SLICE * step, side="left")) + 1
    return max(begin, 0), min(max(end, 1), len(places))
