"""Files that were just written are read again, as any input is: what cannot be read, or differs, is not put in place."""

from __future__ import annotations

import zlib
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...errors import DicomReadError, OutputError
from ...model.files.input_files import open_file
from ...model.metadata import Elements, Encoding, Instance, PixelElement
from ...standard import dictionary
from ...standard.tags import Tag
from .reading.data_sets.data_set_writing import encode_element
from .reading.data_sets.files import META_ENCODING, NotDicom, open_instance, read_pixel_bytes
from .reading.data_sets.headers import Headers
from .reading.pixel_data import decode

if TYPE_CHECKING:
    from .data_set_file import DataSetFile

CHUNK = 1 << 22
Parts = Sequence[bytes | memoryview]


class ReadBack:
    """Compares files with what was to be written.

    The bytes of every file are compared. Its elements are read and compared if no file with the same tags was, which is enough
    for the structure of a series.

    Parameters
    ----------
    every_file : bool
        Whether to read the elements of every file.
    """

    def __init__(self, every_file: bool = False) -> None:
        self._headers, self._every_file = Headers(), every_file
        self._layouts: set[Hashable] = set()

    def check(
        self,
        path: Path,
        name: str,
        instance: Instance,
        pixels: PixelElement | None,
        raw: bytes | memoryview | int,
        parts: Parts,
    ) -> None:
        """Raise `OutputError` if a file is not what was to be written.

        Parameters
        ----------
        path, name : pathlib.Path, str
            The file, and what it will be called.
        instance, pixels : Instance, PixelElement or None
            What was to be written; an object without pixel data has no element of them.
        raw : bytes or int
            The pixel data in little endian; the CRC-32 of the whole file if they were written frame by frame.
        parts : sequence of bytes
            The whole file; empty if the pixel data were written frame by frame.
        """
        if parts and not _has_bytes(path, parts):
            raise not_as_written(name, "its bytes are not as they were written")
        layout = (tuple(instance.elements), pixels, instance.encoding)
        if parts and layout in self._layouts and not self._every_file:
            return
        self._layouts.add(layout)
        back = self._read(path, name)
        where = difference(instance, back) or _pixel_difference(pixels, back, raw)
        if where:
            raise not_as_written(name, f"{where} is not as it was written")

    def check_data_set(self, path: Path, name: str, made: DataSetFile, checksum: int) -> None:
        """Raise `OutputError` if the file of a data set has other elements or pixel data; frames are known by their CRC-32."""
        back, data_set = self._read(path, name), made.data_set
        pixel_tags = {tag for tag in map(int, data_set.keys()) if tag in dictionary.PIXEL_TAGS}
        different = set(map(int, data_set.keys())) - pixel_tags ^ set(back.elements)
        if different:
            raise not_as_written(name, f"{dictionary.describe(min(different))} is not as it was written")
        if made.frames is not None and (
            back.pixels is None
            or back.pixels.length != len(made.frames)
            or _checksum(back.path, back.pixels.offset) != checksum
        ):
            raise not_as_written(name, f"{dictionary.describe(Tag.PIXEL_DATA)} is not as it was written")
        for tag in pixel_tags:
            if back.pixels is None or back.pixels.tag != tag or _differ(back, data_set[tag].value):
                raise not_as_written(name, f"{dictionary.describe(tag)} is not as it was written")

    def _read(self, path: Path, name: str) -> Instance:
        try:
            return self._headers.read(path, name)
        except (DicomReadError, NotDicom) as error:
            raise not_as_written(name, f"it cannot be read ({str(error) or 'not DICOM'})") from error


def not_as_written(name: str, problem: str) -> OutputError:
    """Return the error of a file of which a problem was found after it was written."""
    return OutputError(f"{name} was read again after it was written: {problem}. It was not put in place; please report this.")


def difference(written: Instance, back: Instance) -> str:
    """Return what is not the same in two instances but for their pixel data; empty if nothing is."""
    if written.preamble != back.preamble or written.encoding != back.encoding or written.trailer != back.trailer:
        return "the structure of the file"
    tag = _different(written.file_meta, back.file_meta, META_ENCODING)
    if tag is None:
        tag = _different(written.elements, back.elements, back.encoding)
    return "" if tag is None else dictionary.describe(tag)


def _different(written: Elements, back: Elements, encoding: Encoding) -> int | None:
    """Return the first tag whose element would be encoded in another way; None if there is none."""
    if written == back:
        return None
    for tag in sorted(written.keys() | back.keys()):
        one, other = written.get(tag), back.get(tag)
        if one is None or other is None:
            return tag
        if one != other and encode_element(tag, one, encoding) != encode_element(tag, other, encoding):
            return tag
    return None


def _pixel_difference(pixels: PixelElement | None, back: Instance, raw: bytes | memoryview | int) -> str:
    element = back.pixels
    if pixels is None:
        return "" if element is None else dictionary.describe(element.tag)
    same_vr = element is not None and (element.vr == pixels.vr or not back.encoding.explicit)
    if element is None or not same_vr or (element.tag, element.length) != (pixels.tag, pixels.length):
        return dictionary.describe(pixels.tag)
    differ = _checksum(back.path) != raw if isinstance(raw, int) else _differ(back, raw)
    return dictionary.describe(pixels.tag) if differ else ""


def _differ(back: Instance, raw: bytes | memoryview) -> bool:
    """Whether the pixel data of a file are others than these, in little endian."""
    assert back.pixels is not None
    if not back.has_little_pixels or back.pixels.length < 0:
        if back.pixels.length < 0:
            return False  # encapsulated by pydicom: the fragments were read
        value = read_pixel_bytes(back)
        return decode.little_endian(value, back, decode.pixel_format(back)) != bytes(raw)
    wanted = np.frombuffer(raw, np.uint8)
    with open_instance(back) as file:
        file.seek(back.pixels.offset)
        for start in range(0, len(wanted), CHUNK):
            part = np.frombuffer(file.read(min(CHUNK, len(wanted) - start)), np.uint8)
            if not np.array_equal(part, wanted[start : start + CHUNK]):
                return True
    return len(wanted) != back.pixels.length


def _has_bytes(path: Path, parts: Parts) -> bool:
    with open_file(path) as file:
        for part in parts:
            view = memoryview(part).cast("B") if part else memoryview(b"")
            for start in range(0, len(view), CHUNK):
                wanted = view[start : start + CHUNK]
                if not np.array_equal(np.frombuffer(file.read(len(wanted)), np.uint8), np.frombuffer(wanted, np.uint8)):
                    return False
        return not file.read(1)


def _checksum(path: str, offset: int = 0) -> int:
    checksum = 0
    with open_file(path) as file:
        file.seek(offset)
        while part := file.read(CHUNK):
            checksum = zlib.crc32(part, checksum)
    return checksum
