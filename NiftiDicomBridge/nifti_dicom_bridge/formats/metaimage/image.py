"""MetaImage of ITK → volumes (https://itk.org/Wiki/ITK/MetaIO/Documentation); its coordinates are LPS and mm."""

from __future__ import annotations

from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

import numpy as np

from ...errors import ImageReadError
from ...model.files.input_files import open_file
from ...model.files.names import stem_of
from ...model.space import geometry
from ...model.volume import Volume
from ...model.voxels.compressed_parts import Packing
from ...model.voxels.digest import freeze
from ...model.voxels.lazy_samples import lazy_samples
from ...model.voxels.lazy_voxels import Voxels
from ...model.voxels.packed_samples import SamplesFile, file_next_to, numbered_names, read_samples
from ...model.voxels.surplus_bytes import Surplus

LARGEST_BYTES = 1 << 20
"""No header is that large."""
TYPES = {
    "MET_CHAR": "int8", "MET_UCHAR": "uint8", "MET_SHORT": "int16", "MET_USHORT": "uint16", "MET_INT": "int32",
    "MET_UINT": "uint32", "MET_LONG_LONG": "int64", "MET_ULONG_LONG": "uint64", "MET_FLOAT": "float32", "MET_DOUBLE": "float64",
}  # fmt: skip
_MATRIX = ("TransformMatrix", "Rotation", "Orientation")
_ORIGIN = ("Offset", "Position", "Origin")
_TRUE, _FALSE = ("true", "t", "1"), ("false", "f", "0", "")
_LOCAL = "LOCAL"
_MILLIMETERS = ("mm", "?", "")
_LETTERS = {"R": (0, 1), "L": (0, -1), "A": (1, 1), "P": (1, -1), "I": (2, 1), "S": (2, -1)}
"""The side where an axis begins: axis of LPS and direction."""
CONTRADICTION = -0.1
"""Cosine below which an axis does not begin where AnatomicalOrientation states."""
COLORS = (3, 4)


@dataclass(frozen=True)
class _Header:
    path: Path
    fields: dict[str, str]
    data_offset: int
    lines: list[str]

    def error(self, words: str) -> ImageReadError:
        return ImageReadError(f"{self.path}: {words}")

    def numbers(self, count: int, *names: str) -> np.ndarray | None:
        """Return the numbers of a field, shape (count,); None without it. It may have several names, if all state the same."""
        stated = [name for name in names if name in self.fields]
        if not stated:
            return None
        name = stated[0]
        if any(self.fields[other].split() != self.fields[name].split() for other in stated[1:]):
            raise self.error(f"{' and '.join(stated)} contradict each other. Remove the wrong one from the header.")
        try:
            numbers = np.array([float(word) for word in self.fields[name].split()])
        except ValueError:
            numbers = np.array([])
        if numbers.size != count or not np.isfinite(numbers).all():
            raise self.error(f"{name} = {self.fields[name]} is not valid: {count} numbers were expected. Repair the header.")
        return numbers

    def flag(self, *names: str) -> bool:
        """Return whether one of some fields is true; raises ImageReadError where one is neither true nor false."""
        values = {name: self.fields.get(name, "").lower() for name in names}
        for name, value in values.items():
            if value not in (*_TRUE, *_FALSE):
                raise self.error(f"{name} = {self.fields[name]} is neither True nor False. Repair the header.")
        return any(value in _TRUE for value in values.values())

    def whole(self, name: str, default: int) -> int:
        try:
            return int(self.fields.get(name, default))
        except ValueError:
            raise self.error(f"{name} = {self.fields[name]} is not a whole number. Repair the header.") from None


def read_image(path: Path, lazy: bool = False) -> Volume:
    """Return the volume of a MetaImage file; header and data may be in two files.

    Large voxels are read when they are sliced if that is allowed.

    Raises
    ------
    ImageReadError
        If it is damaged, or does not state where the image is in the patient.
    GeometryError
        If its matrix does not map voxels to millimeters.
    """
    header = _read_header(path)
    matrix = _ijk_to_ras(header)
    geometry.check_affine(matrix)
    voxels, warnings = _voxels(header, lazy)
    intent = "" if voxels.ndim == 4 else "vector"
    if intent and voxels.dtype == np.uint8 and voxels.shape[-1] in COLORS:
        intent = "rgb"
        warnings += (f"taken for colors, because it has {voxels.shape[-1]} channels of 8 bits",)
    return Volume(voxels, matrix, name=stem_of(path), warnings=warnings, intent=intent)


def _read_header(path: Path) -> _Header:
    """Return the header: lines up to that of ElementDataFile."""
    fields: dict[str, str] = {}
    try:
        with BufferedReader(open_file(path)) as file:
            while "ElementDataFile" not in fields and file.tell() < LARGEST_BYTES:
                line = file.readline(LARGEST_BYTES).decode("latin-1")
                name, equals, value = line.partition("=")
                if not equals:
                    raise ImageReadError(f"{path}: not a MetaImage, or its header is damaged. Check the name of the file.")
                if name.strip() in fields:
                    raise ImageReadError(f"{path}: {name.strip()} occurs more than once. Remove the wrong one from the header.")
                fields[name.strip()] = value.strip()
            offset = file.tell()
            listed = fields.get("ElementDataFile", "").upper().startswith("LIST")
            lines = file.read(LARGEST_BYTES).decode("latin-1").splitlines() if listed else []
    except OSError as error:
        raise ImageReadError(f"{path}: cannot be read ({error.strerror or error}).") from None
    return _Header(path, fields, offset, [line.strip() for line in lines if line.strip()])


def _dimensions(header: _Header) -> int:
    count = header.whole("NDims", 0)
    if count not in (3, 4):
        raise header.error(
            f"it has {count} dimensions; three of space, and one of time, are needed to place it in the patient."
        )
    return count


