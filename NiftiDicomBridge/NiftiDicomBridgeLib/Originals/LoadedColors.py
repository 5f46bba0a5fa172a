"""Colors of segments as Slicer shows them after it has loaded a DICOM SEG."""

from __future__ import annotations

import numpy as np

_XYZ_OF_RGB = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
"""From linear sRGB, D65 (IEC 61966-2-1)."""
_WHITE = _XYZ_OF_RGB.sum(1)
_DARK = 0.008856
"""Parts of white up to which CIELab is linear."""
_ADDED = 16 / 116 / 7.787
"""dcmqi, which Slicer loads segmentations with, leaves out the offset of that linear part: it adds this much of white."""


def loaded_color(color: tuple[int, int, int]) -> tuple[int, int, int]:
    """Return what dcmqi makes of a color (0 to 255) that was stored as CIELab: the same, unless a part of XYZ is dark.

    Negative parts become very large ones there, so Slicer shows them as 255.
    """
    linear = _linear(np.array(color) / 255)
    xyz = _XYZ_OF_RGB @ linear
    dark = xyz <= _DARK * _WHITE
    if not dark.any():
        return color
    parts = np.rint(255 * _gamma(linear + np.linalg.solve(_XYZ_OF_RGB, _ADDED * _WHITE * dark)))
    red, green, blue = np.clip(np.where(parts < 0, 255, parts), 0, 255).astype(int).tolist()
    return red, green, blue


def _linear(rgb: np.ndarray) -> np.ndarray:
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def _gamma(linear: np.ndarray) -> np.ndarray:
    bright = 1.055 * np.maximum(linear, 0.0031308) ** (1 / 2.4) - 0.055
    return np.where(linear > 0.0031308, bright, 12.92 * linear)
