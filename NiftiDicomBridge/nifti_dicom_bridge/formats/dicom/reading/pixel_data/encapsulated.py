"""Encapsulated pixel data (PS3.5 A.4): where the fragments of each frame are in the file."""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Sequence
from itertools import pairwise
from typing import BinaryIO, NamedTuple
from weakref import WeakKeyDictionary

from .....errors import DicomReadError
from .....model import metadata
from .....model.metadata import Instance
from .....standard.dictionary import describe, uid_name
from .....standard.tags import Tag
from .....standard.transfer_syntaxes import JPEG_BASELINE, JPEG_EXTENDED, RLE, VIDEO
from ..attributes.functional_groups import frame_count
from ..data_sets.files import open_instance

ITEM, DELIMITER = (0xFFFE, 0xE000), (0xFFFE, 0xE0DD)
JPEG_END = b"\xff\xd9"
_BETWEEN_CODESTREAMS = re.compile(rb"\xff\xd9\0*(?=\xff\xd8\xff|\xff\x4f\xff\x51)")
"""The end marker of a frame, padding, and the beginning of the next one, which no code stream contains."""
_NO_FRAMES = (
    "{path}: the pixel data are a video ({syntax}), whose frames are not stored as images of their own: it is not converted. "
    "Export it as single images, or as a multi-frame object in another transfer syntax."
)
_known: WeakKeyDictionary[Instance, Fragments] = WeakKeyDictionary()
_known_frames: WeakKeyDictionary[Instance, list[list[tuple[int, int]]]] = WeakKeyDictionary()
"""Where fragments are, and those of each frame: found once for an instance whose frames are read a few at a time."""


class Fragments(NamedTuple):
    """The fragments of one pixel data element.

    Attributes
    ----------
    places : tuple of (int, int)
        Offset and length of each in the file, the Basic Offset Table not among them.
    offsets : tuple of int
        The Basic Offset Table: where frames begin, from the first fragment's item.
    is_closed : bool
        Whether a delimiter follows the last one.
    """

    places: tuple[tuple[int, int], ...]
    offsets: tuple[int, ...]
    is_closed: bool


def frames_as_stored(instance: Instance, numbers: Sequence[int] | None = None) -> list[bytes]:
    """Return the compressed bytes of some frames, of all by default.

    Raises
    ------
    DicomReadError
        If the file cannot be read, is truncated, or does not have the fragments of all frames.
    """
    try:
        with open_instance(instance) as file:
            groups = _fragments_of_frames(instance, file)
            wanted = range(len(groups)) if numbers is None else numbers
            return [b"".join(_read(file, *place) for place in groups[n]) for n in wanted]
    except OSError as error:
        raise DicomReadError(f"{instance.path}: cannot be read ({error.strerror}).") from error


def fragments_of(instance: Instance, file: BinaryIO) -> Fragments:
    """Return where the fragments of an instance are; raises `DicomReadError` where the last is cut off."""
    if instance not in _known:
        _known[instance] = _found_fragments(instance, file)
    return _known[instance]


