"""NIfTI-1 or NIfTI-2 in one file or two (``.hdr``, ``.img``) → volume; voxels of large images are read when they are sliced."""

from __future__ import annotations

import gzip
import math
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np

from ...errors import NiftiReadError
from ...model.files.input_files import absent_content, open_file
from ...model.files.names import pair_of, stem_of
from ...model.processes.limits import check_memory
from ...model.space import geometry
from ...model.volume import Volume
from ...model.voxels.color_models import transparency
from ...model.voxels.digest import freeze
from ...model.voxels.lazy_voxels import LazyVoxels, SamplesLast, Voxels
from ...model.voxels.pixel_bytes import bytes_of
from ...model.voxels.pixels import Rescale
from ...model.voxels.surplus_bytes import Surplus
from ...standard.nifti_codes import INTENTS, NOT_IMAGES
from . import gzip_file
from .gzip_blocks import BlockReader
from .header import RGB24, RGBA32, NiftiHeader, is_nifti
from .lazy_image import NiftiVoxels
from .rest_of_file import expanded_with_surplus, read_behind, read_start, read_with_surplus

CHUNK = 1 << 22
"""Bytes that are skipped at once."""
IN_MEMORY, IN_MEMORY_PACKED = 16 << 20, 64 << 20
"""Bytes of voxels up to which images are read at once; of compressed ones of other tools, which may be needed twice."""


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
        header, voxels, surplus = _header_and_voxels(path, lazy)
    except FileNotFoundError as error:
        reason = absent_content(error.filename) or "no such file. Check the path"
        raise NiftiReadError(f"{error.filename}: {reason}.") from None
    except NiftiReadError as error:
        reason = absent_content(path)
        raise NiftiReadError(f"{path}: {reason}.") if reason else error from None
    except MemoryError:
        raise NiftiReadError(f"{path}: does not fit in memory.") from None
    except gzip_file.damage_errors() as error:
        if isinstance(error, OSError) and error.strerror:
            raise NiftiReadError(f"{error.filename or path}: cannot be read ({error.strerror}).") from None
        reason = absent_content(path) or f"damaged or not NIfTI ({error}). Create it again from its source"
        raise NiftiReadError(f"{path}: {reason}.") from None
    if voxels.dtype.kind == "c" and not allow_complex:
        raise NiftiReadError(
            f"{path}: complex voxels cannot replace DICOM pixels. Write real and imaginary part as two images."
        )
    matrix, notes = header.matrix()
    geometry.check_affine(matrix)
    intent = _intent(header, voxels)
    return Volume(
        voxels=voxels,
        ijk_to_ras=matrix,
        rescale=header.rescale() if voxels.ndim == 4 else Rescale(),
        time_step_s=header.time_step(),
        name=stem_of(path),
        warnings=(*notes, *header.doubts_of_values(), *surplus.warnings(), *transparency(voxels, intent)),
        space=header.space,
        intent=intent,
        display_range=header.display_range(),
        start_s=header.start(),
    )


def read_header(path: Path) -> NiftiHeader:
    """Return the header of an image in one file or two; raises `NiftiReadError` or an error of gzip where it is damaged."""
    if pair := pair_of(path):
        return _header_of_pair(pair[0])
    packed = gzip_file.is_packed(path)
    with open_file(path) as raw, gzip.open(raw) if packed else nullcontext(raw) as file:  # no more than its first bytes
        return _header_of_file(read_start(cast(BinaryIO, file), path), path)


def acquisition_keys(path: Path) -> dict[str, Any]:
    """Return what a header states of the acquisition, as BIDS keys: SliceTiming; nothing where it cannot be read."""
    try:
        times = read_header(path).slice_times()
    except NiftiReadError:
        return {}
    except gzip_file.damage_errors():
        return {}
    return {"SliceTiming": times} if times else {}


def description(path: Path) -> str:
    """Return the description in a header (descrip of nifti1.h); empty where there is none, or the file cannot be read."""
    try:
        return read_header(path).description
    except NiftiReadError:
        return ""
    except gzip_file.damage_errors():
        return ""


def _intent(header: NiftiHeader, voxels: Voxels) -> str:
    """Return what the values are; several values per voxel are colors only by data type or intent code."""
    intent = INTENTS.get(header.intent, "")
    if voxels.ndim < 5 or intent in ("rgb", "label"):
        return intent
    return "rgb" if header.datatype in (RGB24, RGBA32) else "vector"


def _header_and_voxels(given: Path, lazy: bool) -> tuple[NiftiHeader, Voxels, Surplus]:
    pair = pair_of(given)
    path = pair[1] if pair else given
    pair_header = _header_of_pair(pair[0]) if pair else None
    with _opened_for_reading(path) as file:
        start = b"" if pair else read_start(file, path)
        header = pair_header or _header_of_file(start, path)
        _check_intent(header, given)
        offset = max(header.offset, header.first_offset)
        packed = gzip_file.is_packed(path) and not isinstance(file, BlockReader)
        if lazy and _can_be_lazy(header, IN_MEMORY_PACKED if packed else IN_MEMORY):
            return header, *_lazy_voxels(path, header, offset)
        data, surplus = _read_data(file, start, offset, header, path)
        return header, _as_voxels(freeze(data), given), surplus


