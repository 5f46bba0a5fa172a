"""Instances → the bytes of their files."""

from __future__ import annotations

import zlib
from bisect import bisect
from collections.abc import Iterable, Iterator
from dataclasses import replace

from ...model.metadata import Elements, Encoding, Instance, PixelElement
from ...model.similar_elements import changes_of, like_of
from .frame_bytes import FrameBytes
from .reading.data_sets.data_set_writing import element_header, encode_element, write_data_set
from .reading.data_sets.files import META_ENCODING
from .reading.pixel_data import decode


class Composer:
    """Puts the bytes of files together; what a file has in common with the one before it is not encoded again."""

    def __init__(self) -> None:
        self._latest: dict[Encoding, _EncodedElements] = {}

    def parts(
        self, instance: Instance, pixels: PixelElement | None, raw: bytes | memoryview | FrameBytes
    ) -> Iterator[bytes | memoryview]:
        """Yield the bytes of a file in pieces: preamble, file meta information, elements, pixel data, elements behind them."""
        body = self._body(instance, pixels, raw)
        head = b"" if instance.preamble is None else instance.preamble + b"DICM"
        head += write_data_set(instance.file_meta, META_ENCODING)
        if instance.encoding.deflated:
            yield head
            yield from _deflated(body)
            return
        first = next(body)
        yield head + bytes(first)
        yield from body

    def _body(
        self, instance: Instance, pixels: PixelElement | None, raw: bytes | memoryview | FrameBytes
    ) -> Iterator[bytes | memoryview]:
        encoding = instance.encoding
        latest = self._latest.get(encoding)
        if latest is None or not latest.follow(instance.elements):
            latest = self._latest[encoding] = _EncodedElements(instance.elements, encoding)
        if pixels is None:
            yield b"".join([*latest.parts, instance.trailer])
            return
        end = bisect(latest.tags, pixels.tag)
        header = element_header(pixels.tag, pixels.vr, len(raw), encoding)
        after = [*latest.parts[end:], instance.trailer]
        yield b"".join([*latest.parts[:end], header])
        if isinstance(raw, FrameBytes):
            yield from raw
        else:
            yield raw if instance.has_little_pixels else _big_endian(raw, pixels, instance)
        if any(after):
            yield b"".join(after)


class _EncodedElements:
    """The elements of a data set, ascending by tag, and the bytes of each."""

    def __init__(self, elements: Elements, encoding: Encoding):
        self.tags = sorted(elements)
        self.parts = [encode_element(tag, elements[tag], encoding) for tag in self.tags]
        self._elements = [elements[tag] for tag in self.tags]
        self._like, self._changed = like_of(elements), set(changes_of(elements))
        self._places = {tag: n for n, tag in enumerate(self.tags)}
        self._encoding = encoding

    def follow(self, elements: Elements) -> bool:
        """Become the elements of another data set where it has the same tags in the same order; return whether it has."""
        like, changed = like_of(elements), set(changes_of(elements))
        if like is not self._like:
            if list(elements) != self.tags:
                return False
            self._changed = changed | set(self.tags)
        for tag in changed | self._changed:
            n, now = self._places[tag], elements[tag]
            if now is not self._elements[n]:
                self.parts[n] = encode_element(tag, now, self._encoding)
                self._elements[n] = now
        self._like, self._changed = like, changed
        return True


def _deflated(parts: Iterable[bytes | memoryview]) -> Iterator[bytes]:
    packer, size = zlib.compressobj(wbits=-zlib.MAX_WBITS), 0
    for part in parts:
        size += len(packed := packer.compress(part))
        yield packed
    packed = packer.flush()
    yield packed + b"\0" * ((size + len(packed)) % 2)  # PS3.5 A.5


def _big_endian(raw: bytes | memoryview, pixels: PixelElement, instance: Instance) -> bytes:
    return decode.little_endian(bytes(raw), replace(instance, pixels=pixels), decode.pixel_format(instance))
