"""A volume as it is looked at: which axis goes across, down and into the picture, which window, how large a pixel is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..model.space.axes import closest_orientation
from ..model.space.geometry import LPS_TO_RAS, Plane, spacing_of
from ..model.space.orientation import in_plane
from ..model.volume import Volume
from ..options import PreviewWindow, SlicePlane, WindowChoice
from .attributes import display_of
from .display import PLAIN, Display, Window
from .windows import window_of

Displays = Callable[[int, int], Display]


@dataclass(frozen=True, eq=False)
class View:
    """What is drawn.

    Attributes
    ----------
    volume : Volume
        Reoriented so that a picture is ``voxels[time, slice]``: columns go right, rows go down.
    display : callable
        ``display(time, slice)``: how a picture is to be shown.
    window : Window or None
        The same for all pictures; None where each has its own.
    placed : bool
        Whether it is known where the pictures are in the patient.
    planes : sequence of Plane or None
        Where the pictures truly are, where the grid cannot hold it.
    focus : int or None
        The slice that shows most of what is looked for.
    """

    volume: Volume
    display: Displays
    window: Window | None
    placed: bool
    planes: Sequence[Plane] | None = None
    focus: int | None = None

    @property
    def times(self) -> int:
        """Number of times."""
        return self.volume.voxels.shape[0]

    @property
    def slices(self) -> int:
        """Number of pictures of one time."""
        return self.volume.voxels.shape[1]

    @property
    def middle(self) -> int:
        """The picture that represents all."""
        return self.slices // 2 if self.focus is None else self.focus

    @property
    def pixel_mm(self) -> tuple[float, float]:
        """Distance of rows and of columns; equal where nothing is known."""
        if self.placed:
            column, row, _ = spacing_of(self.volume.ijk_to_ras)
            return float(row), float(column)
        return self.display(0, self.middle).pixel_mm or (1.0, 1.0)

    def matrix(self, slice_number: int) -> np.ndarray:
        """Return the matrix, shape (4, 4), from (column, row, 0, 1) of a picture to mm, RAS."""
        if self.planes is not None:
            plane = self.planes[slice_number]
            lps = np.eye(4)
            lps[:3, 0], lps[:3, 1] = plane.steps
            lps[:3, 2], lps[:3, 3] = plane.normal, plane.position
            return LPS_TO_RAS @ lps
        matrix = self.volume.ijk_to_ras.copy()
        matrix[:3, 3] += matrix[:3, 2] * slice_number
        return matrix


def view_of(
    volume: Volume,
    plane: SlicePlane = SlicePlane.AUTO,
    window: PreviewWindow = WindowChoice.FILE,
    placed: bool = True,
    planes: Sequence[Plane] | None = None,
) -> View:
    """Return how a volume is looked at.

    Parameters
    ----------
    volume : Volume
        With all its times.
    plane : SlicePlane
        ``AUTO``: the slices of DICOM as they were stored; of other images along their thickest voxels, reoriented as viewers
        show them.
    window : WindowChoice or (center, width)
        Which values are shown.
    placed : bool
        Whether the grid of the volume specifies where it is in the patient. If not, it is shown as it was stored.
    planes : sequence of Plane, optional
        Where the slices of the volume truly are.
    """
    shown = _reoriented(volume, plane) if placed else volume
    order, flips = closest_orientation(volume.ijk_to_ras, shown.ijk_to_ras)
    as_stored = tuple(order) == (0, 1, 2) and tuple(flips) == (1, 1, 1)
    display = _displays(volume, order, flips, as_stored)
    draft = View(shown, display, None, placed, planes if as_stored else None)
    return replace(draft, window=window_of(shown, display, window))


def _reoriented(volume: Volume, plane: SlicePlane) -> Volume:
    if plane is SlicePlane.AUTO and volume.source is not None:
        return volume
    return in_plane(volume, plane)


def _displays(volume: Volume, order: Sequence[int], flips: Sequence[int], graphics: bool) -> Displays:
    """Return how the pictures want to be shown: each like its slice, or across slices all like the middle one."""
    if volume.source is None:
        shown = volume.display_range
        of_file = PLAIN if shown is None else replace(PLAIN, window=Window.between(*shown))
        return lambda time, slice_number: of_file
    series = volume.source.metadata
    times, slices = series.frames.shape[:2]
    across = order[2] != 2 or volume.voxels.shape[1] != slices

    def display(time: int, slice_number: int) -> Display:
        stored = slices // 2 if across else slices - 1 - slice_number if flips[2] < 0 else slice_number
        first = display_of(series, min(time, times - 1), stored)
        return first if graphics or first.graphics is None else replace(first, graphics=None)

    return display