def _check_intent(header: NiftiHeader, path: Path) -> None:
    """Refuse what has no voxels in the patient, by its intent code."""
    if reason := NOT_IMAGES.get(header.intent):
        raise NiftiReadError(f"{path}: intent_code is {header.intent}: {reason}.")


def _header_of_file(start: bytes, path: Path) -> NiftiHeader:
    header = NiftiHeader.parse(start, path)
    if not is_nifti(start):
        raise NiftiReadError(
            f"{path}: damaged or Analyze: the magic number of NIfTI is missing, so nothing specifies its orientation. "
            "Create it again from its source."
        )
    return header


def _can_be_lazy(header: NiftiHeader, most: int) -> bool:
    """Whether an image is large, and has no more axes than those of space, time and samples."""
    beyond = header.shape[4:]
    has_samples = len(beyond) == 1 and not header.dtype.fields
    return math.prod(header.shape) * header.dtype.itemsize > most and (has_samples or math.prod(beyond) == 1)


def _lazy_voxels(path: Path, header: NiftiHeader, offset: int) -> tuple[LazyVoxels, Surplus]:
    end = offset + math.prod(header.shape) * header.dtype.itemsize
    _check_size(path, end)
    surplus = Surplus(header.shape[::-1], header.dtype.itemsize)
    plain = expanded_with_surplus(path, end, surplus)
    columns, rows, slices, times = (*header.shape[:4], *[1] * (4 - len(header.shape[:4])))
    if header.dtype.fields:  # RGB24, RGBA32
        shape = (times, slices, rows, columns, len(header.dtype.fields))
        return NiftiVoxels(path, shape, np.dtype(np.uint8), offset, plain), surplus
    samples = math.prod(header.shape[4:])
    voxels = NiftiVoxels(path, (samples * times, slices, rows, columns), header.dtype, offset, plain)
    return (voxels if samples == 1 else SamplesLast(voxels, samples)), surplus


def _header_of_pair(path: Path) -> NiftiHeader:
    """Return the header of an image in two files, of which `path` is that with the header."""
    with _opened_for_reading(path) as file:
        start = read_start(file, path)
    if not is_nifti(start):
        raise NiftiReadError(
            f"{path}: an Analyze image: without a NIfTI header nothing specifies its orientation. Convert it to NIfTI with a "
            "tool that shows left and right."
        )
    return NiftiHeader.parse(start, path)._replace(first_offset=0)


def _read_data(file: BinaryIO, start: bytes, offset: int, header: NiftiHeader, path: Path) -> tuple[np.ndarray, Surplus]:
    """Return the unscaled data in the order of the file, the slowest axis first, and what is behind them.

    Parameters
    ----------
    file : binary file
        Its position is behind `start`.
    start : bytes
        The beginning of the file, read already.
    offset : int
        Where the data begin.
    header : NiftiHeader
        Shape and type.
    path : pathlib.Path
        For messages.
    """
    count = math.prod(header.shape)
    _check_size(path, offset + count * header.dtype.itemsize)
    check_memory(str(path), count * header.dtype.itemsize)
    data = np.empty(header.shape[::-1], header.dtype)
    view = bytes_of(data)
    got = len(known := start[offset : offset + len(view)])
    view[:got] = known
    surplus = Surplus(data.shape, data.itemsize)
    try:
        _skip(file, offset - len(start))
        got = _filled(file, view, got)
        if got == len(view):
            read_behind(file, path, offset + got, start[offset + got :], surplus)
    except gzip_file.damage_errors():
        if not gzip_file.is_packed(path):
            raise
        got = read_with_surplus(path, offset, view, surplus)  # its end may be something else
    if got < len(view):
        raise NiftiReadError(
            f"{path}: too short: {got + offset} bytes are there, {len(view) + offset} are promised by the "
            "header. Create it again from its source."
        )
    return data, surplus


def _filled(file: BinaryIO, view: memoryview, got: int) -> int:
    """Read the rest of some bytes; return how many there are."""
    while got < len(view):
        part = file.readinto(view[got : got + 8 * CHUNK])  # type: ignore[attr-defined]
        if not part:
            break
        got += part
    return got


def _check_size(path: Path, wanted: int) -> None:
    """Refuse a header that promises more than the file can hold, before memory is taken for it."""
    size = path.stat().st_size
    limit = size * 1100 if gzip_file.is_packed(path) else size  # deflate packs at most 1032 : 1
    if wanted > limit:
        raise NiftiReadError(
            f"{path}: too short: according to the header it needs {wanted} bytes, the file has {size}. Create it "
            "again from its source."
        )


def _skip(file: BinaryIO, count: int) -> None:
    while count > 0:
        part = len(file.read(min(count, CHUNK)))
        if not part:
            return
        count -= part


@contextmanager
def _opened_for_reading(path: Path) -> Iterator[Any]:
    if not gzip_file.is_packed(path):
        with open_file(path) as plain:
            yield plain
        return
    with gzip_file.open_for_reading(path) as packed:
        yield packed


def _as_voxels(data: np.ndarray, path: Path) -> np.ndarray:
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
