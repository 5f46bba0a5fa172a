"""NIfTI-1 and NIfTI-2 images ⇄ volumes.

Written by ourselves, straight from the voxels, because that is where the time goes; headers are read by nibabel, which knows
all their kinds.
"""

from __future__ import annotations

import gzip
import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from .. import geometry
from ..errors import NiftiReadError, PixelError
from ..volume import Rescale, Volume

SUFFIXES = (".nii.gz", ".nii")
READABLE_SUFFIXES = (*SUFFIXES, ".hdr", ".img")
GZIP_LEVEL = 2
"""isal's level 2 packs as tightly as zlib's 6, twenty times as fast."""
CHUNK = 1 << 22
INTENT_VECTOR = 1007
XFORM_SCANNER = 1

# nifti1.h, "data types"
DATATYPES = {"u1": 2, "i2": 4, "i4": 8, "f4": 16, "f8": 64, "i1": 256, "u2": 512, "u4": 768, "i8": 1024, "u8": 1280}
RGB24 = 128
_HEADER_1 = "<i10s18sihcB8h3f4h8f3fhcB4f2i80s24s2h6f12f16s4s"
_HEADER_2 = "<i8s2h8q3d8dq6dqq80s24s2i18d3i16sB15s"


# --- writing ----------------------------------------------------------------------------------------------------------


def write_image(volume: Volume, path: Path) -> None:
    """Write the voxels, grid and rescale of a volume; gzip where the name ends in ``.gz``.

    Stored values are written as they are; the rescale goes to ``scl_slope`` and ``scl_inter``.
    """
    voxels, datatype, intent = _arranged(volume.voxels)
    header = _header(volume, voxels, datatype, intent)
    with _opened_for_writing(path) as file:
        file.write(header)
        data = memoryview(voxels.reshape(-1)).cast("B")
        for start in range(0, len(data), CHUNK):
            file.write(data[start : start + CHUNK])


def _arranged(voxels: np.ndarray) -> tuple[np.ndarray, int, int]:
    """Return voxels in the order of the file, datatype and intent code."""
    little = np.ascontiguousarray(voxels, voxels.dtype.newbyteorder("<"))
    if little.ndim == 5 and little.shape[-1] == 3 and little.dtype == np.uint8:
        return little, RGB24, 0
    code = DATATYPES.get(little.dtype.str[1:])
    if code is None:
        raise PixelError(f"NIfTI has no data type for {voxels.dtype}. Convert the voxels to an integer or float type first.")
    if little.ndim == 5:  # samples are the slowest axis of a NIfTI vector image
        return np.ascontiguousarray(np.moveaxis(little, -1, 0)), code, INTENT_VECTOR
    return little, code, 0


def _header(volume: Volume, voxels: np.ndarray, datatype: int, intent: int) -> bytes:
    columns, rows, slices = volume.shape_ijk
    dims = [columns, rows, slices]
    if volume.times > 1 or intent:
        dims.append(volume.times)
    if intent:
        dims.append(volume.voxels.shape[-1])
    matrix = np.asarray(volume.ijk_to_ras, dtype=float)
    spacing = np.linalg.norm(matrix[:3, :3], axis=0)
    quaternion = quaternion_of(matrix)
    code = XFORM_SCANNER if volume.metadata is None or volume.metadata.first.elements else 0
    zooms = [*spacing, volume.time_step_s, 1.0, 1.0, 1.0]
    rescale = volume.rescale
    common = _Header(
        dims=[len(dims), *dims, *[1] * (7 - len(dims))],
        datatype=datatype,
        bits=24 if datatype == RGB24 else voxels.dtype.itemsize * 8,
        zooms=[1.0 if quaternion is None else quaternion[0], *zooms],
        slope=rescale.slope,
        intercept=rescale.intercept,
        quaternion=quaternion,
        codes=(code if quaternion is not None else 0, code),
        origin=matrix[:3, 3].tolist(),
        rows=matrix[:3].reshape(-1).tolist(),
        intent=intent,
    )
    return common.nifti1() if max(dims) < 2**15 else common.nifti2()


@dataclass(frozen=True)
class _Header:
    """The fields of both header versions (nifti1.h, nifti2.h)."""

    dims: list[int]
    datatype: int
    bits: int
    zooms: list[float]
    slope: float
    intercept: float
    quaternion: tuple[float, float, float, float] | None
    codes: tuple[int, int]
    origin: list[float]
    rows: list[float]
    intent: int

    UNITS = 2 | 8  # millimetres, seconds

    def nifti1(self) -> bytes:
        """Return the 348 bytes of NIfTI-1 and an empty extension field."""
        b, c, d = self.quaternion[1:] if self.quaternion else (0.0, 0.0, 0.0)
        return struct.pack(
            _HEADER_1, 348, b"", b"", 0, 0, b"r", 0, *self.dims, 0.0, 0.0, 0.0, self.intent, self.datatype, self.bits, 0,
            *self.zooms, 352.0, self.slope, self.intercept, 0, b"\0", self.UNITS, 0.0, 0.0, 0.0, 0.0, 0, 0, b"", b"",
            *self.codes, b, c, d, *self.origin, *self.rows, b"", b"n+1\0",
        ) + bytes(4)  # fmt: skip

    def nifti2(self) -> bytes:
        """Return the 540 bytes of NIfTI-2 and an empty extension field."""
        b, c, d = self.quaternion[1:] if self.quaternion else (0.0, 0.0, 0.0)
        return struct.pack(
            _HEADER_2, 540, b"n+2\0\r\n\x1a\n", self.datatype, self.bits, *self.dims, 0.0, 0.0, 0.0, *self.zooms, 544,
            self.slope, self.intercept, 0.0, 0.0, 0.0, 0.0, 0, 0, b"", b"", *self.codes, b, c, d, *self.origin, *self.rows,
            0, self.UNITS, self.intent, b"", 0, b"",
        ) + bytes(4)  # fmt: skip


