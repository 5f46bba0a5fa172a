"""Which values are shown: the window of the file, one that a person gave, or one by the values themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from ..model.volume import Volume
from ..model.voxels.real_values import to_numbers
from ..options import PreviewWindow, WindowChoice
from .display import Display, Window

Displays = Callable[[int, int], Display]
CUT_PERCENT = 0.5
"""This share of the values at either end are shown as black or white by ``auto``."""
_PLANES, _VALUES = 24, 1 << 16
_BYTE = 255
_DARK = 0.25
"""An image of 8 bits that uses less than this part of them was not made to be looked at without a window."""


def window_of(volume: Volume, display: Displays, choice: PreviewWindow) -> Window | None:
    """Return the window of all pictures; None where each has its own, or no need of one."""
    if isinstance(choice, tuple):
        return Window(*choice)
    if is_colored(volume, display(0, volume.voxels.shape[1] // 2)):
        return None
    values = _sample(volume, display)
    if choice is WindowChoice.FULL:
        return Window.between(float(values.min()), float(values.max())) if values.size else None
    if choice is WindowChoice.AUTO:
        return automatic(values)
    return None if _all_have_one(volume, display, values) else _without_any(volume, display, values)


def is_colored(volume: Volume, display: Display) -> bool:
    """Whether the pictures have colors of their own."""
    return volume.voxels.ndim == 5 or (display.palette is not None and display.color_from == -np.inf)


def automatic(values: np.ndarray) -> Window | None:
    """Return the window of values, of any shape, without the extremes; of all where hardly any value differs."""
    if not values.size:
        return None
    low, high = np.percentile(values, [CUT_PERCENT, 100 - CUT_PERCENT])
    if low == high:
        low, high = values.min(), values.max()
    return Window.between(float(low), float(high))


def real_values(plane: np.ndarray, volume: Volume, display: Display) -> np.ndarray:
    """Return what the modality LUT makes of a plane (PS3.3 C.11.1): float64, in its shape."""
    if display.modality is not None and volume.rescale.is_identity:
        return display.modality.of(plane)
    return to_numbers(plane) * volume.rescale.slope + volume.rescale.intercept


def is_padding(plane: np.ndarray, display: Display) -> np.ndarray | None:
    """Return where nothing was measured, bool, in the shape of the plane; None where all was."""
    if display.padding is None or plane.dtype.kind == "f":
        return None
    return (plane >= display.padding[0]) & (plane <= display.padding[1])


def _sample(volume: Volume, display: Displays) -> np.ndarray:
    """Return some values of some planes of all times, without padding."""
    samples = [values for values, _ in _planes(volume, display)]
    return np.concatenate(samples) if samples else np.zeros(0)


def _planes(volume: Volume, display: Displays) -> Iterator[tuple[np.ndarray, Display]]:
    times, slices = volume.voxels.shape[:2]
    numbers = np.unique(np.linspace(0, times * slices - 1, min(_PLANES, times * slices)).astype(int))
    for number in numbers.tolist():
        time, slice_number = divmod(number, slices)
        wanted = display(time, slice_number)
        plane = volume.voxels[time, slice_number]
        step = max(1, int(np.sqrt(plane.size / _VALUES)))
        plane = plane[::step, ::step]
        values = real_values(plane, volume, wanted)
        known = np.isfinite(values)
        padding = is_padding(plane, wanted)
        yield values[known if padding is None else known & ~padding], wanted


def _all_have_one(volume: Volume, display: Displays, values: np.ndarray) -> bool:
    """Whether every sampled plane has a window or table of its own, by which anything at all can be seen."""
    seen, varies = [], bool(values.size) and values.min() < values.max()
    for real, wanted in _planes(volume, display):
        if wanted.voi is None and wanted.window is None:
            return False
        if wanted.voi is None and wanted.window is not None and real.size:
            brightness = wanted.window.brightness(real)
            seen += [float(brightness.min()), float(brightness.max())]
        else:
            return True
    return not varies or (bool(seen) and min(seen) < max(seen))


def _without_any(volume: Volume, display: Displays, values: np.ndarray) -> Window | None:
    """Return the window of an image that has none: all that can be stored where that is 8 bits, else by the values."""
    stored = display(0, volume.voxels.shape[1] // 2).stored_range
    whole = stored is not None and stored[1] <= _BYTE and stored[0] == 0 and volume.rescale.is_identity
    if whole and stored is not None and values.size and values.max() >= _DARK * stored[1]:
        return Window.between(*stored)
    return automatic(values)
