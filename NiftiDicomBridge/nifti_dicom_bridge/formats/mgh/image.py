"""MGH of FreeSurfer → volumes (https://surfer.nmr.mgh.harvard.edu/fswiki/FsTutorial/MghFormat); coordinates are RAS and mm."""

from __future__ import annotations

import gzip
import math
import struct
from io import BufferedReader
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ...errors import ImageReadError
from ...model.files.input_files import open_file
from ...model.files.names import stem_of
from ...model.space import geometry
from ...model.volume import Volume
from ...model.voxels.compressed_parts import DAMAGE, Packing
from ...model.voxels.digest import freeze
from ...model.voxels.lazy_samples import lazy_samples
from ...model.voxels.lazy_voxels import Voxels
from ...model.voxels.packed_samples import SamplesFile, read_samples
from ...model.voxels.surplus_bytes import Surplus
from .end import FOOTER, is_end

_START = struct.Struct(">7ih15f")
DATA_OFFSET = 284
_GZIP = b"\x1f\x8b"
TYPES = {0: ">u1", 1: ">i4", 3: ">f4", 4: ">i2", 10: ">u2"}


class _Header(NamedTuple):
    sizes: tuple[int, int, int]
    frames: int
    type: int
    has_geometry: bool
    spacing: np.ndarray
    axes: np.ndarray
    center: np.ndarray

    @property
    def bytes_of_voxels(self) -> int:
        return math.prod(self.sizes) * self.frames * np.dtype(TYPES[self.type]).itemsize

    @property
    def ijk_to_ras(self) -> np.ndarray:
        matrix = np.eye(4)
        matrix[:3, :3] = self.axes.T * self.spacing
        matrix[:3, 3] = self.center - matrix[:3, :3] @ (np.array(self.sizes) / 2.0)
        return matrix


def read_image(path: Path, lazy: bool = False) -> Volume:
    """Return the volume of an MGH file; large voxels are read when they are sliced if that is allowed.

    Raises
    ------
    ImageReadError
        If it is damaged, or does not state where the image is in the patient.
    GeometryError
        If its matrix does not map voxels to millimeters.
    """
    header = _read_header(path)
    if not header.has_geometry:
        raise ImageReadError(
            f"{path}: its header states no orientation (goodRASFlag is 0), so its place in the patient is unknown. Set it with "
            "mri_convert of FreeSurfer."
        )
    geometry.check_affine(header.ijk_to_ras)
    columns, rows, slices = header.sizes
    if rows == slices == 1 < columns:
        raise ImageReadError(
            f"{path}: {columns} × 1 × 1 values are those of the vertices of a surface. Map it to a volume first, as with "
            "mri_surf2vol of FreeSurfer."
        )
    shape = (header.frames, slices, rows, columns)
    packing = Packing.GZIP if _is_packed(path) else Packing.RAW
    where, dtype = [SamplesFile(path, skip=DATA_OFFSET)], np.dtype(TYPES[header.type])
    surplus = Surplus(shape, dtype.itemsize)
    voxels: Voxels | None = lazy_samples(where, shape, dtype, packing, surplus) if lazy else None
    if voxels is None:
        voxels = freeze(read_samples(where, shape, dtype, packing, surplus))
    step = acquisition_keys(path).get("RepetitionTime", 0.0) if header.frames > 1 else 0.0
    warnings = () if is_end(surplus.start, surplus.size, surplus.step) else surplus.warnings()
    return Volume(voxels, header.ijk_to_ras, time_step_s=step, name=stem_of(path), warnings=warnings)


def acquisition_keys(path: Path) -> dict[str, Any]:
    """Return what the footer states of the acquisition, as BIDS keys: those that are not 0."""
    try:
        header = _read_header(path)
        raw = _read(path, DATA_OFFSET + header.bytes_of_voxels, FOOTER.size)
        repetition_ms, flip_rad, echo_ms, inversion_ms = FOOTER.unpack(raw)
    except (ImageReadError, struct.error, *DAMAGE):
        return {}
    keys = {
        "RepetitionTime": repetition_ms / 1000, "FlipAngle": math.degrees(flip_rad), "EchoTime": echo_ms / 1000,
        "InversionTime": inversion_ms / 1000,
    }  # fmt: skip
    return {key: float(f"{value:.7g}") for key, value in keys.items() if math.isfinite(value) and value > 0}


def _read_header(path: Path) -> _Header:
    try:
        numbers = _START.unpack(_read(path, 0, _START.size))
    except (struct.error, *DAMAGE) as error:
        raise ImageReadError(f"{path}: not an MGH image, or damaged ({error}). Copy it again from its source.") from None
    version, *sizes, frames, kind, _dof, good = numbers[:8]
    if version != 1 or min(*sizes, frames) < 1:
        raise ImageReadError(f"{path}: not an MGH image, or its header is damaged. Check the name of the file.")
    if kind not in TYPES:
        raise ImageReadError(f"{path}: voxels of type {kind} are not supported. Convert it with mri_convert of FreeSurfer.")
    floats = np.array(numbers[8:], dtype=float)
    spacing, axes, center = floats[:3], floats[3:12].reshape(3, 3), floats[12:]
    return _Header((sizes[0], sizes[1], sizes[2]), frames, kind, good == 1, spacing, axes, center)


def _read(path: Path, offset: int, size: int) -> bytes:
    with BufferedReader(open_file(path)) as stream:
        if not _is_packed(path):
            stream.seek(offset)
            return stream.read(size)
        with gzip.GzipFile(fileobj=stream) as plain:
            plain.seek(offset)
            return plain.read(size)


def _is_packed(path: Path) -> bool:
    """Whether a file is gzip: by its content, which tools that rename files do not change."""
    with open_file(path) as file:
        return file.read(len(_GZIP)) == _GZIP
