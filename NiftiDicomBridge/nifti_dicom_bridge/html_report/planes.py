"""Volumes → three planes through one place, all shown alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol

import numpy as np
from PIL import Image as Picture

from ..formats.dicom.reading.values.display_values import is_in_unit_of_windows
from ..model.volume import Volume
from ..model.voxels.pixels import Rescale
from ..model.voxels.real_values import to_real_values
from ..options import SlicePlane
from ..preview.display import PLAIN, Window
from ..preview.render import picture
from ..preview.view import View, view_of
from ..preview.windows import automatic

SIZE = 176
"""Longest side of a picture in pixels."""
THINNEST = 1 / 16
"""A plane that is longer than sixteen times its width shows nothing."""


class Plane(NamedTuple):
    """A plane to show: its index, its name, and the orientation letters at its left and upper edge."""

    plane: SlicePlane
    name: str
    left: str = ""
    top: str = ""


# as viewers show them: the patient's right is at the left (PS3.17 NNN)
PLANES = (
    Plane(SlicePlane.AXIAL, "Axial", "R", "A"),
    Plane(SlicePlane.CORONAL, "Coronal", "R", "S"),
    Plane(SlicePlane.SAGITTAL, "Sagittal", "A", "S"),
)
AS_IT_IS = Plane(SlicePlane.AXIAL, "Image")
"""Of what does not specify where it is: such an image is taken for axial."""


class Colors(Protocol):
    """Colors for the numbers of a label map."""

    def of(self, numbers: np.ndarray) -> np.ndarray:
        """Return a plane of numbers as colors, shape (rows, columns, 3), 8 bits."""


class Spot(NamedTuple):
    """A point in a picture of some width and height, all in the same unit."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Cut:
    """One plane of one volume: the view that it is a picture of, which picture, and the column and row of the place in it."""

    plane: Plane
    view: View
    time: int
    slice: int
    column: float = 0.0
    row: float = 0.0

    def shown(self, window: Window | None, colors: Colors | None = None) -> Picture.Image:
        """Return the picture in a window, None for the one that the file asks for; or with a color for each number."""
        if colors is not None:
            return self._colored(colors)
        view = self.view if window is None else replace(self.view, window=window)
        image = Picture.fromarray(picture(view, self.time, self.slice, enlarge=min(1.0, SIZE / max(self.size))))
        times = SIZE // max(image.size)  # few voxels are shown as the squares that they are
        return image.resize((times * image.width, times * image.height), Picture.Resampling.NEAREST) if times > 1 else image

    def _colored(self, colors: Colors) -> Picture.Image:
        height, width = self.size
        enlarge = SIZE / max(height, width)
        size = (max(1, round(width * enlarge)), max(1, round(height * enlarge)))
        numbers = self.view.volume.voxels[self.time, self.slice]
        return Picture.fromarray(colors.of(np.asarray(numbers))).resize(size, Picture.Resampling.NEAREST)

    @property
    def size(self) -> tuple[float, float]:
        """Rows and columns of the picture, with square pixels."""
        rows, columns = self.view.volume.voxels.shape[2:4]
        row, column = self.view.pixel_mm
        return rows * row / min(row, column), columns * column / min(row, column)

    @property
    def spot(self) -> Spot:
        """The place that the plane goes through."""
        (height, width), (rows, columns) = self.size, self.view.volume.voxels.shape[2:4]
        return Spot((self.column + 0.5) / columns * width, (self.row + 0.5) / rows * height, width, height)

    @property
    def has_something_to_show(self) -> bool:
        """Whether it is more than a line."""
        voxels = self.view.volume.voxels
        return min(voxels.shape[2:4]) > 1 and min(self.size) >= THINNEST * max(self.size)


