"""When the volumes of an image began: what their attributes state, in order of trust."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date as Date
from itertools import accumulate, pairwise
from typing import NamedTuple

from ..model.time_zones import DAY_S, local_date_time
from ..standard.tags import Tag
from .ge_times import ge_onsets, is_multi_phase
from .kinds import MS_TO_S, date, seconds_of
from .label_types import label_type_of
from .labeling_delays import LABELED_GE, LABELED_UIH
from .row import ALWAYS, GE, MR, PET, PHILIPS, When
from .sequence_words import is_3d
from .siemens import is_spin_labeling
from .source import AttributeLocation, PlaneAttributes, Private

Planes = Sequence[PlaneAttributes]
DYNAMIC_BEGIN_S = Private(0x2005, "Philips MR Imaging DD 001", 0x10A0)
UIH_FRAMES = Private(0x0065, "Image Private Header", 0x1051)
CLOCK_S, WHOLE_SECONDS_S, MILLISECONDS_S = 0.05, 1.05, 0.0021
"""Distances of volumes are the same if they differ by less: by clocks, by clocks without fractions, by milliseconds."""
LONGEST_BEAT_S = 2.0
"""Between two beats of a heart."""
LARGEST_PART = 0.25
"""Of the shortest distance: so far may distances differ at most, where times have fractions."""


class Onsets(NamedTuple):
    """When each volume began after the first, s, and by how much two distances may differ that are the same, s."""

    seconds: list[float]
    tolerance_s: float

    @property
    def steps(self) -> list[float]:
        """Seconds from each volume to the next."""
        return [late - early for early, late in pairwise(self.seconds)]

    @property
    def are_even(self) -> bool:
        """Whether all volumes follow each other at the same distance; times that were rounded do not run away from it."""
        mean = self.seconds[-1] / len(self.steps)
        runs_away = self.is_rounded and max(abs(time - n * mean) for n, time in enumerate(self.seconds)) >= 1.0
        return max(self.steps) - min(self.steps) <= self.tolerance_s and not runs_away

    @property
    def is_rounded(self) -> bool:
        """Whether times are whole seconds, and may have been others."""
        return self.tolerance_s == WHOLE_SECONDS_S


class _Statement(NamedTuple):
    """What may state when volumes began.

    `read` returns seconds of the first plane of each; `must_be_even` where uneven numbers are not when volumes began.
    """

    read: Callable[[Planes], list[float] | None]
    when: When = ALWAYS
    tolerance_s: float = MILLISECONDS_S
    must_be_even: bool = False


def onsets_of(source: PlaneAttributes) -> Onsets | None:
    """Return when each volume began; None where nothing states it of all, or they do not follow each other."""
    onsets: Onsets | None = source.once("onsets", _onsets)
    return onsets


def _onsets(source: PlaneAttributes) -> Onsets | None:
    planes = first_planes(source)
    for statement in _STATEMENTS if len(planes) > 1 else ():
        times_s = statement.read(planes) if statement.when.holds(source) else None
        if times_s and all(late > early for early, late in pairwise(times_s)):
            onsets = _after_first(times_s, statement.tolerance_s, may_be_rounded=not PET.holds(source))
            if onsets.are_even or not statement.must_be_even:
                return onsets
    return None


def _after_first(times_s: Sequence[float], tolerance_s: float, *, may_be_rounded: bool) -> Onsets:
    """Return onsets; frames of PET, which last whole seconds, have such times that were not rounded."""
    onsets = Onsets([float(f"{time - times_s[0]:.9g}") for time in times_s], tolerance_s)
    if tolerance_s == CLOCK_S and may_be_rounded and all(float(time).is_integer() for time in times_s):
        return onsets._replace(tolerance_s=WHOLE_SECONDS_S)
    return onsets._replace(tolerance_s=min(tolerance_s, LARGEST_PART * min(onsets.steps)))


def first_planes(source: PlaneAttributes) -> list[PlaneAttributes]:
    """Return the first plane of every volume."""
    if source.volume is None:
        return []
    series = source.volume.dicom.metadata
    return [source.other(series.instances[int(i)], int(f)) for i, f in series.frames[:, 0]]


def by_plane(
    planes: Planes, read: Callable[[PlaneAttributes], float | None], read_day: Callable[[PlaneAttributes], str] | None = None
) -> list[float] | None:
    """Return a time of every plane, s; None where one has none.

    Times of day count on over midnight: by the dates that `read_day` returns, where these change, else where half a day would
    be between two of them.
    """
    times_s = _all_of(planes, read)
    if not times_s:
        return None
    days = [_day(read_day(plane)) for plane in planes] if read_day else []
    if None not in days and len(set(days)) > 1:
        return [time + (day or 0) * DAY_S for time, day in zip(times_s, days, strict=True)]
    if max(times_s) - min(times_s) > DAY_S / 2:
        return [time + DAY_S if time < DAY_S / 2 else time for time in times_s]
    return times_s


def _all_of(planes: Planes, read: Callable[[PlaneAttributes], float | None], factor: float = 1.0) -> list[float] | None:
    """Return a number of every plane, times a factor; None at the first that has none."""
    numbers: list[float] = []
    for plane in planes:
        number = read(plane)
        if number is None:
            return None
        numbers.append(number * factor)
    return numbers


def _day(text: str) -> int | None:
    day = date(text)
    try:
        return Date.fromisoformat(day).toordinal() if day else None
    except ValueError:
        return None


def starts_of(planes: Planes) -> list[float] | None:
    """Return when planes were acquired by AcquisitionDate and AcquisitionTime, s."""
    return by_plane(planes, _start, lambda plane: plane.text(Tag.ACQUISITION_DATE))


def _starts_of_volumes(planes: Planes) -> list[float] | None:
    """Return when volumes were acquired, s: their first planes; of CT their earliest ones where the time between those varies.

    A table that moves back and forth, as for perfusion, reverses the order of the slices in every other volume.
    """
    starts_s = starts_of(planes)
    if not starts_s or planes[0].modality != "CT" or _spread(starts_s) <= CLOCK_S:
        return starts_s
    every_s = starts_of([plane for t in range(len(planes)) for plane in planes[0].planes_at(t)]) or starts_s
    size = len(every_s) // len(planes)
    return [min(every_s[n : n + size]) for n in range(0, len(every_s), size)]


def _spread(times_s: Sequence[float]) -> float:
    """Return by how much the distances of times differ, s."""
    steps = [late - early for early, late in pairwise(times_s)]
    return max(steps) - min(steps)


def _start(plane: PlaneAttributes) -> float | None:
    """Return the time of day of a plane, of United Imaging that of its first tile."""
    tiles = [seconds_of(PlaneAttributes.text_of(item.elements, Tag.ACQUISITION_TIME)) for item in plane.items(UIH_FRAMES)]
    return min((time for time in tiles if time is not None), default=None) if any(tiles) else acquisition_clock(plane)


def acquisition_clock(plane: PlaneAttributes) -> float | None:
    """Return AcquisitionTime (0008,0032), seconds of the day."""
    return seconds_of(plane.text(Tag.ACQUISITION_TIME))


def frame_clock(plane: PlaneAttributes) -> float | None:
    """Return FrameAcquisitionDateTime (0018,9074), seconds of the day."""
    return _clock_of(plane, Tag.FRAME_ACQUISITION_DATE_TIME)


def _clock_of(plane: PlaneAttributes, tag: int) -> float | None:
    return seconds_of(local_date_time(plane.text(tag), plane.text(Tag.TIMEZONE_OFFSET_FROM_UTC))[1])


def _moment(tag: int) -> Callable[[Planes], list[float] | None]:
    """Return a reader of a date with a time (DT: PS3.5 6.2) of every plane, s, all in one time zone."""

    def read(planes: Planes) -> list[float] | None:
        zone = planes[0].text(Tag.TIMEZONE_OFFSET_FROM_UTC) or planes[0].text(tag)
        moments = {plane: local_date_time(plane.text(tag), zone) for plane in planes}
        return by_plane(planes, lambda plane: seconds_of(moments[plane][1]), lambda plane: moments[plane][0])

    return read


def _number(where: AttributeLocation, factor: float = MS_TO_S) -> Callable[[Planes], list[float] | None]:
    """Return a reader of a number of every plane, s."""
    return lambda planes: _all_of(planes, lambda plane: plane.number(where), factor)


def _frame_time_vector(planes: Planes) -> list[float] | None:
    """Return when frames of one object began: FrameTimeVector (0018,1065) has the time from each frame to the next, ms."""
    starts_s = [time * MS_TO_S for time in accumulate(planes[0].numbers(Tag.FRAME_TIME_VECTOR))]
    is_of_all = len({plane.instance for plane in planes}) == 1 and all(plane.frame < len(starts_s) for plane in planes)
    return [starts_s[plane.frame] for plane in planes] if is_of_all else None


def _is_3d_of_philips(source: PlaneAttributes) -> bool:
    """Whether RepetitionTime is that of one excitation, or echo train, of many that a volume takes."""
    return PHILIPS.holds(source) and is_3d(source)


def _after_start_of_series(planes: Planes) -> list[float] | None:
    """Return TriggerTime, s, which GE counts from the start of the series; None where it may be that within a beat."""
    times_s = _all_of(planes, lambda plane: plane.number(Tag.TRIGGER_TIME), MS_TO_S)
    return times_s if times_s and times_s[-1] - times_s[0] > LONGEST_BEAT_S else None


def _has_phases(source: PlaneAttributes) -> bool:
    """Whether TriggerTime is one of volumes: in spin labeling it is a delay, in multi-phase EPI of GE one of slices."""
    is_labeled = is_spin_labeling(source) or LABELED_GE.holds(source) or LABELED_UIH.holds(source)
    return not is_labeled and not label_type_of(source) and not (GE.holds(source) and is_multi_phase(source))


_PHASES = When("not spin labeling", _has_phases)
_CLOCKED = When("not MR of GE", lambda source: not (MR.holds(source) and GE.holds(source)))
"""AcquisitionTime of GE is not that of the volume: https://github.com/rordenlab/dcm2niix/issues/407."""
_TRIGGERS = (_number(Tag.TRIGGER_TIME), _number(Tag.NOMINAL_CARDIAC_TRIGGER_DELAY_TIME))
_STATEMENTS = (
    _Statement(_number(Tag.TEMPORAL_POSITION_TIME_OFFSET, 1.0)),
    _Statement(_frame_time_vector),
    _Statement(ge_onsets, GE, CLOCK_S),
    _Statement(_number(DYNAMIC_BEGIN_S, 1.0), When("3D of Philips", _is_3d_of_philips), CLOCK_S),
    *(_Statement(read, _PHASES, must_be_even=True) for read in _TRIGGERS),
    _Statement(_number(Tag.FRAME_REFERENCE_TIME), must_be_even=True),
    _Statement(_moment(Tag.FRAME_ACQUISITION_DATE_TIME), _CLOCKED, CLOCK_S),
    _Statement(_starts_of_volumes, _CLOCKED, CLOCK_S),
    _Statement(_moment(Tag.ACQUISITION_DATE_TIME), _CLOCKED, CLOCK_S),
    _Statement(_after_start_of_series, When("GE", lambda source: GE.holds(source) and _has_phases(source))),
    _Statement(_number(Tag.FRAME_REFERENCE_TIME)),
)
