"""When GE acquired slices and volumes: TriggerTime of multi-phase EPI specifies it, else it is computed from the protocol."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import pairwise

from ..standard.tags import Tag
from .ge import DIFFUSION, GROUP_DELAY_S, cycling_of, internal_name_of, protocol_of
from .kinds import MS_TO_S
from .row import GE
from .sequence_words import GE_SEQUENCE
from .siemens_text import number
from .source import PlaneAttributes, Private

SAME_MS = 3.0
"""TriggerTime is a whole number of milliseconds."""


def ge_slice_times(planes: list[PlaneAttributes]) -> list[float] | None:
    """Return when each slice was acquired, s: by the protocol, or by TriggerTime where that specifies other times.

    A volume of more slices than fit into RepetitionTime is acquired in several passes, of which the protocol has none.
    """
    computed, stated = _of_protocol(planes), _trigger_times(planes)
    if stated is None or (computed is not None and _agree(computed, stated)) or not _repeat(planes[0], stated):
        return computed
    return stated


def ge_onsets(planes: Sequence[PlaneAttributes]) -> list[float] | None:
    """Return when each volume began after the first, s, of one plane of each; None for others than multi-phase EPI."""
    times_ms = [plane.number(Tag.TRIGGER_TIME) for plane in planes]
    if not is_multi_phase(planes[0]) or any(time is None for time in times_ms):
        return None
    onsets = [((time or 0.0) - (times_ms[0] or 0.0)) * MS_TO_S for time in times_ms]
    return [float(f"{onset:.9g}") for onset in onsets] if all(late > early for early, late in pairwise(onsets)) else None


def ge_repetition_time(source: PlaneAttributes) -> float | None:
    """Return RepetitionTime with the delay behind a group of slices, s, which it does not count; None without a delay."""
    if not GE.holds(source):
        return None
    time_ms, protocol = source.number(Tag.REPETITION_TIME), protocol_of(source)
    delay = source.number(GROUP_DELAY_S)
    if delay is None and _has_group_delay(source, protocol):
        delay = number(protocol.get("DELACQNOAV", ""))
    return float(f"{(time_ms or 0.0) * MS_TO_S + delay:.6g}") if time_ms and delay else None


def is_multi_phase(source: PlaneAttributes) -> bool:
    """Whether the images are of the sequence "EPI Multi-Phase", whose TriggerTime is when a slice ended."""
    options = _options(protocol_of(source))
    named = internal_name_of(source) == "EPI" or options & {"MPh", "MPhVar"}
    return bool(named) and "epiRT" not in source.text(GE_SEQUENCE) and "FMRI" not in options


def _has_group_delay(source: PlaneAttributes, protocol: dict[str, str]) -> bool:
    """Whether the delay of the protocol is in use: with variable delays, and in other sequences, it is left over."""
    return protocol.get("DELACQ") != "Minimum" and is_multi_phase(source) and "MPhVar" not in _options(protocol)


def _options(protocol: dict[str, str]) -> set[str]:
    return {option.strip() for option in protocol.get("IOPT", "").split(",")}


def _trigger_times(planes: list[PlaneAttributes]) -> list[float] | None:
    """Return TriggerTime of each slice, s; None where it does not distinguish slices."""
    times_ms = [plane.number(Tag.TRIGGER_TIME) for plane in planes]
    if not is_multi_phase(planes[0]) or any(time is None for time in times_ms) or len(set(times_ms)) < 2:
        return None
    return [(time or 0.0) * MS_TO_S for time in times_ms]


def _repeat(source: PlaneAttributes, stated: list[float]) -> bool:
    """Whether the slices of the first two volumes have the same order, one after the other.

    Those of a gated acquisition need not, or have the same delays after each trigger.
    """
    count = min(2, len(source.volume.dicom.metadata.frames)) if source.volume is not None else 0
    volumes = [times for t in range(count) if (times := _trigger_times(source.planes_at(t)))]
    return len(volumes) > 1 and min(volumes[1]) > min(volumes[0]) and all(_agree(times, stated) for times in volumes)


def _agree(times: list[float], others: list[float]) -> bool:
    """Whether times differ by a constant only."""
    offsets = [time - other for time, other in zip(times, others, strict=True)]
    return max(offsets) - min(offsets) <= SAME_MS * MS_TO_S


def _of_protocol(planes: list[PlaneAttributes]) -> list[float] | None:
    """Computed: evenly over RepetitionTime, in the order of the protocol."""
    first, volume = planes[0], planes[0].volume
    protocol = protocol_of(first)
    if volume is None or volume.times < 2 or not protocol or len(first.text(Tag.SOFTWARE_VERSIONS)) < 10:
        return None
    timed = ge_timing(first, protocol)
    if timed is None:
        return None
    repetition, interleaved = timed
    bands = max(1, _digits(protocol.get("MBACCEL", "")), int(first.number(Private(0x0043, "GEMS_PARM_01", 0x10B6)) or 1))
    version, modern = ge_release(first.text(Tag.SOFTWARE_VERSIONS))
    times = ge_times(len(planes), bands, repetition, interleaved, (version, modern and not DIFFUSION.holds(first)))
    order = sorted(range(len(planes)), key=lambda k: planes[k].number(Tag.INSTANCE_NUMBER) or 0)
    return None if times is None else [times[order.index(k)] for k in range(len(planes))]


def ge_timing(source: PlaneAttributes, protocol: dict[str, str]) -> tuple[float, bool] | None:
    """Return the seconds that slices are acquired in, and whether they are interleaved; None for other sequences.

    Functional images: the slice order is in the protocol, RepetitionTime is without the delay behind a group. Multi-phase
    images: interleaved, RepetitionTime again without the delay.
    """
    repetition = (source.number(Tag.REPETITION_TIME) or 0.0) * MS_TO_S
    name, options = source.text(GE_SEQUENCE), _options(protocol)
    if source.has(GROUP_DELAY_S) or "epiRT" in name or "FMRI" in options:
        return repetition, _digits(protocol.get("SLICEORDER", "1")) != 0
    if (internal_name_of(source) == "EPI" or "MPh" in options) and "MPhVar" not in options:
        return repetition, True
    if DIFFUSION.holds(source) or "DIFF" in options:
        return (repetition, True) if cycling_of(source) in ("OFF", "SPOFF") else None
    return None


def ge_release(versions: str) -> tuple[float, bool]:
    """Return the version of GE software, and whether it is 27.0 R03 or later: ``RX27.0_R02_1831.a``, ``MR29.1_EA_2039.g``."""
    match = re.search(r"[A-Z]{2}(\d+)\.(\d+)_(?:R(\d+)|EA)", versions)
    if match is None:
        return 0.0, False
    version = int(match[1]) + int(match[2]) / 10.0
    return version, version >= 27.1 - 1e-6 or (int(match[1]) == 27 and int(match[3] or 0) >= 3)


def ge_times(slices: int, bands: int, seconds: float, interleaved: bool, release: tuple[float, bool]) -> list[float] | None:
    """Return times of slices in the order of acquisition positions; None for multiband before version 26.

    With multiband, groups of slices at a distance are excited together; their number was made odd before 27.0 R03, and later
    the last but two and the last were exchanged.
    """
    version, modern = release
    shots = math.ceil(slices / bands)
    if bands > 1 and version < 26.0:
        return None
    if bands > 1 and not modern and shots % 2 == 0:
        shots += 1
    step = seconds / shots
    odd = (shots - 1) // 2
    ranks = [(n // 2 if n % 2 == 0 else odd + (n + 1) // 2) if interleaved else n for n in range(shots)]
    if bands > 1 and modern and interleaved and shots > 2 and shots % 2 == 0:
        ranks[-1], ranks[-3] = ranks[-3], ranks[-1]
    return [ranks[k % shots] * step for k in range(slices)]


def _digits(text: str) -> int:
    match = re.search(r"\d+", text)
    return int(match[0]) if match else 0
