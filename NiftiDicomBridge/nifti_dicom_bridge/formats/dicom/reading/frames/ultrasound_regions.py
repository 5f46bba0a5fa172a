"""The size of pixels that regions of ultrasound images specify (PS3.3 C.8.5.5 US Region Calibration).

They are regions of the picture: its two-dimensional images of tissue have a size in cm, and curves next to them other units.
"""

from __future__ import annotations

from typing import NamedTuple

from .....model import metadata
from .....model.metadata import Elements
from .....standard.dictionary import describe
from .....standard.tags import Tag

_TISSUE, _CENTIMETERS = 1, 3
_CURVES = (2, 3)
"""RegionSpatialFormat of M-mode and of spectra, which take a part of the picture as large as the image of tissue."""
_UNITS = (Tag.PHYSICAL_UNITS_Y_DIRECTION, Tag.PHYSICAL_UNITS_X_DIRECTION)
_DELTAS = (Tag.PHYSICAL_DELTA_Y, Tag.PHYSICAL_DELTA_X)
_ENDS = ((Tag.REGION_LOCATION_MAX_Y1, Tag.ROWS), (Tag.REGION_LOCATION_MAX_X1, Tag.COLUMNS))
_SAME = 1e-3
"""Sizes that differ by less, as a part, differ by rounding."""
_MM_PER_CM = 10.0


class RegionSize(NamedTuple):
    """What regions specify.

    Attributes
    ----------
    spacing_mm : tuple of float or None
        Distance of rows and of columns; None where it is not that of the picture.
    words : str
        What to know of it; empty without regions.
    """

    spacing_mm: tuple[float, float] | None
    words: str


def size_in_regions(data_set: Elements) -> RegionSize:
    """Return the size of the pixels of a picture by its regions, if all of its two-dimensional images of tissue have that."""
    regions = [region.elements for region in metadata.items(data_set, Tag.SEQUENCE_OF_ULTRASOUND_REGIONS)]
    if not regions:
        return RegionSize(None, "")
    name = describe(Tag.SEQUENCE_OF_ULTRASOUND_REGIONS)
    sizes = [size for region in regions if (size := _size(region)) is not None]
    if not sizes:
        return RegionSize(None, f"{name} is not used, as it has no two-dimensional region in cm")
    first = sizes[0]
    shown = f"{first[0]:.4g} × {first[1]:.4g} mm (rows × columns)"
    if any(abs(one / other - 1) > _SAME for size in sizes for one, other in zip(size, first, strict=True)):
        return RegionSize(None, f"{name} is not used, as its two-dimensional regions differ in the size of pixels")
    if any(metadata.integer(region, Tag.REGION_SPATIAL_FORMAT) in _CURVES for region in regions):
        return RegionSize(None, f"{name} is not used, as the picture also shows curves; pixels of its 2D region are {shown}")
    if any(_is_beyond(region, data_set) for region in regions):
        return RegionSize(None, f"{name} is not used, as its regions are larger than the image, which may have been resampled")
    return RegionSize(first, f"{name}: pixels of its 2D region are {shown}, which is used for the whole picture")


def _size(region: Elements) -> tuple[float, float] | None:
    """Return the size of pixels in a region, rows × columns, mm; None where it does not show tissue in two dimensions."""
    units = [metadata.integer(region, tag) for tag in _UNITS]
    if metadata.integer(region, Tag.REGION_SPATIAL_FORMAT) != _TISSUE or units != [_CENTIMETERS] * 2:
        return None
    rows, columns = (_MM_PER_CM * abs(metadata.number(region, tag) or 0.0) for tag in _DELTAS)
    return (rows, columns) if rows and columns else None


def _is_beyond(region: Elements, data_set: Elements) -> bool:
    """Whether a region ends outside of the picture; programs write the last pixel, or the one behind it."""
    return any(metadata.integer(region, end) > metadata.integer(data_set, size) for end, size in _ENDS)