def _ijk_to_ras(header: _Header) -> np.ndarray:
    count = _dimensions(header)
    if (unit := header.fields.get("DistanceUnits", "mm")) not in _MILLIMETERS:
        raise header.error(f"DistanceUnits = {unit} is not supported. Convert its geometry to mm.")
    directions, origin = header.numbers(count * count, *_MATRIX), header.numbers(count, *_ORIGIN)
    spacing = header.numbers(count, "ElementSpacing" if "ElementSpacing" in header.fields else "ElementSize")
    absent = [
        name
        for name, value in (("TransformMatrix", directions), ("Offset", origin), ("ElementSpacing", spacing))
        if value is None
    ]
    if directions is None or origin is None or spacing is None:
        raise header.error(
            f"{' and '.join(absent)} {'is' if len(absent) == 1 else 'are'} not stated, so its place in the patient is unknown. "
            "Add them to the header, or save the image again from the program that made it."
        )
    axes = directions.reshape(count, count)  # a row for each axis of the image
    if count == 4 and (axes[3, :3].any() or axes[:3, 3].any()):
        raise header.error("its axis of time is mixed with those of space. Save it as several images.")
    _check_letters(header, axes[:3, :3])
    matrix = np.eye(4)
    matrix[:3, :3] = axes[:3, :3].T * spacing[:3]
    matrix[:3, 3] = origin[:3]
    return geometry.LPS_TO_RAS @ matrix


def _check_letters(header: _Header, axes: np.ndarray) -> None:
    """Refuse an image whose AnatomicalOrientation contradicts its matrix: one of them is wrong."""
    letters = header.fields.get("AnatomicalOrientation", "").upper()
    if len(letters) < 3 or any(letter not in _LETTERS for letter in letters[:3]):
        return
    for letter, axis in zip(letters, axes, strict=False):
        place, sign = _LETTERS[letter]
        if sign * axis[place] < CONTRADICTION:
            raise header.error(
                f"AnatomicalOrientation {letters} contradicts TransformMatrix, so its orientation is ambiguous. Correct one of "
                "them in the header; TransformMatrix is in LPS."
            )


def _voxels(header: _Header, lazy: bool) -> tuple[Voxels, tuple[str, ...]]:
    """Return voxels as (times, slices, rows, columns[, channels]), and warnings."""
    count, channels = _dimensions(header), header.whole("ElementNumberOfChannels", 1)
    sizes = header.numbers(count, "DimSize")
    name = header.fields.get("ElementType", "").removesuffix("_ARRAY")
    if sizes is None or (sizes < 1).any() or (sizes % 1).any() or channels < 1:
        raise header.error("DimSize is missing or not valid. Repair the header.")
    _check_values(header)
    if name not in TYPES:
        raise header.error(f"samples of type {name!r} are not supported. Convert them to an integer or floating-point type.")
    is_big = header.flag("BinaryDataByteOrderMSB", "ElementByteOrderMSB")
    dtype = np.dtype(TYPES[name]).newbyteorder(">" if is_big else "<")
    shape = [1] * (4 - count) + [int(size) for size in sizes[::-1]] + [channels] * (channels > 1)
    files, packing, surplus = _files(header), _packing(header), Surplus(shape, dtype.itemsize)
    voxels: Voxels | None = lazy_samples(files, shape, dtype, packing, surplus) if lazy else None
    if voxels is None:
        voxels = freeze(read_samples(files, shape, dtype, packing, surplus))
    return voxels, surplus.warnings()


def _check_values(header: _Header) -> None:
    """Refuse a header that states another meaning of samples than their value: ITK does not apply it, other programs do."""
    for name, usual in (("ElementToIntensityFunctionSlope", 1.0), ("ElementToIntensityFunctionOffset", 0.0)):
        number = header.numbers(1, name)
        if number is not None and number[0] != usual:
            raise header.error(
                f"{name} = {number[0]:g}, which some programs apply to the samples and others do not. Apply it, and remove it "
                "from the header."
            )


def _packing(header: _Header) -> Packing:
    if header.flag("CompressedData"):
        return Packing.ZLIB
    is_text = "BinaryData" in header.fields and not header.flag("BinaryData")
    return Packing.TEXT if is_text else Packing.RAW


def _files(header: _Header) -> list[SamplesFile]:
    name = header.fields.get("ElementDataFile", "")
    skip = header.whole("HeaderSize", 0)
    if skip < -1:
        raise header.error(f"HeaderSize = {skip} is not valid: at least -1 was expected. Repair the header.")
    if name.upper() == _LOCAL and skip > 0:
        raise header.error(f"HeaderSize = {skip} is not supported for voxels in the file of the header. Remove it.")
    if name.upper() == _LOCAL:
        at_end = skip == -1 and _packing(header) is Packing.RAW
        return [SamplesFile(header.path, -1 if at_end else header.data_offset)]
    if not name:
        raise header.error("ElementDataFile is missing. Repair the header.")
    names = header.lines if name.upper().startswith("LIST") else [name]
    if "%" in name:
        names = _numbered(header, name)
    if not names:
        raise header.error("no file is listed after ElementDataFile. Repair the header.")
    return [SamplesFile(file_next_to(header.path, one), skip) for one in names]


def _numbered(header: _Header, text: str) -> list[str]:
    """Return the names of ``FORMAT MIN MAX STEP``, such as ``slice%03d.raw 1 20 1``."""
    try:
        pattern, first, last, *step = text.split()
        return numbered_names(pattern, first, last, *step[:1])
    except (OverflowError, ValueError):
        raise header.error(f"ElementDataFile = {text} is not valid. Repair the header.") from None
