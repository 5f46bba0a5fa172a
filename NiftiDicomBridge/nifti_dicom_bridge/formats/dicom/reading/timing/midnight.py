"""The day of times: of objects that lost their date, and of series that pass midnight in objects whose date does not."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from .....model.time_zones import DAY_S
from ..attributes.coordinates import TIMES, TimesOfFrames
from ..frames.frame_info import FrameInfo

_CLOCKS = ("FrameAcquisitionDateTime", "AcquisitionDateTime", "AcquisitionTime", "ContentTime")
_REPEATS = {"AcquisitionTime": "AcquisitionDateTime"}
"""Rows that need the day only where another one needed it."""
_ROWS = [n for n, row in enumerate(TIMES) if row.name in _CLOCKS]
_UNDATED = 3 * DAY_S
"""Moments below this are times of day, in any time zone."""
_LONGEST = 6 * 3600.0
"""No series takes longer, s: a pause of a day less this time is midnight, unless instance numbers count over it."""


def complete_days(frames: Sequence[FrameInfo]) -> list[str]:
    """Give times without a date that of the others, add a day to those after midnight, and report both.

    Where the date changes at midnight as well, nothing is to be done.
    """
    names: list[str] = []
    lost: dict[str, int] = {}
    timed = list({id(frame.times): frame for frame in frames if frame.times is not None}.values())
    times = TimesOfFrames([frame.times for frame in timed])
    for n in _ROWS:
        if TIMES[n].name in _REPEATS and _REPEATS[TIMES[n].name] not in {*names, *lost}:
            continue
        stated = [(frame, moment) for frame, moment in zip(timed, times.of(n), strict=True) if moment is not None]
        undated = [(frame, moment) for frame, moment in stated if moment < _UNDATED]
        if 0 < len(undated) < len(stated):
            _take_days(undated, [moment for _, moment in stated if moment >= _UNDATED], n)
            lost[TIMES[n].name] = len(undated)
        elif len(stated) == len(timed) and stated and _add_days(stated, n):
            names.append(TIMES[n].name)
    notes = [
        f"{count} image(s) have a time without a valid date ({name}): that of the others is used"
        for name, count in lost.items()
        if name not in _REPEATS
    ]
    return [*notes, *_midnight([name for name in names if name not in _REPEATS])]


def _take_days(undated: Sequence[tuple[FrameInfo, float]], dated: Sequence[float], row: int) -> None:
    """Put times of day on the day on which they are nearest to a time of the other frames."""
    others = np.array(dated)
    for frame, moment in undated:
        days = np.rint((others - moment) / DAY_S)
        nearest = np.abs(moment + days * DAY_S - others).argmin()
        assert frame.times is not None
        frame.times.move(row, float(days[nearest]) * DAY_S)


def _add_days(stated: Sequence[tuple[FrameInfo, float]], row: int) -> bool:
    """Add a day to the times after midnight, and return whether there are any."""
    start = _first_of_evening([moment for _, moment in stated])
    evening = [frame for frame, moment in stated if moment >= start]
    morning = [frame for frame, moment in stated if moment < start]
    if not morning or max(map(_number, morning)) < min(map(_number, evening)):
        return False
    for frame in morning:
        assert frame.times is not None
        frame.times.move(row, DAY_S)
    return True


def _midnight(names: Sequence[str]) -> list[str]:
    if not names:
        return []
    return [
        f"the series passes midnight without a change of the date ({', '.join(names)}): times after it count as the next day's"
    ]


def _first_of_evening(moments: Sequence[float]) -> float:
    """Return the first time after a pause that is nearly a day; -inf where there is none."""
    steps = list(pairwise(sorted(set(moments))))
    before, after = max(steps, key=lambda step: step[1] - step[0], default=(0.0, 0.0))
    whole = max(moments) - min(moments)
    return after if whole < DAY_S and after - before > DAY_S - _LONGEST else -np.inf


def _number(frame: FrameInfo) -> int:
    return int(frame.order[0])
