"""What every frame of every instance is: where it lies, when it was, what its values mean.

One view on classic single-frame objects, multi-frame objects with functional groups (PS3.3 C.7.6.16), multi-frame objects
without, and tiled images of vendors: all of them are lists of frames.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ....model import metadata
from ....model.geometry import Plane
from ....model.metadata import Elements, Instance, SeriesMetadata
from ....standard import dictionary
from ....standard.tags import Tag
from . import vendor
from .components import image_words
from .coordinates import Times, meanings_of
from .frame_attributes import Frame
from .frame_info import FrameInfo
from .lookup import Lookup, frame_count
from .multiframe import frames_without_groups
from .planes import located_plane, plane_of, spacing_of, step_of
from .rescale import rescale_of


@dataclass
class _DescribedFrame:
    """What is the same for all frames that one set of attributes describes."""

    look: Lookup
    own: Elements
    spacing_mm: tuple[float, float]
    step_mm: float
    rescale: tuple[float, float, str]
    words: tuple[str, ...]
    notes: list[str] = field(default_factory=list)


def frames_of(instance: Instance, index: int) -> list[FrameInfo]:
    """Return the frames of one instance, in the order of its pixel data."""
    elements, count = instance.elements, frame_count(instance.elements)
    tiles = vendor.tiles_of(instance)
    if tiles is not None:
        layout = (tiles.across, tiles.down, len(tiles.planes))
        one = _described_axes(instance, {})
        first = _frame(instance, index, 0, one, tiles.planes[0], tiles=layout)
        return [replace(first, frame=k, plane=plane, order=(*first.order[:1], k)) for k, plane in enumerate(tiles.planes)]
    per_frame = metadata.items(elements, Tag.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE)
    if per_frame:
        groups = [per_frame[n].elements if n < len(per_frame) else {} for n in range(count)]
        return [_placed(instance, index, n, _described_axes(instance, own)) for n, own in enumerate(groups)]
    one = _described_axes(instance, {})
    if count == 1:
        return [_placed(instance, index, 0, one)]
    several = frames_without_groups(elements, count)
    one.notes += several.notes
    rows = zip(several.planes, several.vectors, strict=True)
    frames = [_frame(instance, index, n, one, plane, vectors) for n, (plane, vectors) in enumerate(rows)]
    return [replace(frame, is_assumed=True) for frame in frames] if several.is_assumed else frames


def _described_axes(instance: Instance, own: Elements) -> _DescribedFrame:
    look = Lookup(instance.elements, own)
    notes = [f"{dictionary.describe(tag)} occurs more than once; the last occurrence is used" for tag in instance.repeated]
    spacing, rescale = spacing_of(look, notes), rescale_of(look, notes)
    return _DescribedFrame(look, own, spacing, abs(step_of(look)), rescale, tuple(image_words(look)), notes)


def _placed(instance: Instance, index: int, n: int, one: _DescribedFrame) -> FrameInfo:
    plane = plane_of(one.look, one.notes)
    if plane is not None:
        return _frame(instance, index, n, one, plane)
    assumed = located_plane(one.look, one.notes)
    return replace(_frame(instance, index, n, one, assumed), is_assumed=assumed is not None)


def _frame(
    instance: Instance,
    index: int,
    n: int,
    one: _DescribedFrame,
    plane: Plane | None,
    vectors: Mapping[str, int] | None = None,
    tiles: tuple[int, ...] = (),
) -> FrameInfo:
    frame = Frame(instance, index, n, one.look, one.own, dict(vectors or {}))
    labels = meanings_of(frame)
    if plane is None:
        labels.pop("space", None)
    slope, intercept, units = one.rescale
    return FrameInfo(
        instance=index,
        frame=n,
        plane=plane,
        spacing_mm=one.spacing_mm,
        step_mm=one.step_mm,
        kind=(*_pixel_kind(instance.elements), *tiles, *sorted(labels.items())),
        order=(metadata.integer(instance.elements, Tag.INSTANCE_NUMBER), n),
        slope=slope,
        intercept=intercept,
        units=units,
        labels=labels,
        words=one.words,
        notes=tuple(dict.fromkeys([*one.notes, *one.look.notes])),
        times=Times(frame),
        time_count=metadata.integer(instance.elements, Tag.NUMBER_OF_TEMPORAL_POSITIONS),
    )


def _pixel_kind(elements: Elements) -> tuple[Any, ...]:
    wanted = (Tag.ROWS, Tag.COLUMNS, Tag.SAMPLES_PER_PIXEL, Tag.BITS_ALLOCATED, Tag.PIXEL_REPRESENTATION)
    kinds = tuple(tag for tag in sorted(dictionary.PIXEL_TAGS) if tag in elements)
    return (
        *(metadata.integer(elements, tag) for tag in wanted),
        metadata.text(elements, Tag.PHOTOMETRIC_INTERPRETATION),
        metadata.text(elements, Tag.SOP_CLASS_UID),
        *kinds,
    )


def true_planes(series: SeriesMetadata) -> list[Plane] | None:
    """Return where the slices of a volume lie, by its first time; None where a slice does not specify it.

    Slices without a frame of their own lie evenly between those that have one.
    """
    frames = {n: frames_of(series.instances[n], n) for n in set(series.frames[0, :, 0].tolist())}
    result = [frames[n][frame] for n, frame in series.frames[0].tolist()]
    planes = [frame.plane for frame in result if frame.plane is not None and not frame.is_assumed]
    if len(planes) < len(result):
        return None
    return planes if series.layers is None else _with_gaps(planes, _told(series.frames[0], series.layers))


def _told(frames: np.ndarray, layers: np.ndarray) -> np.ndarray:
    """Return the slices in which a frame lies: one of the volume, or of another segment; not just the nearest."""
    own, elsewhere = set(layers[:, 0].tolist()), {tuple(pair) for pair in layers[:, 1:3].tolist()}
    return np.array([k for k, pair in enumerate(frames.tolist()) if k in own or tuple(pair) not in elsewhere])


def _with_gaps(planes: list[Plane], known: np.ndarray) -> list[Plane]:
    """Return planes of which only some are known, the others evenly between them."""
    places = np.array([planes[k].position for k in known])
    slices = np.arange(len(planes))
    positions = np.stack([np.interp(slices, known, places[:, axis]) for axis in range(3)], axis=1)
    return [replace(plane, position=position) for plane, position in zip(planes, positions, strict=True)]
