"""Which volume and which time a frame belongs to: the attributes that state it, in order of trust.

`MEANINGS` separate volumes: frames that differ in one of them are different images of the series. `TIMES` order the volumes of
one image: frames at one place that differ in one of them are different times (or b-values, phases, labels) of it.
The number of a frame at its place, counted, is not among them: it changes with the first file that is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

from .....model import metadata
from .....model.metadata import Elements
from .....standard.tags import Tag
from ..values.real_world import quantity_of
from . import frame_attributes as read
from . import image_texts
from .components import component_of
from .doses import dose_of
from .frame_attributes import Frame
from .functional_groups import Lookup
from .shared_values import UNKNOWN, SharedValues, SimilarDataSets


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
        It is one value for all slices of a volume, and names volumes even where they are at different places.
    runs : bool
        It is a number that may differ from slice to slice within a volume.
    complete : bool
        It only counts frames as they were written: it distinguishes times where none is missing and one follows the other.
    of_attributes : bool
        It follows from the attributes of the object alone.
    counts_times : bool
        It has no other meaning than the number of the time, whatever the positions of frames.
    separates : bool
        It is not a time: volumes that only it distinguishes are different images.
    may_change : bool
        It may change within one image: it distinguishes single volumes only.
    follows_instances : bool
        It orders times that have one InstanceNumber only: it numbers states, not times.
    is_nested : bool
        It begins again for each value of the nested rows before it (NM: PS3.3 C.8.4.8.1.1).
    is_of_sets : bool
        It distinguishes images that have about as many frames as each other: else it changed from one time to the next.
    """

    name: str
    read: Callable[[Frame], Any]
    orders: bool = True
    moves: bool = False
    runs: bool = False
    complete: bool = False
    of_attributes: bool = True
    counts_times: bool = False
    separates: bool = False
    may_change: bool = False
    follows_instances: bool = False
    is_nested: bool = False
    is_of_sets: bool = False


MEANINGS = (
    Meaning("", lambda frame: component_of(frame.look)),
    Meaning("echo", read.echo_time),
    Meaning("echonumber", read.positive_in(Tag.ECHO_NUMBERS)),
    Meaning("segment", read.segment),
    Meaning("TR", read.of_classic_mr(Tag.REPETITION_TIME)),
    Meaning("flip", read.of_classic_mr(Tag.FLIP_ANGLE)),
    Meaning("TI", read.inversion_time),
    Meaning("kernel", read.kernel),
    Meaning("units", read.pet_units),
    Meaning("polarity", read.polarity),
    Meaning("space", read.text_in(Tag.FRAME_OF_REFERENCE_UID)),
    Meaning("dose", dose_of),
    Meaning("quantity", lambda frame: quantity_of(frame.look)),
    Meaning("window", read.of_vector("EnergyWindowVector")),
    Meaning("detector", read.of_vector("DetectorVector")),
)

