"""The neutral image between the formats: voxels, grid, rescale, metadata. It knows no file."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..options import Resample
from . import exchange, geometry
from .lazy_voxels import LazyVoxels, in_memory, ranges, read_ahead
from .metadata import SeriesMetadata
from .names import stem_of
from .pixels import PixelRecord, bytes_of, to_real_values

POSITION_TOLERANCE_MM, POSITION_TOLERANCE = 1e-3, 0.01
"""Two grids are the same when no corner voxel lies further apart, mm, nor by more than that part of a voxel."""
UNPLACED = "unplaced"
"""`Volume.space` of DICOM objects that do not specify where they lie."""
DIGEST_BLOCK = 1 << 22
DIGEST_PREFIX = "blake2b-256:"


@dataclass(frozen=True)
class Rescale:
    """Stored value → real value: ``real = slope · stored + intercept`` (PS3.3 C.11.1.1.2).

    Attributes
    ----------
    slope, intercept : float
        Of the whole volume.
    units : str
        Units of the real values as the file names them (``HU``, ``BQML``…), empty where unknown.

    Examples
    --------
    >>> from nifti_dicom_bridge import Rescale
    >>> Rescale(2.0, -1024.0, "HU").is_identity
    False
    """

    slope: float = 1.0
    intercept: float = 0.0
    units: str = ""

    @property
    def is_identity(self) -> bool:
        """Whether stored values are real values."""
        return self.slope == 1.0 and self.intercept == 0.0


@dataclass(frozen=True)
class Origin:
    """What a volume was when it was read from DICOM: the measure of whether it has been edited since.

    Attributes
    ----------
    digest : str
        `digest_of` the voxels.
    shape : tuple of int
        Shape of the voxels.
    ijk_to_ras : numpy.ndarray, shape (4, 4)
        The grid, mm.
    rescale : Rescale
        What the voxels meant.
    dtype : str
        NumPy type of the voxels, little endian, like ``<i2``.

    Examples
    --------
    >>> from nifti_dicom_bridge import read
    >>> read("scans")[0].origin.shape
    (1, 7, 40, 48)
    """

    digest: str
    shape: tuple[int, ...]
    ijk_to_ras: np.ndarray
    rescale: Rescale
    dtype: str


@dataclass(frozen=True, eq=False, repr=False)
class Volume:
    """A grid of voxels in the patient.

    Immutable: what edits returns a new volume (`dataclasses.replace`), and keeps `origin`, so that a later writer can tell
    restored from derived.

    Attributes
    ----------
    voxels : numpy.ndarray, shape (times, slices, rows, columns) or (times, slices, rows, columns, samples)
        Stored values, before `rescale`. From a Zarr store they may be `LazyVoxels`, which are read when sliced.
    ijk_to_ras : numpy.ndarray, shape (4, 4), float64
        Maps (column i, row j, slice k, 1) to (x, y, z, 1) in mm, RAS.
    rescale : Rescale
        Stored → real values, one for the volume.
    time_step_s : float
        Seconds between two times; 0 where unknown or where there is one time.
    name : str
        Proposed file name without suffix, safe on every file system.
    metadata : SeriesMetadata or None
        The DICOM instances that the volume came from; None for an image that never was DICOM.
    pixel_record : PixelRecord or None
        How the pixels lay in the instances; None for an image that never was DICOM.
    origin : Origin or None
        What the volume was when read from DICOM; None for an image that never was DICOM.
    gradients : numpy.ndarray or None, shape (times, 4)
        b-value in s/mm² and unit gradient direction in RAS of every time; None where it is no diffusion series.
    warnings : tuple of str
        What a person should know before trusting the grid: uneven spacing, missing slices, gantry tilt…
    space : str
        What an image file says of its coordinates: ``scanner``, ``aligned`` (with another image), ``talairach``, ``mni``,
        ``template``; empty where it says nothing, and for DICOM; ``unplaced`` for DICOM without a place.
    intent : str
        What an image file says of its values: ``label``, the name of a statistic…; empty where it says nothing.
    resampled : frozenset of Resample
        What made its grid regular after it was read from DICOM; empty where its voxels are those of the slices.
    remembered : bytes
        JSON of what was known and is not told by `metadata` any more, since they were de-identified; empty where nothing is.

    Examples
    --------
    >>> import numpy as np
    >>> from nifti_dicom_bridge import Volume
    >>> Volume(np.zeros((1, 7, 40, 48), np.int16), np.diag([1.0, 1.0, 3.0, 1.0]), name="mask")
    Volume('mask', 48 × 40 × 7 int16, 1 × 1 × 3 mm)
    """

    voxels: np.ndarray
    ijk_to_ras: np.ndarray
    rescale: Rescale = Rescale()
    time_step_s: float = 0.0
    name: str = "volume"
    metadata: SeriesMetadata | None = None
    pixel_record: PixelRecord | None = None
    origin: Origin | None = None
    gradients: np.ndarray | None = None
    warnings: tuple[str, ...] = ()
    space: str = ""
    intent: str = ""
    resampled: frozenset[Resample] = frozenset()
    remembered: bytes = b""

    @property
    def shape_ijk(self) -> tuple[int, int, int]:
        """Columns, rows, slices."""
        return self.voxels.shape[3], self.voxels.shape[2], self.voxels.shape[1]

    @property
    def times(self) -> int:
        """Number of times (or echoes, b-values…) along the first axis."""
        return self.voxels.shape[0]

    def real_values(self) -> np.ndarray:
        """Return slope · stored + intercept as float64, in the shape of `voxels`."""
        return to_real_values(self.voxels, self.rescale.slope, self.rescale.intercept, np.dtype(np.float64))

    def in_memory(self) -> Volume:
        """Return the volume with voxels that are an array; itself where they are."""
        return replace(self, voxels=in_memory(self.voxels)) if isinstance(self.voxels, LazyVoxels) else self

    def __repr__(self) -> str:
        size = " × ".join(map(str, [*self.shape_ijk, *([self.times] if self.times > 1 else [])]))
        samples = " RGB" if self.voxels.ndim == 5 else ""
        spacing = " × ".join(f"{length:.4g}" for length in np.linalg.norm(self.ijk_to_ras[:3, :3], axis=0))
        source = f", from {len(self.metadata.instances)} DICOM instances" if self.metadata is not None else ""
        return f"Volume({self.name!r}, {size} {self.voxels.dtype}{samples}, {spacing} mm{source})"

    def to_nibabel(self) -> Any:
        """Return the image as a ``nibabel.Nifti1Image``, as it is in the NIfTI files that are written.

        Voxels are stored values if those are real values, else real values as float64.

        Raises
        ------
        DependencyError
            If nibabel is not installed.

        Examples
        --------
        >>> from nifti_dicom_bridge import read
        >>> read("scans")[0].to_nibabel().shape
        (48, 40, 7)
        """
        return exchange.nibabel_image(self._parts())

    @classmethod
    def from_nibabel(cls, image: Any, name: str = "") -> Volume:
        """Return a nibabel image as a volume; its voxels are stored values.

        Parameters
        ----------
        image : nibabel image
            With up to three axes of space, one of time, and one of samples.
        name : str
            Proposed file name; that of its file by default.

        Raises
        ------
        NiftiReadError
            If it has more axes.
        GeometryError
            If its matrix does not map voxels to millimeters.

        Examples
        --------
        >>> import nibabel
        >>> from nifti_dicom_bridge import Volume, to_nifti
        >>> image = nibabel.load(to_nifti("scans", "images").outputs[0])
        >>> Volume.from_nibabel(image)
        Volume('7_Nasty_demo', 48 × 40 × 7 float32, 1.2 × 1.25 × 4 mm)
        """
        parts = exchange.parts_of_nibabel(image)
        file = image.get_filename()
        return cls(
            parts.voxels,
            parts.ijk_to_ras,
            Rescale(parts.slope, parts.intercept),
            parts.time_step_s if parts.voxels.shape[0] > 1 else 0.0,
            name or (stem_of(file) if file else "volume"),
            warnings=parts.warnings,
            space=parts.space,
            intent=parts.intent,
        )

    def to_sitk(self) -> Any:
        """Return the image as a ``SimpleITK.Image`` in LPS, with the same values as `to_nibabel`.

        Raises
        ------
        GeometryError
            If the grid is sheared, which an ITK image cannot express.

        Examples
        --------
        >>> from nifti_dicom_bridge import read
        >>> read("scans")[0].to_sitk().GetSize()
        (48, 40, 7)
        """
        return exchange.sitk_image(self._parts())

    def _parts(self) -> exchange.Parts:
        volume = self.in_memory()
        voxels = volume.voxels if volume.rescale.is_identity else volume.real_values()
        return exchange.Parts(voxels, volume.ijk_to_ras, time_step_s=volume.time_step_s, intent=volume.intent)

    def edits(self) -> frozenset[str]:
        """Return what is no longer as it was read from DICOM: any of ``"voxels"``, ``"geometry"``."""
        if self.origin is None:
            return frozenset()
        found = set()
        if not same_grid(self.ijk_to_ras, self.origin.ijk_to_ras, self.voxels.shape[1:4]):
            found.add("geometry")
        same_shape = tuple(self.voxels.shape) == tuple(self.origin.shape)
        if not same_shape or self.rescale != self.origin.rescale or digest_of(self.voxels) != self.origin.digest:
            found.add("voxels")
        return frozenset(found)


def turned(volume: Volume, order: Sequence[int], flips: Sequence[int]) -> Volume:
    """Return a volume with its spatial axes in another order and direction (see `geometry.closest_orientation`).

    The voxels are a view; every voxel stays where it is in the patient.
    """
    return replace(
        volume,
        voxels=_turned_voxels(volume.voxels, order, flips),
        ijk_to_ras=geometry.reoriented_affine(volume.ijk_to_ras, order, flips, volume.shape_ijk),
    )


def _turned_voxels(voxels: np.ndarray, order: Sequence[int], flips: Sequence[int]) -> np.ndarray:
    if tuple(order) == (0, 1, 2) and min(flips) > 0:  # nothing to turn, and nothing to read
        return voxels
    voxels = in_memory(voxels)
    axes = {0: 3, 1: 2, 2: 1}  # i, j, k in an array of (times, slices, rows, columns)
    for source, flip in zip(order, flips, strict=True):
        if flip < 0:
            voxels = np.flip(voxels, axes[source])
    wanted = [0, axes[order[2]], axes[order[1]], axes[order[0]], *range(4, voxels.ndim)]
    return voxels.transpose(wanted)


def digest_of(voxels: np.ndarray | LazyVoxels) -> str:
    """Return the digest of voxel values, type and shape: the same whatever the byte order or memory layout.

    BLAKE2b (RFC 7693), 256 bits, of type, shape and the BLAKE2b digests of blocks of the little-endian values in C order. A
    block is as many whole planes as fit 4 MiB, at least one; in blocks, so that all processors help.
    """
    if isinstance(voxels, LazyVoxels):
        return _lazy_digest(voxels)
    planes = voxels.reshape(-1, *voxels.shape[2:])
    dtype = voxels.dtype.newbyteorder("<")
    some = planes_per_block(voxels.shape, dtype)
    state = _digest_state(voxels.shape, dtype)

    def block_digest(start: int) -> bytes:
        return hashlib.blake2b(bytes_of(np.ascontiguousarray(planes[start : start + some], dtype)), digest_size=32).digest()

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for digest in pool.map(block_digest, range(0, len(planes), some)):
            state.update(digest)
    return DIGEST_PREFIX + state.hexdigest()


def _lazy_digest(voxels: LazyVoxels) -> str:
    digester = Digester(voxels.shape, voxels.dtype)
    some = planes_per_block(voxels.shape, voxels.dtype)
    for _, _, planes in read_ahead(voxels, ranges(voxels.shape, some, 4 * some)):
        digester.update(planes)
    return digester.digest()


def planes_per_block(shape: Sequence[int], dtype: np.dtype) -> int:
    """Return how many planes of voxels (times, slices, rows, columns…) a block of the digest has."""
    return max(1, DIGEST_BLOCK // max(1, int(np.prod(shape[2:], dtype=np.int64)) * dtype.itemsize))


def _digest_state(shape: Sequence[int], dtype: np.dtype) -> hashlib.blake2b:
    return hashlib.blake2b(f"{dtype.str}{tuple(int(n) for n in shape)}".encode("ascii"), digest_size=32)


class Digester:
    """Computes `digest_of` voxels that come plane by plane, in order.

    Parameters
    ----------
    shape : sequence of int
        (times, slices, rows, columns[, samples]) of all of them.
    dtype : numpy.dtype
        Of the voxels.
    """

    def __init__(self, shape: Sequence[int], dtype: np.dtype):
        self._dtype = dtype.newbyteorder("<")
        self._some = planes_per_block(shape, self._dtype)
        self._state = _digest_state(shape, self._dtype)
        self._block, self._filled = hashlib.blake2b(digest_size=32), 0

    def update(self, planes: np.ndarray) -> None:
        """Add planes, shape (any number, rows, columns[, samples])."""
        start = 0
        while start < len(planes):
            part = planes[start : start + self._some - self._filled]
            self._block.update(bytes_of(np.ascontiguousarray(part, self._dtype)))
            start, self._filled = start + len(part), self._filled + len(part)
            if self._filled == self._some:
                self._close_block()

    def digest(self) -> str:
        """Return the digest of all planes; to be asked once, at the end."""
        if self._filled:
            self._close_block()
        return DIGEST_PREFIX + self._state.hexdigest()

    def _close_block(self) -> None:
        self._state.update(self._block.digest())
        self._block, self._filled = hashlib.blake2b(digest_size=32), 0


def same_grid(a: np.ndarray, b: np.ndarray, shape_kji: tuple[int, ...], tolerance_mm: float | None = None) -> bool:
    """Return whether two voxel-to-world matrices put all corners of a grid (slices, rows, columns) at the same places.

    Without a tolerance, within what a NIfTI header can blur, and no more.
    """
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        return False
    last = np.array(shape_kji[::-1], dtype=float) - 1
    corners = np.array([[i, j, k, 1] for i in (0, last[0]) for j in (0, last[1]) for k in (0, last[2])]).T
    if tolerance_mm is None:
        blur = 4 * float(np.abs(b @ corners).max()) * float(np.finfo(np.float32).eps)
        smallest = float(np.linalg.norm(b[:3, :3], axis=0).min())
        tolerance_mm = min(POSITION_TOLERANCE_MM, max(POSITION_TOLERANCE * smallest, blur))
    return bool(np.abs((a - b) @ corners).max() <= tolerance_mm)
