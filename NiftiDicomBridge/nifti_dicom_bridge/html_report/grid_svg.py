"""Grids as boxes in the patient, seen from the front, a little from the patient's left and from above; as SVG."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..model.space.geometry import spacing_of
from ..model.volume import Volume
from .formatting import number
from .templates import render

SIZE, MARGIN = 260, 26
VIEW_DEGREES = (28.0, 20.0)
"""How far the eye is to the patient's left of the front, and above."""
AXES = {"R": (1, 0, 0), "L": (-1, 0, 0), "A": (0, 1, 0), "P": (0, -1, 0), "S": (0, 0, 1), "I": (0, 0, -1)}
"""Where letters are, RAS."""
FIRST_SLICE = (0, 1, 3, 2)
"""Its corners, in turn: the bits of a corner's number specify which of i, j, k is at its end."""
EDGES = tuple((a, b) for a in range(8) for b in (a | 1, a | 2, a | 4) if a != b)


@dataclass(frozen=True)
class _Axis:
    """A letter of the patient's axes, and the line to it, in the units of the drawing."""

    letter: str
    line: str
    x: float
    y: float


@dataclass(frozen=True)
class _Box:
    """A grid as drawn: its first slice, its hidden and its visible edges, and the arrow to its last slice."""

    name: str
    face: str
    hidden: str
    edges: str
    arrow: str


def geometry_box(before: Volume | None, after: Volume | None) -> str:
    """Return a drawing of one or two grids with the axes of the patient, and arrows from the first slice to the last."""
    grids = [(name, volume) for name, volume in (("was", before), ("is", after)) if volume is not None]
    corners = np.concatenate([_corners(volume) for _, volume in grids])
    middle = (corners.max(axis=0) + corners.min(axis=0)) / 2
    reach = 0.62 * float((corners.max(axis=0) - corners.min(axis=0)).max())
    tips = middle + reach * np.array(list(AXES.values()), dtype=float)
    paper = _Paper(np.concatenate([corners, tips]))
    return render(
        "grid.svg",
        size=SIZE,
        label=_label(grids[0][1]),
        axes=_axes(paper, middle, tips),
        boxes=[_box(paper, volume, name) for name, volume in grids],
    )


class _Paper:
    """Maps points in RAS, mm, to the paper, scaled so that some points fit on it."""

    def __init__(self, points: np.ndarray):
        left, above = np.radians(VIEW_DEGREES)
        up = np.array([0.0, 0.0, 1.0])
        front = np.array(AXES["A"]) * np.cos(left) + np.array(AXES["L"]) * np.sin(left)
        eye = front * np.cos(above) + up * np.sin(above)
        right = np.cross(up, front)
        self._view = np.stack([right, -np.cross(eye, right), eye])  # to the right, down the paper, towards the eye
        flat = points @ self._view[:2].T
        self._low, extent = flat.min(axis=0), float(np.ptp(flat, axis=0).max()) or 1.0
        self._scale = (SIZE - 2 * MARGIN) / extent
        self._shift = (SIZE - np.ptp(flat, axis=0) * self._scale) / 2

    def at(self, point: np.ndarray) -> tuple[float, float]:
        x, y = (self._view[:2] @ point - self._low) * self._scale + self._shift
        return float(x), float(y)

    def depth(self, point: np.ndarray) -> float:
        return float(self._view[2] @ point)


def _corners(volume: Volume) -> np.ndarray:
    """Return the outer corners of the voxels, shape (8, 3), RAS, mm; bits of the index specify which end of i, j, k."""
    ends = [(-0.5, n - 0.5) for n in volume.shape_ijk]
    points = [[*(ends[axis][n >> axis & 1] for axis in range(3)), 1.0] for n in range(8)]
    result: np.ndarray = np.array(points) @ volume.ijk_to_ras[:3].T
    return result


def _axes(paper: _Paper, middle: np.ndarray, tips: np.ndarray) -> list[_Axis]:
    x0, y0 = paper.at(middle)
    axes = []
    for letter, tip in zip(AXES, tips, strict=True):
        x, y = paper.at(tip)
        away = np.array([x - x0, y - y0]) / max(1.0, float(np.hypot(x - x0, y - y0))) * 11
        line = f"M{x0:.1f} {y0:.1f}L{x:.1f} {y:.1f}"
        axes.append(_Axis(letter, line, round(float(x + away[0]), 1), round(float(y + away[1]) + 4, 1)))
    return axes


def _box(paper: _Paper, volume: Volume, name: str) -> _Box:
    corners = _corners(volume)
    hidden = min(range(8), key=lambda n: paper.depth(corners[n]))
    lines: dict[bool, list[str]] = {True: [], False: []}
    for a, b in EDGES:
        (x, y), (to_x, to_y) = paper.at(corners[a]), paper.at(corners[b])
        lines[hidden in (a, b)].append(f"M{x:.1f} {y:.1f}L{to_x:.1f} {to_y:.1f}")
    face = " ".join("{:.1f},{:.1f}".format(*paper.at(corners[n])) for n in FIRST_SLICE)
    first, last = corners[:4].mean(axis=0), corners[4:].mean(axis=0)
    return _Box(name, face, "".join(lines[True]), "".join(lines[False]), _arrow(*paper.at(first), *paper.at(last)))


def _arrow(x: float, y: float, to_x: float, to_y: float) -> str:
    """Return the path of an arrow with its head, empty if it would point at the viewer."""
    way = np.array([to_x - x, to_y - y])
    length = float(np.hypot(*way))
    if length < 8:
        return ""
    along = way / length * 8
    across = np.array([along[1], -along[0]]) / 2
    heads = [np.array([to_x, to_y]) - along + side for side in (across, -across)]
    ends = "".join(f"M{to_x:.1f} {to_y:.1f}L{head[0]:.1f} {head[1]:.1f}" for head in heads)
    return f"M{x:.1f} {y:.1f}L{to_x:.1f} {to_y:.1f}{ends}"


def _label(volume: Volume) -> str:
    sizes = " × ".join(number(float(n)) for n in spacing_of(volume.ijk_to_ras) * volume.shape_ijk)
    return f"A box of {sizes} mm in the axes of the patient"
