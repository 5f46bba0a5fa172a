"""Masks → closed contours in pixel coordinates; holes are joined to their outline by keyholes (PS3.3 C.8.8.6.3)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ....optional_packages import missing_error, missing_packages

FEATURE = "rtstruct"
LEVEL = 0.5
"""Between background, 0, and a voxel of the region, 1: contours run halfway between the centers of voxels."""
FEWEST_POINTS = 3
_STRAIGHT = 1e-12
_ROUNDING = 1e-9
_NEAR = 1e-6
"""Values nearer to `LEVEL` are moved away from it: contours through the center of a voxel would touch themselves there."""


def require_tracer() -> None:
    """Raise `DependencyError` unless the package that traces contours is installed."""
    if missing_packages(FEATURE):
        raise missing_error(FEATURE)


def contours_of(plane: np.ndarray) -> tuple[list[np.ndarray], int]:
    """Return the contours of the region above `LEVEL` in a plane, and the number of holes in it.

    Parameters
    ----------
    plane : numpy.ndarray, shape (rows, columns)
        A mask, or probabilities from 0 to 1: contours of these run between voxels where the interpolated value is `LEVEL`.

    Returns
    -------
    list of numpy.ndarray, shape (points, 2)
        Column and row of every point, from 0 at the center of the first voxel; the last point is not the first one again.
    int
        Number of holes, each joined to its outline by a keyhole.
    """
    rows, columns = np.flatnonzero(plane.any(axis=1)), np.flatnonzero(plane.any(axis=0))
    if not rows.size:
        return [], 0
    cut = np.pad(plane[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(np.float64), 1)
    cut[np.abs(cut - LEVEL) < _NEAR] = LEVEL - _NEAR
    shift = np.array([columns[0] - 1, rows[0] - 1])
    areas = [(signed_area(line), line + shift) for line in _lines(cut)]
    outlines, holes = [line for area, line in areas if area > 0], [line for area, line in areas if area < 0]
    joined = _Rings(outlines, holes).joined() if holes else outlines
    return [contour for contour in map(without_straight_points, joined) if len(contour) >= FEWEST_POINTS], len(holes)


def _lines(plane: np.ndarray) -> list[np.ndarray]:
    """Return closed lines at `LEVEL`, counterclockwise around higher values, without the last point, which is the first."""
    from contourpy import LineType, contour_generator

    generator = contour_generator(z=plane, name="serial", line_type=LineType.Separate)
    return [_on_grid(np.asarray(line)[:-1]) for line in generator.lines(LEVEL)]


def _on_grid(line: np.ndarray) -> np.ndarray:
    """Return points with coordinates that are whole but for rounding as whole numbers."""
    whole = np.rint(line)
    return np.where(np.abs(line - whole) < _ROUNDING, whole, line)


def signed_area(points: np.ndarray) -> float:
    """Return the area of a polygon, points (n, 2): above 0 if counterclockwise, with the second coordinate upwards."""
    x, y = (points - points[0]).T
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


class _Rings:
    """Outlines and holes as doubly linked rings of points, which keyholes join.

    A keyhole runs along a row of voxels, from the leftmost point of a hole on a row to the next point to the left:
    all voxels between are of the region, so it crosses no other line and ends at the outline, or at a hole further left.
    """

    def __init__(self, outlines: Sequence[np.ndarray], holes: Sequence[np.ndarray]):
        rings = [*outlines, *holes]
        self.starts = np.cumsum([0, *map(len, rings)]).tolist()
        self.count, self.outlines = self.starts[-1], len(outlines)
        self.points = np.concatenate(rings)
        self.next, self.before = list(range(1, self.count + 1)), list(range(-1, self.count - 1))
        for start, end in zip(self.starts, self.starts[1:], strict=False):
            self.next[end - 1], self.before[start] = start, end - 1

    def joined(self) -> list[np.ndarray]:
        """Return the outlines with their holes, each (n, 2)."""
        on_row = np.flatnonzero(self.points[:, 1] == np.rint(self.points[:, 1]))
        ordered = on_row[np.lexsort(self.points[on_row].T)].tolist()  # by row, then by column
        left_of = dict(zip(ordered[1:], ordered, strict=False))
        ring = np.searchsorted(self.starts, on_row, side="right") - 1
        leftmost: dict[int, int] = {}
        for point, hole in zip(on_row.tolist(), ring.tolist(), strict=True):
            if hole >= self.outlines and (hole not in leftmost or self.points[point, 0] < self.points[leftmost[hole], 0]):
                leftmost[hole] = point
        copies = [copy for point in leftmost.values() for copy in self._join(left_of[point], point)]
        points = np.concatenate([self.points, self.points[copies]])
        return [points[self._ring(start)] for start in self.starts[: self.outlines]]

    def _join(self, outer: int, inner: int) -> tuple[int, int]:
        """Join two rings by a line there and back; return the points that the way back repeats."""
        back, out = len(self.next), len(self.next) + 1
        after, last = self.next[outer], self.before[inner]
        self.next += [out, after]
        self.before += [last, back]
        self.next[outer], self.before[inner] = inner, outer
        self.next[last], self.before[after] = back, out
        return inner, outer

    def _ring(self, start: int) -> list[int]:
        ring, point = [start], self.next[start]
        while point != start:
            ring.append(point)
            point = self.next[point]
        return ring


def without_straight_points(points: np.ndarray) -> np.ndarray:
    """Return a polygon, points (n, 2), without those on straight lines between others: the region is the same."""
    before, after = points - np.roll(points, 1, axis=0), np.roll(points, -1, axis=0) - points
    cross = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
    straight = (np.abs(cross) <= _STRAIGHT) & ((before * after).sum(axis=1) > 0)
    kept: np.ndarray = points[~straight]
    return kept
