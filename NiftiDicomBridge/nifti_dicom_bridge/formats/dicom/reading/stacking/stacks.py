"""Frames → grids: which frames make one volume, and in which order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from .....errors import DicomReadError
from .....standard.ge_field_maps import COMPONENT as FIELD_MAP
from ..attributes.components import words_between
from ..attributes.coordinates import TIMES
from ..frames.frame_info import FrameInfo
from ..frames.tolerances import MOVED_DIRECTION
from ..timing.time_order import in_order, missing_times
from ..timing.times import Division, divide, places_of
from .frames_of_reference import with_common_space
from .grids import Grid, grid_of
from .image_labels import names_of_objects, type_of, varying_labels
from .image_types import by_image_type
from .incomplete import main_volumes, what_it_lacks
from .jitter import without_jitter
from .missing_labels import notes_of_complements, with_missing_labels
from .orientations import parallel_groups
from .stack_ids import by_stack
from .stations import by_station

Frames = list[FrameInfo]
_UNKNOWN_TIMES = (
    "{} frames are at {} positions, and nothing states which of them belong to one time, echo or b-value: volumes would mix "
    "them (InstanceNumber (0020,0013) is missing, equal or contradictory). Set TemporalPositionIdentifier (0020,0100), or "
    "convert the files of each volume on their own."
)
_MIXED_FIELD_MAP = (
    "a series of GE's B0map contains a map in Hz, then the magnitude, and InstanceNumber (0020,0013), which distinguishes "
    "them, does not number one after the other: it was changed. Copy the series from a source that kept it."
)
_NO_PLACE = (
    "{} objects of the series specify neither a valid position (ImagePositionPatient (0020,0032), ImageOrientationPatient "
    "(0020,0037)) nor SliceLocation (0020,1041): each is an image of its own"
)


def grids_of_frames(frames: Sequence[FrameInfo]) -> list[Grid]:
    """Return the volumes of one series.

    Frames of one kind (size, pixel type, component, echo, segment…) and one orientation make an image. What they state of
    their time divides them into volumes (`times`), position along the normal puts the slices of each in order.
    """
    frames = with_missing_labels(without_jitter(with_common_space(frames)))
    kinds: dict[tuple[Any, ...], Frames] = defaultdict(list)
    for frame in frames:
        kinds[frame.kind].append(frame)
    varying = varying_labels(frames)
    names = names_of_objects(varying, frames)
    grids = []
    complements = notes_of_complements(list(kinds.values()))
    for group, doubts in zip(kinds.values(), complements, strict=True):
        _check_field_map(group)
        labels = {name: group[0].labels.get(name) for name in varying}
        labels |= {name: of_values[labels[name]] for name, of_values in names.items()}
        notes = [*doubts, *_notes_of_pixel_types(group, kinds.values())]
        grids += [
            replace(grid, labels={**labels, **grid.labels}, warnings=[*notes, *grid.warnings])
            for grid in _grids_of(group, frames)
        ]
    return grids


def _check_field_map(group: Frames) -> None:
    """Raise `DicomReadError` if slices of a map of GE, which InstanceNumber distinguishes from the magnitude, are repeated."""
    if group[0].labels.get("component") != FIELD_MAP or any(frame.plane is None for frame in group):
        return
    if any(len(places_of(parallel)) < len(parallel) for parallel in parallel_groups(group)):
        raise DicomReadError(_MIXED_FIELD_MAP)


def _notes_of_pixel_types(group: Frames, groups: Iterable[Frames]) -> list[str]:
    """Return that frames of one size and meaning, which may be of one volume, are not together: their pixels have other
    types.
    """
    first = group[0]
    for other in groups:
        if other is not group and other[0].kind[:2] == first.kind[:2] and other[0].labels == first.labels and first.plane:
            return [
                "the series contains images of the same size whose pixels have another type (bits, sign, color or SOP class): "
                "they are separate images"
            ]
    return []


def _grids_of(group: Frames, series: Frames) -> list[Grid]:
    located = [frame for frame in group if frame.plane is not None]
    loose = [frame for frame in group if frame.plane is None]
    images = _by_instance(loose)
    notes = [_NO_PLACE.format(len(images))] if len(images) > 1 else []
    others = {frame.words for frame in series} if loose else set()
    grids = [Grid([sorted(frames, key=lambda f: f.order)], None, type_of(frames, others), notes) for frames in images]
    assumed = [frame for frame in located if frame.is_assumed]  # where they are among the others is not known
    placed = [frame for frame in located if not frame.is_assumed]
    for near in [*parallel_groups(placed, MOVED_DIRECTION), *parallel_groups(assumed, MOVED_DIRECTION)]:
        for parallel in _moving_or_parallel(near):
            for stack, frames in by_stack(parallel).items():
                made = _by_type(frames, series)
                grids += [replace(grid, labels={"stack": stack, **grid.labels}) for grid in made] if stack else made
    return grids


def _by_instance(frames: Frames) -> list[Frames]:
    """Frames without a place belong together only within one object."""
    return [list(group) for _, group in groupby(frames, key=lambda frame: frame.instance)]


def _moving_or_parallel(near: Frames) -> list[Frames]:
    """Return frames of nearly one orientation: all, where each volume of them has one of its own; else those of each."""
    parallel = parallel_groups(near)
    if len(parallel) < 2:
        return parallel
    division = divide(near)
    grid = main_volumes(division.volumes)
    whole = all(len(parallel_groups(volume)) == 1 for volume in division.volumes)
    return [near] if whole and len(grid) == len(division.volumes) and len(grid[0]) > 1 and division.rows else parallel


def _by_type(frames: Frames, series: Frames) -> list[Grid]:
    """Return the grids of frames that no label separates."""
    grids = []
    for name, image in by_image_type(frames):
        made = _stacked(image, series)
        grids += made if name is None else [replace(grid, labels={"type": name or None, **grid.labels}) for grid in made]
    return grids


def _stacked(frames: Frames, series: Frames) -> list[Grid]:
    """Return the grids of each station of an image."""
    return [grid for station in by_station(frames) for grid in _at_station(station, series)]


def _at_station(frames: Frames, series: Frames) -> list[Grid]:
    """Return a grid of the complete volumes of an image, and one for each kind of incomplete ones."""
    division = divide(frames)
    if division.is_guessed:
        raise DicomReadError(_UNKNOWN_TIMES.format(len(frames), len(places_of(frames))))
    if division.rows and TIMES[division.rows[0]].separates:
        return _by_description(frames, division, series)
    volumes = in_order(division)
    main = main_volumes(volumes)
    grids = [grid_of(main, [*division.notes, *filter(None, [missing_times(volumes, series)])])]
    numbers = {id(volume): n for n, volume in enumerate(volumes, 1)}
    complete = set(map(id, main))
    rest = [volume for volume in volumes if id(volume) not in complete]
    for volume in rest:
        grid = grid_of([volume], [what_it_lacks(volume, main[0], numbers[id(volume)])])
        grids.append(replace(grid, labels={"incomplete": numbers[id(volume)]}))
    if rest and len(main) > 1:
        left_out = ", ".join(str(numbers[id(volume)]) for volume in rest[:5])
        grids[0].warnings.append(
            f"time(s) {left_out} of {len(volumes)} are incomplete and kept as volumes of their own, so the time axis has gaps"
        )
    return grids


def _by_description(frames: Frames, division: Division, series: Frames) -> list[Grid]:
    """Return the grids of frames that only texts of their series distinguish."""
    kinds: dict[tuple[str, ...], Frames] = defaultdict(list)
    for frame in frames:
        kinds[(frame.times and frame.times[division.rows[0]]) or ()].append(frame)
    grids = []
    for words, group in kinds.items():
        name = words_between(words, [other for other in kinds if other != words])
        for grid in _stacked(group, series):
            notes = list(dict.fromkeys([*division.notes_on_values, *grid.warnings]))
            grids.append(replace(grid, labels={"type": name or None, **grid.labels}, warnings=notes))
    return grids
