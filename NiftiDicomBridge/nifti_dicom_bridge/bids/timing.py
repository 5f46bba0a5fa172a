"""Keys of time, and when the slices of a volume were acquired."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from ..options import Resample
from ..standard.tags import Tag
from .ge_times import ge_repetition_time, ge_slice_times
from .image_type import image_type_of
from .kinds import MS_TO_S, POSITIVE, clock, date, seconds_of
from .labeling_delays import has_one_delay
from .row import GE, PET, UIH, AnyRow, Derived, Row, When
from .sequence_words import SCANNING_SEQUENCE, is_3d, words_of
from .siemens import is_spin_labeling, siemens_factor
from .source import Csa, Phoenix, PlaneAttributes, Private
from .volume_onsets import UIH_FRAMES, acquisition_clock, by_plane, frame_clock
from .volume_times import excitation_time_of, uneven_onsets_of, volume_time_of

MOSAIC_TIMES_MS = (Private(0x0019, "SIEMENS MR HEADER", 0x1029), Csa("MosaicRefAcqTimes"))
TIME_AFTER_START_S = Private(0x0021, "SIEMENS MR SDI 02", 0x1104)
SAME_S = 1e-4


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
        planes = source.planes_at(t)
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


def _clocks(planes: list[PlaneAttributes]) -> list[float] | None:
    """Times of images of one slice each."""
    return None if planes[0].made_in is planes[-1].made_in else by_plane(planes, acquisition_clock)


def _after_start_of_series(planes: list[PlaneAttributes]) -> list[float] | None:
    return by_plane(planes, _after_start)


def _frame_times(planes: list[PlaneAttributes]) -> list[float] | None:
    return by_plane(planes, frame_clock)


def _after_start(plane: PlaneAttributes) -> float | None:
    return plane.number(TIME_AFTER_START_S)


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


def _is_inversion(source: PlaneAttributes) -> bool:
    inverted = "IR" in words_of(source, SCANNING_SEQUENCE) or source.text(Tag.INVERSION_RECOVERY) == "YES"
    return inverted and source.manufacturer != "Philips"


INVERTED = When("inversion recovery", _is_inversion)
ONE_DELAY = When("the same in all volumes", has_one_delay)
NOT_INVERTED = When("", lambda source: not _is_inversion(source))
NOT_PET = When("not PT", lambda source: not PET.holds(source))


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
        "(0020,930D), (0018,1060), (0020,9153), (0018,9074) or (0008,0032) of the volumes, (2005,xxA0) Philips MR Imaging DD "
        "001 of 3D volumes, or (0020,0110), if they differ from (0018,0080)",
    ),
    Derived(
        "RepetitionTime",
        ge_repetition_time,
        "(0018,0080) + (0043,xx7C) GEMS_PARM_01, `DELACQNOAV` of the protocol of multi-phase EPI",
        GE,
    ),
    Derived("RepetitionTimeInversion", excitation_time_of, "(0018,0080), where volumes come at another rate", INVERTED),
    Derived("RepetitionTimeExcitation", excitation_time_of, "(0018,0080), where volumes come at another rate", NOT_INVERTED),
    Derived(
        "FrameTimesStart",
        uneven_onsets_of,
        "(0020,930D), (0018,1060), (0020,9153), (0018,9074) or (0008,0032) of the volumes, where the time between them varies",
        NOT_PET,
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
