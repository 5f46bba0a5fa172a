"""What all instances of one derived volume share: templates and planes."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from ....errors import GeometryError
from ....model import metadata
from ....model.metadata import Instance, Log, SeriesMetadata
from ....model.space import geometry
from ....model.space.geometry import Plane, upright_axes
from ....model.space.grids import same_grid
from ....model.space.regular_grid import SAME_SLICE
from ....model.volume import Volume
from ....options import ConversionOptions, Resample
from ....options.remedies import remedy
from ....standard.tags import Tag
from ..edits import AttributePath
from ..reading.frames.frame_info import FrameInfo
from ..reading.frames.frames import frames_of, true_planes
from ..reading.frames.tolerances import SEEN_SHIFT
from ..uids import new_uid
from .stored import DerivedPixels
from .units import lost_unit, note_of_units

_ONE_TIME = (
    "the image has one time, its original {}: b-value and number of the time are left out, and what else differs between the "
    "times, such as AcquisitionTime (0008,0032), is that of the first"
)

_FAR_OFF = 0.5
"""Part of a slice distance by which slices that are crossed may be off the grid."""
_UNITS = frozenset({Tag.RESCALE_TYPE, Tag.UNITS})
_UNPLACED = "the original does not specify where it is, so the new place of its voxels is not stored"


class DerivationContext:
    """Templates, planes and values of one derived volume."""

    def __init__(
        self, volume: Volume, resampled: bool, log: Log, options: ConversionOptions, stated: Collection[AttributePath] = ()
    ):
        series = volume.dicom.metadata
        self.volume, self.series, self.resampled, self.log = volume, series, resampled, log
        self.templates = nearest_frames(volume) if resampled else series.frames
        self.is_of_one_time = volume.times == 1 < len(series.frames)
        if self.is_of_one_time:
            log.warnings.append(_ONE_TIME.format(len(series.frames)))
        moved = resampled or bool(volume.dicom.resampled)
        self.slices = slices_of(volume) if moved else [[k] for k in range(series.frames.shape[1])]
        self.last_time = len(series.frames) - 1
        self.planes = planes_of(volume)
        self.has_geometry = has_position(series)
        if volume.is_moved and not self.has_geometry:
            log.notes.append(_UNPLACED)
        self.sop_class = metadata.text(series.first.elements, Tag.SOP_CLASS_UID)
        self.functional = Tag.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE in series.first.elements
        pixels = DerivedPixels(volume, self.templates, options.max_error, log)
        self.stored, self.pixel, self.pixels = pixels.voxels, pixels.pixel, pixels
        self.slopes, self.intercepts = pixels.slopes, pixels.intercepts
        self.lost_unit, reason = lost_unit(pixels, series, self.templates)
        if reason and not _UNITS.isdisjoint(stated):
            self.lost_unit = ""
        elif reason:
            log.warnings.insert(0, note_of_units(self.lost_unit, reason, self.functional))
        self._infos: dict[int, list[FrameInfo]] = {}
        self.frame_of_reference = frame_of_reference(volume, resampled, log)

    def info(self, n: int, frame: int) -> FrameInfo:
        """Return what the original specifies of a frame."""
        if n not in self._infos:
            self._infos = {n: frames_of(self.series.instances[n], n)}
        return self._infos[n][frame]

    def source_frames(self, t: int, k: int) -> list[tuple[int, int]]:
        """Return instance and frame of what a plane was made of: all slices that it crosses, or is between."""
        slices = self.slices[k]
        frames = self.series.frames[:, slices] if self.is_of_one_time else self.series.frames[min(t, self.last_time), slices]
        return [(n, frame) for n, frame in dict.fromkeys(map(tuple, frames.reshape(-1, 2).tolist()))]

    def sources(self, t: int, k: int) -> list[Instance]:
        """Return the instances that a plane was made of."""
        return [self.series.instances[n] for n in dict.fromkeys(n for n, _ in self.source_frames(t, k))]

    @property
    def spacing_ratio(self) -> tuple[float, float]:
        """By how much rows, and columns, are further apart than they were; 1 where that is rounding."""
        now, before = (geometry.spacing_of(m) for m in (self.volume.ijk_to_ras, self.volume.dicom.origin.ijk_to_ras))
        columns, rows = (float(f"{ratio:.7g}") if abs(ratio - 1) > SAME_SLICE else 1.0 for ratio in (now / before)[:2])
        return rows, columns

    @property
    def step_mm(self) -> float:
        """Distance of neighboring slices along their normal, mm; that of the grid where there is one slice."""
        if len(self.planes) < 2:
            return geometry.slice_distance(self.volume.ijk_to_ras)
        return abs(float((self.planes[1].position - self.planes[0].position) @ self.planes[0].normal))

    @property
    def step_changed(self) -> bool:
        """Whether neighboring slices are further apart, or nearer, than they were."""
        if not self.resampled:
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


def has_position(series: SeriesMetadata) -> bool:
    """Whether a frame of the first instance specifies where it is."""
    return any(frame.plane is not None and not frame.is_assumed for frame in frames_of(series.first, 0))


def is_unplaced(volume: Volume) -> bool:
    """Whether nothing specifies where an original is: neither its frames, nor the series that they were made from.

    Its grid is the assumed one then, along the axes of the patient with its middle at the origin.
    """
    origin = volume.dicom.origin
    if has_position(volume.dicom.metadata):
        return False
    axes, middle = origin.ijk_to_ras[:3, :3], (np.array(origin.shape[3:0:-1]) - 1) / 2
    off_axis = np.abs(axes - np.diag(np.diagonal(axes))).max()
    away = np.abs(axes @ middle + origin.ijk_to_ras[:3, 3]).max()
    return bool(max(off_axis, away) <= SAME_SLICE * np.abs(axes).max())


def frame_of_reference(volume: Volume, resampled: bool, log: Log) -> str:
    """Return the frame of reference: the same for a grid in the same space as the original, else a new one, and report it."""
    old = metadata.text(volume.dicom.metadata.first.elements, Tag.FRAME_OF_REFERENCE_UID)
    change = _change_of_space(volume) if old and resampled else ""
    if not change:
        return old
    log.warnings.append(
        f"{change}: a new Frame of Reference UID was assigned, because the space "
        f'may be another one. If it is the same, set it: set_values={{"FrameOfReferenceUID": "{old}"}}'
    )
    return new_uid()


def _change_of_space(volume: Volume) -> str:
    """Return what was done to a grid, if it may be in another space than the original; empty if it is parallel to it.

    A grid that was cropped or resampled has other voxels. Where these are the same, the image itself was moved, or its header
    was rounded.
    """
    if not _same_planes(volume):
        return "the grid was rotated relative to the original"
    before = volume.dicom.origin.ijk_to_ras
    seen_mm = SEEN_SHIFT * float(geometry.spacing_of(before).min())
    if "voxels" not in volume.edits() and not same_grid(volume.ijk_to_ras, before, volume.voxels.shape[1:4], seen_mm):
        return "the image was moved relative to the original, with the same voxels"
    return ""


def _parallel(volume: Volume) -> bool:
    """Whether the axes of the grid are those of the original, in any order and direction."""
    axes = [geometry.unit_axes(m) for m in (volume.ijk_to_ras, volume.dicom.origin.ijk_to_ras)]
    cosines = np.abs(axes[0].T @ axes[1])
    return bool(np.all(np.sort(cosines, axis=None)[-3:] > 1 - 1e-6))


def _same_planes(volume: Volume) -> bool:
    """Whether slices are in the planes of the original's, along the same axes; or all axes are those of the original."""
    if _parallel(volume):
        return True
    upright = [upright_axes(matrix) for matrix in (volume.ijk_to_ras, volume.dicom.origin.ijk_to_ras)]
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