def _found_fragments(instance: Instance, file: BinaryIO) -> Fragments:
    assert instance.pixels is not None
    order = "<" if instance.encoding.little else ">"
    size = file.seek(0, os.SEEK_END)
    places: list[tuple[int, int]] = []
    position, is_closed = instance.pixels.offset, False
    while position + 8 <= size:
        group, number, length = struct.unpack(order + "HHI", _read(file, position, 8))
        position += 8
        if (group, number) != ITEM:
            is_closed = (group, number) == DELIMITER
            break
        if position + length > size:
            raise DicomReadError(
                f"{instance.path}: truncated: a fragment of {describe(instance.pixels.tag)} should end at byte "
                f"{position + length}, the file has {size}. Copy it again from its source."
            )
        places.append((position, length))
        position += length
    if not places:
        raise DicomReadError(f"{instance.path}: truncated: {describe(instance.pixels.tag)} contains no fragments.")
    table = _read(file, *places[0])
    offsets = struct.unpack(f"{order}{len(table) // 4}I", table[: len(table) // 4 * 4])
    return Fragments(tuple(places[1:]), offsets, is_closed)


def _read(file: BinaryIO, offset: int, length: int) -> bytes:
    file.seek(offset)
    return file.read(length)


def _fragments_of_frames(instance: Instance, file: BinaryIO) -> list[list[tuple[int, int]]]:
    if instance not in _known_frames:
        _known_frames[instance] = _found_frames(instance, file)
    return _known_frames[instance]


def _found_frames(instance: Instance, file: BinaryIO) -> list[list[tuple[int, int]]]:
    if instance.transfer_syntax.startswith(VIDEO):
        raise DicomReadError(_NO_FRAMES.format(path=instance.path, syntax=uid_name(instance.transfer_syntax)))
    fragments, count = fragments_of(instance, file), frame_count(instance.elements)
    if count == 1:
        groups = [list(fragments.places)]
    elif len(fragments.places) == count:
        groups = _in_another_order(instance, fragments, count) or [[place] for place in fragments.places]
    else:
        groups = _by_offsets(instance, fragments, count) or _in_another_order(instance, fragments, count)
        if not groups and instance.transfer_syntax == RLE:  # a frame is one fragment (PS3.5 A.4.2)
            groups = [[place] for place in fragments.places]
        groups = groups or (_by_end_of_image if len(fragments.places) > count else _by_codestreams)(fragments, file)
    if len(groups) != count or not all(groups):
        reason = "more frames than it specifies" if len(groups) > count else "truncated"
        raise DicomReadError(
            f"{instance.path}: {reason}: {describe(Tag.NUMBER_OF_FRAMES)} is {count}, but the fragments of "
            f"{describe(Tag.PIXEL_DATA)} contain {sum(map(bool, groups))}. Copy it again from its source."
        )
    return groups


def _by_offsets(instance: Instance, fragments: Fragments, count: int) -> list[list[tuple[int, int]]]:
    """Return fragments by frame where a table of offsets specifies it; empty where there is none, or it is wrong."""
    offsets = list(extended_offsets(instance) or fragments.offsets)
    first = fragments.places[0][0] - 8 if fragments.places else 0
    if len(offsets) != count or offsets[0] != 0 or offsets != sorted(set(offsets)):
        return []
    groups: list[list[tuple[int, int]]] = [[] for _ in offsets]
    n = 0
    for place in fragments.places:
        while n + 1 < count and place[0] - 8 - first >= offsets[n + 1]:
            n += 1
        groups[n].append(place)
    return groups


def _in_another_order(instance: Instance, fragments: Fragments, count: int) -> list[list[tuple[int, int]]]:
    """Return fragments by frame where a table has the offsets of all frames in another order than that of the file.

    The n-th offset is that of frame n (PS3.5 A.4, PS3.3 C.7.6.3.1.8).
    """
    offsets = list(extended_offsets(instance) or fragments.offsets)
    first = fragments.places[0][0] if fragments.places else 0
    starts = [place[0] - first for place in fragments.places]
    in_file = sorted(set(offsets))
    if len(in_file) != count or offsets == in_file or in_file[0] != 0 or not set(offsets) <= set(starts):
        return []
    numbers = {start: n for n, start in enumerate(starts)}
    ends = dict(pairwise([*(numbers[offset] for offset in in_file), len(starts)]))
    return [list(fragments.places[numbers[offset] : ends[numbers[offset]]]) for offset in offsets]


def is_in_another_order(instance: Instance) -> bool:
    """Whether the frames are in another order than in the file; known after they were read."""
    groups = _known_frames.get(instance, [])
    return groups != sorted(groups)


def extended_offsets(instance: Instance) -> tuple[int, ...]:
    """Return ExtendedOffsetTable (7FE0,0001): where frames begin; empty where it is absent."""
    element = instance.elements.get(Tag.EXTENDED_OFFSET_TABLE)
    raw = element.value if element is not None and isinstance(element.value, bytes) else b""
    return struct.unpack(f"<{len(raw) // 8}Q", raw[: len(raw) // 8 * 8])


def _by_end_of_image(fragments: Fragments, file: BinaryIO) -> list[list[tuple[int, int]]]:
    """Return fragments by frame where each frame ends with the end marker of JPEG."""
    groups: list[list[tuple[int, int]]] = [[]]
    for offset, length in fragments.places:
        groups[-1].append((offset, length))
        if JPEG_END in _read(file, offset + max(0, length - 10), 10):
            groups.append([])
    return [group for group in groups if group]


def _by_codestreams(fragments: Fragments, file: BinaryIO) -> list[list[tuple[int, int]]]:
    """Return the code streams in fragments that contain several of them, though each should have its own (PS3.5 A.4)."""
    groups = []
    for offset, length in fragments.places:
        starts = [0, *(match.end() for match in _BETWEEN_CODESTREAMS.finditer(_read(file, offset, length)))]
        groups += [[(offset + start, end - start)] for start, end in pairwise([*starts, length])]
    return groups


def check_fragments(instance: Instance) -> None:
    """Raise `DicomReadError` where a file does not have the fragments of all frames."""
    try:
        with open_instance(instance) as file:
            _fragments_of_frames(instance, file)
    except OSError as error:
        raise DicomReadError(f"{instance.path}: cannot be read ({error.strerror}).") from error


def read_fragments(instance: Instance) -> Fragments:
    """Return where the fragments of an instance are; raises `DicomReadError` where its file does not have them."""
    try:
        with open_instance(instance) as file:
            return fragments_of(instance, file)
    except OSError as error:
        raise DicomReadError(f"{instance.path}: cannot be read ({error.strerror}).") from error


def is_closed(instance: Instance) -> bool:
    """Whether the pixel data end with their delimiter."""
    return read_fragments(instance).is_closed


def pixel_attributes(instance: Instance) -> dict[str, int | str]:
    """Return what describes the samples of a frame (PS3.3 C.7.6.3), by keyword."""
    elements = instance.elements
    numbers = {
        "SamplesPerPixel": (Tag.SAMPLES_PER_PIXEL, 1), "Rows": (Tag.ROWS, 0), "Columns": (Tag.COLUMNS, 0),
        "BitsAllocated": (Tag.BITS_ALLOCATED, 8), "BitsStored": (Tag.BITS_STORED, 0), "HighBit": (Tag.HIGH_BIT, 0),
        "PixelRepresentation": (Tag.PIXEL_REPRESENTATION, 0), "PlanarConfiguration": (Tag.PLANAR_CONFIGURATION, 0),
    }  # fmt: skip
    attributes: dict[str, int | str] = {name: metadata.integer(elements, *where) for name, where in numbers.items()}
    attributes["BitsStored"] = attributes["BitsStored"] or attributes["BitsAllocated"]
    attributes["HighBit"] = attributes["HighBit"] or int(attributes["BitsStored"]) - 1
    return attributes | {"PhotometricInterpretation": _color_model(instance, int(attributes["SamplesPerPixel"]))}


def _color_model(instance: Instance, samples: int) -> str:
    """Return PhotometricInterpretation; where a color image has none, the one that decoders look up in its codestream.

    JPEG is YCbCr unless its header states red, green and blue; other codecs do not state it.
    """
    stated = metadata.text(instance.elements, Tag.PHOTOMETRIC_INTERPRETATION)
    if stated or samples != 3:
        return stated
    return "YBR_FULL_422" if instance.transfer_syntax in (JPEG_BASELINE, JPEG_EXTENDED) else "RGB"
