"""Which frames of a reference with several times an object of one time refers to."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ....model.metadata import Log
from .request import Request

FrameKey = tuple[str, int]
"""The SOP Instance UID of an instance, and the number of a frame in it, from 1; 0 where it has one frame."""
UNKNOWN_TIMES = (
    "the reference has {count} times, the image {own}: which of them these are is not specified, so its frames refer to no "
    "single images. Name a reference of the same times to have them do so"
)
_FIRST_TIME = "the reference has {count} times, the image one: its frames refer to images of the first time"


def frames_by_time(request: Request) -> list[frozenset[FrameKey]]:
    """Return the frames of each time of the reference; empty where it has no times."""
    frames = request.source_frames or [0] * len(request.sources)
    return [frozenset((request.sources[n].uid, frames[n]) for n in numbers) for numbers in request.source_times]


def frames_of_time(
    by_time: Sequence[Collection[FrameKey]], time: int, times: int, log: Log, is_of_all: bool = False
) -> Collection[FrameKey] | None:
    """Return the frames that an object of one time of an image may refer to; None: all of them.

    Parameters
    ----------
    by_time : sequence of collection of FrameKey
        The frames of each time of the reference.
    time, times : int
        The time, of so many of the image.
    log : Log
        Receives a note where the numbers of times differ.
    is_of_all : bool
        Whether an image of one time was made from all times of the reference, as maps are; else it refers to the first.
    """
    count = len(by_time)
    if count < 2 or (times == 1 and is_of_all):
        return None
    if times == count:
        return by_time[time]
    if times > 1:
        _add(log.warnings, UNKNOWN_TIMES.format(count=count, own=times))
        return ()
    _add(log.notes, _FIRST_TIME.format(count=count))
    return by_time[0]


def _add(sentences: list[str], sentence: str) -> None:
    if sentence not in sentences:
        sentences.append(sentence)
