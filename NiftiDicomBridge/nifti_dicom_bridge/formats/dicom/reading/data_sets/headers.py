"""Headers of many files: a file that differs from one read before in a few values only is not parsed again.

The files of a series have nearly the same header. The first of a size is parsed. The bytes of the next are compared with its
bytes, and only the elements in which bytes differ are read. Whatever is not certain to give what parsing gives is parsed.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from .....errors import DicomReadError
from .....model.files.remote_files import is_remote
from .....model.metadata import Element, Instance, PixelElement
from .....model.similar_elements import SimilarElements
from .....standard.tags import Tag
from ..pixel_data.decode import check_length, pixel_format
from . import files
from .data_set_reading import ElementReader, NeedMoreBytes
from .data_set_writing import element_header, encode_element

PREAMBLE_END = 132
"""Preamble and ``DICM`` (PS3.10 7.1)."""
MAX_TEMPLATES = 6
"""Templates of one size: headers of one length in which other elements are."""
MAX_MISSES = 24
"""Files of one size that fit no template before templates are given up for that size."""
LARGEST_HEADER = 1 << 24
FEW_BYTES = 64
"""Up to this number of different bytes, each is looked up; beyond it, each element is tested once."""
# elements that specify how others are to be read: their VR (PS3.5 6.2.2), the encoding of the file, the length of the
# pixel data
_DECIDING_TAGS = frozenset({
    Tag.TRANSFER_SYNTAX_UID, Tag.FILE_META_INFORMATION_GROUP_LENGTH, Tag.PIXEL_REPRESENTATION, Tag.ROWS, Tag.COLUMNS,
    Tag.SAMPLES_PER_PIXEL, Tag.NUMBER_OF_FRAMES, Tag.BITS_ALLOCATED, Tag.BITS_STORED, Tag.HIGH_BIT, Tag.PLANAR_CONFIGURATION,
})  # fmt: skip
_UNCERTAIN, _PREAMBLE = -1, -2
"""In the place of the number of an element, for a byte that belongs to the value of none."""


class Headers:
    """Reads files one after the other, and remembers what their headers have in common."""

    def __init__(self) -> None:
        self._latest: dict[str, Instance] = {}
        self._sizes: dict[int, _FilesOfOneSize] = {}

    def read(self, path: Path, name: str) -> Instance:
        """Return what `files.read_instance` returns for a file, with pixel data as long as its attributes specify.

        Raises
        ------
        NotDicom, DicomReadError
            As `files.read_instance` and `decode.check_length` do.
        """
        instance = None if is_remote(path) else self._by_template(os.fspath(path), name)
        if instance is None:
            folder = os.path.dirname(path)
            instance = files.read_instance(path, name, self._latest.get(folder))
            if instance.pixels is not None:
                check_length(instance, pixel_format(instance))
                self._latest[folder] = instance
                self._remember(instance)
        return instance

    def _by_template(self, path: str, name: str) -> Instance | None:
        try:
            status = os.stat(path)
            known = self._sizes.get(status.st_size)
            if known is None or known.misses > MAX_MISSES or not stat.S_ISREG(status.st_mode):
                return None
            if known.unlearned is not None:
                known.learn()
            longest = max((template.length for template in known.templates), default=0)
            buffer = _beginning(path, longest) if longest else b""
        except OSError:
            return None
        for template in known.templates:
            instance = template.read(buffer, path, name, (status.st_size, status.st_mtime_ns))
            if instance is not None:
                known.expect(template)
                return instance
        known.misses += 1
        return None

    def _remember(self, instance: Instance) -> None:
        size = os.stat(instance.path).st_size
        known = self._sizes.setdefault(size, _FilesOfOneSize(size))
        if known.misses <= MAX_MISSES and len(known.templates) < MAX_TEMPLATES:
            known.unlearned = instance


@dataclass
class _FilesOfOneSize:
    """What is known of the files of one size.

    A template is made when a second file of the size comes: of files that are all different none is needed.
    """

    size: int
    unlearned: Instance | None = None
    templates: list[Template] = field(default_factory=list)
    misses: int = 0

    def learn(self) -> None:
        """Make a template of the file that was parsed last."""
        instance, self.unlearned = self.unlearned, None
        template = Template.of(instance, self.size) if instance is not None else None
        if template is not None:
            self.templates.append(template)

    def expect(self, template: Template) -> None:
        """Try a template first for the next file."""
        if template is not self.templates[0]:
            self.templates.remove(template)
            self.templates.insert(0, template)


def _beginning(path: str, length: int) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    try:
        return os.read(descriptor, length)
    finally:
        os.close(descriptor)


class Template:
    """The header of one file, and where its elements are.

    Parameters
    ----------
    head : bytes
        The file up to the value of the pixel data.
    instance : Instance
        What parsing gives for it.
    starts, bodies, ends : numpy.ndarray of int
        For each element of file meta information and data set: offset of the element, of its value, and behind it.
    """

    def __init__(self, head: bytes, instance: Instance, starts: np.ndarray, bodies: np.ndarray, ends: np.ndarray):
        self.length, self._instance = len(head), instance
        self._bytes = np.frombuffer(head, np.uint8)
        self._starts, self._spans = starts.tolist(), [slice(*span) for span in zip(bodies.tolist(), ends.tolist(), strict=True)]
        self._tags = [*instance.file_meta, *instance.elements]
        self._latest = [*instance.file_meta.values(), *instance.elements.values()]
        self._are_bytes = [isinstance(e.value, bytes) and not e.undefined and e.vr != "SQ" for e in self._latest]
        self._element_of = _elements_of_bytes(self._tags, len(head), bodies, ends)
        self._runs = np.flatnonzero(np.diff(self._element_of, prepend=self._element_of[0] - 1))
        self._element_of_run = self._element_of[self._runs]

    @classmethod
    def of(cls, instance: Instance, size: int) -> Template | None:
        """Return the template of a file of `size` bytes; None where bytes alone do not specify its elements."""
        pixels, encoding = instance.pixels, instance.encoding
        if pixels is None or pixels.length < 0 or pixels.offset + pixels.length != size or pixels.offset > LARGEST_HEADER:
            return None
        if instance.preamble is None or not encoding.little or encoding.deflated or instance.repeated:
            return None
        head = _beginning(instance.path, pixels.offset)
        written, bodies, ends = _spans(instance, pixels)
        if written != head:
            return None
        starts = np.concatenate([[PREAMBLE_END], ends[:-1]])
        return cls(head, instance, starts, bodies, ends)

    def read(self, buffer: bytes, path: str, name: str, stamp: tuple[int, int] | None = None) -> Instance | None:
        """Return the instance of a file that begins with `buffer`; None where it is not certain to fit."""
        if len(buffer) < self.length:
            return None
        numbers = self._changed(self._bytes != np.frombuffer(buffer, np.uint8, self.length))
        if _UNCERTAIN in numbers:
            return None
        known = self._instance
        preamble = known.preamble
        if _PREAMBLE in numbers:
            preamble = buffer[: PREAMBLE_END - 4]
            numbers.remove(_PREAMBLE)
        meta: dict[int, Element] = {}
        changes: dict[int, Element] = {}
        count = len(known.file_meta)
        for number in numbers:
            element = self._element(buffer, number)
            if element is None:
                return None
            (meta if number < count else changes)[self._tags[number]] = element
        file_meta = {**known.file_meta, **meta} if meta else known.file_meta
        elements = SimilarElements(known.elements, changes)
        return Instance(elements, file_meta, preamble, known.encoding, known.pixels, path, name, stamp=stamp)

    def _changed(self, different: np.ndarray) -> set[int]:
        """Return the numbers of the elements in which bytes are different."""
        if np.count_nonzero(different) <= FEW_BYTES:
            return set(self._element_of[different.nonzero()[0]].tolist())
        return set(self._element_of_run[np.logical_or.reduceat(different, self._runs)].tolist())

    def _element(self, buffer: bytes, number: int) -> Element | None:
        """Return an element that differs from that of the template; that of an earlier file where it is the same."""
        latest, span = self._latest[number], self._spans[number]
        if self._are_bytes[number]:
            raw = buffer[span]
            if latest[1] == raw:
                return latest
            element = Element(latest[0], raw)
        else:
            parsed = self._parsed(buffer, number, span.stop)
            if parsed is None:
                return None
            element = latest if parsed == latest else parsed
        self._latest[number] = element
        return element

    def _parsed(self, buffer: bytes, number: int, end: int) -> Element | None:
        known = self._instance
        own, encoding = known.elements, known.encoding
        if number < len(known.file_meta):
            own, encoding = known.file_meta, files.META_ENCODING
        reader = ElementReader(buffer[:end], encoding)
        try:
            tag, vr, length, body = reader.header(self._starts[number], own)
            element, stop = reader.value(tag, vr, length, body, 0)
        except (DicomReadError, NeedMoreBytes, ValueError):
            return None
        return element if stop == end else None


def _elements_of_bytes(tags: list[int], length: int, bodies: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Return for each byte of a header of which element it is a value, which decides about no other element."""
    result = np.full(length, _UNCERTAIN, np.int32)
    result[: PREAMBLE_END - 4] = _PREAMBLE
    for number, (tag, body, end) in enumerate(zip(tags, bodies.tolist(), ends.tolist(), strict=True)):
        if tag not in _DECIDING_TAGS and not is_private_creator(tag):
            result[body:end] = number
    return result


def is_private_creator(tag: int) -> bool:
    """Whether an element names the owner of a block of private elements (PS3.5 7.8.1)."""
    return bool(tag >> 16 & 1) and 0x10 <= tag & 0xFFFF <= 0xFF


def _spans(instance: Instance, pixels: PixelElement) -> tuple[bytes, np.ndarray, np.ndarray]:
    """Return the header as it is written from what was parsed, and where each value begins and ends in it."""
    assert instance.preamble is not None
    parts, bodies, ends = [instance.preamble + b"DICM"], [], []
    end = PREAMBLE_END
    for elements, encoding in ((instance.file_meta, files.META_ENCODING), (instance.elements, instance.encoding)):
        for tag, element in elements.items():
            encoded = encode_element(tag, element, encoding)
            bodies.append(end + len(element_header(tag, element.vr, 0, encoding)))
            end += len(encoded)
            parts.append(encoded)
            ends.append(end)
    parts.append(element_header(pixels.tag, pixels.vr, pixels.length, instance.encoding))
    return b"".join(parts), np.array(bodies), np.array(ends)
