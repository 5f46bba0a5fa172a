"""What every frame of every instance is: where it lies, when it was, what its values mean.

One view on classic single-frame objects, multi-frame objects with functional groups (PS3.3 C.7.6.16), multi-frame objects
without, and tiled images of vendors: all of them are lists of frames.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import numpy as np

from ....model import metadata
from ....model.geometry import Plane
from ....model.legacy_converted import as_original
from ....model.metadata import Elements, Instance, SeriesMetadata
from ....standard import dictionary
from ....standard.tags import Tag
from . import vendor

# ImageType and FrameType values that tell one image from another of the same series (PS3.3 C.8.3.1.1.1, C.8.13.3.1)
COMPONENTS = {
    "M": "magnitude", "MAGNITUDE": "magnitude", "FFE": "magnitude", "P": "phase", "PHASE": "phase", "PHASE MAP": "phase",
    "R": "real", "REAL": "real", "I": "imaginary", "IMAGINARY": "imaginary", "ADC": "adc", "TRACE": "trace",
    "TRACEW": "trace", "FA": "fa", "B0 MAP": "b0map", "FIELD_MAP": "fieldmap", "T1 MAP": "t1map", "T2 MAP": "t2map",
    "LOCALIZER": "localizer", "MPR": "mpr",
}  # fmt: skip
ALWAYS = "magnitude"
SMALLEST, LARGEST = 1e-9, 1e9
"""Millimetres that an image can be about."""
SMALLEST_SLOPE, LARGEST_SLOPE = 1e-30, 1e30
"""What a NIfTI header in single precision can hold."""


@dataclass(frozen=True)
class FrameInfo:
    """One frame.

    Attributes
    ----------
    instance, frame : int
        Index of the instance, and of the frame (or tile) in it.
    plane : Plane or None
        Where it lies; None where the object does not say.
    spacing_mm : tuple of float
        Between rows and between columns; 1 where the object does not say.
    step_mm : float
        Distance to the next slice as the object tells it; used where there is only one.
    kind : tuple
        What must be equal within a volume: size, pixel type, component, echo…
    order : tuple
        When it was, relative to others at the same place.
    slope, intercept : float
        Stored → real value.
    units : str
        Of the real value.
    labels : dict
        What tells this kind from others of the series: ``{"echo": 2.46, "component": "phase"}``.
    notes : tuple of str
        Values that are there and cannot be used.
    """

    instance: int
    frame: int
    plane: Plane | None
    spacing_mm: tuple[float, float]
    step_mm: float
    kind: tuple
    order: tuple
    slope: float = 1.0
    intercept: float = 0.0
    units: str = ""
    labels: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def frames_of(instance: Instance, index: int) -> list[FrameInfo]:
    """Return the frames of one instance, in the order of its pixel data."""
    tiles = vendor.tiles_of(instance)
    if tiles is not None:
        layout = (tiles.across, tiles.down, len(tiles.planes))
        return [_frame(instance, index, k, {}, plane, tiles=layout) for k, plane in enumerate(tiles.planes)]
    per_frame = metadata.items(instance.elements, Tag.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE)
    count = frame_count(instance.elements)
    if per_frame:
        return [_frame(instance, index, n, per_frame[n].elements if n < len(per_frame) else {}) for n in range(count)]
    if count > 1:
        planes = _offset_planes(instance.elements, count)
        return [_frame(instance, index, n, {}, planes[n] if planes else None, alone=False) for n in range(count)]
    return [_frame(instance, index, 0, {})]


def true_planes(series: SeriesMetadata) -> list[Plane] | None:
    """Return where the slices of a volume lie, by its first time; None where a slice does not say.

    Slices without a frame of their own lie evenly between those that have one.
    """
    frames = {n: frames_of(series.instances[n], n) for n in set(series.frames[0, :, 0].tolist())}
    found = [frames[n][frame].plane for n, frame in series.frames[0].tolist()]
    planes = [plane for plane in found if plane is not None]
    if len(planes) < len(found):
        return None
    return planes if series.layers is None else _with_gaps(planes, _told(series.frames[0], series.layers))


def _told(frames: np.ndarray, layers: np.ndarray) -> np.ndarray:
    """Return the slices in which a frame lies: one of the volume, or of another segment; not just the nearest."""
    own, elsewhere = set(layers[:, 0].tolist()), {tuple(pair) for pair in layers[:, 1:3].tolist()}
    return np.array([k for k, pair in enumerate(frames.tolist()) if k in own or tuple(pair) not in elsewhere])


def _with_gaps(planes: list[Plane], told: np.ndarray) -> list[Plane]:
    """Return planes of which only some are told, the others evenly between them."""
    places = np.array([planes[k].position for k in told])
    slices = np.arange(len(planes))
    positions = np.stack([np.interp(slices, told, places[:, axis]) for axis in range(3)], axis=1)
    return [replace(plane, position=position) for plane, position in zip(planes, positions, strict=True)]


def own_groups(elements: Elements, n: int) -> Elements:
    """Return the functional groups of frame n; empty for objects without."""
    per_frame = metadata.items(elements, Tag.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE)
    return per_frame[n].elements if n < len(per_frame) else {}


def frame_count(elements: Elements) -> int:
    """Return NumberOfFrames, 1 where it is absent or not positive."""
    return max(1, metadata.integer(elements, Tag.NUMBER_OF_FRAMES, 1))


def _frame(
    instance: Instance,
    index: int,
    n: int,
    own: Elements,
    plane: Plane | None = None,
    alone: bool = True,
    tiles: tuple[int, ...] = (),
) -> FrameInfo:
    look = Lookup(instance.elements, own)
    notes = [f"{dictionary.describe(tag)} stands there more than once: the last one was kept" for tag in instance.repeated]
    if plane is None and alone:
        plane = _plane(look, notes)
    slope, intercept, units = _rescale(look, notes)
    labels = _labels(look, look.data_set)
    return FrameInfo(
        instance=index,
        frame=n,
        plane=plane,
        spacing_mm=_spacing(look),
        step_mm=_step(look),
        kind=(*_pixel_kind(instance.elements), *tiles, *sorted(labels.items())),
        order=_order(look, instance.elements, n),
        slope=slope,
        intercept=intercept,
        units=units,
        labels=labels,
        notes=tuple(notes),
    )


class Lookup:
    """Attributes of one frame: its own functional groups first, then the shared ones, then the data set itself.

    The data set is that of the original where a frame was an object of its own before (`legacy_converted`).
    """

    def __init__(self, elements: Elements, own: Elements):
        self._layers = [own, metadata.first_item(elements, Tag.SHARED_FUNCTIONAL_GROUPS_SEQUENCE)] if own else []
        if not own and Tag.SHARED_FUNCTIONAL_GROUPS_SEQUENCE in elements:
            self._layers = [metadata.first_item(elements, Tag.SHARED_FUNCTIONAL_GROUPS_SEQUENCE)]
        self.data_set = as_original(elements, own)

    @property
    def layers(self) -> list[Elements]:
        """From the most special to the most general."""
        return [*self._layers, self.data_set]

    def group(self, sequence: int) -> Elements:
        """Return the item of a functional group; empty where there is none."""
        for layer in self._layers:
            found = metadata.first_item(layer, sequence)
            if found:
                return found
        return {}

    def numbers(self, sequence: int, tag: int) -> list[float]:
        """Return numbers of a functional group, or of the data set where no group holds them."""
        return metadata.numbers(self.group(sequence), tag) or metadata.numbers(self.data_set, tag)

    def number(self, sequence: int, tag: int) -> float | None:
        """Return the first of `numbers`, None where there is none."""
        found = self.numbers(sequence, tag)
        return found[0] if found else None

    def texts(self, sequence: int, tag: int) -> list[str]:
        """Return text values of a functional group, or of the data set where no group holds them."""
        return metadata.texts(self.group(sequence), tag) or metadata.texts(self.data_set, tag)


def _plane(look: Lookup, notes: list[str]) -> Plane | None:
    position = look.numbers(Tag.PLANE_POSITION_SEQUENCE, Tag.IMAGE_POSITION_PATIENT)
    orientation = look.numbers(Tag.PLANE_ORIENTATION_SEQUENCE, Tag.IMAGE_ORIENTATION_PATIENT)
    if not position and not orientation:
        return None
    axes = _axes(tuple(orientation)) if len(orientation) == 6 else None
    if axes is None or len(position) != 3 or not all(abs(value) < LARGEST for value in position):
        notes.append(
            f"position {_shown(position)} and orientation {_shown(orientation)} do not place the image: it lies nowhere"
        )
        return None
    return Plane(np.array(position), axes, _spacing(look))


def _shown(values: list[float]) -> str:
    return "\\".join(f"{value:g}" for value in values) or "(none)"


@lru_cache(maxsize=256)
def _axes(orientation: tuple[float, ...]) -> np.ndarray | None:
    """Return direction cosines that span a plane, None where they do not."""
    axes = np.array(orientation)
    axes.setflags(write=False)
    return axes if np.isfinite(axes).all() and np.cross(axes[:3], axes[3:]).any() else None


def _spacing(look: Lookup) -> tuple[float, float]:
    """Return the distance between rows and between columns, mm; 1 where none is given."""
    found = look.numbers(Tag.PIXEL_MEASURES_SEQUENCE, Tag.PIXEL_SPACING)
    if len(found) == 2 and all(SMALLEST < value < LARGEST for value in found):
        return found[0], found[1]
    return 1.0, 1.0


def _step(look: Lookup) -> float:
    for tag in (Tag.SPACING_BETWEEN_SLICES, Tag.SLICE_THICKNESS):
        found = look.number(Tag.PIXEL_MEASURES_SEQUENCE, tag)
        if found is not None and SMALLEST < found < LARGEST:
            return found
    return 1.0


def _offset_planes(elements: Elements, count: int) -> list[Plane] | None:
    """Return the planes of a multi-frame object that gives offsets from the first (RT Dose: PS3.3 C.8.8.3.2)."""
    offsets = metadata.numbers(elements, Tag.GRID_FRAME_OFFSET_VECTOR)
    first = _plane(Lookup(elements, {}), [])
    if first is None or len(offsets) != count:
        return None
    relative = np.array(offsets) - offsets[0]  # either form of C.8.8.3.2: relative, or absolute along the axis
    return [Plane(first.position + first.normal * z, first.orientation, first.spacing) for z in relative]


def _rescale(look: Lookup, notes: list[str]) -> tuple[float, float, str]:
    sequence = Tag.PIXEL_VALUE_TRANSFORMATION_SEQUENCE
    slope, intercept = look.number(sequence, Tag.RESCALE_SLOPE), look.number(sequence, Tag.RESCALE_INTERCEPT)
    units = (look.texts(sequence, Tag.UNITS) or look.texts(sequence, Tag.RESCALE_TYPE) or [""])[0]
    dose = look.number(sequence, Tag.DOSE_GRID_SCALING)
    if slope is None and dose is not None:
        slope, units = dose, (look.texts(sequence, Tag.DOSE_UNITS) or [""])[0]
    slope, intercept = 1.0 if slope is None else slope, 0.0 if intercept is None else intercept
    if not SMALLEST_SLOPE < abs(slope) < LARGEST_SLOPE or not abs(intercept) < LARGEST_SLOPE:
        notes.append(f"slope {slope:g} and intercept {intercept:g} cannot be used: the values are the stored ones")
        return 1.0, 0.0, units
    return *vendor.precise_rescale(look.layers, slope, intercept), units


def _pixel_kind(elements: Elements) -> tuple:
    wanted = (Tag.ROWS, Tag.COLUMNS, Tag.SAMPLES_PER_PIXEL, Tag.BITS_ALLOCATED, Tag.PIXEL_REPRESENTATION)
    kinds = tuple(tag for tag in sorted(dictionary.PIXEL_TAGS) if tag in elements)
    return (
        *(metadata.integer(elements, tag) for tag in wanted),
        metadata.text(elements, Tag.PHOTOMETRIC_INTERPRETATION),
        metadata.text(elements, Tag.SOP_CLASS_UID),
        *kinds,
    )


def _labels(look: Lookup, elements: Elements) -> dict[str, Any]:
    """Return what tells a kind of image from others of its series."""
    found = {name: value(look, elements) for name, value in _LABELS.items()}
    return {name: value for name, value in found.items() if value not in (None, "")}


def _component(look: Lookup, elements: Elements) -> str:
    sequences = (Tag.MR_IMAGE_FRAME_TYPE_SEQUENCE, Tag.CT_IMAGE_FRAME_TYPE_SEQUENCE, Tag.PET_FRAME_TYPE_SEQUENCE)
    groups = [look.group(sequence) for sequence in sequences]
    words = [word for group in groups for word in metadata.texts(group, Tag.FRAME_TYPE)[2:]]
    complexes = [metadata.text(group, Tag.COMPLEX_IMAGE_COMPONENT) for group in groups]
    words += filter(None, complexes) if any(complexes) else []
    words = words or metadata.texts(elements, Tag.IMAGE_TYPE)[2:]
    kinds = sorted({COMPONENTS[word.upper()] for word in words if word.upper() in COMPONENTS} - {ALWAYS})
    return "-".join(kinds) or vendor.component_of(elements)


def _echo(look: Lookup, elements: Elements) -> float | None:
    time = look.number(Tag.MR_ECHO_SEQUENCE, Tag.EFFECTIVE_ECHO_TIME) or look.number(Tag.MR_ECHO_SEQUENCE, Tag.ECHO_TIME)
    return None if time is None else round(time, 4)


def _segment(look: Lookup, elements: Elements) -> int | None:
    number = metadata.number(look.group(Tag.SEGMENT_IDENTIFICATION_SEQUENCE), Tag.REFERENCED_SEGMENT_NUMBER)
    return None if number is None else int(number)


def _repetition(look: Lookup, elements: Elements) -> float | None:
    return metadata.number(elements, Tag.REPETITION_TIME) if Tag.ECHO_TIME in elements else None


def _flip(look: Lookup, elements: Elements) -> float | None:
    return metadata.number(elements, Tag.FLIP_ANGLE) if Tag.ECHO_TIME in elements else None


_LABELS: dict[str, Callable[[Lookup, Elements], Any]] = {
    "component": _component,
    "echo": _echo,
    "segment": _segment,
    "TR": _repetition,
    "flip": _flip,
}


def _order(look: Lookup, elements: Elements, n: int) -> tuple:
    """Return the key that sorts frames at the same place: by instance, then by frame."""
    return (
        metadata.integer(elements, Tag.INSTANCE_NUMBER),
        n,
        metadata.text(elements, Tag.ACQUISITION_TIME),
        metadata.text(elements, Tag.CONTENT_TIME),
    )
