"""Palettes: plain, segmented, and those of the standard that are only named (PS3.3 C.7.6.3.1.5, C.7.9; PS3.6 B)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np

from ..model import metadata
from ..model.metadata import Elements
from ..model.voxels.real_values import to_levels
from ..standard.tags import Tag
from .display import Lut

_DESCRIPTORS = (
    Tag.RED_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
    Tag.GREEN_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
    Tag.BLUE_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
)
_DATA = (
    Tag.RED_PALETTE_COLOR_LOOKUP_TABLE_DATA,
    Tag.GREEN_PALETTE_COLOR_LOOKUP_TABLE_DATA,
    Tag.BLUE_PALETTE_COLOR_LOOKUP_TABLE_DATA,
)
_SEGMENTED = (
    Tag.SEGMENTED_RED_PALETTE_COLOR_LOOKUP_TABLE_DATA,
    Tag.SEGMENTED_GREEN_PALETTE_COLOR_LOOKUP_TABLE_DATA,
    Tag.SEGMENTED_BLUE_PALETTE_COLOR_LOOKUP_TABLE_DATA,
)
_DISCRETE, _LINEAR, _INDIRECT = 0, 1, 2


def palette_of(elements: Elements, notes: list[str]) -> Lut | None:
    """Return the palette of an image, red, green and blue in 8 bits; None, and a note, where it has none that can be used."""
    try:
        named = metadata.text(elements, Tag.PALETTE_COLOR_LOOKUP_TABLE_UID)
        if named and _DESCRIPTORS[0] not in elements:
            return _of_the_standard(named)
        first, channels = 0, []
        for descriptor, data, segmented in zip(_DESCRIPTORS, _DATA, _SEGMENTED, strict=True):
            first, channel = _channel(elements, descriptor, data, segmented)
            channels.append(channel)
        count = min(map(len, channels))
        return Lut(first, np.stack([channel[:count] for channel in channels], axis=-1))
    except (ValueError, IndexError) as error:
        notes.append(f"the palette cannot be used ({error}): the image is shown in grayscale")
        return None


def _channel(elements: Elements, descriptor: int, data: int, segmented: int) -> tuple[int, np.ndarray]:
    """Return first value and entries of one color, scaled to 8 bits."""
    numbers = metadata.numbers(elements, descriptor)
    if len(numbers) != 3:
        raise ValueError("a descriptor is missing")
    count, first, bits = int(numbers[0]) % (1 << 16) or 1 << 16, int(numbers[1]), int(numbers[2])
    plain = elements.get(data)
    if plain is not None and isinstance(plain.value, bytes) and plain.value:
        raw = plain.value
        entries = np.frombuffer(raw, "<u2" if len(raw) >= 2 * count else "u1")
    else:
        entries = _expanded(elements, segmented, bits)
    if len(entries) < count:
        raise ValueError(f"{len(entries)} of {count} entries are there")
    entries = entries[:count]
    # entries of 8 bits are often specified to have 16, and those of 16 bits to have 8
    top = 255 if entries.dtype.itemsize == 1 or (bits == 8 and entries.max(initial=0) < 256) else 65535
    return first, to_levels(entries / top, 8)


def _expanded(elements: Elements, tag: int, bits: int) -> np.ndarray:
    element = elements.get(tag)
    if element is None or not isinstance(element.value, bytes):
        raise ValueError("its data are missing")
    words = np.frombuffer(element.value, "u1" if bits == 8 else "<u2").tolist()
    return np.array(list(islice(_segments(words, len(words), bits), 1 << 16)), np.uint8 if bits == 8 else np.uint16)


def _segments(words: list[int], most: int, bits: int, last: int | None = None, start: int | None = None) -> Iterator[int]:
    """Yield the entries that segments represent (PS3.3 C.7.9.2): at most this number of segments.

    With `start`, from there, as an indirect segment requires: those that it points to may not be indirect themselves.
    """
    position = start or 0
    while position + 1 < len(words) and most > 0:
        opcode, length = words[position], words[position + 1]
        most -= 1
        if opcode == _DISCRETE:
            segment = words[position + 2 : position + 2 + length]
            position += 2 + length
        elif opcode == _LINEAR and last is not None:
            goal = words[position + 2]
            segment = [round(last + (goal - last) * (n + 1) / length) for n in range(length)]
            position += 3
        elif opcode == _INDIRECT and start is None:
            parts = 4 if bits == 8 else 2
            offset = _offset(words[position + 2 : position + 2 + parts], bits)
            if offset >= position:
                raise ValueError(f"an indirect segment points to {offset}")
            segment = list(_segments(words[:position], length, bits, last, offset))
            position += 2 + parts
        else:
            raise ValueError(f"an unknown segment of type {opcode} at {position}")
        last = segment[-1] if segment else last
        yield from segment


def _offset(parts: list[int], bits: int) -> int:
    """Return where an indirect segment points to, counted in words: the least significant part comes first."""
    size = 1 if bits == 8 else 2
    return sum(part << (bits * n) for n, part in enumerate(parts)) // size


def _of_the_standard(uid: str) -> Lut:
    """Return a well-known palette, as pydicom has it."""
    from pydicom.pixels.processing import apply_color_lut

    index = np.arange(256, dtype=np.uint8).reshape(1, -1)
    return Lut(0, np.ascontiguousarray(apply_color_lut(index, palette=uid)[0]).astype(np.uint8))
