"""Multi-frame objects without functional groups (RT Dose, NM, cone-beam CT, cine): where frames are, and what they count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import compress

import numpy as np

from .....errors import DicomReadError
from .....model import metadata
from .....model.metadata import Elements, Instance
from .....model.space.geometry import Plane
from .....standard.dictionary import describe, uid_name
from .....standard.sop_classes import SEGMENTATION, TILED
from .....standard.tags import Tag
from ..attributes.functional_groups import Lookup
from .detectors import of_each_detector
from .philips_volumes import PhilipsVolume, volume_of
from .planes import AXIAL, assumed_plane, axes_of, doubt_of_step, plane_of, spacing_of, step_of
from .tolerances import SAME_PLACE_MM

# PS3.3 C.8.4.8: what the frames of an NM object count, by the name of the attribute
VECTORS = {
    "EnergyWindowVector": Tag.ENERGY_WINDOW_VECTOR, "DetectorVector": Tag.DETECTOR_VECTOR, "PhaseVector": Tag.PHASE_VECTOR,
    "RotationVector": Tag.ROTATION_VECTOR, "RRIntervalVector": Tag.RR_INTERVAL_VECTOR, "TimeSlotVector": Tag.TIME_SLOT_VECTOR,
    "SliceVector": Tag.SLICE_VECTOR, "AngularViewVector": Tag.ANGULAR_VIEW_VECTOR, "TimeSliceVector": Tag.TIME_SLICE_VECTOR,
}  # fmt: skip
SLICES = "SliceVector"
TIMES_IN_PLACE = frozenset({"PhaseVector", "RRIntervalVector", "TimeSlotVector", "TimeSliceVector"})
"""Frames that differ in them look at the same place; those of other detectors or angles do not."""
VIEWS, DETECTORS = ("AngularViewVector", "RotationVector"), ("DetectorVector", "EnergyWindowVector")
"""What frames differ in that are not slices: angles of view; detectors, which may be at the same place or not."""
_OFFSETS = (Tag.GRID_FRAME_OFFSET_VECTOR, Tag.SLICE_LOCATION_VECTOR)
"""Where each frame is along the normal: of doses (PS3.3 C.8.8.3.2); of secondary captures and some CT (C.8.6.3)."""
_NO_POSITION = "the object does not specify the positions of its frames: {}"
_DISTANCES_KNOWN = "order and distance of slices are known, the position is assumed"
FRAME_TIMES = frozenset({Tag.FRAME_TIME, Tag.FRAME_TIME_VECTOR})
"""FrameTime and FrameTimeVector: what FrameIncrementPointer (0028,0009) points to where frames are times."""


@dataclass
class Frames:
    """The frames of an object: their planes (None where unknown), what they count, and notes."""

    planes: list[Plane | None]
    vectors: list[dict[str, int]]
    notes: list[str] = field(default_factory=list)
    is_assumed: bool = False


def sop_class_of(elements: Elements) -> str:
    """Return SOPClassUID, empty where there is none; that of Segmentations where only SegmentationType specifies it."""
    stated = metadata.text(elements, Tag.SOP_CLASS_UID)
    return SEGMENTATION if not stated and Tag.SEGMENTATION_TYPE in elements else stated


def is_large_picture(elements: Elements) -> bool:
    """Whether the frames of an image are parts of one plane (PS3.3 C.8.12.4), which may only be counted."""
    is_tiled = sop_class_of(elements) in TILED or metadata.text(elements, Tag.DIMENSION_ORGANIZATION_TYPE) == "TILED_FULL"
    return is_tiled and not has_whole_pictures(elements)


def has_whole_pictures(elements: Elements) -> bool:
    """Whether a frame is as large as the picture: the label of a slide, its overview, a thumbnail, a low level."""
    sizes = {Tag.TOTAL_PIXEL_MATRIX_ROWS: Tag.ROWS, Tag.TOTAL_PIXEL_MATRIX_COLUMNS: Tag.COLUMNS}
    return all(0 < metadata.integer(elements, total) <= metadata.integer(elements, own) for total, own in sizes.items())


def refuse_tiles(instances: Sequence[Instance], are_large_pictures: Sequence[bool]) -> None:
    """Raise `DicomReadError` for the first of some images that is a large picture."""
    instance = next(compress(instances, are_large_pictures), None)
    if instance is not None:
        raise DicomReadError(
            f"{instance.path}: a tiled image ({uid_name(sop_class_of(instance.elements))}): its frames are parts of one large "
            "picture, not slices. Convert it with a tool for whole-slide microscopy."
        )


def frames_without_groups(elements: Elements, count: int) -> Frames:
    """Return the planes of several frames, and what they count, from the top level of an object."""
    notes: list[str] = []
    look = Lookup(elements, {})
    if volume := volume_of(elements):
        return _frames_of_volumes(volume, count)
    vectors = _vectors(elements, count, notes)
    first = plane_of(look, notes)
    tag, offsets = _offsets(elements, count, notes)
    if offsets:
        plane = first or _assumed(look)
        notes.append(_doubt_of_offsets(tag, offsets, first) if first else _NO_POSITION.format(_DISTANCES_KNOWN))
        planes = _along(plane, _relative(tag, np.array(offsets), plane))
        return Frames(planes, vectors, [note for note in notes if note], is_assumed=first is None)
    slices = [vector.get(SLICES, 0) for vector in vectors]
    if not any(slices) and _varies(vectors, *VIEWS):
        notes.append("the frames are projections from several angles, not slices: their positions are not used")
        return Frames(_planes_of_views(look, vectors), vectors, notes, is_assumed=True)
    if any(slices) or any(TIMES_IN_PLACE & vector.keys() for vector in vectors):
        return _frames_of_slices(look, first, slices, vectors, notes)
    if first is None:
        return Frames([None] * count, vectors, [*notes, *_doubts_of_stack(look)])
    if _varies(vectors, *DETECTORS):
        return Frames(_planes_of_detectors(elements, vectors, notes), vectors, notes)
    slices = [0] * count if _frames_are_times(elements) else list(range(count))
    if not any(slices):
        vectors = [{**vector, "FrameTime": n} for n, vector in enumerate(vectors, 1)]
    return _frames_of_slices(look, first, slices, vectors, notes)


def _frames_of_volumes(volume: PhilipsVolume, count: int) -> Frames:
    """Return the slices of volumes, time after time; where they are in the patient is not known."""
    first = assumed_plane(0.0, axes_of(AXIAL), volume.spacing_mm)
    planes = _along(first, np.arange(count) % volume.slices * volume.step_mm)
    return Frames(planes, [{"FrameTime": n // volume.slices + 1} for n in range(count)], [volume.note], is_assumed=True)


def _frames_of_slices(
    look: Lookup, first: Plane | None, slices: Sequence[int], vectors: list[dict[str, int]], notes: list[str]
) -> Frames:
    """Return frames of which the number of the slice is known, from any number on; without a first plane, one is assumed."""
    lowest = min(slices)
    if max(slices) > lowest and (doubt := doubt_of_step(look)):
        notes.append(doubt)
    planes = _along(first or _assumed(look), np.array([(n - lowest) * step_of(look) for n in slices]))
    if first is None:
        notes.append(_NO_POSITION.format(_DISTANCES_KNOWN if any(slices) else "it is assumed"))
    return Frames(planes, vectors, notes, is_assumed=first is None)


def _planes_of_views(look: Lookup, vectors: list[dict[str, int]]) -> list[Plane | None]:
    """Return planes side by side, one for each angle of view: frames of other times look from the same angle."""
    views = np.array([vector.get(VIEWS[0], 1) for vector in vectors])
    return _along(_assumed(look), (views - views.min()) * abs(step_of(look)))


def _varies(vectors: list[dict[str, int]], *names: str) -> bool:
    return any(len({vector.get(name) for vector in vectors}) > 1 for name in names)


def _planes_of_detectors(elements: Elements, vectors: list[dict[str, int]], notes: list[str]) -> list[Plane | None]:
    """Return the plane that an NM object gives for the detector of each frame, None where it gives none."""
    planes = [plane_of(Lookup(detector, {}), notes) for detector in of_each_detector(elements)]
    numbers = [vector.get("DetectorVector", 1) for vector in vectors]
    return [planes[n - 1] if 0 < n <= len(planes) else None for n in numbers]


def _relative(tag: int, offsets: np.ndarray, first: Plane) -> np.ndarray:
    """Return distances from the first frame along the normal; offsets of a dose are of either form of PS3.3 C.8.8.3.2.

    Offsets that begin with 0 count along the normal; others are coordinates z of the patient.
    """
    distances: np.ndarray = offsets - offsets[0]
    if tag == Tag.SLICE_LOCATION_VECTOR:
        return -distances if _count_against_normal(float(offsets[0]), first) else distances
    return -distances if offsets[0] != 0 and first.normal[2] < 0 else distances


def _count_against_normal(location: float, first: Plane) -> bool:
    """Whether locations of slices count against the normal, as that of the first frame and its position show."""
    return abs(location - first.distance) > SAME_PLACE_MM >= abs(location + first.distance)


def _offsets(elements: Elements, count: int, notes: list[str]) -> tuple[int, list[float]]:
    """Return where frames are along the normal, and the attribute; nothing where none specifies it for each frame."""
    for tag in _OFFSETS:
        offsets = metadata.numbers(elements, tag)
        if offsets and len(offsets) != count:
            notes.append(f"{describe(tag)} has {len(offsets)} values for {count} frames: it was ignored")
        elif tag == Tag.SLICE_LOCATION_VECTOR and len(set(offsets)) == 1:
            notes.append(f"{describe(tag)} has the same value for all frames: it was ignored")
        elif offsets:
            return tag, offsets
    return 0, []


def _doubt_of_offsets(tag: int, offsets: Sequence[float], first: Plane) -> str:
    """Return that offsets are of neither form, or locations of slices, which may count in any direction; empty if not."""
    z, name = float(first.position[2]), describe(tag)
    if tag == Tag.SLICE_LOCATION_VECTOR:
        is_known = abs(abs(offsets[0]) - abs(first.distance)) <= SAME_PLACE_MM < abs(first.distance)
        doubt = f"frames are placed along the normal by {name}, whose direction is not specified (PS3.3 C.7.6.2.1.2)"
        return "" if is_known else doubt
    if offsets[0] == 0 or abs(offsets[0] - z) <= SAME_PLACE_MM:
        return ""
    return (
        f"{name} begins with {offsets[0]:g}, which is neither 0 nor the coordinate z of "
        f"{describe(Tag.IMAGE_POSITION_PATIENT)}, {z:g}: only the distances of its values are used"
    )


def _doubts_of_stack(look: Lookup) -> list[str]:
    """Return that frames without positions are slices, as far as is known; nothing where they are times."""
    elements = look.data_set
    if _frames_are_times(elements) or not any(tag in elements for tag in (Tag.SLICE_THICKNESS, Tag.SPACING_BETWEEN_SLICES)):
        return []
    return [
        *filter(None, [doubt_of_step(look)]),
        _NO_POSITION.format("they are stacked in their order, their position is assumed"),
    ]


def _along(first: Plane, distances: np.ndarray) -> list[Plane | None]:
    return [Plane(first.position + first.normal * z, first.orientation, first.spacing) for z in distances]


def _assumed(look: Lookup) -> Plane:
    return assumed_plane(0.0, axes_of(AXIAL), spacing_of(look, []))


def _vectors(elements: Elements, count: int, notes: list[str]) -> list[dict[str, int]]:
    """Return what every frame counts, by name."""
    vectors: dict[str, list[int]] = {}
    for name, tag in VECTORS.items():
        numbers = metadata.numbers(elements, tag)
        if len(numbers) == count:
            vectors[name] = [int(number) for number in numbers]
        elif len(numbers) > 1:
            notes.append(f"{describe(tag)} has {len(numbers)} values for {count} frames: it was ignored")
    return [{name: numbers[n] for name, numbers in vectors.items()} for n in range(count)]


def _frames_are_times(elements: Elements) -> bool:
    return bool(_pointers(elements) & FRAME_TIMES)


def _pointers(elements: Elements) -> set[int]:
    """Return the tags in FrameIncrementPointer: what the frames of an object count (PS3.3 C.7.6.6)."""
    element = elements.get(Tag.FRAME_INCREMENT_POINTER)
    raw = element.value if element is not None and isinstance(element.value, bytes) else b""
    return {
        int.from_bytes(raw[n : n + 2], "little") << 16 | int.from_bytes(raw[n + 2 : n + 4], "little")
        for n in range(0, len(raw) - 3, 4)
    }


def vectors_of_frames(elements: Elements) -> set[int]:
    """Return the tags that have a value for each frame of an object without functional groups, as far as it has them."""
    known = {*VECTORS.values(), *_OFFSETS, Tag.FRAME_TIME_VECTOR} | _pointers(elements)
    return known & elements.keys()
