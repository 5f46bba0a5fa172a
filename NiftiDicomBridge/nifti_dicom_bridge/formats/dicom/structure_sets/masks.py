"""Contours of a region → its masks in the slices of a grid, and what the grid could not hold of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from ....model.space.geometry import Plane
from ..reading.frames.tolerances import near_slice_mm, same_place_mm
from .fill import filled
from .rois import Contour, ContourImage, Roi, is_closed, is_unusual

SAME_PLANE = 0.02
"""Contours are in one plane if their distance is at most this part of the slice distance, of usual ones."""
FLAT = 0.1
"""And parallel to the slices if their points are not further apart along the normal than this part of the slice distance."""
HALF = 0.5
TRIANGLE = 3
"""Points that enclose something."""
NOT_DRAWN = 0
"""The label of regions without images in their frame of reference: they have no voxels, and edits leave them as they are."""
Box = tuple[slice, slice, np.ndarray]
"""Rows and columns of a box, and the mask in it."""


@dataclass
class RoiMasks:
    """The voxels of a region.

    Attributes
    ----------
    roi : Roi
        The region.
    planes : dict of int to Box
        By slice.
    warnings : list of str
        What the grid does not hold.
    notes : list of str
        How its contours were taken.
    """

    roi: Roi
    planes: dict[int, Box] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class SliceGrid:
    """The slices of a series, which contours are drawn in.

    Parameters
    ----------
    planes : sequence of Plane
        Where the slices truly are, in order.
    shape : (int, int)
        Rows, columns.
    step_mm : float
        Distance of slices where there is only one.
    images : mapping of ContourImage to Plane
        The images that contours may refer to; None where one has several planes.
    """

    def __init__(
        self,
        planes: Sequence[Plane],
        shape: tuple[int, int],
        step_mm: float,
        images: Mapping[ContourImage, Plane | None] = MappingProxyType({}),
    ):
        self.planes, self.shape, self.normal = planes, shape, planes[0].normal
        self.distances = np.array([plane.position @ self.normal for plane in planes])
        steps = np.abs(np.diff(self.distances))
        self.step_mm = float(steps.min()) if steps.size else step_mm or 1.0
        self.near_mm = near_slice_mm(self.step_mm, SAME_PLANE)
        self._same_point_mm = same_place_mm(planes[0].spacing, self.step_mm)
        self._images = {image: float(plane.position @ self.normal) for image, plane in images.items() if plane}

    def masks_of(self, roi: Roi) -> RoiMasks:
        """Return the voxels of a region: those whose centers are within an odd number of its contours in their slice."""
        masks = RoiMasks(roi)
        closed = [contour for contour in roi.contours if is_closed(contour.kind)]
        masks.warnings += _doubts_of_kinds(roi.contours)
        if short := sum(len(contour.points) < TRIANGLE for contour in closed):
            masks.warnings.append(f"{short} contour(s) enclose nothing, as they have fewer than {TRIANGLE} points")
        if shifted := sum(contour.is_shifted for contour in closed):
            masks.warnings.append(f"ContourOffsetVector (3006,0045) of {shifted} contour(s) is not applied, as it is retired")
        if roi.damaged:
            masks.warnings.append(f"the points of {roi.damaged} contour(s) cannot be read: the region has no voxels")
            return masks
        tilted = sum(np.ptp(contour.points @ self.normal) > FLAT * self.step_mm for contour in closed)
        if tilted:
            masks.warnings.append(f"{tilted} contour(s) are not parallel to the slices: the region has no voxels")
            return masks
        masks.warnings += self._wrong_images(closed)
        levels = self._levels(closed)
        for k, level in self._by_slice(levels, masks).items():
            self._fill(masks, k, _without_copies(levels[level], self._same_point_mm, masks))
        return masks

    def _wrong_images(self, contours: Sequence[Contour]) -> list[str]:
        """Return that contours refer to images of other slices than that of their points."""
        away = []
        for contour in contours:
            images = [self._images[image] for image in contour.images if image in self._images]
            distance = float(np.mean(contour.points @ self.normal))
            nearest = min(images, key=lambda image: abs(image - distance), default=distance)
            if abs(nearest - distance) > HALF * self._step_at(self._nearest(nearest)) + self.near_mm:
                away.append(abs(nearest - distance))
        if not away:
            return []
        return [
            f"{len(away)} contour(s) refer to images that are up to {max(away):.3g} mm from their points: they were drawn "
            "in the slices of their points"
        ]

    def _levels(self, contours: Sequence[Contour]) -> dict[float, list[Contour]]:
        """Return contours by their distance along the normal, those in one plane together."""
        levels: dict[float, list[Contour]] = {}
        for contour in sorted(contours, key=lambda contour: float(np.mean(contour.points @ self.normal))):
            distance = float(np.mean(contour.points @ self.normal))
            last = next(reversed(levels), None)
            levels.setdefault(last if last is not None and distance - last <= self.near_mm else distance, []).append(contour)
        return levels

    def _by_slice(self, levels: dict[float, list[Contour]], masks: RoiMasks) -> dict[int, float]:
        """Return the plane of contours that each slice gets: the nearest one within half of the distance of slices."""
        nearest: dict[int, float] = {}
        outside = between = 0
        for level, contours in levels.items():
            k = self.slice_of(contours[0].points)
            if k is None:
                outside += len(contours)
            elif k not in nearest or abs(self.distances[k] - level) < abs(self.distances[k] - nearest[k]):
                between += k in nearest
                nearest[k] = level
            else:
                between += 1
        moved = [abs(self.distances[k] - level) for k, level in nearest.items()]
        if outside:
            masks.warnings.append(f"{outside} contour(s) are outside of the slices of the grid and were left out")
        if between:
            masks.warnings.append(f"{between} plane(s) of contours between slices were left out: each slice has the nearest")
        if moved and max(moved) > self.near_mm:
            masks.warnings.append(f"contours are up to {max(moved):.3g} mm off their slice and were moved to it")
        self._warn_of_gaps(sorted(nearest), masks)
        return nearest

    def slice_of(self, points: np.ndarray) -> int | None:
        """Return the slice of a contour, points (n, 3), LPS, mm; None if it is outside of the grid."""
        distance = float(np.mean(points @ self.normal))
        k = self._nearest(distance)
        return k if abs(self.distances[k] - distance) <= HALF * self._step_at(k) + self.near_mm else None

    def _nearest(self, distance: float) -> int:
        return int(np.abs(self.distances - distance).argmin())

    def _step_at(self, k: int) -> float:
        near = np.abs(np.diff(self.distances[max(0, k - 1) : k + 2]))
        return float(near.max()) if near.size else self.step_mm

    def _warn_of_gaps(self, slices: Sequence[int], masks: RoiMasks) -> None:
        """Warn if contours are drawn in every second or third slice only: nothing is interpolated."""
        steps = np.diff(slices)
        if len(steps) > 1 and steps.min() > 1:
            masks.warnings.append(f"contours are drawn only every {int(np.median(steps))} slices: those between are empty")

    def _fill(self, masks: RoiMasks, k: int, contours: Sequence[Contour]) -> None:
        polygons = [self._in_plane(contour.points, self.planes[k]) for contour in contours]
        low = np.min([polygon.min(axis=0) for polygon in polygons], axis=0)
        high = np.max([polygon.max(axis=0) for polygon in polygons], axis=0)
        rows, columns = self.shape
        if (low < -HALF - 1e-3).any() or (high > np.array([columns, rows]) - HALF + 1e-3).any():
            _once(masks.warnings, "contours leave the grid: what is outside was cut off")
        first = np.clip(np.floor(low).astype(int), 0, [columns, rows])
        last = np.clip(np.ceil(high).astype(int) + 1, 0, [columns, rows])
        if (last <= first).any():
            return
        shape, shifted = (int(last[1] - first[1]), int(last[0] - first[0])), [polygon - first for polygon in polygons]
        mask = filled(shifted, shape)
        if len(polygons) > 1:
            _note_overlaps(masks, shifted, mask, shape)
        if mask.any():
            masks.planes[k] = slice(int(first[1]), int(last[1])), slice(int(first[0]), int(last[0])), mask

    def _in_plane(self, points: np.ndarray, plane: Plane) -> np.ndarray:
        """Return column and row of points, from 0 at the center of the first voxel."""
        away = points - plane.position
        columns = away @ plane.orientation[:3] / plane.spacing[1]
        rows = away @ plane.orientation[3:] / plane.spacing[0]
        return np.stack([columns, rows], axis=1)


def _doubts_of_kinds(contours: Sequence[Contour]) -> list[str]:
    """Return which kinds of contours enclose nothing, and which are taken as closed though PS3.3 does not define them."""
    kinds = sorted({contour.kind for contour in contours})
    enclosing, unusual = [kind for kind in kinds if is_closed(kind)], [kind for kind in kinds if is_unusual(kind)]
    open_ones = [contour for contour in contours if contour.kind not in enclosing]
    doubts = []
    if open_ones:
        names = ", ".join(kind for kind in kinds if kind not in enclosing)
        doubts.append(f"{len(open_ones)} contour(s) enclose nothing ({names})")
    if unusual:
        doubts.append(f"contours of the type {', '.join(unusual)}, which DICOM does not define, are taken as closed")
    return doubts


def _without_copies(contours: Sequence[Contour], same_point_mm: float, masks: RoiMasks) -> list[Contour]:
    """Return contours without those that are in a slice twice: as holes of each other, they would empty it."""
    different = {_outline(contour.points, same_point_mm): contour for contour in reversed(contours)}
    if len(different) < len(contours):
        _once(masks.warnings, "contours occur twice in a slice: each was used once")
    return list(reversed(different.values()))


def _outline(points: np.ndarray, same_point_mm: float) -> bytes:
    """Return the same bytes for the same outline, wherever it begins and whichever way it goes round."""
    whole = np.round(points / same_point_mm).astype(np.int64)
    whole = whole[:-1] if len(whole) > 1 and (whole[0] == whole[-1]).all() else whole
    rounds = (np.roll(way, -int(np.lexsort(way.T[::-1])[0]), axis=0) for way in (whole, whole[::-1]))
    return min(way.tobytes() for way in rounds)


def _note_overlaps(masks: RoiMasks, polygons: Sequence[np.ndarray], mask: np.ndarray, shape: tuple[int, int]) -> None:
    """Report where contours of a region overlap: those in others are holes; others cross, and what they share is not in it."""
    single = [filled([polygon], shape) for polygon in polygons]
    if np.array_equal(np.logical_or.reduce(single), mask):
        return
    nested = all(
        not (a & b).any() or not (a & ~b).any() or not (b & ~a).any() for n, a in enumerate(single) for b in single[n + 1 :]
    )
    if nested:
        _once(masks.notes, "contours within others are holes")
    else:
        _once(masks.warnings, "contours cross each other: what is within two of them is not in the region (XOR)")


def _once(sentences: list[str], sentence: str) -> None:
    if sentence not in sentences:
        sentences.append(sentence)


def sets_without_overlap(masks: Sequence[RoiMasks]) -> list[list[RoiMasks]]:
    """Return regions in sets, in each of which no two have a voxel in common; those without voxels are in the first."""
    from ..reading.segmentations.overlaps import colored_sets

    pairs = {
        frozenset((a.roi.index, b.roi.index))
        for n, a in enumerate(masks)
        for b in masks[n + 1 :]
        if _have_a_voxel_in_common(a, b)
    }
    sets = colored_sets([one.roi.index for one in masks], pairs)
    return [[one for one in masks if sets[one.roi.index] == n] for n in range(max(sets.values()) + 1)]


def _have_a_voxel_in_common(a: RoiMasks, b: RoiMasks) -> bool:
    return any(_overlap(a.planes[k], b.planes[k]) for k in a.planes.keys() & b.planes.keys())


def _overlap(a: Box, b: Box) -> bool:
    """Whether two masks have a voxel in common."""
    top, bottom = max(a[0].start, b[0].start), min(a[0].stop, b[0].stop)
    left, right = max(a[1].start, b[1].start), min(a[1].stop, b[1].stop)
    if bottom <= top or right <= left:
        return False
    one, other = (
        mask[top - rows.start : bottom - rows.start, left - columns.start : right - columns.start]
        for rows, columns, mask in (a, b)
    )
    return bool((one & other).any())
