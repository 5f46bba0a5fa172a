"""The neutral image between the formats: voxels, grid, rescale, metadata. It knows no file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from ..errors import SidecarError
from . import exchange
from .dicom_source import DicomSource
from .files.names import stem_of
from .metadata import Instance
from .space.axes import reoriented_affine
from .space.geometry import spacing_of
from .space.grids import same_grid
from .voxels.digest import has_digest, share_digest
from .voxels.lazy_voxels import LazyVoxels, Voxels
from .voxels.pixels import Rescale
from .voxels.real_values import to_real_values
from .voxels.turned_voxels import turned_voxels

UNPLACED = "unplaced"
"""`Volume.space` of DICOM objects that do not specify where they are."""


@dataclass(frozen=True, eq=False, repr=False)
class Volume:
    """A grid of voxels in the patient.

    Immutable: an edit makes a new volume (`dataclasses.replace`), which keeps `source`, so that a later writer knows whether
    it is restored or derived. Arrays that belong to a volume must not be written to.

    Attributes
    ----------
    voxels : numpy.ndarray or LazyVoxels, shape (times, slices, rows, columns) or (times, slices, rows, columns, samples)
        Stored values, before `rescale`. Lazy ones are read when they are sliced; `array` has them in memory.
    ijk_to_ras : numpy.ndarray, shape (4, 4), float64
        Maps (column i, row j, slice k, 1) to (x, y, z, 1) in mm, RAS.
    rescale : Rescale
        Stored → real values, one for the volume.
    time_step_s : float
        Seconds between two times; 0 where unknown or where there is one time.
    name : str
        Proposed file name without suffix, safe on every file system.
    source : DicomSource or None
        The DICOM that the volume came from; None for an image that never was DICOM.
    gradients : numpy.ndarray or None, shape (times, 4)
        b-value in s/mm² and unit gradient direction in RAS of every time; None where it is not a diffusion series.
    warnings : tuple of str
        What a person should know before trusting the grid: uneven spacing, missing slices, gantry tilt…
    space : str
        What an image file specifies for its coordinates: ``scanner``, ``aligned`` (with another image), ``talairach``, ``mni``,
        ``template``, ``unspecified``; empty where it specifies nothing, and for DICOM; ``unplaced`` for DICOM without a place.
    intent : str
        What an image file specifies for its values: ``label``, the name of a statistic…; empty where it specifies nothing.
    display_range : tuple of (float, float) or None
        Real values that an image file specifies to be displayed as black and white (``cal_min``, ``cal_max``).
    start_s : float
        Seconds at which an image file specifies the first time to begin (``toffset``).

    Examples
    --------
    >>> import numpy as np
    >>> from nifti_dicom_bridge import Volume
    >>> Volume(np.zeros((1, 7, 40, 48), np.int16), np.diag([1.0, 1.0, 3.0, 1.0]), name="mask")
    Volume('mask', 48 × 40 × 7 int16, 1 × 1 × 3 mm)
    """

    voxels: Voxels
    ijk_to_ras: np.ndarray
    rescale: Rescale = field(default_factory=Rescale)
    time_step_s: float = 0.0
    name: str = "volume"
    source: DicomSource | None = None
    gradients: np.ndarray | None = None
    warnings: tuple[str, ...] = ()
    space: str = ""
    intent: str = ""
    display_range: tuple[float, float] | None = None
    start_s: float = 0.0

    @property
    def shape_ijk(self) -> tuple[int, int, int]:
        """Columns, rows, slices."""
        return self.voxels.shape[3], self.voxels.shape[2], self.voxels.shape[1]

    @property
    def times(self) -> int:
        """Number of times (or echoes, b-values…) along the first axis."""
        return self.voxels.shape[0]

    @property
    def array(self) -> np.ndarray:
        """The voxels in memory, shape (times, slices, rows, columns[, samples]); lazy ones are read."""
        return np.asarray(self.voxels)

    @property
    def dicom(self) -> DicomSource:
        """The source of a volume that must have one.

        Raises
        ------
        SidecarError
            If the volume never was DICOM, or lost its record.
        """
        if self.source is None:
            raise SidecarError(
                f"{self.name}: no record of the DICOM that it came from: the sidecar NAME.json that was written with the image "
                "is missing or has no key 'NiftiDicomBridge'. Put it back next to the image."
            )
        return self.source

    def with_instances(self, instances: Iterable[Instance]) -> Volume:
        """Return the volume with other attributes of the instances that it came from."""
        source = self.dicom
        return replace(self, source=replace(source, metadata=replace(source.metadata, instances=tuple(instances))))

    def real_values(self) -> np.ndarray:
        """Return slope · stored + intercept as float64, in the shape of `voxels`."""
        return to_real_values(self.array, self.rescale.slope, self.rescale.intercept, np.dtype(np.float64))

    def in_memory(self) -> Volume:
        """Return the volume with voxels that are an array; itself where they are."""
        if not isinstance(self.voxels, LazyVoxels):
            return self
        return replace(self, voxels=share_digest(self.voxels, self.array))

    @cached_property
    def is_moved(self) -> bool:
        """Whether the grid is no longer as it was read from DICOM; no voxels are read to know it."""
        if self.source is None:
            return False
        return not same_grid(self.ijk_to_ras, self.source.origin.ijk_to_ras, self.voxels.shape[1:4])

    def __repr__(self) -> str:
        size = " × ".join(map(str, [*self.shape_ijk, *([self.times] if self.times > 1 else [])]))
        samples = " RGB" if self.voxels.ndim == 5 else ""
        spacing = " × ".join(f"{length:.4g}" for length in spacing_of(self.ijk_to_ras))
        source = f", from {len(self.source.metadata.instances)} DICOM instances" if self.source is not None else ""
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
        Volume('7_Oblique_MR', 48 × 40 × 7 float32, 1.2 × 1.25 × 4 mm)
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
            display_range=parts.display_range,
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
        voxels = volume.array if volume.rescale.is_identity else volume.real_values()
        return exchange.Parts(voxels, volume.ijk_to_ras, time_step_s=volume.time_step_s, intent=volume.intent)

    def edits(self) -> frozenset[str]:
        """Return what is no longer as it was read from DICOM: any of ``"voxels"``, ``"geometry"``, ``"record"``."""
        is_changed = self.source is not None and self.source.is_changed
        changes = {"geometry": self.is_moved, "record": is_changed, "voxels": self._has_other_voxels()}
        return frozenset(name for name, changed in changes.items() if changed)

    @property
    def may_be_original(self) -> bool:
        """Whether at most the values of voxels differ from what was read from DICOM; they are not read to know it."""
        return self.source is not None and not self.is_moved and not self.source.is_changed and self._has_original_form()

    def _has_original_form(self) -> bool:
        origin, dtype = self.dicom.origin, self.voxels.dtype.newbyteorder("<")
        return (tuple(self.voxels.shape), dtype, self.rescale) == (tuple(origin.shape), np.dtype(origin.dtype), origin.rescale)

    def _has_other_voxels(self) -> bool:
        if self.source is None or not self.source.origin.digest:
            return False
        return not self._has_original_form() or not has_digest(self.voxels, self.source.origin.digest)


def reoriented(volume: Volume, order: Sequence[int], flips: Sequence[int]) -> Volume:
    """Return a volume with its spatial axes in another order and direction (see `closest_orientation`).

    The voxels are a view, lazy where they were; every voxel stays where it is in the patient.
    """
    return replace(
        volume,
        voxels=turned_voxels(volume.voxels, order, flips),
        ijk_to_ras=reoriented_affine(volume.ijk_to_ras, order, flips, volume.shape_ijk),
    )
