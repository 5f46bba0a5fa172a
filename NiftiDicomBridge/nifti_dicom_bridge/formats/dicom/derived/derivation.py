"""What all instances of one derived volume share: templates, planes, stored values."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ....errors import PixelError
from ....model import geometry, metadata
from ....model.geometry import Plane
from ....model.metadata import Instance, Log
from ....model.pixels import PixelFormat, to_real_values, to_stored_values
from ....model.quantisation import Quantised, quantise
from ....model.volume import Volume
from ....options import Resample
from ....standard.tags import Tag
from ..reading import decode
from ..reading.frames import frames_of, true_planes
from ..uids import new_uid

# objects whose integers are what they are: no rescale can be between pixels and values
_SEGMENTATIONS = ("1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7")
_X_RAYS = "1.2.840.10008.5.1.4.1.1.1."
_PET = "1.2.840.10008.5.1.4.1.1.128"


class DerivationContext:
    """Templates, planes and values of one derived volume."""

    def __init__(self, volume: Volume, resampled: bool, log: Log):
        series = volume.dicom.metadata
        self.volume, self.series, self.resampled, self.log = volume, series, resampled, log
        self.templates = nearest_frames(volume) if resampled else series.frames
        self.around = _slices_around(volume)
        self.planes = planes_of(volume)
        self.has_geometry = any(f.plane is not None and not f.is_assumed for f in frames_of(series.first, 0))
        self.pixel = decode.pixel_format(series.first)
        self.sop_class = metadata.text(series.first.elements, Tag.SOP_CLASS_UID)
        self.functional = Tag.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE in series.first.elements
        self.slopes = np.full(volume.voxels.shape[:2], volume.rescale.slope)
        self.intercepts = np.full(volume.voxels.shape[:2], volume.rescale.intercept)
        self.stored = self._values()
        self.pixel = self._pixel_format()
        self.frame_of_reference = frame_of_reference(volume, resampled, log)

    def sources(self, t: int, k: int) -> list[Instance]:
        """Return the instances that a plane was made of: two where it is between two slices."""
        if self.around is None:
            return [self.series.instances[int(self.templates[t, k, 0])]]
        frames = self.series.frames[min(t, len(self.series.frames) - 1)]
        return [self.series.instances[int(frames[n, 0])] for n in dict.fromkeys(self.around[k].tolist())]

    def _values(self) -> np.ndarray:
        """Return stored values, and set the slope and intercept of every plane."""
        voxels = self.volume.array
        if self.pixel.floating:
            self.slopes[:], self.intercepts[:] = 1.0, 0.0
            return voxels.astype(self.pixel.dtype)
        if voxels.ndim > 4:
            if voxels.dtype != np.uint8:
                raise PixelError(
                    f"color voxels of type {voxels.dtype} cannot be stored in DICOM, which allows 8 bits per color."
                )
            return voxels
        record = self.volume.dicom.pixel_record
        if record.rescaled:
            return self._plane_by_plane()
        if voxels.dtype.kind in "iu" and _fits(voxels, self.pixel):
            return voxels.astype(self.pixel.dtype)
        return self._quantised(self.volume.real_values())

    def _quantised(self, real: np.ndarray) -> np.ndarray:
        """Return real values as 16-bit integers, as exactly as the kind of object allows."""
        if self.sop_class in _SEGMENTATIONS or self.pixel.bits_allocated == 1:
            raise PixelError(
                f"the image came from a segmentation of {self.pixel.bits_stored} bit(s), its values now are from "
                f"{real.min():g} to {real.max():g} and do not fit. Write whole numbers that do."
            )
        if self.sop_class.startswith(_X_RAYS):
            self._note_rounding(1.0, float(np.abs(np.rint(real) - real).max()))
            return to_stored_values(real, 1.0, 0.0, np.dtype("<u2"))
        scaled_only = self.sop_class == _PET or Tag.DOSE_GRID_SCALING in self.series.first.elements
        quantised: Quantised = quantise(real, zero_intercept=scaled_only)
        self.slopes[:], self.intercepts[:] = quantised.slope, quantised.intercept
        self._note_rounding(quantised.slope, quantised.error)
        return quantised.stored

    def _note_rounding(self, step: float, error: float) -> None:
        if error:
            self.log.warnings.append(
                f"values were rounded to steps of {step:.6g} to fit 16 bits; the largest error is {error:.3g}"
            )

    def _plane_by_plane(self) -> np.ndarray:
        """Return stored values where every plane has its own rescale: the original one where the plane still is what it was."""
        voxels = self.volume.voxels
        stored = np.empty(voxels.shape, self.pixel.dtype)
        worst, step = 0.0, 0.0
        for t, times in enumerate(self.templates.tolist()):
            for k, (n, frame) in enumerate(times):
                info = frames_of(self.series.instances[n], n)[frame]
                slope, intercept = info.slope, info.intercept
                plane = _exactly(voxels[t, k], slope, intercept, self.pixel)
                if plane is None:
                    quantised = quantise(voxels[t, k], zero_intercept=True, signed=self.pixel.signed)
                    plane, slope, intercept = quantised.stored, quantised.slope, quantised.intercept
                    worst, step = max(worst, quantised.error), max(step, quantised.slope)
                if not _fits(plane, self.pixel):
                    return self._quantised(self.volume.real_values())
                stored[t, k], self.slopes[t, k], self.intercepts[t, k] = plane, slope, intercept
        self._note_rounding(step, worst)
        return stored

    @property
    def step_changed(self) -> bool:
        """Whether neighbouring slices are further apart, or nearer, than they were."""
        if not self.resampled or len(self.planes) < 2:
            return False
        now, before = (geometry.slice_distance(m) for m in (self.volume.ijk_to_ras, self.volume.dicom.origin.ijk_to_ras))
        return abs(now - before) > 1e-3 * before

    @property
    def straightened(self) -> bool:
        """Whether the original was sheared, as by a tilted gantry, and this is not."""
        origin = self.volume.dicom.origin
        return geometry.is_sheared(origin.ijk_to_ras) and not geometry.is_sheared(self.volume.ijk_to_ras)

    @property
    def rescale_changed(self) -> bool:
        """Whether stored values mean something else than they did."""
        rescale = self.volume.dicom.origin.rescale
        return bool((self.slopes != rescale.slope).any() or (self.intercepts != rescale.intercept).any())

    def _pixel_format(self) -> PixelFormat:
        rows, columns = self.volume.voxels.shape[2:4]
        changes: dict[str, Any] = {"rows": int(rows), "columns": int(columns), "planar": False}
        if self.volume.voxels.ndim > 4:
            changes["photometric"] = "RGB"
        if not self.pixel.floating and self.pixel.bits_allocated > 1 and not _fits(self.stored, self.pixel):
            bits = self.stored.dtype.itemsize * 8
            changes |= {
                "bits_allocated": bits,
                "bits_stored": bits,
                "high_bit": bits - 1,
                "signed": self.stored.dtype.kind == "i",
            }
        elif not self.pixel.floating and self.pixel.high_bit != self.pixel.bits_stored - 1:
            changes["high_bit"] = self.pixel.bits_stored - 1
        return replace(self.pixel, **changes)

    def window(self) -> tuple[float, float]:
        """Return center and width that show all real values."""
        axes = tuple(range(2, self.stored.ndim))
        low = float((self.stored.min(axis=axes) * self.slopes + self.intercepts).min())
        high = float((self.stored.max(axis=axes) * self.slopes + self.intercepts).max())
        return (low + high) / 2, max(abs(high - low), 1.0)


def frame_of_reference(volume: Volume, resampled: bool, log: Log) -> str:
    """Return the frame of reference: the same while the grid is parallel to the original, else a new one, and report it."""
    old = metadata.text(volume.dicom.metadata.first.elements, Tag.FRAME_OF_REFERENCE_UID)
    if not old or not resampled or _same_planes(volume):
        return old
    log.warnings.append(
        "the grid was rotated relative to the original: a new Frame of Reference UID was assigned, because the space "
        "may differ "
        f'one. If it is the same, set it: set_values={{"FrameOfReferenceUID": "{old}"}}'
    )
    return new_uid()


def _fits(voxels: np.ndarray, pixel: PixelFormat) -> bool:
    """Whether all values can be stored in the bits that the template has."""
    if pixel.bits_allocated == 1:
        low, high = 0, 1
    else:
        low = -(1 << pixel.bits_stored - 1) if pixel.signed else 0
        high = (1 << pixel.bits_stored - 1) - 1 if pixel.signed else (1 << pixel.bits_stored) - 1
    return not voxels.size or bool(voxels.min() >= low and voxels.max() <= high)


def _exactly(real: np.ndarray, slope: float, intercept: float, pixel: PixelFormat) -> np.ndarray | None:
    """Return the stored values of a plane that still has its rescale; None where rounding would change a value."""
    try:
        stored = to_stored_values(real, slope, intercept, pixel.dtype)
    except PixelError:
        return None
    same = np.array_equal(to_real_values(stored, slope, intercept, real.dtype), real)
    return stored if same and _fits(stored, pixel) else None


def _parallel(volume: Volume) -> bool:
    """Whether the axes of the grid are those of the original, in any order and direction."""
    axes = [m[:3, :3] / np.linalg.norm(m[:3, :3], axis=0) for m in (volume.ijk_to_ras, volume.dicom.origin.ijk_to_ras)]
    cosines = np.abs(axes[0].T @ axes[1])
    return bool(np.all(np.sort(cosines, axis=None)[-3:] > 1 - 1e-6))


def _same_planes(volume: Volume) -> bool:
    """Whether slices are in the planes of the original's, along the same axes; or all axes are those of the original."""
    if _parallel(volume):
        return True
    upright = [geometry.upright_axes(matrix) for matrix in (volume.ijk_to_ras, volume.dicom.origin.ijk_to_ras)]
    return bool(np.all(np.abs(np.sum(upright[0] * upright[1], axis=0)) > 1 - 1e-6))


