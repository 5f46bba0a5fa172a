"""Texts that a few slices of a volume lack, or have of their own, such as a comment: they are not another image."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from ..attributes.coordinates import TIMES
from ..frames.frame_info import FrameInfo
from ..frames.tolerances import WHOLE

Texts = dict[tuple[int, int], Any]
"""Of frames, by their keys."""
_JOINED = "{} image(s) lack {}, or have one of their own, and fill the gaps of others: they are taken for slices of those"


def without_strays(places: Sequence[Sequence[FrameInfo]], texts: Texts, n: int, notes: list[str]) -> Texts:
    """Return the texts of frames; a few images that fill the gaps of others have the text of those, also in their times.

    Parameters
    ----------
    places : sequence of sequence of FrameInfo
        All frames, by position.
    texts : dict of (int, int) to object
        What each frame states in a row of `TIMES`.
    n : int
        The row. A text is replaced by another one only if it may change within an image; else it, or the other, is missing.
    notes : list of str
        Receives a sentence, if there are such images.
    """
    counts: dict[Any, Counter[int]] = defaultdict(Counter)
    for k, place in enumerate(places):
        for frame in place:
            counts[texts[frame.key]][k] += 1
    if len(counts) < 2 or all(len(place) == 1 for place in places):
        return texts
    taken = {text: others[0] for text in counts if len(others := _with_gaps_for(text, counts, TIMES[n].may_change)) == 1}
    joined = [frame for place in places for frame in place if texts[frame.key] in taken]
    for frame in joined:
        if frame.times:
            frame.times.take(n, taken[texts[frame.key]])
    notes += [_JOINED.format(len(joined), TIMES[n].name)] if joined else []
    return {key: taken.get(text, text) for key, text in texts.items()}


def _with_gaps_for(text: Any, counts: Mapping[Any, Counter[int]], may_change: bool) -> list[Any]:
    """Return the texts of which just the images are missing that have a text; `counts`: images of each text, by place."""
    few = counts[text]
    return [
        other
        for other, many in counts.items()
        if few.total() <= (1 - WHOLE) * many.total()
        and (may_change or _are_compatible(text, other))
        and all(few[k] + many[k] <= max(many.values()) for k in few)
    ]


def _are_compatible(text: Any, other: Any) -> bool:
    """Whether two texts differ only in what one of them lacks."""
    if text is None or other is None:
        return True
    return all("" in pair or pair[0] == pair[1] for pair in zip(text, other, strict=True))
