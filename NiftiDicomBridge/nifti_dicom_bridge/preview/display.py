"""Values → brightness and color (PS3.3 C.11.1, C.11.2, C.7.6.3.1.5; PS3.4 N.2): the tables and windows, and how they work."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from ..model.voxels.real_values import to_numbers


class WindowFunction(StrEnum):
    """VOILUTFunction (PS3.3 C.11.2.1.3)."""

    LINEAR = "LINEAR"
    LINEAR_EXACT = "LINEAR_EXACT"
    SIGMOID = "SIGMOID"


@dataclass(frozen=True)
class Window:
    """Which values are shown, in the unit of the image (after the modality LUT)."""

    center: float
    width: float
    function: WindowFunction = WindowFunction.LINEAR

    @classmethod
    def between(cls, low: float, high: float) -> Window:
        """Return the window that shows `low` black and `high` white."""
        width = high - low if high > low else 1.0
        return cls((low + high) / 2, width, WindowFunction.LINEAR_EXACT)

    def brightness(self, values: np.ndarray) -> np.ndarray:
        """Return 0 (black) to 1 (white) of values, float64, in their shape (PS3.3 C.11.2.1.2, C.11.2.1.3)."""
        if self.function is WindowFunction.SIGMOID:
            return 1 / (1 + np.exp(np.clip(-4 * (values - self.center) / self.width, -700, 700)))
        if self.function is WindowFunction.LINEAR_EXACT or self.width < 1:
            return np.clip((values - self.center) / self.width + 0.5, 0, 1)
        if self.width == 1:
            return np.where(values > self.center - 0.5, 1.0, 0.0)
        return np.clip((values - (self.center - 0.5)) / (self.width - 1) + 0.5, 0, 1)


@dataclass(frozen=True, eq=False)
class Lut:
    """A look-up table.

    Attributes
    ----------
    first : int
        The value that has the first entry; lower ones have it too, and those above the last one the last entry.
    entries : numpy.ndarray, shape (n,) or (n, 3)
        Modality LUT: values. VOI LUT: brightness from 0 to 1. Palette: red, green, blue, uint8.
    """

    first: int
    entries: np.ndarray

    def of(self, values: np.ndarray) -> np.ndarray:
        """Return the entries of stored values, in their shape."""
        index = np.clip(np.rint(to_numbers(values)) - self.first, 0, len(self.entries) - 1)
        result: np.ndarray = self.entries[index.astype(np.intp)]
        return result


@dataclass(frozen=True, eq=False)
class Display:
    """How one frame is to be shown.

    Attributes
    ----------
    modality : Lut or None
        Stored → real values, where slope and intercept do not specify it.
    voi : Lut or None
        Real values → brightness; goes before the window.
    window : Window or None
        The first window of the frame.
    inverted : bool
        The lowest values are white: MONOCHROME1, or PresentationLUTShape INVERSE.
    palette : Lut or None
        Stored values → color.
    color_from : float
        The stored value from which on the palette is used: minus infinity but for supplemental palettes.
    stored_range : tuple of float or None
        Lowest and highest stored value that BitsStored allows; None for floating point numbers.
    padding : tuple of float or None
        From where to where stored values mean "nothing was measured".
    pixel_mm : tuple of float or None
        Distance of rows and of columns, or numbers of that ratio; None where nothing specifies it.
    graphics : numpy.ndarray or None, shape (rows, columns)
        Where lines and text are drawn upon the image; None where there are none.
    notes : tuple of str
        What is there and cannot be used.
    """

    modality: Lut | None = None
    voi: Lut | None = None
    window: Window | None = None
    inverted: bool = False
    palette: Lut | None = None
    color_from: float = -np.inf
    stored_range: tuple[float, float] | None = None
    padding: tuple[float, float] | None = None
    pixel_mm: tuple[float, float] | None = None
    graphics: np.ndarray | None = None
    notes: tuple[str, ...] = ()


PLAIN = Display()
"""Of an image that specifies nothing."""