def _true_places(volume: Volume) -> np.ndarray | None:
    """Return where original slices are in an image resampled to even distances, counted in slices of the original grid.

    None for other images: there a slice is where the grid has it, which is not where it truly was.
    """
    origin, series = volume.dicom.origin, volume.dicom.metadata
    true = true_planes(series) if Resample.SPACING in volume.dicom.resampled else None
    if true is None:
        return None
    return np.array([plane.distance - true[0].distance for plane in true]) / geometry.slice_distance(origin.ijk_to_ras)


def _slices_around(volume: Volume) -> np.ndarray | None:
    """Return the original slices below and above every slice, shape (slices, 2), twice the same where it is one of them.

    None where slices were not resampled to even distances.
    """
    places = _true_places(volume)
    if places is None:
        return None
    steps = np.array([[0.0, 0.0, k, 1.0] for k in range(volume.voxels.shape[1])]).T
    along = (np.linalg.inv(volume.dicom.origin.ijk_to_ras) @ volume.ijk_to_ras @ steps)[2]
    below = np.searchsorted(places, along + geometry.SAME_SLICE, side="right") - 1
    above = np.searchsorted(places, along - geometry.SAME_SLICE, side="left")
    result: np.ndarray | None = np.clip(np.stack([below, above], 1), 0, len(places) - 1)
    return result


