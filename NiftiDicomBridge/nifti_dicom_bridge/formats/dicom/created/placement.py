"""Where the frames of a Segmentation or Parametric Map are, and which frames of a reference series are there too."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from ....errors import PixelError
from ....model.metadata import Log
from ....model.space.geometry import Plane, attributes_from_affine, slice_distance
from ....model.volume import Volume
from ..new_file import check_plane
from ..pydicom_conversion import items_of
from .reference_times import FrameKey

SAME_PLACE = 0.01
"""Planes are the same if their distance is at most this part of the slice distance, and that of their corners of a pixel."""
_HEADER_EPS = 4 * float(np.finfo(np.float32).eps)
_LARGEST_PART = 0.25
SAME_DIRECTION = 1e-4


_UNMATCHED = "no frame of the reference series has the position of a frame of this image: frames are not referenced one by one"

CountedFrame = tuple[Dataset, int]
"""An instance, and the number of a frame in it, from 1; 0 where it has one frame."""


@dataclass(frozen=True)
class SourcePlane:
    """One frame of a reference series.

    Attributes
    ----------
    plane : Plane
        Where it is.
    shape : tuple of int
        Rows, columns.
    source : Dataset
        The instance.
    frame : int
        Its number in the instance, from 1; 0 where the instance is of one frame.
    """

    plane: Plane
    shape: tuple[int, int]
    source: Dataset
    frame: int

    @property
    def key(self) -> FrameKey:
        """What identifies it."""
        return str(self.source.SOPInstanceUID), self.frame


def source_planes(sources: Sequence[Dataset]) -> Iterator[SourcePlane]:
    """Yield every frame of a reference series that specifies where it is."""
    for source in sources:
        yield from _planes_of(source)


def _planes_of(source: Dataset) -> Iterator[SourcePlane]:
    shape = (_whole(source.get("Rows")), _whole(source.get("Columns")))
    groups = items_of(source, "PerFrameFunctionalGroupsSequence")
    if not groups:
        plane = _plane(source, source, source)
        if plane is not None:
            yield SourcePlane(plane, shape, source, 0)
        return
    shared = (items_of(source, "SharedFunctionalGroupsSequence") or [Dataset()])[0]
    for n, own in enumerate(groups, 1):
        position, orientation, measures = (
            (items_of(own, name) or items_of(shared, name) or [Dataset()])[0]
            for name in ("PlanePositionSequence", "PlaneOrientationSequence", "PixelMeasuresSequence")
        )
        plane = _plane(position, orientation, measures)
        if plane is not None:
            yield SourcePlane(plane, shape, source, n)


def _whole(value: Any) -> int:
    """Return a number of a reference, 0 where it is missing or damaged."""
    try:
        return int(value or 0)
    except (TypeError, ValueError, OverflowError):
        return 0


def _plane(position: Dataset, orientation: Dataset, measures: Dataset) -> Plane | None:
    try:
        texts = (position.get("ImagePositionPatient"), orientation.get("ImageOrientationPatient"), measures.get("PixelSpacing"))
        place, directions, spacing = (np.array([float(number) for number in value]) for value in texts)
    except (TypeError, ValueError, NotImplementedError):  # missing, one value, not a number, an unknown VR
        return None
    if (place.size, directions.size, spacing.size) != (3, 6, 2):
        return None
    return Plane(place, directions, (float(spacing[0]), float(spacing[1])))


class Placement:
    """The planes of a volume: on those of a reference series where they are the same but for rounding.

    Where slices truly are, `planes`, wins over the matrix of the volume, which is even. Of images without a position, `counted`
    has the source frame of each slice, None where it is not known. Of a reference with several times, the frames `among` which
    those of the volume are; None: any frame may be. If there are none, as the time is not known, no frame is referenced.

    Raises
    ------
    GeometryError
        If the in-plane axes of the volume are not perpendicular.
    PixelError
        If the voxels are colors, or there are too many rows or columns.
    """

    def __init__(
        self,
        volume: Volume,
        sources: Sequence[Dataset],
        log: Log,
        planes: Sequence[Plane] = (),
        counted: Sequence[CountedFrame | None] = (),
        among: Collection[FrameKey] | None = None,
    ):
        if volume.voxels.ndim != 4:
            raise PixelError(_not_scalar(volume))
        self.shape = (volume.shape_ijk[1], volume.shape_ijk[0])
        check_plane(*self.shape)
        own = list(planes) or attributes_from_affine(volume.ijk_to_ras, volume.shape_ijk[2])
        self.step_mm = slice_distance(volume.ijk_to_ras)
        self.is_counted = bool(counted)
        self.sources = _only(sources, among)
        self._candidates = [one for one in source_planes(self.sources) if not among or one.key in among]
        self._positions = np.array([one.plane.position for one in self._candidates]).reshape(-1, 3)
        self._normals = np.array([one.plane.normal for one in self._candidates]).reshape(-1, 3)
        if counted:
            frames = zip(own, counted, strict=True)
            self.matches = [[SourcePlane(plane, self.shape, *frame)] if frame else [] for plane, frame in frames]
        else:
            self.matches = [self._at(plane) for plane in own]
        self.planes = [_snapped(plane, matches, self.shape) for plane, matches in zip(own, self.matches, strict=True)]
        self._own_positions = np.array([plane.position for plane in self.planes])
        if sources and not any(self.matches) and _UNMATCHED not in log.warnings:
            log.warnings.append(_UNMATCHED)
        if among is not None and not among:
            self.matches = [[] for _ in own]

    def _at(self, plane: Plane) -> list[SourcePlane]:
        """Return the source frames in the plane of a frame."""
        blur = _HEADER_EPS * float(np.abs(plane.position).max())  # of positions in single precision
        nearest = min(max(SAME_PLACE * self.step_mm, blur), _LARGEST_PART * self.step_mm)
        parallel = np.abs(self._normals @ plane.normal) > 1 - SAME_DIRECTION
        there = np.abs((self._positions - plane.position) @ plane.normal) <= nearest
        return [self._candidates[n] for n in np.flatnonzero(parallel & there)]

    def is_same_grid(self, k: int, source: SourcePlane) -> bool:
        """Whether every pixel of a frame is on that of a source frame."""
        return _same_grid(self.planes[k], source, self.shape)

    def nearest(self, position: Sequence[float]) -> int:
        """Return the index of the plane at a position, LPS, mm."""
        return int(np.abs(self._own_positions - position).sum(axis=1).argmin())

    def sequences(self) -> dict[str, Any]:
        """Return positions, orientation and measures as highdicom takes them."""
        import highdicom as hd

        first, patient = self.planes[0], hd.CoordinateSystemNames.PATIENT
        orientation = [float(number) for number in first.orientation]
        return {
            "plane_positions": [hd.PlanePositionSequence(patient, plane.position.tolist()) for plane in self.planes],
            "plane_orientation": hd.PlaneOrientationSequence(patient, orientation),
            "pixel_measures": hd.PixelMeasuresSequence(list(first.spacing), self.step_mm, self.step_mm),
        }


def _only(sources: Sequence[Dataset], among: Collection[FrameKey] | None) -> list[Dataset]:
    uids = {uid for uid, _ in among or ()}
    return [source for source in sources if not uids or str(source.SOPInstanceUID) in uids]


def _snapped(plane: Plane, matches: Sequence[SourcePlane], shape: tuple[int, int]) -> Plane:
    return next((one.plane for one in matches if _same_grid(plane, one, shape)), plane)


def _same_grid(plane: Plane, source: SourcePlane, shape: tuple[int, int]) -> bool:
    if source.shape != shape:
        return False
    apart = np.abs(plane.corners(*shape) - source.plane.corners(*shape)).max()
    return bool(apart <= SAME_PLACE * min(plane.spacing))


def _not_scalar(volume: Volume) -> str:
    """Return why colors and vectors are not written as segmentations or parametric maps."""
    if volume.intent == "rgb":
        return "Color images cannot become segmentations or parametric maps. Use another kind of object."
    return (
        f"{volume.voxels.shape[-1]} values per voxel are a vector: segmentations and parametric maps have one. Split the image "
        "into one per component."
    )
