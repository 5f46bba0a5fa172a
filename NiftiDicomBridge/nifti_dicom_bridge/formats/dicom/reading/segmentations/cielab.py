"""CIELab colors as DICOM stores them → sRGB (PS3.3 C.10.7.1.1), to the digits of highdicom, which takes long to import."""

from __future__ import annotations

from collections.abc import Sequence

_WHITE = (95.047, 100.0, 108.883)
_OF_XYZ = ((3.2406, -1.5372, -0.4986), (-0.9689, 1.8758, 0.0415), (0.0557, -0.2040, 1.0570))
_LARGEST = 0xFFFF


def rgb_of(cielab: Sequence[int]) -> tuple[int, int, int]:
    """Return red, green and blue, 0 to 255, nearest to the three numbers of RecommendedDisplayCIELabValue."""
    lightness = cielab[0] * (100.0 / _LARGEST)
    a, b = (number * (255.0 / _LARGEST) - 128.0 for number in cielab[1:])
    y = (lightness + 16) / 116
    xyz = [white * _linear(c) / 100 for white, c in zip(_WHITE, (a / 500 + y, y, y - b / 200), strict=True)]
    red, green, blue = (_component(sum(f * c for f, c in zip(row, xyz, strict=True))) for row in _OF_XYZ)
    return red, green, blue


def _linear(c: float) -> float:
    return float(c**3) if c**3 > 0.008856 else (c - 16.0 / 116) / 7.787


def _component(c: float) -> int:
    c = 1.055 * c ** (1 / 2.4) - 0.055 if c > 0.0031308 else 12.92 * c
    return max(0, min(255, round(c * 255)))