INSTANCE_NUMBER = "InstanceNumber"
WEIGHTING = "b-value and gradient direction"
_GATING, _PERCENT = Tag.CARDIAC_SYNCHRONIZATION_SEQUENCE, Tag.NOMINAL_PERCENTAGE_OF_CARDIAC_PHASE
_BREATHING, _OF_BREATH = Tag.RESPIRATORY_SYNCHRONIZATION_SEQUENCE, Tag.NOMINAL_PERCENTAGE_OF_RESPIRATORY_PHASE
TIMES = (
    Time("FrameLabel", image_texts.frame_label, orders=False, moves=True, separates=True),
    Time("a correction of PET", read.corrections, orders=False, moves=True, separates=True, is_of_sets=True),
    Time("DimensionIndexValues", read.dimension_indices, moves=True),
    Time("TemporalPositionIndex", read.of_content(Tag.TEMPORAL_POSITION_INDEX), moves=True, counts_times=True),
    Time("TemporalPositionIdentifier", read.number_in(Tag.TEMPORAL_POSITION_IDENTIFIER), moves=True, counts_times=True,
         is_nested=True),
    Time("TemporalPositionTimeOffset",
         read.number_in(Tag.TEMPORAL_POSITION_TIME_OFFSET, Tag.TEMPORAL_POSITION_SEQUENCE), moves=True),
    Time("PhaseVector", read.of_vector("PhaseVector"), moves=True, is_nested=True),
    Time("TimeSliceVector", read.of_vector("TimeSliceVector"), moves=True, is_nested=True),
    Time("RotationVector", read.of_vector("RotationVector"), moves=True, is_nested=True),
    Time("RRIntervalVector", read.of_vector("RRIntervalVector"), moves=True, is_nested=True),
    Time("TimeSlotVector", read.of_vector("TimeSlotVector"), moves=True, counts_times=True, is_nested=True),
    Time("AngularViewVector", read.of_vector("AngularViewVector"), moves=True),
    Time("FrameTime", read.of_vector("FrameTime"), moves=True),
    Time("FrameReferenceTime", read.number_in(Tag.FRAME_REFERENCE_TIME), moves=True),
    Time("FrameAcquisitionDateTime", read.frame_moment(Tag.FRAME_ACQUISITION_DATE_TIME), moves=True, runs=True),
    Time("FrameReferenceDateTime", read.frame_moment(Tag.FRAME_REFERENCE_DATE_TIME), moves=True, runs=True),
    Time("NominalPercentageOfCardiacPhase", read.number_in(_PERCENT, _GATING), moves=True),
    Time("NominalPercentageOfRespiratoryPhase", read.number_in(_OF_BREATH, _BREATHING), moves=True),
    Time("phase number (2001,1008)", read.number_of_philips(0x2001, "Philips Imaging DD 001", 0x08), moves=True,
         is_nested=True),
    Time("NominalCardiacTriggerDelayTime", read.number_in(Tag.NOMINAL_CARDIAC_TRIGGER_DELAY_TIME, _GATING), runs=True),
    Time("NominalRespiratoryTriggerDelayTime", read.number_in(Tag.NOMINAL_RESPIRATORY_TRIGGER_DELAY_TIME, _BREATHING),
         runs=True),
    Time("TriggerTime", read.number_in(Tag.TRIGGER_TIME), moves=True, runs=True),
    Time(WEIGHTING, read.weighting, orders=False, moves=True),
    Time("gradient orientation number (2005,1413)", read.number_of_philips(0x2005, "Philips MR Imaging DD 005", 0x13),
         moves=True, follows_instances=True),
    Time("label type (2005,1429)", read.of_philips(*read.PHILIPS_LABEL_TYPE), orders=False, moves=True),
    Time("ASLContext", read.text_in(Tag.ASL_CONTEXT, Tag.MR_ARTERIAL_SPIN_LABELING_SEQUENCE), orders=False, moves=True),
    Time("InversionTime", read.any_inversion_time, moves=True),
    Time("FrameAcquisitionNumber", read.of_content(Tag.FRAME_ACQUISITION_NUMBER), moves=True),
    Time("AcquisitionDateTime", lambda frame: read.moment(frame, Tag.ACQUISITION_DATE_TIME, 0, Tag.ACQUISITION_TIME),
         moves=True, runs=True),
    Time("AcquisitionTime", lambda frame: read.moment(frame, 0, Tag.ACQUISITION_DATE, Tag.ACQUISITION_TIME),
         moves=True, runs=True),
    Time("AcquisitionNumber", read.number_in(Tag.ACQUISITION_NUMBER), moves=True),
    Time("ContentTime", lambda frame: read.moment(frame, 0, Tag.CONTENT_DATE, Tag.CONTENT_TIME), moves=True, runs=True),
    Time("SeriesDescription or another text", read.description, orders=False, moves=True, separates=True),
    Time("StartingRespiratoryPhase", read.words_in(_BREATHING, Tag.STARTING_RESPIRATORY_PHASE, Tag.ENDING_RESPIRATORY_PHASE),
         orders=False, moves=True, separates=True),
    Time("ContrastBolusAgentPhase", read.words_in(Tag.CONTRAST_BOLUS_USAGE_SEQUENCE, Tag.CONTRAST_BOLUS_AGENT_PHASE),
         orders=False, moves=True, separates=True),
    Time("ContrastBolusAgent", read.contrast_agent, orders=False, moves=True, separates=True, may_change=True),
    Time("ImageComments", image_texts.comment, orders=False, moves=True, separates=True, may_change=True),
    Time("InstanceNumber and locations in acquisition (0021,104F)", read.volume_number, moves=True,
         counts_times=True, may_change=True),
    Time("StackID", read.of_stack, orders=False, moves=True),
    Time("SeriesNumber", read.number_in(Tag.SERIES_NUMBER), moves=True),
    Time("SOPInstanceUID", read.object_of, orders=False, moves=True, of_attributes=False),
    Time(INSTANCE_NUMBER, read.instance_number, runs=True),
    Time("the order of frames in their object", read.frame_number, runs=True, complete=True, of_attributes=False),
    Time("the number at the end of SOPInstanceUID", read.number_of_uid, runs=True, complete=True, of_attributes=False),
)  # fmt: skip
"""In order of trust."""
INSTANCES = next(n for n, row in enumerate(TIMES) if row.name == INSTANCE_NUMBER)
"""The row of the InstanceNumber."""


def meanings_of(frame: Frame) -> dict[str, Any]:
    """Return what distinguishes the image of a frame from others of its series, by name."""
    meanings = {row.name or "component": row.read(frame) for row in MEANINGS}
    return {name: value for name, value in meanings.items() if value not in (None, "")}


