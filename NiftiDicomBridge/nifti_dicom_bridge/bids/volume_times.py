"""The time from one volume to the next, and RepetitionTime, which is that of BIDS."""

from __future__ import annotations

from itertools import pairwise

from ..model import metadata
from ..model.volume import Volume
from ..standard.tags import Tag
from .ge_times import ge_repetition_time
from .kinds import MS_TO_S
from .label_types import label_type_of
from .row import GE, MR, PET
from .sequence_words import is_3d
from .source import PlaneAttributes, Storage
from .volume_onsets import CLOCK_S, Onsets, first_planes, onsets_of, starts_of

FEWEST = 3
"""Volumes that have a rate: between two there may be a pause, or scans for reference."""
SHORTEST_S = {False: 0.015, True: 0.1}
"""What volumes of MR take at least, of 2D and 3D acquisitions: what is shorter is the time between excitations."""
LONGEST_S = 1e6
"""No volume takes longer; what is stated beyond is nonsense."""


def time_step_s_of(volume: Volume) -> float:
    """Return the time from one volume to the next, s; 0 where there is one volume, nothing states it, or it varies.

    Parameters
    ----------
    volume : Volume
        With `metadata`.
    """
    if len(volume.dicom.metadata.frames) < 2:
        return 0.0
    source = PlaneAttributes.of(volume, Storage.of(volume, volume.ijk_to_ras))
    seconds = _repetition_time(source) if MR.holds(source) else _frame_time(source)
    return seconds if 0 < seconds < LONGEST_S else 0.0


def doubt_of_times(volume: Volume) -> str:
    """Return that nothing states the time from one volume to the next, or that it varies; empty where it is known.

    Volumes of several b-values are not images of one thing over time.
    """
    if volume.source is None or volume.times < 2 or volume.gradients is not None:
        return ""
    source = PlaneAttributes.of(volume, Storage.of(volume, volume.ijk_to_ras))
    onsets, step_s = onsets_of(source), volume.time_step_s
    step = f"the time step of the image is {step_s:g} s" if step_s else "the image has no time step"
    if onsets is not None and not onsets.are_even:
        varies = f"the time between volumes varies from {min(onsets.steps):g} to {max(onsets.steps):g} s: {step}"
        where = "the sidecar has their times" if PET.holds(source) else "FrameTimesStart of the sidecar lists when each began"
        return f"{varies}; {where}"
    if not step_s:
        return f"no attribute specifies the time between volumes: {step}"
    return _doubt_of_excitations(source, onsets, step_s, step)


def _doubt_of_excitations(source: PlaneAttributes, onsets: Onsets | None, step_s: float, step: str) -> str:
    """Return that the time step is RepetitionTime of excitations: times of volumes are unknown, or too few for a rate."""
    if not MR.holds(source):
        return ""
    if onsets is None:
        is_short = step_s < SHORTEST_S[is_3d(source)]
        return f"no attribute specifies when volumes began: {step}, RepetitionTime, too short for a volume" if is_short else ""
    is_apart = len(onsets.seconds) < FEWEST and 2 * step_s < min(onsets.steps)
    return f"the volumes began {min(onsets.steps):g} s after each other: {step}, RepetitionTime" if is_apart else ""


def _repetition_time(source: PlaneAttributes) -> float:
    """Return RepetitionTime as `timing` has it."""
    return volume_time_of(source) or ge_repetition_time(source) or _stated_s(source)


def _frame_time(source: PlaneAttributes) -> float:
    """Return FrameTime, else the distance of times that are even, else TemporalResolution where times are unknown, s."""
    onsets = onsets_of(source)
    return (
        _seconds(source, Tag.FRAME_TIME)
        or (onsets.seconds[-1] / len(onsets.steps) if onsets is not None and onsets.are_even else 0.0)
        or _nuclear_step_s(source)
        or (_seconds(source, Tag.TEMPORAL_RESOLUTION) if onsets is None else 0.0)
    )


def _seconds(source: PlaneAttributes, tag: int) -> float:
    return (source.number(tag) or 0.0) * MS_TO_S