def quaternion_of(ijk_to_ras: np.ndarray) -> tuple[float, float, float, float] | None:
    """Return (qfac, b, c, d) of a matrix (nifti1.h, method 2); None where it is sheared, which no quaternion can say."""
    axes = ijk_to_ras[:3, :3] / np.linalg.norm(ijk_to_ras[:3, :3], axis=0)
    if np.abs(axes.T @ axes - np.eye(3)).max() > 1e-4:
        return None
    qfac = 1.0 if np.linalg.det(axes) > 0 else -1.0
    rotation = axes * np.array([1.0, 1.0, qfac])
    # the eigenvector of the largest eigenvalue is the quaternion nearest to the matrix (Bar-Itzhack 2000)
    xx, yx, zx, xy, yy, zy, xz, yz, zz = rotation.reshape(-1)
    lower = np.array([
        [xx - yy - zz, 0, 0, 0], [yx + xy, yy - xx - zz, 0, 0], [zx + xz, zy + yz, zz - xx - yy, 0],
        [yz - zy, zx - xz, xy - yx, xx + yy + zz],
    ])  # fmt: skip
    _, vectors = np.linalg.eigh(lower / 3.0)
    b, c, d, a = vectors[:, -1]
    sign = -1.0 if a < 0 else 1.0  # only b, c and d are stored: a is taken for positive
    return qfac, float(sign * b), float(sign * c), float(sign * d)


@contextmanager
def _opened_for_writing(path: Path) -> Iterator[Any]:
    if path.suffix != ".gz":
        with open(path, "wb", buffering=0) as plain:
            yield plain
        return
    try:
        from isal import igzip_threaded
    except ImportError:
        with gzip.open(path, "wb", compresslevel=6) as slow:
            yield slow
    else:
        with igzip_threaded.open(path, "wb", compresslevel=GZIP_LEVEL, threads=2, block_size=1 << 20) as fast:
            yield fast


# --- reading ----------------------------------------------------------------------------------------------------------


