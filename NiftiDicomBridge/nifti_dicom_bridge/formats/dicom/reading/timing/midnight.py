"""Series that pass midnight in objects whose date does not, or that have none."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from .....model.time_zones import DAY_S
from ..attributes.coordinates import TIMES, TimesOfFrames
from ..frames.frame_info import FrameInfo

_CLOCKS = ("FrameAcquisitionDateTime", "AcquisitionDateTime", "ContentTime")
_ROWS = [n for n, row in enumerate(TIMES) if row.name in _CLOCKS]
_LONGEST = 6 * 3600.0
"""No series takes longer, s: a pause of a day less this time is midnight, unless instance numbers count over it."""


def count_past_midnight(frames: Sequence[FrameInfo]) -> list[str]:
    """Add a day to the times after midnight, and report it; where the date changes as well, nothing is to be done."""
    names = []
    timed = list({id(frame.times): frame for frame in frames if frame.times is not None}.values())
    times = TimesOfFrames([frame.times for frame in timed])
    for n in _ROWS:
        stated = [(frame, moment) for frame, moment in zip(timed, times.of(n), strict=True) if moment is not None]
        if len(stated) < len(timed) or not stated:
            continue
        start = _first_of_evening([moment for _, moment in stated])
        evening = [frame for frame, moment in stated if moment >= start]
        morning = [frame for frame, moment in stated if moment < start]
        if not morning or max(map(_number, morning)) < min(map(_number, evening)):
            continue
        for frame in morning:
            assert frame.times is not None
            frame.times.move(n, DAY_S)
        names.append(TIMES[n].name)
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