class Times:
    """The values of the rows of `TIMES` in one frame, read when they are asked for.

    Parameters
    ----------
    frame : Frame
        The frame.
    """

    def __init__(self, frame: Frame):
        self._frame = frame
        self._values: dict[int, Any] = {}

    @property
    def stack_id(self) -> str:
        """StackID of the frame, empty where there is none."""
        return metadata.text(self._frame.content, Tag.STACK_ID)

    @property
    def in_stack_position(self) -> int:
        """InStackPositionNumber of the frame, which counts slices; 0 where there is none."""
        return metadata.integer(self._frame.content, Tag.IN_STACK_POSITION_NUMBER)

    def __reduce__(self) -> Any:
        return _no_times, ()  # they are read only while images are planned

    def __getitem__(self, row: int) -> Any:
        if row not in self._values:
            self._values[row] = TIMES[row].read(self._frame)
        return self._values[row]

    def move(self, row: int, seconds: float) -> None:
        """Count a time from another day."""
        self.take(row, self[row] + seconds)

    def take(self, row: int, value: Any) -> None:
        """Replace a value by another one."""
        self._values[row] = value


class SharedRows:
    """How the rows of `TIMES` are read for the objects of one series that are one image each.

    Parameters
    ----------
    usual_zone : str
        Time zone of most of the objects.

    Attributes
    ----------
    readers : list of SharedValues or None
        Of each row; None where objects have no value in common.
    own : set of int
        Rows of which some objects have a value of their own.
    """

    def __init__(self, usual_zone: str = "") -> None:
        self.usual_zone = usual_zone
        read = partial(time_of, usual_zone=usual_zone)
        self.readers = [SharedValues(partial(read, row)) if row.of_attributes else None for row in TIMES]
        self.own: set[int] = set()


class SharedTimes(Times):
    """The same for an object that is one image, whose values are read once for all objects that have them in common.

    Parameters
    ----------
    elements : Elements
        Of the object.
    index : int
        Its number among those of its series.
    rows : SharedRows
        Of the series.
    """

    def __init__(self, elements: Elements, index: int, rows: SharedRows):
        self._elements, self._index, self._rows = elements, index, rows
        self._values = _NOTHING

    def __getitem__(self, row: int) -> Any:
        if row in self._values:
            return self._values[row]
        reader = self._rows.readers[row]
        value = UNKNOWN if reader is None else reader.known(self._elements)
        return self._own(row, self._read(row)) if value is UNKNOWN else value

    @property
    def stack_id(self) -> str:
        """Empty: the object is one image."""
        return ""

    @property
    def in_stack_position(self) -> int:
        """0: the object is one image."""
        return 0

    def take(self, row: int, value: Any) -> None:
        """Replace a value by another one."""
        self._own(row, value)

    def _read(self, row: int) -> Any:
        return time_of(TIMES[row], self._elements, self._index, self._rows.usual_zone)

    def _own(self, row: int, value: Any) -> Any:
        """Remember a value for this object only, and return it."""
        self._values = {**self._values, row: value}
        self._rows.own.add(row)
        return value

    @classmethod
    def read_all(cls, row: int, all_times: Sequence[SharedTimes], similar: SimilarDataSets) -> list[Any]:
        """Return the values of a row in many objects of one series, whose data sets are `similar`."""
        rows = all_times[0]._rows
        reader = rows.readers[row]
        if reader is None or row in rows.own:
            return [times[row] for times in all_times]
        known = reader.known_of_all(similar)
        return [
            times._own(row, times._read(row)) if value is UNKNOWN else value
            for times, value in zip(all_times, known, strict=True)
        ]


class TimesOfFrames:
    """The values of rows of `TIMES` in many frames of one series, one row after the other.

    Parameters
    ----------
    all_times : sequence of Times or None
        Of each frame.
    """

    def __init__(self, all_times: Sequence[Times | None]):
        self._times = all_times
        shared = [times for times in all_times if type(times) is SharedTimes]
        self._shared = shared if len(shared) == len(all_times) else []
        self._similar = SimilarDataSets(times._elements for times in self._shared)

    def of(self, row: int) -> list[Any]:
        """Return the value of a row in each frame; None where it is not stated, or the frame has no times."""
        if self._shared:
            return SharedTimes.read_all(row, self._shared, self._similar)
        return [None if times is None else times[row] for times in self._times]


_NOTHING: dict[int, Any] = {}
"""In the place of a dictionary for each frame."""


def time_of(row: Time, elements: Elements, index: int = 0, usual_zone: str = "") -> Any:
    """Return the value of a row of `TIMES` for an object that is one image."""
    return row.read(Frame(elements, index, 0, Lookup(elements, {}), {}, {}, usual_zone))


def _no_times() -> None:
    """Return what frames have in place of times in another process."""
