"""What every frame of every instance is: where it is, when it was, what its values mean.

One view on classic single-frame objects, multi-frame objects with functional groups (PS3.3 C.7.6.16), multi-frame objects
without, and tiled images of vendors: all of them are lists of frames.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from .....errors import DicomReadError
from .....model import metadata
from .....model.metadata import Elements, Instance, SeriesMetadata
from .....model.space.geometry import Plane
from .....standard import dictionary
from .....standard.tags import Tag
from ..attributes import vendor
from ..attributes.components import image_words
from ..attributes.coordinates import SharedRows, SharedTimes, Times, meanings_of
from ..attributes.frame_attributes import Frame, first_number, other_words
from ..attributes.functional_groups import Lookup, frame_count
from ..attributes.image_texts import coil_element
from ..attributes.shared_values import SharedValues
from ..values.rescale import rescale_of, scale_attribute
from .frame_info import FrameInfo
from .multiframe import frames_without_groups
from .planes import is_step_stated, located_plane, plane_of, spacing_of, stated_step_of, step_of
from .tiles import is_tiled, is_undescribed, refuse_undescribed, tiles_of

_REVERSED_ROWS = (
    "GE stores images of the sequence epi_pepolar upside down where phase is encoded from the other end: they are placed as "
    "they were acquired, not as ImageOrientationPatient (0020,0037) specifies"
)
_MAYBE_REVERSED = (
    "every second time of GE's sequence epi_pepolar is stored upside down, and TemporalPositionIdentifier (0020,0100), which "
    "distinguishes them, is missing. Copy the series from a source that kept it."
)


class _Description(NamedTuple):
    """What is the same for all frames that one set of attributes describes."""

    spacing_mm: tuple[float, float]
    step_mm: float
    rescale: tuple[float, float, str]
    scale_attribute: str
    words: tuple[str, ...]
    labels: dict[str, Any]
    pixel_kind: tuple[Any, ...]
    time_count: int
    notes: tuple[str, ...]
    stated_step_mm: float
    is_step_assumed: bool


class SharedDescriptions:
    """What the single-frame instances of a series have in common: read once for all of them.

    Parameters
    ----------
    usual_zone : str
        Time zone of most instances of the series.
    """

    def __init__(self, usual_zone: str = "") -> None:
        self.is_single = SharedValues(_is_single_frame)
        self.description = SharedValues(lambda elements: _described_frame(elements, {}))
        self.place = SharedValues(_place_of)
        self.times = SharedRows(usual_zone)


def _is_single_frame(elements: Elements) -> bool:
    """Whether an object is one image, described by its data set alone."""
    grouped = Tag.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE in elements
    return not grouped and frame_count(elements) == 1 and not is_tiled(elements)


class _Place(NamedTuple):
    """Where a frame is, and what is to be known of that."""

    plane: Plane | None
    is_assumed: bool
    notes: tuple[str, ...]


def _place_of(elements: Elements) -> _Place:
    """Return the place of an object that is one image."""
    return _place(Lookup(elements, {}))


def _place(look: Lookup) -> _Place:
    notes: list[str] = []
    plane = _true_plane(look, notes)
    assumed = located_plane(look, notes) if plane is None else None
    return _Place(plane or assumed, assumed is not None, (*notes, *look.notes))


def _true_plane(look: Lookup, notes: list[str]) -> Plane | None:
    """Return where a frame is, also where its scanner is known to state another place; None where nothing specifies it.

    Raises
    ------
    DicomReadError
        If it may be upside down, and nothing specifies whether it is.
    """
    plane, is_reversed = plane_of(look, notes), vendor.are_rows_reversed(look.data_set)
    if plane is None or is_reversed is False:
        return plane
    if is_reversed is None:
        raise DicomReadError(_MAYBE_REVERSED)
    notes.append(_REVERSED_ROWS)
    return plane.upside_down(metadata.integer(look.data_set, Tag.ROWS))


def frames_of(instance: Instance, index: int, shared: SharedDescriptions | None = None) -> list[FrameInfo]:
    """Return the frames of one instance, in the order of its pixel data.

    Parameters
    ----------
    instance : Instance
        The object.
    index : int
        Its number among those of its series.
    shared : SharedDescriptions, optional
        What was read of other instances of the series.
    """
    elements = instance.elements
    if shared is not None and not instance.repeated and shared.is_single.of(elements):
        return [_shared_frame(instance, index, shared)]
    count, tiles = frame_count(elements), tiles_of(elements)
    source = partial(_source, instance, index, shared.times.usual_zone if shared is not None else "")
    if tiles is not None:
        layout = (tiles.across, tiles.down, len(tiles.planes))
        first = _frame(source({}, [tiles.note] if tiles.note else []), 0, tiles.planes[0], tiles=layout)
        return [replace(first, frame=k, plane=plane, order=(*first.order[:1], k)) for k, plane in enumerate(tiles.planes)]
    per_frame = metadata.items(elements, Tag.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE)
    if per_frame:
        groups = [per_frame[n].elements if n < len(per_frame) else {} for n in range(count)]
        notes = _count_notes(len(per_frame), count)
        return [_placed(source(own, notes), n) for n, own in enumerate(groups)]
    if count == 1:
        return [_placed(source({}), 0)]
    several = frames_without_groups(elements, count)
    one = source({}, several.notes)
    rows = zip(several.planes, several.vectors, strict=True)
    frames = [_frame(one, n, plane, vectors=vectors) for n, (plane, vectors) in enumerate(rows)]
    return [replace(frame, is_assumed=True) for frame in frames] if several.is_assumed else frames


def _count_notes(items: int, count: int) -> list[str]:
    """Return that there are functional groups of more or fewer frames than NumberOfFrames specifies."""
    if items == count:
        return []
    groups, frames = map(dictionary.describe, (Tag.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE, Tag.NUMBER_OF_FRAMES))
    return [f"{groups} has {items} items, {frames} is {count}: items may be of other frames"]


def _doubt_of_groups(elements: Elements) -> list[str]:
    """Return that an object with functional groups has none for each of its frames."""
    shared, own = Tag.SHARED_FUNCTIONAL_GROUPS_SEQUENCE, Tag.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE
    if frame_count(elements) == 1 or not metadata.items(elements, shared) or metadata.items(elements, own):
        return []
    return [f"{dictionary.describe(own)} is missing: what distinguishes the frames, such as their positions, is not known"]


class _Source:
    """An instance, and the functional groups of some of its frames."""

    def __init__(self, instance: Instance, index: int, usual_zone: str, own: Elements, about: _Description):
        self.instance, self.index, self.usual_zone, self.own, self.about = instance, index, usual_zone, own, about
        self.look = Lookup(instance.elements, own)


def _source(instance: Instance, index: int, usual_zone: str, own: Elements, notes: Sequence[str] = ()) -> _Source:
    about = _described_frame(instance.elements, own)
    repeated = [f"{dictionary.describe(tag)} occurs more than once; the last occurrence is used" for tag in instance.repeated]
    return _Source(instance, index, usual_zone, own, about._replace(notes=(*repeated, *about.notes, *notes)))


def _described_frame(elements: Elements, own: Elements) -> _Description:
    look = Lookup(elements, own)
    notes: list[str] = []
    return _Description(
        spacing_mm=spacing_of(look, notes),
        rescale=rescale_of(look, notes),
        scale_attribute=scale_attribute(look),
        step_mm=abs(step_of(look)),
        stated_step_mm=abs(stated_step_of(look)),
        is_step_assumed=not is_step_stated(look),
        words=(*image_words(look), *other_words(look), *filter(None, [coil_element(look.data_set)])),
        labels=meanings_of(Frame(elements, 0, 0, look, own, {})),
        pixel_kind=_pixel_kind(elements),
        time_count=metadata.integer(elements, Tag.NUMBER_OF_TEMPORAL_POSITIONS),
        notes=(*notes, *look.notes, *_doubt_of_groups(elements)),
    )


def _placed(source: _Source, n: int) -> FrameInfo:
    notes: list[str] = []
    plane = _true_plane(source.look, notes)
    if plane is not None:
        return _frame(source, n, plane, notes)
    assumed = located_plane(source.look, notes)
    frame = replace(_frame(source, n, assumed, notes), is_assumed=assumed is not None)
    stack = metadata.text(source.look.group(Tag.FRAME_CONTENT_SEQUENCE), Tag.STACK_ID)
    if assumed is None or not stack:
        return frame
    return replace(frame, labels={**frame.labels, "stack": stack}, kind=(*frame.kind, ("stack", stack)))


def _frame(
    source: _Source,
    n: int,
    plane: Plane | None,
    notes: Sequence[str] = (),
    vectors: Mapping[str, int] | None = None,
    tiles: tuple[int, ...] = (),
) -> FrameInfo:
    frame = Frame(source.instance.elements, source.index, n, source.look, source.own, dict(vectors or {}), source.usual_zone)
    about = source.about._replace(labels=meanings_of(frame)) if vectors else source.about
    return _frame_info(about, frame, _Place(plane, False, (*notes, *source.look.notes)), Times(frame), tiles)


def _shared_frame(instance: Instance, index: int, shared: SharedDescriptions) -> FrameInfo:
    """Return the only frame of an instance, with what it has in common with others."""
    elements = instance.elements
    place, times = shared.place.of(elements), SharedTimes(elements, index, shared.times)
    return _frame_info(shared.description.of(elements), (elements, index, 0), place, times)


def _frame_info(
    about: _Description, frame: Sequence[Any], place: _Place, times: Times, tiles: tuple[int, ...] = ()
) -> FrameInfo:
    """Return a frame, given by the elements and the number of its instance and its own number."""
    labels = dict(about.labels)
    if place.plane is None:
        labels.pop("space", None)
    slope, intercept, units = about.rescale
    elements, index, n = frame[:3]
    return FrameInfo(
        instance=index,
        frame=n,
        plane=place.plane,
        spacing_mm=about.spacing_mm,
        step_mm=about.step_mm,
        stated_step_mm=about.stated_step_mm,
        is_step_assumed=about.is_step_assumed,
        kind=(*about.pixel_kind, *tiles, *sorted(labels.items())),
        order=(metadata.integer(elements, Tag.INSTANCE_NUMBER), first_number(elements) + n),
        slope=slope,
        intercept=intercept,
        units=units,
        scale_attribute=about.scale_attribute,
        labels=labels,
        words=about.words,
        notes=tuple(dict.fromkeys([*about.notes, *place.notes])),
        times=times,
        time_count=about.time_count,
        is_assumed=place.is_assumed,
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


def recorded_frames(series: SeriesMetadata, keys: Sequence[Sequence[int]]) -> list[FrameInfo]:
    """Return frames by the numbers of instance and frame; raises `DicomReadError` where an instance has fewer frames."""
    frames = {n: frames_of(series.instances[n], n) for n in {n for n, _ in keys}}
    missing = next((frame for n, frame in keys if not 0 <= frame < len(frames[n])), None)
    if missing is not None:
        refuse_undescribed([series.instances[keys[0][0]]])
        raise DicomReadError(f"the record describes frame {missing + 1} of an instance that has fewer. It is damaged.")
    return [frames[n][frame] for n, frame in keys]


def true_planes(series: SeriesMetadata) -> list[Plane] | None:
    """Return where the slices of a volume are, by its first time; None where a slice does not specify it.

    Slices without a frame of their own are evenly between, before and behind those that have one. Those of a mosaic, which are
    even, are not specified where a de-identification removed what describes it.
    """
    if is_undescribed(series.first.elements):
        return None
    result = recorded_frames(series, series.frames[0].tolist())
    planes = [frame.plane for frame in result if frame.plane is not None and not frame.is_assumed]
    if len(planes) < len(result):
        return None
    if series.layers is None:
        return planes
    return with_gaps(planes, slices_with_frames(series.frames[0], series.layers), result[0].stated_step_mm)


def slices_with_frames(frames: np.ndarray, layers: np.ndarray) -> np.ndarray:
    """Return the slices in which a frame is: one of the volume, or of another segment; not just the nearest."""
    own, elsewhere = set(layers[:, 0].tolist()), {tuple(pair) for pair in layers[:, 1:3].tolist()}
    return np.array([k for k, pair in enumerate(frames.tolist()) if k in own or tuple(pair) not in elsewhere])


def with_gaps(planes: list[Plane], known: np.ndarray, step_mm: float) -> list[Plane]:
    """Return planes of which only some are known, the others evenly between them, and before and behind them.

    Parameters
    ----------
    planes : list of Plane
        Of all slices.
    known : numpy.ndarray
        Slices whose planes are known.
    step_mm : float
        Distance of slices where one plane is known only; 0 where it is not stated.
    """
    places, slices = np.array([planes[k].position for k in known]), np.arange(len(planes))
    step = (places[-1] - places[0]) / (known[-1] - known[0]) if len(known) > 1 else planes[known[0]].normal * step_mm
    positions = np.stack([np.interp(slices, known, places[:, axis]) for axis in range(3)], axis=1)
    positions += (np.minimum(slices - known[0], 0) + np.maximum(slices - known[-1], 0))[:, None] * step
    return [plane._replace(position=position) for plane, position in zip(planes, positions, strict=True)]
