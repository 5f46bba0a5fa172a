"""Which volume and which time a frame belongs to: the attributes that state it, in order of trust.

`MEANINGS` separate volumes: frames that differ in one of them are different images of the series. `TIMES` order the volumes of
one image: frames at one place that differ in one of them are different times (or b-values, phases, labels) of it.
The number of a frame at its place, counted, is not among them: it changes with the first file that is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ....model import metadata
from ....model.metadata import Elements, Instance
from ....standard import tags
from . import diffusion, vendor
from .components import component_of
from .lookup import Lookup
from .moments import seconds


class Frame(NamedTuple):
    """One frame, as the rows of the tables read it."""

    instance: Instance
    index: int
    number: int
    look: Lookup
    own: Elements
    vectors: dict[str, int]
    """Indices of a multi-frame object without functional groups (NM: PS3.3 C.8.4.9), by name."""

    @property
    def content(self) -> Elements:
        """Frame Content functional group (PS3.3 C.7.6.16.2.2)."""
        return metadata.first_item(self.own, tags.FRAME_CONTENT_SEQUENCE)


class Meaning(NamedTuple):
    """An attribute in which the images of a series differ.

    Attributes
    ----------
    name : str
        As in file names; empty where the value alone is the name.
    read : callable
        Its value in a frame; None or "" where it is not stated.
    """

    name: str
    read: Callable[[Frame], Any]


class Time(NamedTuple):
    """An attribute in which the frames at one place differ.

    Attributes
    ----------
    name : str
        As messages name it.
    read : callable
        Its value in a frame, None where it is not stated.
    orders : bool
        Larger values are later.
    moves : bool
        It is one value for all slices of a volume, and names volumes even where they lie at different places.
    runs : bool
        It is a number that may differ from slice to slice within a volume.
    """

    name: str
    read: Callable[[Frame], Any]
    orders: bool = True
    moves: bool = False
    runs: bool = False


# --- readers ----------------------------------------------------------------------------------------------------------


def _number(tag: int, *sequences: int) -> Callable[[Frame], float | None]:
    """Return a reader of a number in one of some functional groups, else in the data set."""

    def read(frame: Frame) -> float | None:
        for sequence in sequences:
            found = metadata.number(frame.look.group(sequence), tag)
            if found is not None:
                return found
        return metadata.number(frame.look.data_set, tag)

    return read


def _text(tag: int, *sequences: int) -> Callable[[Frame], str | None]:
    """Return a reader of a text in one of some functional groups, else in the data set."""

    def read(frame: Frame) -> str | None:
        found = (metadata.text(frame.look.group(sequence), tag) for sequence in sequences)
        return next(filter(None, found), None) or metadata.text(frame.look.data_set, tag) or None

    return read


def _positive(tag: int, *sequences: int) -> Callable[[Frame], float | None]:
    number = _number(tag, *sequences)
    return lambda frame: number(frame) or None


def _content(tag: int) -> Callable[[Frame], float | None]:
    return lambda frame: metadata.number(frame.content, tag)


def _vector(name: str) -> Callable[[Frame], int | None]:
    return lambda frame: frame.vectors.get(name)


def _private(*key: Any) -> Callable[[Frame], float | str | None]:
    """Return a reader of a private element of Philips (group, creator, number), also in the private group of a frame."""

    def read(frame: Frame) -> float | str | None:
        for layer in vendor.private_layers(frame.look.layers):
            found = vendor.private_value(layer, key)
            if found not in (None, ""):
                return found
        return None

    return read


def _echo_time(frame: Frame) -> float | None:
    look = frame.look
    found = look.number(tags.MR_ECHO_SEQUENCE, tags.EFFECTIVE_ECHO_TIME) or look.number(tags.MR_ECHO_SEQUENCE, tags.ECHO_TIME)
    return None if found is None else round(found, 4)


def _of_mr(tag: int) -> Callable[[Frame], float | None]:
    """Return a reader of a number that classic MR objects differ in; others have it for other reasons."""
    return lambda frame: metadata.number(frame.look.data_set, tag) if tags.ECHO_TIME in frame.look.data_set else None


def _inversion_time(frame: Frame) -> float | None:
    group = frame.look.group(tags.MR_MODIFIER_SEQUENCE)
    found = metadata.numbers(group, tags.INVERSION_TIMES) or metadata.numbers(frame.look.data_set, tags.INVERSION_TIME)
    return round(found[0], 3) if found and found[0] else None


def _kernel(frame: Frame) -> str | None:
    group = frame.look.group(tags.CT_RECONSTRUCTION_SEQUENCE)
    found = metadata.texts(group, tags.CONVOLUTION_KERNEL) or metadata.texts(frame.look.data_set, tags.CONVOLUTION_KERNEL)
    return "-".join(found) or None


def _segment(frame: Frame) -> int | None:
    number = metadata.number(frame.look.group(tags.SEGMENT_IDENTIFICATION_SEQUENCE), tags.REFERENCED_SEGMENT_NUMBER)
    return None if number is None else int(number)


def _polarity(frame: Frame) -> str | None:
    return vendor.phase_polarity(frame.look.data_set)


def _indices(frame: Frame) -> tuple | None:
    """Return DimensionIndexValues without those that count slices, None where the object has no dimensions but them."""
    values = metadata.numbers(frame.content, tags.DIMENSION_INDEX_VALUES)
    pointers = dimension_pointers(frame.instance.elements)
    if not values or len(values) != len(pointers):
        return None
    found = tuple(value for value, pointer in zip(values, pointers, strict=True) if pointer not in PLACES)
    return found or None


def dimension_pointers(elements: Elements) -> list[int]:
    """Return what each of the dimension indices counts (PS3.3 C.7.6.17), as tags."""
    found = []
    for item in metadata.items(elements, tags.DIMENSION_INDEX_SEQUENCE):
        element = item.elements.get(tags.DIMENSION_INDEX_POINTER)
        raw = element.value if element is not None and isinstance(element.value, bytes) else b""
        found.append(int.from_bytes(raw[:2], "little") << 16 | int.from_bytes(raw[2:4], "little"))
    return found


def _weighting(frame: Frame) -> tuple | None:
    """Return b-value and direction, rounded: vendors repeat them with other last digits."""
    found = diffusion.weighting_of(frame.look)
    return None if found is None else (round(found[0]), *(round(part, 3) + 0.0 for part in found[1]))


def _instance(frame: Frame) -> int | None:
    """Return the object itself, where it has several frames or slices: it is one volume, or several whole ones."""
    return frame.index if frame.number >= 0 else None


# --- tables -----------------------------------------------------------------------------------------------------------

PLACES = frozenset({
    tags.STACK_ID, tags.IN_STACK_POSITION_NUMBER, tags.IMAGE_POSITION_PATIENT, tags.IMAGE_ORIENTATION_PATIENT,
    tags.SLICE_LOCATION, tags.PLANE_POSITION_SEQUENCE, tags.PLANE_ORIENTATION_SEQUENCE, tags.REFERENCED_SEGMENT_NUMBER,
})  # fmt: skip
"""Dimensions that count slices, or what separates volumes anyway."""

MEANINGS = (
    Meaning("", lambda frame: component_of(frame.look)),
    Meaning("echo", _echo_time),
    Meaning("echonumber", _positive(tags.ECHO_NUMBERS)),
    Meaning("segment", _segment),
    Meaning("TR", _of_mr(tags.REPETITION_TIME)),
    Meaning("flip", _of_mr(tags.FLIP_ANGLE)),
    Meaning("TI", _inversion_time),
    Meaning("kernel", _kernel),
    Meaning("polarity", _polarity),
    Meaning("space", _text(tags.FRAME_OF_REFERENCE_UID)),
    Meaning("window", _vector("EnergyWindowVector")),
    Meaning("detector", _vector("DetectorVector")),
)

_GATING, _PERCENT = tags.CARDIAC_SYNCHRONIZATION_SEQUENCE, tags.NOMINAL_PERCENTAGE_OF_CARDIAC_PHASE
TIMES = (
    Time("DimensionIndexValues", _indices, moves=True),
    Time("TemporalPositionIndex", _content(tags.TEMPORAL_POSITION_INDEX), moves=True),
    Time("TemporalPositionIdentifier", _positive(tags.TEMPORAL_POSITION_IDENTIFIER), moves=True),
    Time("TemporalPositionTimeOffset", _number(tags.TEMPORAL_POSITION_TIME_OFFSET, tags.TEMPORAL_POSITION_SEQUENCE), moves=True),
    Time("TimeSlotVector", _vector("TimeSlotVector"), moves=True),
    Time("PhaseVector", _vector("PhaseVector"), moves=True),
    Time("TimeSliceVector", _vector("TimeSliceVector"), moves=True),
    Time("RRIntervalVector", _vector("RRIntervalVector"), moves=True),
    Time("RotationVector", _vector("RotationVector"), moves=True),
    Time("AngularViewVector", _vector("AngularViewVector"), moves=True),
    Time("FrameReferenceTime", _number(tags.FRAME_REFERENCE_TIME), moves=True),
    Time("FrameAcquisitionDateTime", lambda frame: seconds(metadata.text(frame.content, tags.FRAME_ACQUISITION_DATE_TIME)),
         moves=True, runs=True),
    Time("NominalPercentageOfCardiacPhase", _number(_PERCENT, _GATING), moves=True),
    Time("phase number (2001,1008)", _private(0x2001, "Philips Imaging DD 001", 0x08), moves=True),
    Time("NominalCardiacTriggerDelayTime", _number(tags.NOMINAL_CARDIAC_TRIGGER_DELAY_TIME, _GATING), runs=True),
    Time("TriggerTime", _number(tags.TRIGGER_TIME), moves=True, runs=True),
    Time("b-value and gradient direction", _weighting, orders=False, moves=True),
    Time("gradient orientation number (2005,1413)", _private(0x2005, "Philips MR Imaging DD 005", 0x13), moves=True),
    Time("label type (2005,1429)", _private(0x2005, "Philips MR Imaging DD 005", 0x29), orders=False, moves=True),
    Time("ASLContext", _text(tags.ASL_CONTEXT, tags.MR_ARTERIAL_SPIN_LABELING_SEQUENCE), orders=False, moves=True),
    Time("FrameAcquisitionNumber", _content(tags.FRAME_ACQUISITION_NUMBER), moves=True),
    Time("AcquisitionDateTime", lambda frame: _moment(frame, tags.ACQUISITION_DATE_TIME, 0, tags.ACQUISITION_TIME),
         moves=True, runs=True),
    Time("AcquisitionNumber", _positive(tags.ACQUISITION_NUMBER), moves=True),
    Time("ContentTime", lambda frame: _moment(frame, 0, tags.CONTENT_DATE, tags.CONTENT_TIME), moves=True, runs=True),
    Time("SOPInstanceUID", _instance, orders=False, moves=True),
    Time("InstanceNumber", _number(tags.INSTANCE_NUMBER), runs=True),
)  # fmt: skip
"""In order of trust."""


def _moment(frame: Frame, both: int, date: int, time: int) -> float | None:
    """Return a moment, seconds: of a DT, or of a TM with its DA."""
    elements = frame.look.data_set
    found = seconds(metadata.text(elements, both)) if both else None
    return seconds(metadata.text(elements, date or tags.ACQUISITION_DATE), metadata.text(elements, time)) if found is None else found


def meanings_of(frame: Frame) -> dict[str, Any]:
    """Return what tells the image of a frame from others of its series, by name."""
    found = {row.name or "component": row.read(frame) for row in MEANINGS}
    return {name: value for name, value in found.items() if value not in (None, "")}


class Times:
    """The values of the rows of `TIMES` in one frame, read when they are asked for."""

    def __init__(self, frame: Frame):
        self._frame = frame
        self._values: dict[int, Any] = {}

    def __getitem__(self, row: int) -> Any:
        if row not in self._values:
            self._values[row] = TIMES[row].read(self._frame)
        return self._values[row]
