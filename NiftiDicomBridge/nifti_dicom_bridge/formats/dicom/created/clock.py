"""When frames were acquired: start of the series, times, slices."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

from ....errors import GeometryError
from ....model.metadata import Elements
from ....model.time_zones import local_date_time
from ....options import Kind
from ....standard.tags import Tag
from .. import new_element
from .request import Request

SAME_S = 1e-3
"""Distances of times that differ by less differ by rounding."""


def start_of(request: Request) -> datetime | None:
    """Return when acquisition began, by AcquisitionDate and AcquisitionTime; None where that is unknown."""
    attributes = request.attributes
    whole = local_date_time(attributes.text(Tag.ACQUISITION_DATE_TIME), attributes.text(Tag.TIMEZONE_OFFSET_FROM_UTC))
    date = attributes.text(Tag.ACQUISITION_DATE) or whole[0] or "19000101"
    time = attributes.text(Tag.ACQUISITION_TIME) or whole[1]
    for form in ("%Y%m%d%H%M%S.%f", "%Y%m%d%H%M%S"):
        try:
            return datetime.strptime(date + time, form)
        except ValueError:
            continue
    return None


def start_s(request: Request, t: int) -> float | None:
    """Return seconds from the first time to another; None where that is unknown."""
    if request.moments:
        first, then = (request.moments[n * request.image.voxels.shape[1]] for n in (0, t))
        return None if first is None or then is None else (then - first).total_seconds()
    if len(request.starts_s) == request.image.times:
        return float(request.starts_s[t])
    return t * request.image.time_step_s if t == 0 or request.image.time_step_s > 0 else None


def step_s(request: Request) -> float:
    """Return seconds from each time to the next; 0 where that varies, or is unknown."""
    if len(request.starts_s) != request.image.times or request.image.times < 2:
        return request.image.time_step_s
    steps = [late - early for early, late in pairwise(request.starts_s)]
    return float(steps[0]) if max(steps) - min(steps) <= SAME_S else 0.0


def duration_s(request: Request, t: int) -> float | None:
    """Return how long a time lasted, s; None where that is unknown."""
    if len(request.durations_s) == request.image.times:
        return float(request.durations_s[t])
    return step_s(request) or None


def seconds_of(request: Request, t: int, k: int | None = None) -> float | None:
    """Return seconds from the start to a volume, or to one of its slices; None where that is unknown."""
    start = start_s(request, t)
    if start is None or k is None or not len(request.slice_times):
        return start
    return start + float(request.slice_times[k])


def moment_of(request: Request, t: int, k: int | None = None) -> datetime | None:
    """Return when a volume, or one of its slices, was acquired.

    Raises
    ------
    GeometryError
        If that is after the year 9999.
    """
    if request.moments and k is not None:
        return request.moments[t * request.image.voxels.shape[1] + k]
    start, seconds = start_of(request), seconds_of(request, t, k)
    if start is None or seconds is None:
        return None
    try:
        return start + timedelta(seconds=seconds)
    except OverflowError:
        raise GeometryError(
            f"time {t + 1} would be {seconds:g} s after the first one, beyond all dates of DICOM. Correct the time step of the "
            "image (pixdim[4] and its unit) or RepetitionTime in the sidecar."
        ) from None


def of_frame(request: Request, t: int, k: int) -> Elements:
    """Return AcquisitionTime and AcquisitionDate of one frame, where times or slices differ."""
    one_moment = request.image.times == 1 and not len(request.slice_times) and not request.moments and not any(request.starts_s)
    if request.kind not in (Kind.MR, Kind.CT, Kind.PET, Kind.SC) or one_moment:
        return {}
    moment = moment_of(request, t, k)
    if moment is None:
        return {}
    elements: Elements = {Tag.ACQUISITION_TIME: new_element.text("TM", moment.strftime("%H%M%S.%f"))}
    if request.moments or request.attributes.text(Tag.ACQUISITION_DATE):
        elements[Tag.ACQUISITION_DATE] = new_element.text("DA", moment.strftime("%Y%m%d"))
    return elements


def frame_reference_ms(request: Request, t: int) -> float:
    """Return FrameReferenceTime (PS3.3 C.8.9.4.1.5) of a time: the middle of it, ms, as far as that is known."""
    return 1000.0 * ((start_s(request, t) or 0.0) + (duration_s(request, t) or 0.0) / 2)
