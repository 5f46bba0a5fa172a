"""The header of NIfTI-1 and NIfTI-2 (nifti1.h, nifti2.h): bytes ⇄ fields, fields → matrix, rescale, units."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ...errors import NiftiReadError
from ...model.space.geometry import spacing_of
from ...model.voxels.pixels import Rescale
from ...standard.nifti_codes import (
    ALIGNED,
    COMPONENTS,
    MILLIMETERS,
    NO_FORM,
    NO_PLANE,
    OF_SPECTRA,
    SECONDS,
    SOME_SPACE,
    SPACES,
)
from .slice_order import times_of

UNITS_MM_S = 2 | 8
RGB24, RGBA32 = 128, 2304
# nifti1.h, "data types", by NumPy's name less the byte order
DATATYPES = {"u1": 2, "i2": 4, "i4": 8, "f4": 16, "f8": 64, "i1": 256, "u2": 512, "u4": 768, "i8": 1024, "u8": 1280}
_DTYPES: dict[int, object] = {code: name for name, code in DATATYPES.items()} | {
    RGB24: [("R", "u1"), ("G", "u1"), ("B", "u1")],
    RGBA32: [("R", "u1"), ("G", "u1"), ("B", "u1"), ("A", "u1")],
    32: "c8",
    1792: "c16",
}
_NAMES = {1: "binary", 1536: "float128", 2048: "complex256"}
_HALF_TURN = 1e-7
"""A quaternion is normalized if its real part is smaller (nifti1_io.c)."""
_METERS, _LARGE_MM = 1, 100.0
_LONGEST = 1.0 + 1e-5
"""Quaternions in single precision are longer than 1 by rounding."""
_FORMAT_1 = "i10s18sihcB8h3f4h8f3fhcB4f2i80s24s2h6f12f16s4s"
_FORMAT_2 = "i8s2h8q3d8dq6dqq80s24s2i18d3i16sB15s"
_MAGIC_1, _MAGIC_2 = (b"n+1", b"ni1"), (b"n+2", b"ni2")
SIZES = {348: _FORMAT_1, 540: _FORMAT_2}


class NiftiHeader(NamedTuple):
    """The fields that specify what an image is; all others are zero when written and ignored when read.

    Attributes
    ----------
    dims : tuple of int
        Number of dimensions, then seven sizes, fastest axis first.
    datatype, bits : int
        Code of the voxel type, and its bits.
    pixdim : tuple of float
        qfac, then seven voxel sizes.
    slope, intercept : float
        Stored → real values.
    codes : tuple of int
        qform_code, sform_code.
    quaternion, origin : tuple of float
        b, c, d and the offset of method 2.
    rows : tuple of float
        The three rows of method 3.
    intent : int
        intent_code.
    offset : int
        vox_offset: where the voxels begin, bytes.
    first_offset : int
        The smallest possible offset in an image of one file: header and extension flag are before it.
    units : int
        xyzt_units.
    order : str
        Byte order, ``<`` or ``>``.
    dim_info : int
        Axes of frequency and phase encoding and of the slices, two bits each, from 1; 0 where unknown.
    slices : tuple of (int, int, int)
        slice_code, slice_start, slice_end.
    slice_duration : float
        Time for one slice, in `units`.
    shown : tuple of float
        cal_min, cal_max: real values that are displayed as black and white; equal where they are not specified.
    time_offset : float
        toffset: when the first time begins, in `units`.
    description : str
        descrip: any text of up to 79 characters.
    """

    dims: tuple[int, ...]
    datatype: int
    bits: int
    pixdim: tuple[float, ...]
    slope: float
    intercept: float
    codes: tuple[int, int]
    quaternion: tuple[float, ...]
    origin: tuple[float, ...]
    rows: tuple[float, ...]
    intent: int = 0
    offset: int = 352
    first_offset: int = 352
    units: int = UNITS_MM_S
    order: str = "<"
    dim_info: int = 0
    slices: tuple[int, int, int] = (0, 0, 0)
    slice_duration: float = 0.0
    shown: tuple[float, float] = (0.0, 0.0)
    time_offset: float = 0.0
    description: str = ""

    # --- bytes ---

    def nifti1(self) -> bytes:
        """Return the 348 bytes of NIfTI-1 and an empty extension field."""
        (code, start, end), (low, high) = self.slices, self.shown
        return struct.pack(
            "<" + _FORMAT_1, 348, b"", b"", 0, 0, b"r", self.dim_info, *self.dims, 0.0, 0.0, 0.0, self.intent, self.datatype,
            self.bits, start, *self.pixdim, 352.0, self.slope, self.intercept, end, bytes([code]), self.units, high, low,
            self.slice_duration, self.time_offset, 0, 0, self.description.encode("ascii"), b"",
            *self.codes, *self.quaternion, *self.origin, *self.rows, b"",
            b"n+1\0",
        ) + bytes(4)  # fmt: skip

    def nifti2(self) -> bytes:
        """Return the 540 bytes of NIfTI-2 and an empty extension field."""
        (code, start, end), (low, high) = self.slices, self.shown
        return struct.pack(
            "<" + _FORMAT_2, 540, b"n+2\0\r\n\x1a\n", self.datatype, self.bits, *self.dims, 0.0, 0.0, 0.0, *self.pixdim, 544,
            self.slope, self.intercept, high, low, self.slice_duration, self.time_offset, start, end,
            self.description.encode("ascii"), b"", *self.codes,
            *self.quaternion, *self.origin, *self.rows, code, self.units, self.intent, b"", self.dim_info, b"",
        ) + bytes(4)  # fmt: skip

    @classmethod
    def parse(cls, start: bytes, path: Path) -> NiftiHeader:
        """Return the fields at the beginning of a file.

        Raises
        ------
        NiftiReadError
            If it is not NIfTI, too short, or of a voxel type that cannot be used; `path` names the file.
        """
        for order in "<>":
            size = struct.unpack_from(order + "i", start)[0] if len(start) >= 4 else 0
            if size in SIZES and len(start) >= size:
                fields = struct.unpack_from(order + SIZES[size], start)
                header = (_from_fields_1 if size == 348 else _from_fields_2)(fields, order)
                header._check(path)
                return header
        problem = "it does not begin with a header" if start else "it is empty"
        raise NiftiReadError(f"{path}: damaged or not NIfTI ({problem}). Create it again from its source.")

    def _check(self, path: Path) -> None:
        if not 1 <= self.dims[0] <= 7:
            raise NiftiReadError(
                f"{path}: it claims {self.dims[0]} dimensions, 1 to 7 are possible. Create it again from its source."
            )
        if min(self.shape) < 1:
            raise NiftiReadError(
                f"{path}: its dimensions are {self.dims}, so the image is empty. Create it again from its source."
            )
        if self.datatype not in _DTYPES:
            name = _NAMES.get(self.datatype, f"code {self.datatype}")
            raise NiftiReadError(f"{path}: voxels of type {name} have no place in DICOM. Convert them to integers or floats.")

    # --- meaning ---

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes, fastest axis first; components, which some programs put in the place of time, are the fifth axis."""
        sizes = tuple(self.dims[1 : self.dims[0] + 1])
        return (*sizes[:3], 1, sizes[3]) if self.intent in COMPONENTS and len(sizes) == 4 and sizes[3] > 1 else sizes

    @property
    def dtype(self) -> np.dtype:
        """Type of the voxels, in the byte order of the file."""
        return np.dtype(_DTYPES[self.datatype]).newbyteorder(self.order)  # type: ignore[call-overload, no-any-return]

    def rescale(self) -> Rescale:
        """Return slope and intercept; none where the slope is zero or not finite."""
        if not np.isfinite(self.slope) or self.slope == 0:
            return Rescale()
        return Rescale(self.slope, self.intercept if np.isfinite(self.intercept) else 0.0)

    def doubts_of_values(self) -> list[str]:
        """Return what is not used of the fields that specify the voxels and their scale, as it is not valid, or not likely."""
        size = self.dtype.itemsize * 8
        usable = bool(self.slope) and np.isfinite(self.slope)
        unit = OF_SPECTRA.get(self.units & 0x38, "") if self.dims[0] >= 4 and self.dims[4] > 1 else ""
        largest = max((abs(size) for size in self.pixdim[1:4] if np.isfinite(size)), default=0.0)
        largest *= MILLIMETERS.get(self.units & 7, 1.0)
        doubts = {
            f"scl_slope is {self.slope:g}: the values are the stored ones": np.isinf(self.slope),
            f"scl_inter is {self.intercept:g}: 0 was used": usable and not np.isfinite(self.intercept),
            f"the fourth axis is in {unit}, not in units of time: its positions are numbered as times": bool(unit),
            f"xyzt_units specifies meters, so voxels are up to {largest:.6g} mm large: check that it is correct": (
                self.units & 7 == _METERS and largest > _LARGE_MM
            ),
            f"bitpix is {self.bits}, but voxels of its data type have {size} bits: the data type was used": self.bits != size,
        }
        return [sentence for sentence, is_so in doubts.items() if is_so]

    def time_step(self) -> float:
        """Return seconds between times; 0 where unknown."""
        if self.dims[0] < 4:
            return 0.0
        step = self.pixdim[4] * SECONDS.get(self.units & 0x38, 0.0)
        return step if np.isfinite(step) and step > 0 else 0.0

    def slice_times(self) -> list[float]:
        """Return the time of each slice along the third axis, s; empty where they are not specified for all of them."""
        code, start, end = self.slices
        axis, count = self.dim_info >> 4 & 3, self.dims[3]
        if self.dims[0] < 4 or axis not in (0, 3) or start != 0 or end not in (0, count - 1):
            return []
        return times_of(code, self.slice_duration * SECONDS.get(self.units & 0x38, 0.0), count)

    def display_range(self) -> tuple[float, float] | None:
        """Return the real values that are displayed as black and white; None where they are not specified."""
        low, high = map(float, self.shown)
        return (low, high) if np.isfinite([low, high]).all() and low < high else None

    def start(self) -> float:
        """Return when the first time begins, s; 0 where that is not specified."""
        return _finite(self.time_offset) * SECONDS.get(self.units & 0x38, 0.0) if self.dims[0] >= 4 else 0.0

    @property
    def space(self) -> str:
        """What the coordinates are specified to be: those of the transform that `matrix` takes."""
        space = SPACES.get(self.codes[1 if self._is_placed_by_sform else 0], "")
        return SOME_SPACE if space == ALIGNED and self.codes[0] <= 0 else space

    @property
    def _is_placed_by_sform(self) -> bool:
        """Whether the sform counts: it is set, and a matrix of three axes if there is a qform in its place."""
        return self.codes[1] > 0 and (self.codes[0] <= 0 or _spans_space(self._sform()))

    def matrix(self) -> tuple[np.ndarray, list[str]]:
        """Return the voxel-to-world matrix in mm, RAS, and what is doubtful about it: sform, else qform, else voxel sizes."""
        with np.errstate(all="ignore"):  # what is not finite is refused where the matrix is used
            sform, qform = self._sform(), self._qform()
        factor = np.diag([*[MILLIMETERS.get(self.units & 7, 1.0)] * 3, 1.0])
        if self.codes[1] > 0 and not self._is_placed_by_sform:
            return factor @ qform, [*self._doubts_of_qform(), "the sform is not a matrix of three axes: the qform was used"]
        if self.codes[1] > 0:
            with np.errstate(all="ignore"):
                notes = [self._apart(sform, qform)] if self.codes[0] > 0 else []
            return factor @ sform, [note for note in (*notes, self._doubt_of_plane(sform)) if note]
        if self.codes[0] > 0:
            return factor @ qform, self._doubts_of_qform()
        return factor @ self._plain(), [NO_FORM]

    def _doubt_of_plane(self, matrix: np.ndarray) -> str:
        """Return that nothing places the plane of a two-dimensional image: ITK, which has no third coordinate, writes 0."""
        is_plain = not matrix[:2, 2].any() and not matrix[2, [0, 1, 3]].any()
        return NO_PLANE if self.dims[0] == 2 and is_plain else ""

    def _sform(self) -> np.ndarray:
        return np.vstack([np.reshape(self.rows, (3, 4)), [0.0, 0.0, 0.0, 1.0]])

    def _qform(self) -> np.ndarray:
        """Return the matrix of method 2, as nifti1_io.c computes it: a number that is not finite is 0, of a size 1."""
        b, c, d = map(_finite, self.quaternion)
        length = b * b + c * c + d * d
        a = 1.0 - length
        if a < _HALF_TURN:  # as nifti_quatern_to_mat44 of nifti1_io.c
            b, c, d, a = b / np.sqrt(length), c / np.sqrt(length), d / np.sqrt(length), 0.0
        else:
            a = np.sqrt(a)
        rotation = np.array([
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
        ])  # fmt: skip
        qfac = -1.0 if self.pixdim[0] < 0 else 1.0
        matrix = np.eye(4)
        sizes = np.array([size if np.isfinite(size) and size > 0 else 1.0 for size in self.pixdim[1:4]])
        matrix[:3, :3] = rotation * (sizes * [1.0, 1.0, qfac])
        matrix[:3, 3] = list(map(_finite, self.origin))
        return matrix

    def _doubts_of_qform(self) -> list[str]:
        """Return what nifti1_io.c replaces in silence."""
        numbers = (*self.quaternion, *self.origin)
        sizes = [size for size in self.pixdim[1:4] if not (np.isfinite(size) and size > 0)]
        shown = ", ".join(f"{size:g}" for size in sizes)
        length = float(np.linalg.norm([_finite(number) for number in self.quaternion]))
        doubts = {
            "quaternion or offset of the qform have numbers that are not finite: 0 was used": not np.isfinite(numbers).all(),
            f"the voxel sizes of the qform (pixdim) contain {shown}: 1 was used": bool(sizes),
            f"the quaternion of the qform has a length of {length:.6g}, more than 1: it was normalized": length > _LONGEST,
        }
        return [sentence for sentence, is_so in doubts.items() if is_so]

    def _plain(self) -> np.ndarray:
        """Return voxel sizes around the middle of the image, x to the right negated as nibabel does."""
        sizes = np.array([abs(size) if size else 1.0 for size in self.pixdim[1:4]]) * [-1.0, 1.0, 1.0]
        middle = (np.array([*self.shape, 1, 1, 1][:3]) - 1) / 2
        matrix = np.diag([*sizes, 1.0])
        matrix[:3, 3] = -sizes * middle
        return matrix

    def _apart(self, sform: np.ndarray, qform: np.ndarray) -> str:
        last = np.array([*([n - 1 for n in self.shape] + [0, 0])[:3], 1.0])
        distance = max(np.abs((sform - qform) @ corner).max() for corner in (np.array([0.0, 0.0, 0.0, 1.0]), last))
        if not np.isfinite(distance) or distance <= 0.5 * spacing_of(sform).min():
            return ""
        are_mirrored = np.linalg.det(sform[:3, :3]) * np.linalg.det(qform[:3, :3]) < 0
        mirrored = " and mirror each other, so check left and right" if are_mirrored else ""
        return f"sform and qform put the same voxel {distance:.3g} mm apart{mirrored}: the sform was used"


