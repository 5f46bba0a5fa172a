"""NIfTI-1 and NIfTI-2 images ⇄ volumes.

Voxels are written and read directly, without a copy, because that is where the time goes. Images in two files (``.hdr`` and
``.img``) are read, too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ...errors import NiftiReadError, PixelError
from ...model import geometry
from ...model.digest import freeze
from ...model.input_files import open_file, read_file
from ...model.lazy_voxels import Voxels, ranges, read_ahead
from ...model.limits import check_memory
from ...model.names import companion, is_compressed, stem_of
from ...model.pixels import Rescale, bytes_of
from ...model.volume import UNPLACED, Volume
from ...options import Progress
from ...standard.nifti_codes import INTENT_LABEL, INTENT_VECTOR, INTENTS, XFORM_SCANNER
from . import gzip_file
from .gzip_blocks import BlockWriter
from .header import DATATYPES, RGB24, RGBA32, NiftiHeader, is_nifti
from .lazy_image import NiftiVoxels

CHUNK = 1 << 22
IN_MEMORY = 160 << 20
"""Bytes of voxels up to which images are read at once: their digest needs no second decompression then."""
OPAQUE = 255


# --- writing ----------------------------------------------------------------------------------------------------------


def write_image(
    volume: Volume,
    path: Path,
    on_planes: Callable[[np.ndarray], None] | None = None,
    progress: Progress | None = None,
) -> None:
    """Write the voxels, grid and rescale of a volume; gzip where the name ends in ``.gz``.

    Stored values are written as they are; the rescale goes to ``scl_slope`` and ``scl_inter``. Lazy voxels are read some planes
    at a time.

    Parameters
    ----------
    volume : Volume
        The image.
    path : pathlib.Path
        The file.
    on_planes : callable, optional
        Given all planes in turn, as they are in the volume.
    progress : Progress, optional
        Called with the number of planes written.
    """
    datatype, intent = _datatype(volume.voxels)
    header = _header(volume, datatype, intent)
    with _opened_for_writing(path, len(header) + volume.voxels.nbytes) as file:
        file.write(header)
        for block in _blocks(volume, intent, on_planes, progress):
            file.write(bytes_of(block))


def _datatype(voxels: Voxels) -> tuple[int, int]:
    """Return datatype and intent code."""
    if voxels.ndim == 5 and voxels.shape[-1] == 3 and voxels.dtype == np.uint8:
        return RGB24, 0
    code = DATATYPES.get(voxels.dtype.str[1:])
    if code is None:
        raise PixelError(f"NIfTI has no data type for {voxels.dtype}. Convert the voxels to an integer or float type first.")
    return code, INTENT_VECTOR if voxels.ndim == 5 else 0


def _blocks(
    volume: Volume, intent: int, on_planes: Callable[[np.ndarray], None] | None, progress: Progress | None
) -> Iterator[np.ndarray]:
    """Yield the voxels in the order of the file, some planes at a time: rows from the last to the first.

    DICOM counts rows downwards; dcm2niix, and with it everybody's expectation of an axial NIfTI image, upwards.
    """
    voxels = volume.voxels
    dtype = voxels.dtype.newbyteorder("<")
    if intent:  # samples are the slowest axis of a NIfTI vector image
        array = np.moveaxis(np.asarray(voxels), -1, 0)
        planes = array.reshape(-1, *array.shape[3:])
        if on_planes is not None:
            on_planes(np.asarray(voxels).reshape(-1, *voxels.shape[2:]))
        for plane in planes:
            yield np.ascontiguousarray(plane[::-1], dtype)
        return
    count = voxels.shape[0] * voxels.shape[1]
    some = max(1, CHUNK // max(1, voxels.nbytes // max(1, count)))
    for start, _, block in read_ahead(voxels, ranges(voxels.shape, some, some)):
        if on_planes is not None:
            on_planes(block)
        if progress is not None:
            progress(volume.name, start, count)
        yield np.ascontiguousarray(block[:, ::-1], dtype)


def _header(volume: Volume, datatype: int, intent: int) -> bytes:
    columns, rows, slices = volume.shape_ijk
    dims = [columns, rows, slices]
    if volume.times > 1 or intent:
        dims.append(volume.times)
    if intent:
        dims.append(volume.voxels.shape[-1])
    matrix = stored_affine(volume)
    spacing = np.linalg.norm(matrix[:3, :3], axis=0)
    quaternion = quaternion_of(matrix)
    code = 0 if volume.space == UNPLACED else XFORM_SCANNER
    zooms = [*spacing, volume.time_step_s, 1.0, 1.0, 1.0]
    rescale = volume.rescale
    header = NiftiHeader(
        dims=(len(dims), *dims, *[1] * (7 - len(dims))),
        datatype=datatype,
        bits=24 if datatype == RGB24 else volume.voxels.dtype.itemsize * 8,
        pixdim=(1.0 if quaternion is None else quaternion[0], *zooms),
        slope=rescale.slope,
        intercept=rescale.intercept,
        codes=(code if quaternion is not None else 0, code),
        quaternion=quaternion[1:] if quaternion else (0.0, 0.0, 0.0),
        origin=tuple(matrix[:3, 3].tolist()),
        rows=tuple(matrix[:3].reshape(-1).tolist()),
        intent=intent or (INTENT_LABEL if volume.intent == "label" else 0),
    )
    return header.nifti1() if max(dims) < 2**15 else header.nifti2()


def stored_affine(volume: Volume) -> np.ndarray:
    """Return the voxel-to-RAS matrix of a volume as it is written: with its rows from the last to the first."""
    return geometry.reoriented_affine(np.asarray(volume.ijk_to_ras, dtype=float), (0, 1, 2), (1, -1, 1), volume.shape_ijk)


def write_gradients(volume: Volume, bval: Path, bvec: Path) -> None:
    """Write b-values and gradient directions in FSL's convention.

    Directions are along the axes of the image as it is stored, with x negated where those are right-handed
    (https://fsl.fmrib.ox.ac.uk/fsl/docs/#/diffusion/dtifit).
    """
    assert volume.gradients is not None
    vectors = geometry.fsl_of_ras(volume.gradients[:, 1:], stored_affine(volume))
    bval.write_text(" ".join(f"{b:g}" for b in volume.gradients[:, 0]) + "\n", encoding="ascii")
    bvec.write_text("".join(" ".join(f"{v + 0.0:.6g}" for v in row) + "\n" for row in vectors), encoding="ascii")


def quaternion_of(ijk_to_ras: np.ndarray) -> tuple[float, float, float, float] | None:
    """Return (qfac, b, c, d) of a matrix (nifti1.h, method 2); None where it is sheared, which no quaternion can specify."""
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
    sign *= 1 - 4 * np.finfo(float).eps  # and a² = 1 − b² − c² − d² may not be negative by rounding
    return qfac, float(sign * b), float(sign * c), float(sign * d)


@contextmanager
def _opened_for_writing(path: Path, size: int) -> Iterator[Any]:
    if not is_compressed(path):
        with open(path, "wb", buffering=0) as plain:
            yield plain
        return
    with BlockWriter(path, size) as packed:
        yield packed


# --- reading ----------------------------------------------------------------------------------------------------------


def read_image(path: Path, allow_complex: bool = False, lazy: bool = False) -> Volume:
    """Return the volume of a NIfTI file, without any metadata; complex voxels only where they are allowed.

    If `lazy` is allowed, the voxels of large images are read when they are sliced.

    Raises
    ------
    NiftiReadError
        If the file is not NIfTI, damaged, too short, or has more than time and samples next to space.
    GeometryError
        If its matrix is not a map to millimeters.
    """
    try:
        header, voxels = _header_and_voxels(path, lazy)
    except FileNotFoundError as error:
        raise NiftiReadError(f"{error.filename}: no such file. Check the path.") from None
    except MemoryError:
        raise NiftiReadError(f"{path}: does not fit in memory.") from None
    except gzip_file.damage_errors() as error:
        raise NiftiReadError(f"{path}: damaged or not NIfTI ({error}). Create it again from its source.") from None
    if voxels.dtype.kind == "c" and not allow_complex:
        raise NiftiReadError(
            f"{path}: complex voxels cannot replace DICOM pixels. Write real and imaginary part as two images."
        )
    matrix, notes = header.matrix()
    geometry.check_affine(matrix)
    return Volume(
        voxels=voxels,
        ijk_to_ras=matrix,
        rescale=header.rescale() if voxels.ndim == 4 else Rescale(),
        time_step_s=header.time_step(),
        name=stem_of(path),
        warnings=(*notes, *_alpha_note(voxels, header)),
        space=header.space,
        intent=_intent(header, voxels),
    )


def _intent(header: NiftiHeader, voxels: Voxels) -> str:
    """Return what the values are; several values per voxel are colors only by data type or intent code."""
    intent = INTENTS.get(header.intent, "")
    if voxels.ndim < 5 or intent in ("rgb", "label"):
        return intent
    return "rgb" if header.datatype in (RGB24, RGBA32) else "vector"


def _alpha_note(voxels: Voxels, header: NiftiHeader) -> list[str]:
    """Return that the transparency of an image counts for something, as DICOM has no place for it."""
    if header.datatype != RGBA32 or not voxels.size or voxels[..., 3].min() == OPAQUE:
        return []
    count = int((voxels[..., 3] != OPAQUE).sum())
    return [
        f"{count} voxels are transparent (alpha below {OPAQUE}): DICOM has no place for that, their colors are kept as they are"
    ]


def with_gradients(image: Volume, path: Path) -> Volume:
    """Return an image with the b-values and directions next to its file; with a warning if they do not fit the image."""
    bval, bvec = (companion(path, ending) for ending in (".bval", ".bvec"))
    if not (bval.is_file() and bvec.is_file()):
        return image
    try:
        return replace(image, gradients=read_gradients(image, bval, bvec))
    except NiftiReadError as error:
        return replace(image, warnings=(*image.warnings, str(error)))


def read_gradients(image: Volume, bval: Path, bvec: Path) -> np.ndarray:
    """Return b-values and gradient directions of an image as read from its file: the inverse of `write_gradients`.

    Returns
    -------
    numpy.ndarray, shape (times, 4)
        b-value in s/mm² and unit direction in RAS; zeros where there is no direction.

    Raises
    ------
    NiftiReadError
        If a file is missing, holds no numbers, or does not have a value for every time.
    """
    values, vectors = _numbers_in(bval), _numbers_in(bvec)
    vectors = vectors.T if _has_a_row_per_time(values.reshape(-1), vectors) else vectors
    if values.size != image.times or vectors.shape != (3, image.times):
        raise NiftiReadError(
            f"{bval} has {values.size} values and {bvec} {' × '.join(map(str, vectors.shape))}; the image has {image.times} "
            "times: one b-value and one direction for each was expected."
        )
    directions = geometry.ras_of_fsl(vectors, image.ijk_to_ras)
    lengths = np.linalg.norm(directions, axis=1)
    directions /= np.where(lengths > 0, lengths, 1.0)[:, None]
    return np.column_stack([values.reshape(-1), directions])


def _has_a_row_per_time(b_values: np.ndarray, vectors: np.ndarray) -> bool:
    """Whether vectors are the rows of a table, not its columns; of three times, b-values and lengths show it."""
    if vectors.shape != (3, 3) or b_values.size != 3:
        return vectors.shape[0] != 3 and vectors.shape[-1:] == (3,)
    weighted = b_values > 0
    columns, rows = (np.linalg.norm(vectors, axis=axis) for axis in (0, 1))
    return not _are_units(columns, weighted) and _are_units(rows, weighted)


def _are_units(lengths: np.ndarray, weighted: np.ndarray) -> bool:
    """Whether vectors have the length 1 where images are weighted, and 0 elsewhere."""
    return bool(np.allclose(lengths, weighted, atol=0.01))


def _numbers_in(path: Path) -> np.ndarray:
    try:
        lines = read_file(path).decode("utf-8").splitlines()
        numbers = np.array([[float(word) for word in line.split()] for line in lines if line.strip()])
    except OSError as error:
        raise NiftiReadError(f"{path}: cannot be read ({error.strerror}).") from None
    except ValueError:
        raise NiftiReadError(f"{path}: rows of numbers, all of the same length, were expected.") from None
    if not numbers.size or not np.isfinite(numbers).all():
        raise NiftiReadError(f"{path}: it holds no numbers, or some that are not finite.")
    return numbers


def _header_and_voxels(path: Path, lazy: bool) -> tuple[NiftiHeader, Voxels]:
    if path.suffix.lower() in (".hdr", ".img"):
        header, data = _pair(path)
        return header, _as_voxels(freeze(data), header, path)
    with _opened_for_reading(path) as file:
        start = file.read(540)
        header = NiftiHeader.parse(start, path)
        offset = max(header.offset, header.first_offset)
        if lazy and _can_be_lazy(header):
            return header, _lazy_voxels(path, header, offset)
        data = _read_data(file, start[offset:], max(0, offset - len(start)), header, path)
        return header, _as_voxels(freeze(data), header, path)


def _can_be_lazy(header: NiftiHeader) -> bool:
    """Whether an image is large, and its planes are in the file one after the other."""
    is_large = math.prod(header.shape) * header.dtype.itemsize > IN_MEMORY
    return is_large and header.dtype.kind in "iuf" and math.prod(header.shape[4:]) == 1


def _lazy_voxels(path: Path, header: NiftiHeader, offset: int) -> NiftiVoxels:
    size = math.prod(header.shape) * header.dtype.itemsize
    _check_size(path, offset + size)
    columns, rows, slices, times = (*header.shape[:4], *[1] * (4 - len(header.shape[:4])))
    return NiftiVoxels(path, (times, slices, rows, columns), header.dtype, offset)


def _pair(path: Path) -> tuple[NiftiHeader, np.ndarray]:
    """Return header and data of an image in two files, given either of them."""
    with open_file(companion(path, ".hdr")) as file:
        start = file.read(540)
    if not is_nifti(start):
        raise NiftiReadError(
            f"{path}: an Analyze image: without a NIfTI header nothing specifies its orientation. Convert it to NIfTI with a "
            "tool that shows left and right."
        )
    header = NiftiHeader.parse(start, companion(path, ".hdr"))
    voxels = companion(path, ".img")
    with open_file(voxels) as file:
        return header, _read_data(file, b"", header.offset, header, voxels)


def _read_data(file: BinaryIO, start: bytes, skip: int, header: NiftiHeader, path: Path) -> np.ndarray:
    """Return the unscaled data in the order of the file: the slowest axis first.

    Parameters
    ----------
    file : binary file
        Its position is behind `start`.
    start : bytes
        The beginning of the data, read already.
    skip : int
        Bytes of the file to leave out before the data.
    header : NiftiHeader
        Shape and type.
    path : pathlib.Path
        For messages.
    """
    offset = file.tell() - len(start) + skip
    count = math.prod(header.shape)
    _check_size(path, offset + count * header.dtype.itemsize)
    check_memory(str(path), count * header.dtype.itemsize)
    data = np.empty(header.shape[::-1], header.dtype)
    view = bytes_of(data)
    view[: len(start)] = start[: len(view)]
    _skip(file, skip)
    got = len(start)
    while got < len(view):
        part = file.readinto(view[got : got + 8 * CHUNK])  # type: ignore[attr-defined]
        if not part:
            raise NiftiReadError(
                f"{path}: too short: {got + offset} bytes are there, {len(view) + offset} are promised by the "
                "header. Create it again from its source."
            )
        got += part
    return data


def _check_size(path: Path, wanted: int) -> None:
    """Refuse a header that promises more than the file can hold, before memory is taken for it."""
    size = path.stat().st_size
    limit = size * 1100 if is_compressed(path) else size  # deflate packs at most 1032 : 1
    if wanted > limit:
        raise NiftiReadError(
            f"{path}: too short: according to the header it needs {wanted} bytes, the file has {size}. Create it "
            f"again from its source."
        )


def _skip(file: BinaryIO, count: int) -> None:
    while count > 0:
        part = len(file.read(min(count, CHUNK)))
        if not part:
            return
        count -= part


@contextmanager
def _opened_for_reading(path: Path) -> Iterator[Any]:
    if not is_compressed(path):
        with open_file(path) as plain:
            yield plain
        return
    with gzip_file.open_for_reading(path) as packed:
        yield packed


def _as_voxels(data: np.ndarray, header: NiftiHeader, path: Path) -> np.ndarray:
    """Return data as (times, slices, rows, columns[, samples])."""
    if data.dtype.fields:  # RGB24, RGBA32
        samples = len(data.dtype.fields)
        data = data.view(np.uint8).reshape(*data.shape, samples)
        return _spatial(data, path, samples=True)
    if data.ndim == 5 and data.shape[0] > 1:
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
