"""When the slices of a volume were acquired, and how long a volume takes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise

from ..options import Resample
from ..standard.tags import Tag
from .ge_times import ge_onsets, ge_repetition_time, ge_slice_times
from .image_type import image_type_of
from .kinds import MS_TO_S, POSITIVE, clock, date, seconds_of
from .label_types import label_type_of
from .labeling_delays import has_one_delay
from .row import GE, PHILIPS, UIH, AnyRow, Derived, Row, When
from .rows import train_length_of
from .sequence_words import SCANNING_SEQUENCE, is_3d, words_of
from .siemens import is_spin_labeling, siemens_factor
from .source import Csa, Phoenix, PlaneAttributes, Private

MOSAIC_TIMES_MS = (Private(0x0019, "SIEMENS MR HEADER", 0x1029), Csa("MosaicRefAcqTimes"))
TIME_AFTER_START_S = Private(0x0021, "SIEMENS MR SDI 02", 0x1104)
DYNAMIC_BEGIN_S = Private(0x2005, "Philips MR Imaging DD 001", 0x10A0)
UIH_FRAMES = Private(0x0065, "Image Private Header", 0x1051)
SAME_S = 1e-4
TOLERANCE_S = 0.05
"""Volumes of one rate are that regular."""
FEWEST = 3
"""Volumes that have a rate: between two there may be a pause, or scans for reference."""
DAY_S = 86400.0


def slice_timing_of(source: PlaneAttributes) -> list[float] | None:
    """Return seconds from the start of the volume to each slice, in the order of the file; None where unknown."""
    times_s: list[float] | None = source.once("slice timing", _slice_timing)
    return times_s


def _slice_timing(source: PlaneAttributes) -> list[float] | None:
    """Return seconds from the start of the volume to each slice, in the order of the file; None where unknown.

    The first volume that specifies sensible times counts: some sequences write nonsense into the first.
    """
    volume, storage = source.volume, source.storage
    if volume is None or storage is None or source.modality != "MR" or is_3d(source):
        return None
    slices = int(volume.dicom.metadata.frames.shape[1])
    if slices < 2 or slices != volume.voxels.shape[1] or Resample.SPACING in volume.dicom.resampled:
        return None
    times_s = _sensible_times(source, volume.dicom.metadata.frames.shape[0])
    if times_s is None:
        return None
    rounded = [float(f"{time:.6g}") for time in times_s]
    return rounded[::-1] if storage.reversed_slices else rounded


def _sensible_times(source: PlaneAttributes, volumes: int) -> list[float] | None:
    longest = (volume_time_of(source) if GE.holds(source) else None) or (source.number(Tag.REPETITION_TIME) or 0.0) * MS_TO_S
    first = 1 if volumes > 1 and source.has(TIME_AFTER_START_S) else 0  # XA ignores multiband in the times of the first
    readers = READERS.get(source.manufacturer, ())
    for t in dict.fromkeys((first, 0, min(1, volumes - 1))) if readers else ():
        planes = _planes(source, t)
        for times_s in filter(None, (reader(planes) for reader in readers)):
            start = min(times_s)
            times = [time - start for time in times_s]
            if max(times) > SAME_S and (longest <= 0 or max(times) <= longest + SAME_S or _takes_longer(source)):
                return times
    return None


def _takes_longer(source: PlaneAttributes) -> bool:
    """Whether slices may be further apart than RepetitionTime: in several runs, as of spin echo trains, never of EPI."""
    words = {*image_type_of(source), *words_of(source, SCANNING_SEQUENCE)}
    return not words & {"EP", "DERIVED"} and not source.has(TIME_AFTER_START_S)


def _planes(source: PlaneAttributes, t: int) -> list[PlaneAttributes]:
    """Return the planes of a volume, by slice."""
    assert source.volume is not None
    series = source.volume.dicom.metadata
    return [source.other(series.instances[int(i)], int(f)) for i, f in series.frames[t]]


def bands_by_time(source: PlaneAttributes) -> int:
    """Return how many slices share each time; 1 where they do not all share it equally, or all have the same."""
    times = slice_timing_of(source) if source.manufacturer in ("Siemens", "UIH") else None
    counts = Counter(round(time / SAME_S) for time in times) if times else Counter()
    sizes = set(counts.values())
    return sizes.pop() if len(sizes) == 1 and len(counts) > 1 else 1


# --- Siemens ----------------------------------------------------------------------------------------------------------


def _mosaic(planes: list[PlaneAttributes]) -> list[float] | None:
    """One list of times, ms, in the order of the tiles."""
    if any(plane.made_in is not planes[0].made_in for plane in planes):
        return None
    times = next((times_ms for where in MOSAIC_TIMES_MS if len(times_ms := planes[0].numbers(where)) >= len(planes)), [])
    return [times[plane.frame] * MS_TO_S for plane in planes] if times else None


def _of_protocol(planes: list[PlaneAttributes]) -> list[float] | None:
    """Evenly over the part of RepetitionTime without a delay, in the order of the protocol: old mosaics have no times."""
    first, slices = planes[0], len(planes)
    order = SLICE_ORDERS.get(int(first.number(Phoenix("sSliceArray.ucMode")) or 0))
    if order is None or any(plane.made_in is not first.made_in for plane in planes) or not _is_plain_mosaic(first, slices):
        return None
    ms = (first.number(Tag.REPETITION_TIME) or 0.0) - (first.number(Phoenix("lDelayTimeInTR")) or 0.0) / 1000.0
    ranks = {tile: rank for rank, tile in enumerate(order(slices))}
    return [ranks[plane.frame] * ms * MS_TO_S / slices for plane in planes] if ms > 0 else None


def _is_plain_mosaic(source: PlaneAttributes, slices: int) -> bool:
    """Whether slices of a mosaic without times were acquired one by one, in one run, and are stored in their order.

    Those of arterial spin labeling, and of triggered volumes, follow each other at once: they do not fill RepetitionTime.
    """
    counts = (Csa("NumberOfImagesInMosaic"), Phoenix("sSliceArray.lSize"))
    return (
        not any(source.has(where) for where in MOSAIC_TIMES_MS)
        and all(source.number(where) == slices for where in counts)
        and (source.number(Phoenix("sSliceArray.lConc")) or 1) == 1
        and not source.number(Phoenix("sSliceArray.ucImageNumb"))
        and siemens_factor(source, "s") <= 1
        and not is_spin_labeling(source)
        and (source.number(Phoenix("sPhysioImaging.lMethod1")) or 1) == 1
    )


def _by_plane(planes: list[PlaneAttributes], reader: Callable[[PlaneAttributes], float | None]) -> list[float] | None:
    times = [reader(plane) for plane in planes]
    if any(time is None for time in times):
        return None
    times_s = [float(time or 0.0) for time in times]
    if max(times_s) - min(times_s) > DAY_S / 2:  # past midnight
        times_s = [time + DAY_S if time < DAY_S / 2 else time for time in times_s]
    return times_s


def _clocks(planes: list[PlaneAttributes]) -> list[float] | None:
    """Times of images of one slice each."""
    return None if planes[0].made_in is planes[-1].made_in else _by_plane(planes, _clock)


def _after_start_of_series(planes: list[PlaneAttributes]) -> list[float] | None:
    return _by_plane(planes, _after_start)


def _frame_times(planes: list[PlaneAttributes]) -> list[float] | None:
    return _by_plane(planes, _frame_time)


def _after_start(plane: PlaneAttributes) -> float | None:
    return plane.number(TIME_AFTER_START_S)


def _frame_time(plane: PlaneAttributes) -> float | None:
    return seconds_of(re.sub(r"[+-]\d+$", "", plane.text(Tag.FRAME_ACQUISITION_DATE_TIME))[8:])


def _clock(plane: PlaneAttributes) -> float | None:
    return seconds_of(plane.text(Tag.ACQUISITION_TIME))


def _start(plane: PlaneAttributes) -> float | None:
    tiles = [seconds_of(PlaneAttributes.text_of(item.elements, Tag.ACQUISITION_TIME)) for item in plane.items(UIH_FRAMES)]
    return min((time for time in tiles if time is not None), default=None) if any(tiles) else _clock(plane)


# --- United Imaging ---------------------------------------------------------------------------------------------------


def _uih(planes: list[PlaneAttributes]) -> list[float] | None:
    """Tiles have their own acquisition times."""
    frames = planes[0].items(UIH_FRAMES)
    if planes[0].made_in is planes[-1].made_in and len(frames) >= len(planes):
        times = [seconds_of(PlaneAttributes.text_of(frames[plane.frame].elements, Tag.ACQUISITION_TIME)) for plane in planes]
        return None if any(time is None for time in times) else [float(time or 0.0) for time in times]
    return _clocks(planes)


def _interleaved(slices: int) -> list[int]:
    """Even numbers of slices begin with the second."""
    first = (slices + 1) % 2
    return [*range(first, slices, 2), *range(1 - first, slices, 2)]


SLICE_ORDERS: dict[int, Callable[[int], Sequence[int]]] = {
    1: range, 2: lambda slices: range(slices - 1, -1, -1), 4: _interleaved,
}  # fmt: skip
"""sSliceArray.ucMode → the slices of a mosaic in the order of their acquisition."""
READERS: dict[str, tuple[Callable[[list[PlaneAttributes]], list[float] | None], ...]] = {
    "Siemens": (_mosaic, _of_protocol, _after_start_of_series, _frame_times, _clocks),
    "UIH": (_uih,),
    "GE": (ge_slice_times,),
}
"""Manufacturer → where times may be, in order of trust; the first that are sensible count."""


# --- volumes ----------------------------------------------------------------------------------------------------------


def _onsets(source: PlaneAttributes) -> list[float] | None:
    """Return when each volume began after the first, s; None if unknown."""
    onsets = source.once("starts", _starts)
    return onsets if onsets and all(late > early for early, late in pairwise(onsets)) else None


def _starts(source: PlaneAttributes) -> list[float] | None:
    """Return what is stated as the start of each volume, s after that of the first."""
    planes = _first_planes(source)
    if len(planes) < 2 or source.modality != "MR":
        return None
    if GE.holds(source):
        return ge_onsets(planes)
    in_one = len({plane.made_in for plane in planes}) < len(planes)
    if in_one and not _is_3d_train_of_philips(source):
        return None
    times = _by_plane(planes, _dynamic if in_one else _start)
    return [float(f"{time - times[0]:.9g}") for time in times] if times else None


def _first_planes(source: PlaneAttributes) -> list[PlaneAttributes]:
    if source.volume is None:
        return []
    series = source.volume.dicom.metadata
    return [source.other(series.instances[int(i)], int(f)) for i, f in series.frames[:, 0]]


def _time_of_halves(source: PlaneAttributes) -> float | None:
    """Return half the time of a pair of label and control, s, where a pair has one start; None where there are none."""
    starts = source.once("starts", _starts)
    if not starts or len(starts) % 2 or starts[::2] != starts[1::2]:
        return None
    labels = [label_type_of(plane) for plane in _first_planes(source)]
    steps = [late - early for early, late in pairwise(starts[::2])]
    if any({*pair} != {"LABEL", "CONTROL"} for pair in zip(labels[::2], labels[1::2], strict=True)):
        return None
    return sum(steps) / len(steps) / 2 if steps and min(steps) > 0 and max(steps) - min(steps) <= TOLERANCE_S else None


def _is_3d_train_of_philips(source: PlaneAttributes) -> bool:
    """Whether RepetitionTime is that of one echo train of many that a volume takes."""
    return PHILIPS.holds(source) and is_3d(source) and train_length_of(source) > 1


def _dynamic(plane: PlaneAttributes) -> float | None:
    return plane.number(DYNAMIC_BEGIN_S)


def volume_time_of(source: PlaneAttributes) -> float | None:
    """Return the seconds from volume to volume where RepetitionTime is clearly something else; None where it is not."""
    onsets = source.once("onsets", _onsets)
    stated = ge_repetition_time(source) or (source.number(Tag.REPETITION_TIME) or 0.0) * MS_TO_S
    if (source.number(Tag.NUMBER_OF_AVERAGES) or 1.0) > 1:
        return None  # averages take several volumes' time
    if not onsets:
        seconds = _time_of_halves(source)
    elif len(onsets) < FEWEST and not is_3d(source):
        return None
    else:
        seconds = _usual_step(onsets)
    return None if seconds is None or abs(seconds - stated) <= TOLERANCE_S else float(f"{seconds:.6g}")


def _usual_step(onsets: list[float]) -> float | None:
    """Return the time from one volume to the next, without pauses; None where most of the times differ."""
    steps = [late - early for early, late in pairwise(onsets)]
    usual = sorted(steps)[len(steps) // 2]
    near = [step for step in steps if abs(step - usual) <= TOLERANCE_S]
    return sum(near) / len(near) if len(near) * 2 > len(steps) else None


def _excitation_time(source: PlaneAttributes) -> float | None:
    """RepetitionTime (0018,0080), where volumes come at another rate."""
    time_ms = source.number(Tag.REPETITION_TIME)
    return float(f"{time_ms * MS_TO_S:.6g}") if time_ms and volume_time_of(source) else None


def _is_inversion(source: PlaneAttributes) -> bool:
    inverted = "IR" in words_of(source, SCANNING_SEQUENCE) or source.text(Tag.INVERSION_RECOVERY) == "YES"
    return inverted and source.manufacturer != "Philips"


def _uneven_onsets(source: PlaneAttributes) -> list[float] | None:
    onsets = source.once("onsets", _onsets)
    steps = [late - early for early, late in pairwise(onsets)] if onsets else []
    return onsets if steps and max(steps) - min(steps) > TOLERANCE_S else None


INVERTED = When("inversion recovery", _is_inversion)
ONE_DELAY = When("the same in all volumes", has_one_delay)
NOT_INVERTED = When("", lambda source: not _is_inversion(source))


def _start_of_tiles(source: PlaneAttributes) -> str | None:
    """UIH gives the image the time of one tile, and every tile its own: the acquisition began with the first."""
    times = [PlaneAttributes.text_of(item.elements, Tag.ACQUISITION_TIME) for item in source.items(UIH_FRAMES)]
    return clock(min(filter(None, times), default="")) if UIH.holds(source) else None


def _date_of_tiles(source: PlaneAttributes) -> str | None:
    day, time = date(source.text(Tag.ACQUISITION_DATE)), _start_of_tiles(source)
    return f"{day}T{time}" if day and time else None


ROWS: tuple[AnyRow, ...] = (
    Derived("AcquisitionTime", _start_of_tiles, "earliest (0008,0032) in (0065,xx51) of UIH", UIH),
    Derived("AcquisitionDateTime", _date_of_tiles, "(0008,0022) and the earliest (0008,0032) in (0065,xx51) of UIH", UIH),
    Derived(
        "RepetitionTime",
        volume_time_of,
        "(0008,0032) of the volumes, (0018,1060) of those of GE multi-phase EPI, or (2005,xxA0) Philips MR Imaging DD 001 of "
        "3D echo trains, if they differ from (0018,0080)",
    ),
    Derived(
        "RepetitionTime",
        ge_repetition_time,
        "(0018,0080) + (0043,xx7C) GEMS_PARM_01, `DELACQNOAV` of the protocol of multi-phase EPI",
        GE,
    ),
    Derived("RepetitionTimeInversion", _excitation_time, "(0018,0080), where volumes come at another rate", INVERTED),
    Derived("RepetitionTimeExcitation", _excitation_time, "(0018,0080), where volumes come at another rate", NOT_INVERTED),
    Derived(
        "FrameTimesStart",
        _uneven_onsets,
        "(0008,0032) of the volumes, (0018,1060) of those of GE multi-phase EPI, where the time between them varies",
    ),
    Row("RepetitionTime", Tag.REPETITION_TIME, POSITIVE, MS_TO_S),
    Row("InversionTime", (Tag.INVERSION_TIME, Tag.INVERSION_TIMES), POSITIVE, MS_TO_S, ONE_DELAY),
    Derived(
        "SliceTiming",
        slice_timing_of,
        "(0019,xx29) SIEMENS MR HEADER, CSA `MosaicRefAcqTimes` or `sSliceArray.ucMode`, (0021,xx04) SIEMENS MR SDI 02, "
        "(0018,9074); "
        "AcquisitionTime of Siemens 2D and UIH; (0018,1060) and protocol block (0025,xx1B) of GE",
    ),
)