def _spans_space(matrix: np.ndarray) -> bool:
    """Whether a matrix is one of finite numbers whose axes are not in one plane."""
    axes = matrix[:3, :3]
    return bool(np.isfinite(matrix).all() and np.linalg.matrix_rank(axes) == 3)


def _finite(number: float) -> float:
    """Return a number, 0 if it is not finite (nifti1_io.c, FIXED_FLOAT)."""
    return float(number) if np.isfinite(number) else 0.0


def _text(field: bytes) -> str:
    """Return the text in a field of fixed size, in an encoding that no byte is invalid in."""
    return field.split(b"\0")[0].decode("latin-1")


def is_nifti(start: bytes) -> bool:
    """Whether the beginning of a file has the magic number of NIfTI; Analyze headers have none."""
    return start[344:347] in _MAGIC_1 or start[4:7] in _MAGIC_2


def _from_fields_1(fields: tuple[Any, ...], order: str) -> NiftiHeader:
    return NiftiHeader(
        dims=fields[7:15], intent=fields[18], datatype=fields[19], bits=fields[20], pixdim=fields[22:30],
        offset=max(int(fields[30]) if np.isfinite(fields[30]) else 0, 0), slope=fields[31], intercept=fields[32],
        units=fields[35], codes=fields[44:46], quaternion=fields[46:49], origin=fields[49:52], rows=fields[52:64], order=order,
        dim_info=fields[6], slices=(fields[34][0], fields[21], fields[33]), shown=(fields[37], fields[36]),
        slice_duration=fields[38], time_offset=fields[39], description=_text(fields[42]),
    )  # fmt: skip


def _from_fields_2(fields: tuple[Any, ...], order: str) -> NiftiHeader:
    return NiftiHeader(
        datatype=fields[2], bits=fields[3], dims=fields[4:12], pixdim=fields[15:23], offset=max(fields[23], 0),
        slope=fields[24], intercept=fields[25], codes=fields[34:36], quaternion=fields[36:39], origin=fields[39:42],
        rows=fields[42:54], units=fields[55], intent=fields[56], first_offset=544, order=order, dim_info=fields[58],
        slices=(fields[54], fields[30], fields[31]), shown=(fields[27], fields[26]), slice_duration=fields[28],
        time_offset=fields[29], description=_text(fields[32]),
    )  # fmt: skip