def _nuclear_step_s(source: PlaneAttributes) -> float:
    """Return seconds between the frames of the only phase, or R-R interval, of an NM object (PS3.3 C.8.4.13, C.8.4.14)."""
    phases = source.items(Tag.PHASE_INFORMATION_SEQUENCE)
    if len(phases) == 1:
        duration, pause = (
            metadata.number(phases[0].elements, tag) for tag in (Tag.ACTUAL_FRAME_DURATION, Tag.PAUSE_BETWEEN_FRAMES)
        )
        return ((duration or 0.0) + (pause or 0.0)) * MS_TO_S if duration else 0.0
    gates = source.items(Tag.GATED_INFORMATION_SEQUENCE)
    intervals = metadata.items(gates[0].elements, Tag.DATA_INFORMATION_SEQUENCE) if len(gates) == 1 else ()
    return (metadata.number(intervals[0].elements, Tag.FRAME_TIME) or 0.0) * MS_TO_S if len(intervals) == 1 else 0.0


# --- magnetic resonance -----------------------------------------------------------------------------------------------


def volume_time_of(source: PlaneAttributes) -> float | None:
    """Return the seconds from volume to volume where RepetitionTime is clearly something else; None where it is not."""
    seconds: float | None = source.once("volume time", _volume_time)
    return seconds


def _volume_time(source: PlaneAttributes) -> float | None:
    if not MR.holds(source):
        return None
    onsets, stated = onsets_of(source), ge_repetition_time(source) or _stated_s(source)
    if onsets is None:
        seconds, tolerance = _time_of_halves(source) or _temporal_resolution(source), CLOCK_S
    elif stated and len(onsets.seconds) < FEWEST and not is_3d(source):
        return None
    else:
        seconds, tolerance = _usual_step(onsets, stated), _error_of_mean(onsets)
    averages = max(1.0, source.number(Tag.NUMBER_OF_AVERAGES) or 1.0)
    if seconds is None or (abs(seconds - stated) <= tolerance and 2 * stated > seconds):
        return None
    if averages > 1 and seconds <= averages * stated + tolerance:
        return None  # each volume is the mean of several, each of which took RepetitionTime
    return float(f"{seconds:.6g}")


def _stated_s(source: PlaneAttributes) -> float:
    return max(0.0, _seconds(source, Tag.REPETITION_TIME))


def _error_of_mean(onsets: Onsets) -> float:
    """Return by how much a mean distance may differ from the stated one, s: clocks without fractions round only twice."""
    return CLOCK_S + 1.0 / len(onsets.steps) if onsets.is_rounded else onsets.tolerance_s


def _usual_step(onsets: Onsets, stated_s: float) -> float | None:
    """Return the time from one volume to the next, without pauses.

    Where most of the times differ, it is that of the header, and None is returned; the average where that of the header is
    too short for a volume, as the time between excitations is.
    """
    steps = onsets.steps
    usual = sorted(steps)[len(steps) // 2]
    near = [step for step in steps if abs(step - usual) <= onsets.tolerance_s]
    if len(near) * 2 > len(steps):
        return sum(near) / len(near)
    return sum(steps) / len(steps) if stated_s < min(steps) / 2 else None


def _time_of_halves(source: PlaneAttributes) -> float | None:
    """Return half the time of a pair of label and control, s, where a pair has one start; None where there are none."""
    planes = first_planes(source)
    starts = None if GE.holds(source) else starts_of(planes)
    if not starts or len(starts) % 2 or starts[::2] != starts[1::2]:
        return None
    labels = [label_type_of(plane) for plane in planes]
    steps = [late - early for early, late in pairwise(starts[::2])]
    if any({*pair} != {"LABEL", "CONTROL"} for pair in zip(labels[::2], labels[1::2], strict=True)):
        return None
    return sum(steps) / len(steps) / 2 if steps and min(steps) > 0 and max(steps) - min(steps) <= CLOCK_S else None


def _temporal_resolution(source: PlaneAttributes) -> float | None:
    """Return TemporalResolution (0020,0110), s, the time between dynamic images (PS3.3 C.8.3.1); None if too short for it."""
    seconds = _seconds(source, Tag.TEMPORAL_RESOLUTION)
    is_dynamic = (source.number(Tag.NUMBER_OF_TEMPORAL_POSITIONS) or 0) > 1
    return seconds if seconds > _stated_s(source) and (is_dynamic or not _stated_s(source)) else None


def excitation_time_of(source: PlaneAttributes) -> float | None:
    """Return RepetitionTime (0018,0080), s, where volumes come at another rate; None where it is that."""
    stated = _stated_s(source)
    return float(f"{stated:.6g}") if stated and volume_time_of(source) else None


def uneven_onsets_of(source: PlaneAttributes) -> list[float] | None:
    """Return when each volume began, s, where the time between them varies; None where it does not, or is not stated."""
    onsets = onsets_of(source)
    return None if onsets is None or onsets.are_even else onsets.seconds
