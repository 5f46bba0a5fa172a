"""The text header of NRRD (https://teem.sourceforge.net/nrrd/format.html)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import ImageReadError
from ...model.files.input_files import open_file
from ...model.voxels.compressed_parts import Packing
from ...model.voxels.packed_samples import SamplesFile, file_next_to, numbered_names

LARGEST_BYTES = 1 << 24
"""No header is that large."""
_TYPES = {
    "int8": "signed char, int8, int8_t",
    "uint8": "uchar, unsigned char, uint8, uint8_t",
    "int16": "short, short int, signed short, signed short int, int16, int16_t",
    "uint16": "ushort, unsigned short, unsigned short int, uint16, uint16_t",
    "int32": "int, signed int, int32, int32_t",
    "uint32": "uint, unsigned int, uint32, uint32_t",
    "int64": "longlong, long long, long long int, signed long long, signed long long int, int64, int64_t",
    "uint64": "ulonglong, unsigned long long, unsigned long long int, uint64, uint64_t",
    "float32": "float",
    "float64": "double",
}
TYPES = {name: np.dtype(dtype) for dtype, names in _TYPES.items() for name in names.split(", ")}
PACKINGS = {
    "raw": Packing.RAW, "gzip": Packing.GZIP, "gz": Packing.GZIP, "bzip2": Packing.BZIP2, "bz2": Packing.BZIP2,
    "ascii": Packing.TEXT, "text": Packing.TEXT, "txt": Packing.TEXT,
}  # fmt: skip
_VECTOR = re.compile(r"none|\([^)]*\)")


@dataclass(frozen=True)
class NrrdHeader:
    """The header of a file.

    Attributes
    ----------
    path : pathlib.Path
        The file.
    fields : dict of str to str
        Fields in lower case, such as ``space directions``.
    values : dict of str to str
        Keys and values, which the format leaves to programs.
    data_offset : int
        Where the data begin, if they are in the same file.
    lines : list of str
        Names of the files of the data, if they are listed at the end of the header.
    """

    path: Path
    fields: dict[str, str]
    values: dict[str, str]
    data_offset: int
    lines: list[str]

    def error(self, words: str) -> ImageReadError:
        """Return an error about the file."""
        return ImageReadError(f"{self.path}: {words}")

    @property
    def sizes(self) -> list[int]:
        """Number of samples along each axis, the fastest first."""
        try:
            sizes = [int(word) for word in self.fields["sizes"].split()]
        except (KeyError, ValueError):
            sizes = []
        if not sizes or min(sizes) < 1 or str(len(sizes)) != self.fields.get("dimension"):
            raise self.error("sizes and dimension are missing or not valid. Repair the header.")
        return sizes

    @property
    def dtype(self) -> np.dtype:
        """The type of the samples as stored."""
        name = self.fields.get("type", "").lower()
        if name not in TYPES:
            raise self.error(f"samples of type {name!r} are not supported. Convert them to an integer or floating-point type.")
        dtype, order = TYPES[name], self.fields.get("endian", "").lower()
        if dtype.itemsize > 1 and order not in ("little", "big") and self.packing is not Packing.TEXT:
            raise self.error("the byte order of the samples is not stated. Add endian: little or endian: big to the header.")
        return dtype.newbyteorder(">" if order == "big" else "<")

    @property
    def packing(self) -> Packing:
        """How the samples are stored."""
        name = self.fields.get("encoding", "").lower()
        if name not in PACKINGS:
            raise self.error(f"encoding {name!r} is not supported; {', '.join(PACKINGS)} are. Save the image again with gzip.")
        return PACKINGS[name]

    def names(self, field: str) -> list[str]:
        """Return the words of a field with one for each axis; empty if it is not there."""
        return self.fields.get(field, "").split()

    def vectors(self, field: str) -> list[np.ndarray | None]:
        """Return the vectors (n,) of a field, one for each axis, in the space of the header; None for ``none``."""
        try:
            return [None if text == "none" else _numbers(text) for text in _VECTOR.findall(self.fields.get(field, ""))]
        except ValueError:
            raise self.error(f"{field} is not valid: {self.fields[field]!r}. Repair the header.") from None

    def files(self) -> list[SamplesFile]:
        """Return where the samples are."""
        try:
            skip, lines = int(self.fields.get("byte skip", "0")), int(self.fields.get("line skip", "0"))
        except ValueError:
            raise self.error("byte skip and line skip are not whole numbers. Repair the header.") from None
        if skip < -1 or lines < 0 or (skip < 0 and self.packing is not Packing.RAW):
            raise self.error("byte skip and line skip are from 0 upwards; byte skip: -1 is for raw samples. Repair the header.")
        name = self.fields.get("data file", "")
        if not name:
            places, start = [self.path], self.data_offset
        else:
            places, start = [file_next_to(self.path, one) for one in self._names(name)], 0
        if skip < 0 or self.packing in (Packing.RAW, Packing.TEXT):
            return [SamplesFile(place, skip, lines, start=start) for place in places]
        return [SamplesFile(place, lines=lines, skip=skip, start=start) for place in places]

    def _names(self, name: str) -> list[str]:
        """Return the names of the files that ``data file`` means."""
        if name.upper().startswith("LIST"):
            names = self.lines
        elif "%" in name:
            names = self._numbered(name)
        else:
            names = [name]
        if not names:
            raise self.error("no data file is listed. Repair the header.")
        return names

    def _numbered(self, text: str) -> list[str]:
        """Return the names of ``FORMAT MIN MAX STEP``, such as ``slice%03d.raw 1 20 1``."""
        try:
            pattern, first, last, step = text.split()[:4]
            return numbered_names(pattern, first, last, step)
        except (OverflowError, ValueError):
            raise self.error(f"data file is not valid: {text!r}. Repair the header.") from None


def read_header(path: Path) -> NrrdHeader:
    """Return the header of a file.

    Raises
    ------
    ImageReadError
        If there is none, or it is damaged.
    """
    try:
        with BufferedReader(open_file(path)) as file:
            raw = _header_lines(file, path)
            offset = file.tell()
    except OSError as error:
        raise ImageReadError(f"{path}: cannot be read ({error.strerror or error}).") from None
    fields: dict[str, str] = {}
    values: dict[str, str] = {}
    listed: list[str] = []
    for line in raw:
        if line.startswith("#"):
            continue
        if fields.get("data file", "").upper().startswith("LIST"):
            listed.append(line)
        elif ":=" in line and (": " not in line or line.index(":=") < line.index(": ")):
            key, _, value = line.partition(":=")
            values[key] = value.replace("\\n", "\n").replace("\\\\", "\\")
        else:
            name, colon, value = line.partition(":")
            if not colon:
                raise ImageReadError(f"{path}: the line {line[:60]!r} of its header is not valid. Repair the header.")
            name = name.strip().lower().replace("datafile", "data file")
            if name in fields:
                raise ImageReadError(f"{path}: {name} occurs more than once. Remove the wrong one from the header.")
            fields[name] = value.strip()
    return NrrdHeader(path, fields, values, offset, listed)


def _header_lines(file: Any, path: Path) -> list[str]:
    if not file.read(8).startswith(b"NRRD000"):
        raise ImageReadError(f"{path}: not an NRRD image. Check the name of the file.")
    file.readline()
    lines, size = [], 0
    while line := file.readline(LARGEST_BYTES):
        size += len(line)
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        if not text or size > LARGEST_BYTES:
            break
        lines.append(text)
    return lines


def _numbers(text: str) -> np.ndarray:
    return np.array([float(word) for word in text.strip("()").split(",")])