def nearest_frames(volume: Volume) -> np.ndarray:
    """Return, for every plane of the volume, the original frame that is nearest, shape (times, slices, 2)."""
    origin, series = volume.dicom.origin, volume.dicom.metadata
    times, slices = volume.voxels.shape[:2]
    middle = np.array([(volume.voxels.shape[3] - 1) / 2, (volume.voxels.shape[2] - 1) / 2])
    k = np.arange(slices)
    centres = np.stack([np.full(slices, middle[0]), np.full(slices, middle[1]), k, np.ones(slices)])
    in_origin = np.linalg.inv(origin.ijk_to_ras) @ volume.ijk_to_ras @ centres
    places = _true_places(volume)
    if places is None:
        nearest = np.clip(np.rint(in_origin[2]).astype(int), 0, series.frames.shape[1] - 1)
    else:
        nearest = np.abs(places[:, None] - in_origin[2]).argmin(axis=0)
    return np.stack([series.frames[min(t, series.frames.shape[0] - 1), nearest] for t in range(times)])


def planes_of(volume: Volume) -> list[Plane]:
    """Return the planes of the grid of an edited volume; slices of the original moved to where they truly were.

    An uneven stack becomes an even grid in NIfTI. A crop or a shift of it keeps its slices, and so their distances; where it
    was set upright, those along the normal. Resampled to even distances, all planes are true.
    """
    origin, series = volume.dicom.origin, volume.dicom.metadata
    planes = geometry.attributes_from_affine(volume.ijk_to_ras, volume.voxels.shape[1])
    if not _same_planes(volume) or Resample.SPACING in volume.dicom.resampled:
        return planes
    grid = geometry.attributes_from_affine(origin.ijk_to_ras, origin.shape[1])
    normal = grid[0].normal
    distances = np.array([p.position @ normal for p in grid])
    firsts = [int(np.argmin(np.abs(distances - plane.position @ normal))) for plane in planes]
    true = true_planes(series)
    if len(set(firsts)) < len(firsts) or true is None:
        return planes
    result = []
    for plane, k in zip(planes, firsts, strict=True):
        away = true[k].position - grid[k].position
        moved = plane.position + (away if _parallel(volume) else normal * float(away @ normal))
        result.append(replace(plane, position=moved))
    return result
