"""Frames in the pixel data that NumberOfFrames does not count, which are not in the image."""

from __future__ import annotations

import struct

from .....model.metadata import Instance
from .....standard.dictionary import describe
from .....standard.tags import Tag
from .....standard.transfer_syntaxes import RLE
from ..attributes.functional_groups import frame_count
from ..data_sets.files import open_instance
from .codestream import HEADER_BYTES, claimed_size
from .encapsulated import read_fragments

_RLE_SEGMENTS = range(1, 16)
_RLE_HEADER_BYTES = 64


def doubt_of_frames(more: int) -> str:
    """Return the sentence on frames that are not counted."""
    count = describe(Tag.NUMBER_OF_FRAMES)
    return f"the pixel data have room for {more} more frame(s) than {count} specifies: they are not in the image"


def uncounted_frames(instance: Instance) -> int:
    """Return how many fragments of a compressed single frame begin a further one of the same size.

    Where several frames are specified, their number must be that of the pixel data (see `frames_as_stored`).
    """
    places = read_fragments(instance).places
    if frame_count(instance.elements) > 1 or len(places) < 2:
        return 0
    with open_instance(instance) as file:
        starts = []
        for offset, length in places:
            file.seek(offset)
            starts.append(file.read(min(length, HEADER_BYTES)))
    if instance.transfer_syntax == RLE:
        return sum(map(_is_rle_frame, starts[1:]))
    size = claimed_size(starts[0])
    return sum(size is not None and claimed_size(start) == size for start in starts[1:])


def without_uncounted_rle(instance: Instance, frames: list[bytes]) -> list[bytes]:
    """Return the only frame of an object without the frames in RLE behind it: all its fragments were taken for it."""
    if instance.transfer_syntax != RLE or len(frames) != 1 or not uncounted_frames(instance):
        return frames
    _, length = read_fragments(instance).places[0]
    return [frames[0][:length]]


def _is_rle_frame(start: bytes) -> bool:
    """Whether a fragment begins with the header of a frame (PS3.5 G.5)."""
    if len(start) < _RLE_HEADER_BYTES:
        return False
    segments, first = struct.unpack_from("<2I", start)
    return segments in _RLE_SEGMENTS and first == _RLE_HEADER_BYTES
