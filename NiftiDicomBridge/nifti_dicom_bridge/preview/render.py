"""Planes → pictures: PS3.4 N.2 step by step, then square pixels."""

from __future__ import annotations

import numpy as np
from PIL import Image

from ..errors import PixelError
from ..formats.dicom.reading.values.display_values import with_display_rescale
from ..model.volume import Volume
from ..model.voxels.real_values import to_levels
from ..options import PreviewWindow, SlicePlane, WindowChoice
from .display import Display, Window
from .view import View, view_of
from .windows import automatic, is_colored, is_padding, real_values

SQUARE = 1e-3
"""Pixels whose sides differ by a smaller part are square: decimal strings round."""
LONGEST_SIDE = 8192
_RGB = 3


def plane_picture(
    volume: Volume,
    plane: SlicePlane = SlicePlane.AUTO,
    slice_number: int | None = None,
    time: int = 0,
    window: PreviewWindow = WindowChoice.FILE,
    bits: int = 8,
) -> np.ndarray:
    """Return one plane of a volume as viewers show it, with square pixels.

    Parameters
    ----------
    volume : Volume
        Of any kind.
    plane : SlicePlane
        Which plane.
    slice_number, time : int
        Which picture of it; the middle one by default.
    window : WindowChoice or (center, width)
        Which values are shown.
    bits : int
        8 or 16; color always has 8.

    Returns
    -------
    numpy.ndarray, shape (rows, columns) or (rows, columns, 3)
        uint8 or uint16; black is 0.

    Raises
    ------
    PixelError
        If pixels have neither one nor three samples.
    IndexError
        If there is no such slice or time.

    Examples
    --------
    >>> from nifti_dicom_bridge import plane_picture, read
    >>> plane_picture(read("scans")[0]).dtype
    dtype('uint8')
    """
    view = view_of(with_display_rescale(volume), plane, window)
    return picture(view, time, view.middle if slice_number is None else slice_number, bits)


def picture(view: View, time: int, slice_number: int, bits: int = 8, enlarge: float = 1.0) -> np.ndarray:
    """Return a picture (rows, columns[, 3]) of a view, `enlarge` times as large as the smaller side of its pixels makes it.

    Raises
    ------
    PixelError
        If the pixels have a number of samples that no color has.
    """
    plane, display = view.volume.voxels[time, slice_number], view.display(time, slice_number)
    if plane.ndim == 3 and plane.shape[-1] != _RGB:
        raise PixelError(f"{view.volume.name}: {plane.shape[-1]} samples per pixel: pictures have 1 or 3.")
    size = square_size(plane.shape[:2], view.pixel_mm, enlarge)
    if is_colored(view.volume, display):
        return _scaled_color(_color(plane, display), size)
    brightness = _with_graphics(_brightness(plane, view, display), display)
    if display.palette is None or plane.dtype.kind == "f":
        return to_levels(_scaled(brightness, size), bits)
    gray = np.repeat(to_levels(brightness, 8)[..., None], _RGB, axis=-1)
    return _scaled_color(np.where((plane >= display.color_from)[..., None], display.palette.of(plane), gray), size)


def _with_graphics(brightness: np.ndarray, display: Display) -> np.ndarray:
    """Return brightness with what a device drew upon it in white; not in planes across the slices."""
    if display.graphics is None or display.graphics.shape != brightness.shape:
        return brightness
    return np.where(display.graphics, 1.0, brightness)


def square_size(shape: tuple[int, ...], pixel_mm: tuple[float, float], enlarge: float = 1.0) -> tuple[int, int]:
    """Return rows and columns of a picture whose pixels are square, as small as the smaller side of the given ones."""
    row, column = pixel_mm
    if abs(row - column) <= SQUARE * min(row, column):
        row = column = 1.0
    target = min(row, column) / enlarge
    rows, columns = shape[0] * row / target, shape[1] * column / target
    most = max(1.0, max(rows, columns) / LONGEST_SIDE)
    return max(1, round(rows / most)), max(1, round(columns / most))


def _brightness(plane: np.ndarray, view: View, display: Display) -> np.ndarray:
    """Return 0 (black) to 1 (white); what was not measured is black."""
    values = real_values(plane, view.volume, display)
    if view.window is None and display.voi is not None:
        brightness = display.voi.of(values)
    else:
        window = view.window or display.window or automatic(values[np.isfinite(values)]) or Window(0, 1)
        brightness = window.brightness(values)
    brightness = 1 - brightness if display.inverted else brightness
    padding = is_padding(plane, display)
    return brightness if padding is None or not display.inverted else np.where(padding, 0.0, brightness)


def _color(plane: np.ndarray, display: Display) -> np.ndarray:
    if display.palette is not None and plane.ndim == 2:
        return display.palette.of(plane)
    if plane.dtype == np.uint8:
        return plane
    top = display.stored_range[1] if display.stored_range is not None else float(np.iinfo(plane.dtype).max)
    return to_levels(plane / top, 8)


def _scaled(brightness: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return brightness in another size (Lanczos, as radiologists' viewers do); the very values where it fits."""
    if brightness.shape == size:
        return brightness
    image = Image.fromarray(np.ascontiguousarray(np.fmax(brightness, 0), np.float32))
    return np.asarray(image.resize((size[1], size[0]), Image.Resampling.LANCZOS))


def _scaled_color(color: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    if color.shape[:2] == size:
        return np.ascontiguousarray(color)
    image = Image.fromarray(np.ascontiguousarray(color))
    return np.asarray(image.resize((size[1], size[0]), Image.Resampling.LANCZOS))
