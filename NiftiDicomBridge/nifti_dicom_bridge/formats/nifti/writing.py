"""Volume → NIfTI-1 or NIfTI-2 file. Voxels are written directly, without a copy, because that is where the time goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ...errors import PixelError
from ...model.files.names import is_compressed
from ...model.space.axes import reoriented_affine
from ...model.space.geometry import spacing_of, unit_axes
from ...model.volume import UNPLACED, Volume
from ...model.voxels.lazy_voxels import Voxels, ranges, read_ahead
from ...model.voxels.pixel_bytes import bytes_of
from ...options import Progress
from ...standard.nifti_codes import INTENT_LABEL, INTENT_VECTOR, XFORM_SCANNER
from .gzip_writer import BlockWriter
from .header import DATATYPES, RGB24, NiftiHeader
from .slice_order import code_of

CHUNK = 1 << 22
"""Bytes of voxels that are written at once."""


class Acquisition(NamedTuple):
    """What a header specifies of the acquisition.

    Attributes
    ----------
    slice_times_s : tuple of float
        Seconds from the start of a volume to each slice, in the order of the slices; empty where unknown.
    phase_axis : int
        Axis of the phase encoding: 0 for columns (i), 1 for rows (j), 2 for slices; -1 where unknown.
    """

    slice_times_s: tuple[float, ...] = ()
    phase_axis: int = -1

    def dim_info(self) -> int:
        """Return the axes of frequency and phase encoding and of the slices; 0 where that of the phase is not in plane."""
        if self.phase_axis not in (0, 1):
            return 0
        phase = self.phase_axis + 1
        return (3 - phase) | phase << 2 | 3 << 4


UNKNOWN = Acquisition()


def write_image(
    volume: Volume,
    path: Path,
    on_planes: Callable[[np.ndarray], None] | None = None,
    progress: Progress | None = None,
    acquisition: Acquisition = UNKNOWN,
    description: str = "",
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
        Given all planes in turn, shape (planes, rows, columns[, samples]), as they are in the volume.
    progress : Progress, optional
        Called with the number of planes written.
    acquisition : Acquisition, optional
        What is known of the acquisition.
    description : str, optional
        Text for the header (descrip of nifti1.h): up to 79 characters of ASCII.
    """
    datatype, intent = _datatype(volume.voxels)
    header = _header(volume, datatype, intent, acquisition, description)
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


def _header(volume: Volume, datatype: int, intent: int, acquisition: Acquisition, description: str) -> bytes:
    columns, rows, slices = volume.shape_ijk
    dims = [columns, rows, slices]
    if volume.times > 1 or intent:
        dims.append(volume.times)
    if intent:
        dims.append(volume.voxels.shape[-1])
    matrix = stored_affine(volume)
    spacing = spacing_of(matrix)
    quaternion = quaternion_of(matrix)
    code = 0 if volume.space == UNPLACED else XFORM_SCANNER
    zooms = [*spacing, volume.time_step_s, 1.0, 1.0, 1.0]
    rescale = volume.rescale
    times = acquisition.slice_times_s if volume.times > 1 and len(acquisition.slice_times_s) == slices else ()
    slice_code, slice_duration = code_of(times)
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
        dim_info=acquisition.dim_info(),
        slices=(slice_code, 0, slices - 1) if slice_code else (0, 0, 0),
        slice_duration=slice_duration,
        shown=volume.display_range or (0.0, 0.0),
        time_offset=volume.start_s,
        description=description,
    )
    return header.nifti1() if max(dims) < 2**15 else header.nifti2()


def stored_affine(volume: Volume) -> np.ndarray:
    """Return the matrix, shape (4, 4), from voxels of the file to RAS, mm: rows are written from the last to the first."""
    return reoriented_affine(np.asarray(volume.ijk_to_ras, dtype=float), (0, 1, 2), (1, -1, 1), volume.shape_ijk)


def quaternion_of(ijk_to_ras: np.ndarray) -> tuple[float, float, float, float] | None:
    """Return (qfac, b, c, d) of a matrix, shape (4, 4) (nifti1.h, method 2); None for a sheared one."""
    axes = unit_axes(ijk_to_ras)
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