def cuts_of(volume: Volume, place: Sequence[int], placed: bool) -> list[Cut]:
    """Return the planes of a volume in which there is something to see.

    Parameters
    ----------
    volume : Volume
        Any orientation.
    place : sequence of int
        Time, slice, row and column that they go through.
    placed : bool
        Whether it is known where the volume is in the patient.
    """
    if not placed:
        return [_cut(volume, AS_IT_IS, place)]
    cuts = [_cut(volume, plane, place) for plane in PLANES]
    return [one for one in cuts if one.has_something_to_show] or cuts[:1]


def _cut(volume: Volume, plane: Plane, place: Sequence[int]) -> Cut:
    view = view_of(volume, plane.plane)
    point = volume.ijk_to_ras @ np.array([*place[:0:-1], 1.0])
    column, row, slice_number, _ = np.linalg.solve(view.volume.ijk_to_ras, point).tolist()
    return Cut(plane, view, place[0], int(np.clip(round(slice_number), 0, view.slices - 1)), column, row)


def place_to_look_at(volume: Volume) -> tuple[int, ...]:
    """Return time, slice, row and column of the middle; where nothing is there, of the planes that hold most."""
    time = volume.times // 2
    return time, *(_most(np.moveaxis(volume.voxels[time], axis, 0)) for axis in range(3))


def place_in(volume: Volume, other: Volume, place: Sequence[int], placed: bool) -> tuple[int, ...]:
    """Return time, slice, row and column of a volume at the place of another one; the nearest, where it does not reach it."""
    indices = np.array(place[:0:-1], np.float64)
    if placed:
        indices = np.linalg.solve(volume.ijk_to_ras, other.ijk_to_ras @ np.array([*indices, 1.0]))[:3]
    nearest = np.clip(np.rint(indices), 0, np.array(volume.shape_ijk) - 1).astype(int)
    return min(place[0], volume.times - 1), *(int(n) for n in nearest[::-1])


def _most(cuts: np.ndarray) -> int:
    middle = cuts.shape[0] // 2
    if cuts[middle].min() < cuts[middle].max():
        return int(middle)
    ground = cuts.min()
    return int(np.argmax([np.count_nonzero(one != ground) for one in cuts])) if cuts.max() > ground else middle


def window_of(cuts: Sequence[Cut]) -> Window | None:
    """Return the window to show some planes alike: that of the file, else by their values; None for colors and tables."""
    cut = cuts[0]
    display = cut.view.display(cut.time, cut.slice)
    if cut.view.volume.voxels.ndim == 5 or display.voi is not None or display.palette is not None:
        return None
    if display.window is not None and is_in_unit_of_windows(cut.view.volume):
        return display.window
    values = np.concatenate([_real(one).ravel() for one in cuts])
    return cut.view.window or automatic(values[np.isfinite(values)])


def difference_shown(before: Cut, after: Cut, largest: float) -> Picture.Image:
    """Return how far two planes on one grid are apart: black where not at all, white where by `largest`."""
    apart = np.abs(_real(after) - _real(before))
    apart = apart.max(axis=-1) if apart.ndim == 3 else apart
    apart = _largest_of_blocks(np.nan_to_num(apart), 1 + (max(apart.shape) - 1) // SIZE)
    view = replace(
        before.view,
        volume=replace(before.view.volume, voxels=apart[None, None], rescale=Rescale(), source=None),
        display=lambda time, slice_number: replace(PLAIN, pixel_mm=before.view.pixel_mm),
    )
    return Cut(before.plane, view, 0, 0).shown(Window.between(0.0, largest))


def _largest_of_blocks(values: np.ndarray, side: int) -> np.ndarray:
    """Return the largest values of blocks of a plane: one voxel that differs shall be seen in a small picture too."""
    rows, columns = (np.arange(0, size, side) for size in values.shape)
    return np.maximum.reduceat(np.maximum.reduceat(values, rows, axis=0), columns, axis=1)


def _real(cut: Cut) -> np.ndarray:
    """Return the real values of a plane, float64."""
    rescale = cut.view.volume.rescale
    return to_real_values(cut.view.volume.voxels[cut.time, cut.slice], rescale.slope, rescale.intercept, np.dtype(np.float64))
