"""Closed contours → masks: the voxels whose centers are inside."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np


def filled(contours: Iterable[np.ndarray], shape: tuple[int, int]) -> np.ndarray:
    """Return the mask of the voxels of a plane whose centers are within an odd number of contours.

    So contours in others are holes, keyholes enclose nothing between their two lines, and what is outside of the plane is
    left out.

    Parameters
    ----------
    contours : iterable of numpy.ndarray, shape (points, 2)
        Column and row of every point, from 0 at the center of the first voxel.
    shape : (int, int)
        Rows, columns.
    """
    rows, columns = shape
    toggles = np.zeros((rows, columns + 1), np.int64)
    for points in contours:
        row, first = _crossings(np.asarray(points, np.float64), rows)
        np.add.at(toggles, (row, np.clip(first, 0, columns)), 1)
    mask: np.ndarray = toggles[:, :columns].cumsum(axis=1) % 2 == 1
    return mask


def _crossings(points: np.ndarray, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Return where the edges of a polygon cross rows of voxels: the rows, and in each the first column behind the edge.

    An edge counts in the rows from its upper end to before its lower end: a corner on a row is counted once.
    """
    swap = np.roll(points, -1, axis=0)
    upper = np.where(points[:, 1:] <= swap[:, 1:], points, swap)
    lower = np.where(points[:, 1:] <= swap[:, 1:], swap, points)
    begin = np.clip(np.ceil(upper[:, 1]), 0, rows).astype(np.int64)
    end = np.clip(np.ceil(lower[:, 1]), 0, rows).astype(np.int64)
    counts = end - begin
    edge = np.repeat(np.arange(len(points)), counts)
    row = np.arange(counts.sum()) - np.repeat(counts.cumsum() - counts, counts) + begin[edge]
    slope = (lower[edge, 0] - upper[edge, 0]) / (lower[edge, 1] - upper[edge, 1])
    column = upper[edge, 0] + (row - upper[edge, 1]) * slope
    return row, np.ceil(column).astype(np.int64)
