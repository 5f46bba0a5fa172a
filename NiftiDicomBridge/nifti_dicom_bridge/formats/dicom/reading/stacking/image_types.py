"""Images of one series that only words of ImageType (0008,0008) set apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from ..attributes.components import ORIGINS, words_between
from ..attributes.coordinates import TIMES, WEIGHTING
from ..frames.frame_info import FrameInfo
from ..timing.times import is_even, places_of
from .interleaved import FEWEST
from .missing_labels import with_missing_words

Frames = list[FrameInfo]
_WEIGHTING = next(n for n, row in enumerate(TIMES) if row.name == WEIGHTING)


def by_image_type(frames: Frames) -> list[tuple[str | None, Frames]]:
    """Return frames that no label separates, with the name of each image: types that differ at one place are different images.

    The first has no name (None) where it is all frames, or those that are left. A name is empty where no word is its own.
    """
    frames = with_missing_words(frames)
    kinds: dict[tuple[str, ...], Frames] = defaultdict(list)
    for frame in frames:
        kinds[frame.words].append(frame)
    if len(kinds) < 2 or _are_shells(kinds):
        return [(None, frames)]
    apart = list(kinds) if _share_places(list(kinds.values()), frames) else _surplus_kinds(kinds)
    rest = [frame for frame in frames if frame.words not in apart]
    images: list[tuple[str | None, Frames]] = [(None, rest)] if rest else []
    return [*images, *((words_between(words, [other for other in kinds if other != words]), kinds[words]) for words in apart)]


def _surplus_kinds(kinds: Mapping[tuple[str, ...], Frames]) -> list[tuple[str, ...]]:
    """Return the image types of frames that are not slices of the most frequent type, which has all of its own.

    A screen of doses that has the position of the first slice, or any other, is such a frame.
    """
    main = max(kinds, key=lambda words: len(kinds[words]))
    places = places_of(kinds[main])
    is_usual = 2 * len(kinds[main]) > sum(map(len, kinds.values()))  # else words change from slice to slice
    if not is_usual or len({len(place) for place in places}) > 1:
        return []
    return [words for words in kinds if words != main and _are_surplus(kinds[words], words, places, main)]


def _are_surplus(frames: Frames, words: tuple[str, ...], places: Sequence[Frames], main: tuple[str, ...]) -> bool:
    """Whether frames of another image type repeat some slices, or are of another origin and between or away from the slices."""
    both = places_of([frame for place in [*places, frames] for frame in place])
    if len(both) == len(places):
        return True
    has_other_origin = _origins(words) != _origins(main)
    return has_other_origin and len(places) >= FEWEST and is_even(places) and not is_even(both)


def _origins(words: Iterable[str]) -> set[str]:
    return {word.upper() for word in words} & ORIGINS


def _are_shells(kinds: Mapping[tuple[str, ...], Frames]) -> bool:
    """Whether kinds differ only in their origin and have b-values of their own: trace images, next to b = 0 as acquired."""
    if len({tuple(word for word in words if word.upper() not in ORIGINS) for words in kinds}) > 1:
        return False
    shells = [{_b_value(frame) for frame in group} for group in kinds.values()]
    stated = set().union(*shells)
    return None not in stated and len(stated) == sum(map(len, shells))


def _b_value(frame: FrameInfo) -> int | None:
    weighting = frame.times[_WEIGHTING] if frame.times else None
    return weighting[0] if weighting else None


def _share_places(groups: Sequence[Frames], frames: Frames) -> bool:
    """Whether each group has at least half of the slices of a volume, and most are in several: else words vary by slice."""
    places = len(places_of(frames))
    sizes = [len(places_of(group)) for group in groups]
    return all(2 * size >= places for size in sizes) and 2 * sum(sizes) >= 3 * places
