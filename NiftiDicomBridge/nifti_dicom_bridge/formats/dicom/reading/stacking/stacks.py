"""Frames → grids: which frames make one volume, and in which order."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np

from .....errors import DicomReadError
from .....model.space.geometry import Plane
from .....model.space.stack_affine import Stack, affine_from_attributes, spacing_problem
from .....model.voxels.median import median_of
from .....standard.dictionary import describe
from .....standard.tags import Tag
from ..attributes.components import ORIGINS, words_between
from ..attributes.coordinates import TIMES, WEIGHTING
from ..attributes.doses import named_doses
from ..frames.frame_info import FrameInfo
from ..frames.tolerances import MOVED_DIRECTION, SAME_DIRECTION, SAME_SPACING, SEEN_SHIFT
from ..timing.time_order import in_order, missing_times
from ..timing.times import Division, divide, is_even, places_of
from .interleaved import FEWEST
from .jitter import without_jitter
from .missing_labels import notes_of_complements, with_missing_labels, with_missing_words
from .moves import move_between, shift_note
from .spaces import with_common_space
from .stack_ids import by_stack
from .stations import by_station

Frames = list[FrameInfo]
_UNKNOWN_TIMES = (
    "{} frames are at {} positions, and nothing states which of them belong to one time, echo or b-value: volumes would mix "
    "them (InstanceNumber (0020,0013) is missing, equal or contradictory). Set TemporalPositionIdentifier (0020,0100), or "
    "convert the files of each volume on their own."
)
_NO_PLACE = (
    "{} objects of the series specify neither a valid position (ImagePositionPatient (0020,0032), ImageOrientationPatient "
    "(0020,0037)) nor SliceLocation (0020,1041): each is an image of its own"
)
_WEIGHTING = next(n for n, row in enumerate(TIMES) if row.name == WEIGHTING)
_REPEATING = ("polarity", "echonumber", "space")
"""Labels that often differ where a better one does."""


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


def split(frames: Sequence[FrameInfo]) -> list[Grid]:
    """Return the volumes of one series.

    Frames of one kind (size, pixel type, component, echo, segment…) and one orientation make an image. What they state of
    their time divides them into volumes (`times`), position along the normal puts the slices of each in order.
    """
    frames = with_missing_labels(without_jitter(with_common_space(frames)))
    kinds: dict[tuple[Any, ...], Frames] = defaultdict(list)
    for frame in frames:
        kinds[frame.kind].append(frame)
    varying = _varying_labels(frames)
    names = _names_of_objects(varying, frames)
    grids = []
    complements = notes_of_complements(list(kinds.values()))
    for group, doubts in zip(kinds.values(), complements, strict=True):
        labels = {name: group[0].labels.get(name) for name in varying}
        labels |= {name: of_values[labels[name]] for name, of_values in names.items()}
        notes = [*doubts, *_notes_of_pixel_types(group, kinds.values())]
        grids += [
            replace(grid, labels={**labels, **grid.labels}, warnings=[*notes, *grid.warnings])
            for grid in _grids_of(group, frames)
        ]
    return grids


def _names_of_objects(varying: Sequence[str], frames: Sequence[FrameInfo]) -> dict[str, dict[Any, Any]]:
    """Return the values in file names of labels that are UIDs: spaces are numbered, doses named after what they are of."""
    in_order = sorted(frames, key=lambda frame: frame.order)
    values = {name: list(dict.fromkeys(frame.labels.get(name) for frame in in_order)) for name in ("space", "dose")}
    names: dict[str, dict[Any, Any]] = {
        "space": {uid: n for n, uid in enumerate(values["space"], 1)},
        "dose": named_doses(values["dose"]),
    }
    return {name: of_values for name, of_values in names.items() if name in varying}


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


def _varying_labels(frames: Sequence[FrameInfo]) -> list[str]:
    """Return the labels that distinguish the images of a series, without those that repeat what others specify."""
    names = sorted({name for frame in frames for name in frame.labels})
    placed = [frame for frame in frames if frame.plane is not None]  # images without a position are in no space
    values = {name: {frame.labels.get(name) for frame in (placed if name == "space" else frames)} for name in names}
    varying = [name for name in names if len(values[name]) > 1]
    for name in _REPEATING:
        rest = [other for other in varying if other != name]
        if name in varying and _kinds_by(frames, rest) == _kinds_by(frames, varying):
            varying = rest
    return varying


def _kinds_by(frames: Sequence[FrameInfo], names: Sequence[str]) -> int:
    return len({tuple(frame.labels.get(name) for name in names) for frame in frames})


def _grids_of(group: Frames, series: Frames) -> list[Grid]:
    located = [frame for frame in group if frame.plane is not None]
    loose = [frame for frame in group if frame.plane is None]
    images = _by_instance(loose)
    notes = [_NO_PLACE.format(len(images))] if len(images) > 1 else []
    others = {frame.words for frame in series} if loose else set()
    grids = [Grid([sorted(frames, key=lambda f: f.order)], None, _type_of(frames, others), notes) for frames in images]
    assumed = [frame for frame in located if frame.is_assumed]  # where they are among the others is not known
    placed = [frame for frame in located if not frame.is_assumed]
    for near in [*parallel_groups(placed, MOVED_DIRECTION), *parallel_groups(assumed, MOVED_DIRECTION)]:
        for parallel in _moving_or_parallel(near):
            for stack, frames in by_stack(parallel).items():
                made = _by_words(frames, series)
                grids += [replace(grid, labels={"stack": stack, **grid.labels}) for grid in made] if stack else made
    return grids


def _type_of(frames: Frames, words: set[tuple[str, ...]]) -> dict[str, Any]:
    """Return in what an image differs from others of its series, such as view and side of a radiograph, as a label."""
    others = [other for other in words if other != frames[0].words]
    labels = {str(value).upper() for value in frames[0].labels.values()}
    own = [word for word in frames[0].words if word.upper() not in labels]
    return {"type": words_between(own, others) or None} if others else {}


def _by_instance(frames: Frames) -> list[Frames]:
    """Frames without a place belong together only within one object."""
    return [list(group) for _, group in groupby(frames, key=lambda frame: frame.instance)]


# --- orientation ------------------------------------------------------------------------------------------------------


def parallel_groups(frames: Frames, cosine: float = SAME_DIRECTION) -> list[Frames]:
    """Return frames that have a place in groups of one orientation and spacing."""
    groups: list[Frames] = []
    for frame in frames:
        for group in groups:
            if _parallel(group[0].plane, frame.plane, cosine):
                group.append(frame)
                break
        else:
            groups.append([frame])
    return groups


def _parallel(a: Plane | None, b: Plane | None, cosine: float) -> bool:
    assert a is not None
    assert b is not None
    if a.orientation is b.orientation and a.spacing == b.spacing:
        return True
    return bool(
        np.abs(a.orientation - b.orientation).max() <= cosine
        and np.abs(np.divide(a.spacing, b.spacing) - 1).max() <= SAME_SPACING
    )


def _moving_or_parallel(near: Frames) -> list[Frames]:
    """Return frames of nearly one orientation: all, where each volume of them has one of its own; else those of each."""
    parallel = parallel_groups(near)
    if len(parallel) < 2:
        return parallel
    division = divide(near)
    grid = _main_volumes(division.volumes)
    whole = all(len(parallel_groups(volume)) == 1 for volume in division.volumes)
    return [near] if whole and len(grid) == len(division.volumes) and len(grid[0]) > 1 and division.rows else parallel


# --- unknown kinds of images ------------------------------------------------------------------------------------------


def _by_words(frames: Frames, series: Frames) -> list[Grid]:
    """Return the grids of frames that no label separates: image types that differ at one place are different images."""
    frames = with_missing_words(frames)
    kinds: dict[tuple[str, ...], Frames] = defaultdict(list)
    for frame in frames:
        kinds[frame.words].append(frame)
    if len(kinds) < 2 or _are_shells(kinds):
        return _stacked(frames, series)
    apart = list(kinds) if _share_places(list(kinds.values()), frames) else _surplus_kinds(kinds)
    rest = [frame for frame in frames if frame.words not in apart]
    grids = _stacked(rest, series) if rest else []
    for words in apart:
        name = words_between(words, [other for other in kinds if other != words])
        grids += [replace(grid, labels={"type": name or None, **grid.labels}) for grid in _stacked(kinds[words], series)]
    return grids


def _surplus_kinds(kinds: Mapping[tuple[str, ...], Frames]) -> list[tuple[str, ...]]:
    """Return the image types of frames that are not slices of the most frequent type, which has all of its own.

    A screen of doses that has the position of the first slice, or any other, is such a frame.
    """
    main = max(kinds, key=lambda words: len(kinds[words]))
    places = places_of(kinds[main])
    is_usual = 2 * len(kinds[main]) > sum(map(len, kinds.values()))  # else words change from slice to slice
    if not is_usual or len({len(place) for place in places}) > 1:
        return []
    return [words for words in kinds if words != main and _are_surplus(kinds[words], words, places, main)]


def _are_surplus(frames: Frames, words: tuple[str, ...], places: Sequence[Frames], main: tuple[str, ...]) -> bool:
    """Whether frames of another image type repeat some slices, or are of another origin and between or away from the slices."""
    both = places_of([frame for place in [*places, frames] for frame in place])
    if len(both) == len(places):
        return True
    has_other_origin = _origins(words) != _origins(main)
    return has_other_origin and len(places) >= FEWEST and is_even(places) and not is_even(both)


def _origins(words: Iterable[str]) -> set[str]:
    return {word.upper() for word in words} & ORIGINS


def _are_shells(kinds: Mapping[tuple[str, ...], Frames]) -> bool:
    """Whether kinds differ only in their origin and have b-values of their own: trace images, next to b = 0 as acquired."""
    if len({tuple(word for word in words if word.upper() not in ORIGINS) for words in kinds}) > 1:
        return False
    shells = [{_b_value(frame) for frame in group} for group in kinds.values()]
    stated = set().union(*shells)
    return None not in stated and len(stated) == sum(map(len, shells))


def _b_value(frame: FrameInfo) -> int | None:
    weighting = frame.times[_WEIGHTING] if frame.times else None
    return weighting[0] if weighting else None


def _share_places(groups: Sequence[Frames], frames: Frames) -> bool:
    """Whether each group has at least half of the slices of a volume, and most are in several: else words vary by slice."""
    places = len(places_of(frames))
    sizes = [len(places_of(group)) for group in groups]
    return all(2 * size >= places for size in sizes) and 2 * sum(sizes) >= 3 * places


# --- times ------------------------------------------------------------------------------------------------------------


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
    main = _main_volumes(volumes)
    grids = [_grid(main, [*division.notes, *filter(None, [missing_times(volumes, series)])])]
    numbers = {id(volume): n for n, volume in enumerate(volumes, 1)}
    complete = set(map(id, main))
    rest = [volume for volume in volumes if id(volume) not in complete]
    for volume in rest:
        grid = _grid([volume], [_lack(volume, main[0], numbers[id(volume)], len(volumes))])
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


def _main_volumes(volumes: Sequence[Frames]) -> list[Frames]:
    """Return the volumes that make one image: all with as many slices as most have, at places that are the same or moved."""
    groups: list[list[Frames]] = []
    for volume in volumes:
        for group in groups:
            if move_between(group[0], volume) is not None:
                group.append(volume)
                break
        else:
            groups.append([volume])
    return max(groups, key=lambda group: (len(group[0]) * (1 if len(group) > 1 else 0.5), len(group)))


def _lack(volume: Frames, whole: Frames, number: int, count: int) -> str:
    """Return which slices a volume lacks, or that they are elsewhere."""
    if len(volume) >= len(whole):
        return f"the slices of time {number} are at other positions than those of the others: it is kept as a volume of its own"
    missing = _missing_slices(volume, whole)
    words = f"slice(s) {', '.join(map(str, missing[:8]))}{', …' if len(missing) > 8 else ''} of {len(whole)}"
    is_part = len(missing) == len(whole) - len(volume)  # else it has slices that the whole one lacks
    lacks = f"lacks {words}" if is_part else f"has {len(volume)} slices, the others {len(whole)}, or other positions"
    return (
        f"only {len(volume)} of {len(whole)} slices were found for time {number}: it {lacks}; it is kept as a volume of its own"
    )


def _missing_slices(volume: Frames, whole: Frames) -> list[int]:
    """Return the slices, counted from 1, of which a volume has none within half a slice distance."""
    planes = [frame.plane for frame in whole if frame.plane is not None]
    own = np.array([frame.plane.position @ planes[0].normal for frame in volume if frame.plane is not None])
    along = np.array([plane.distance for plane in planes])
    step = median_of(np.diff(along)) if len(along) > 1 else whole[0].step_mm
    return [n for n, place in enumerate(along, 1) if np.abs(own - place).min() > step / 2]


def _grid(volumes: list[Frames], notes: Sequence[str]) -> Grid:
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