def read_image(path: Path) -> Volume:
    """Return the volume of a NIfTI file, without any metadata.

    Raises
    ------
    NiftiReadError
        If the file is no NIfTI, damaged, too short, or has more than time and samples beside space.
    GeometryError
        If its matrix is no map to millimetres.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            header, data, notes = _header_and_data(path)
    except NiftiReadError:
        raise
    except FileNotFoundError:
        raise NiftiReadError(f"{path}: no such file.") from None
    except (OSError, EOFError, ValueError, KeyError, struct.error, zlib.error, MemoryError) as error:
        raise NiftiReadError(f"{path}: damaged or no NIfTI ({error}). Make it anew from its source.") from None
    except Exception as error:  # nibabel's ImageFileError, HeaderDataError and their kin have no common base
        raise NiftiReadError(f"{path}: damaged or no NIfTI ({error}). Make it anew from its source.") from None
    voxels = _as_voxels(data, header, path)
    matrix, more = _matrix(header)
    geometry.check_affine(matrix)
    return Volume(
        voxels=voxels,
        ijk_to_ras=matrix,
        rescale=_rescale(header, voxels),
        time_step_s=_time_step(header),
        name=path.name.split(".nii")[0],
        warnings=(*notes, *more),
    )


def _header_and_data(path: Path) -> tuple[Any, np.ndarray, list[str]]:
    import nibabel

    if path.suffix in (".hdr", ".img"):
        image = nibabel.load(path)
        return image.header, np.asarray(image.dataobj.get_unscaled()), []
    with _opened_for_reading(path) as file:
        start = file.read(540)
        if len(start) < 348:
            raise NiftiReadError(f"{path}: has {len(start)} bytes, a NIfTI header alone has 348. Make it anew from its source.")
        kind = nibabel.Nifti2Header if struct.unpack_from("<i", start)[0] in (540, 0x1C020000) else nibabel.Nifti1Header
        header = kind.from_fileobj(io.BytesIO(start), check=True)
        if kind is nibabel.Nifti1Header and bytes(header["magic"])[:3] not in (b"n+1", b"ni1", b"n+1\0"[:3]):
            raise NiftiReadError(f"{path}: no NIfTI (magic {bytes(header['magic'])!r}).")
        return header, _read_data(file, start, header, path), []


def _read_data(file: BinaryIO, start: bytes, header: Any, path: Path) -> np.ndarray:
    """Return the unscaled data in the order of the file: the slowest axis first."""
    shape, dtype = header.get_data_shape(), header.get_data_dtype()
    if not shape or min(shape) < 1:
        raise NiftiReadError(f"{path}: its dimensions are {tuple(shape)}: there is no image.")
    offset = max(int(header["vox_offset"]), 352)
    count = int(np.prod([int(n) for n in shape]))
    _check_size(file, path, offset + count * dtype.itemsize)
    data = np.empty(shape[::-1], dtype)
    view = memoryview(data.reshape(-1).view(np.uint8)).cast("B")
    rest = start[offset:]
    view[: len(rest)] = rest
    _skip(file, max(0, offset - len(start)))
    got = len(rest)
    while got < len(view):
        part = file.readinto(view[got : got + 8 * CHUNK])  # type: ignore[attr-defined]
        if not part:
            raise NiftiReadError(
                f"{path}: too short: {got + offset} bytes are there, {len(view) + offset} are promised by the header. "
                "Make it anew from its source."
            )
        got += part
    return data


def _check_size(file: Any, path: Path, wanted: int) -> None:
    """Refuse a header that promises more than the file can hold, before memory is taken for it."""
    size = path.stat().st_size
    limit = size * 1100 if path.suffix == ".gz" else size  # deflate packs at most 1032 : 1
    if wanted > limit:
        raise NiftiReadError(
            f"{path}: too short: the header promises {wanted} bytes, the file has {size}. Make it anew from its source."
        )


def _skip(file: BinaryIO, count: int) -> None:
    while count > 0:
        part = len(file.read(min(count, CHUNK)))
        if not part:
            return
        count -= part


@contextmanager
def _opened_for_reading(path: Path) -> Iterator[Any]:
    if path.suffix != ".gz":
        with open(path, "rb") as plain:
            yield plain
        return
    try:
        from isal import igzip as opener
    except ImportError:
        opener = gzip  # type: ignore[assignment]
    with opener.open(path, "rb") as packed:
        yield packed


def _as_voxels(data: np.ndarray, header: Any, path: Path) -> np.ndarray:
    """Return data as (times, slices, rows, columns[, samples])."""
    if data.dtype.fields:  # RGB24, RGBA32
        samples = len(data.dtype.fields)
        data = data.view(np.uint8).reshape(*data.shape, samples)
        return _spatial(data, path, samples=True)
    if int(header["dim"][0]) == 5 and data.shape[0] > 1:
        return np.moveaxis(_spatial(data, path, extra=True), 0, -1)
    return _spatial(data, path)


def _spatial(data: np.ndarray, path: Path, samples: bool = False, extra: bool = False) -> np.ndarray:
    axes = data.ndim - samples - extra
    shape = data.shape
    while axes > 4 and shape[extra] == 1:  # axes of one voxel beyond time
        shape = (*shape[:extra], *shape[extra + 1 :])
        axes -= 1
    if axes > 4:
        dims = tuple(shape[::-1])
        raise NiftiReadError(f"{path}: dimensions {dims}: more than three of space and one of time. Split it into 4D images.")
    shape = (*shape[:extra], *[1] * (4 - axes), *shape[extra:])
    return data.reshape(shape)


def _matrix(header: Any) -> tuple[np.ndarray, list[str]]:
    """Return the voxel-to-world matrix, and what is doubtful about it."""
    sform, qform = header.get_sform(coded=True)[0], header.get_qform(coded=True)[0]
    if sform is None and qform is None:
        return header.get_base_affine(), ["neither sform nor qform is set: position and orientation are assumed, not known"]
    matrix = sform if sform is not None else qform
    if sform is not None and qform is not None:
        shape = header.get_data_shape()[:3]
        corner = np.array([*(n - 1 for n in shape), *[0] * (3 - len(shape)), 1.0])
        apart = np.abs((sform - qform) @ corner).max()
        if apart > 0.5 * np.linalg.norm(sform[:3, :3], axis=0).min():
            return matrix, [f"sform and qform put the last voxel {apart:.3g} mm apart: the sform was used"]
    return matrix, []


def _rescale(header: Any, voxels: np.ndarray) -> Rescale:
    slope, intercept = float(header["scl_slope"]), float(header["scl_inter"])
    if not np.isfinite(slope) or slope == 0 or voxels.ndim > 4:
        return Rescale()
    return Rescale(slope, intercept if np.isfinite(intercept) else 0.0)


def _time_step(header: Any) -> float:
    units = {0: 1.0, 8: 1.0, 16: 1e-3, 24: 1e-6}
    if int(header["dim"][0]) < 4:
        return 0.0
    step = float(header["pixdim"][4]) * units.get(int(header["xyzt_units"]) & 0x38, 1.0)
    return step if np.isfinite(step) and step > 0 else 0.0