def slices_of(volume: Volume) -> list[list[int]]:
    """Return, for every plane of the volume, the original slices that it crosses, or that are next to it."""
    origin = volume.dicom.origin
    slices, rows, columns = volume.voxels.shape[1:4]
    places = _true_places(volume)
    places = np.arange(origin.shape[1]) if places is None else places
    to_origin = np.linalg.inv(origin.ijk_to_ras) @ volume.ijk_to_ras
    corners = np.array([(i, j, 0.0, 1.0) for i in (0, columns - 1) for j in (0, rows - 1)]).T
    along = (to_origin @ corners)[2] + to_origin[2, 2] * np.arange(slices)[:, None]
    first = np.searchsorted(places, along.min(1) + SAME_SLICE, side="right") - 1
    last = np.searchsorted(places, along.max(1) - SAME_SLICE, side="left")
    ends = np.clip(np.stack([first, last], 1), 0, len(places) - 1).tolist()
    return [list(range(low, high + 1)) for low, high in ends]


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
    was set upright, those along the normal. A plane between two slices, as of a finer grid, has a mixture of their values, and
    its place is between theirs. Resampled to even distances, all planes are true.

    Raises
    ------
    GeometryError
        Planes cross slices that are far off the even grid.
    """
    origin, series = volume.dicom.origin, volume.dicom.metadata
    planes = geometry.attributes_from_affine(volume.ijk_to_ras, volume.voxels.shape[1])
    true = None if Resample.SPACING in volume.dicom.resampled else true_planes(series)
    if true is None:
        return planes
    grid = geometry.attributes_from_affine(origin.ijk_to_ras, origin.shape[1])
    away = np.array([plane.position - even.position for plane, even in zip(true, grid, strict=True)])
    step = geometry.slice_distance(origin.ijk_to_ras)
    normal = grid[0].normal
    if abs(float(planes[0].normal @ normal)) < 1 - 1e-6:
        _check_crossing(float(np.abs(away).max()), step)
        return planes
    away = away if _parallel(volume) else np.outer(away @ normal, normal)
    places = [float((plane.position - grid[0].position) @ normal) / step for plane in planes]
    moved = np.stack([np.interp(places, np.arange(len(grid)), column) for column in away.T], axis=1)
    return [plane._replace(position=plane.position + by) for plane, by in zip(planes, moved, strict=True)]


def _check_crossing(off_mm: float, step_mm: float) -> None:
    """Refuse planes across slices that are not where the even grid has them: each would be bent."""
    if off_mm > _FAR_OFF * step_mm:
        raise GeometryError(
            "The image was turned against the slices of its original, which are unevenly spaced: up to "
            f"{off_mm:.3g} mm off the even grid of its NIfTI image. {remedy('resample-original')}"
        )
