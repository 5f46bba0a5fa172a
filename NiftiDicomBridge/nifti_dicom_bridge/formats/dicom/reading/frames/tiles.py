"""Slices that are laid side by side in one image: mosaics of Siemens, grids of United Imaging."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from .....errors import DicomReadError
from .....model import metadata
from .....model.metadata import Elements, Instance, Item
from .....model.space.geometry import Plane
from .....standard.dictionary import describe
from .....standard.siemens_csa import protocol_of
from .....standard.tags import Tag
from ..attributes.functional_groups import Lookup
from ..attributes.vendor import csa_image_header, may_have, private, private_numbers
from .planes import axes_of, doubt_of_axes, doubt_of_step, step_of
from .tolerances import LARGEST, SMALLEST

SIEMENS_CSA_SERIES = (0x0029, "SIEMENS CSA HEADER", 0x20)
SIEMENS_MOSAIC_COUNT = (0x0019, "SIEMENS MR HEADER", 0x0A)
UIH_FRAMES_IN_IMAGE = (0x0065, "Image Private Header", 0x50)
UIH_FRAME_SEQUENCE = (0x0065, "Image Private Header", 0x51)


class Tiles(NamedTuple):
    """Slices laid side by side in one image, from the upper left, row by row.

    Attributes
    ----------
    across, down : int
        Tiles per row and per column of the image.
    planes : list of Plane
        Where each slice is, in the order of the tiles.
    note : str
        What was assumed; empty where nothing was.
    """

    across: int
    down: int
    planes: list[Plane]
    note: str = ""

    def slice_shape(self, rows: int, columns: int) -> tuple[int, int]:
        """Return rows and columns of one slice in an image of these rows and columns."""
        return rows // self.down, columns // self.across


def tiles_of(elements: Elements) -> Tiles | None:
    """Return how slices are tiled in an image; None for one image, one slice."""
    for reader in _TILE_READERS:
        tiles = reader(elements)
        if tiles is not None:
            return tiles
    return None


def slice_shape_of(elements: Elements) -> tuple[int, int]:
    """Return rows and columns of one slice: those of a tile where slices are side by side in an image."""
    rows, columns, tiles = metadata.integer(elements, Tag.ROWS), metadata.integer(elements, Tag.COLUMNS), tiles_of(elements)
    return tiles.slice_shape(rows, columns) if tiles else (rows, columns)


def is_tiled(elements: Elements) -> bool:
    """Whether an image is a mosaic or a grid of slices, described or not."""
    if _is_mosaic(elements):
        return True
    return may_have(elements, UIH_FRAMES_IN_IMAGE) and _uih_count(elements) > 1


def is_undescribed(elements: Elements) -> bool:
    """Whether an image is tiled, and its elements do not specify how, as a de-identification leaves it."""
    return is_tiled(elements) and tiles_of(elements) is None


def _is_mosaic(elements: Elements) -> bool:
    """Whether an image is larger than AcquisitionMatrix, as single slices may have kept the word, and ImageType has MOSAIC.

    Without the word, the header of Siemens may count its slices. Slices that kept the header are too small for as many tiles,
    which AcquisitionMatrix shows: without it, the image is one slice.
    """
    matrix = max(metadata.numbers(elements, Tag.ACQUISITION_MATRIX), default=0)
    size = max(metadata.integer(elements, Tag.ROWS), metadata.integer(elements, Tag.COLUMNS))
    if _is_called_mosaic(elements):
        return size > matrix
    if not 0 < 2 * matrix <= size:  # the header is slow to read
        return False
    count = _slices_in_header(elements)
    return count > 1 and math.ceil(math.sqrt(count)) * matrix <= size


def _is_called_mosaic(elements: Elements) -> bool:
    return "MOSAIC" in metadata.texts(elements, Tag.IMAGE_TYPE)


def _slices_in_header(elements: Elements) -> int:
    """Return the number of slices in a mosaic of Siemens; 0 where its header does not specify it."""
    counts = private_numbers(elements, SIEMENS_MOSAIC_COUNT) or csa_image_header(elements).get("NumberOfImagesInMosaic")
    return int(counts[0]) if counts and math.isfinite(counts[0]) else 0


def refuse_undescribed(instances: Sequence[Instance]) -> None:
    """Raise `DicomReadError` for tiled images of which neither the number of slices nor their places are known.

    Slices that were taken out of mosaics may have kept the word: they are apart from each other; mosaics of a series are not.

    Parameters
    ----------
    instances : sequence of Instance
        Of one series, marked as tiled, and one slice each.
    """
    undescribed = [instance for instance in instances if tiles_of(instance.elements) is None]
    if not undescribed or _are_slices(undescribed):
        return
    raise DicomReadError(
        f"{undescribed[0].path or undescribed[0].name}: the image is a mosaic of slices, but "
        f"{_lacking(undescribed[0].elements)}. Convert the original, with all its elements; if the image is one slice, remove "
        f"MOSAIC from {describe(Tag.IMAGE_TYPE)}."
    )


def _lacking(elements: Elements) -> str:
    """Return what is missing of the description of a mosaic, or not valid."""
    if _whole_plane(elements) is not None:
        return "the private elements that specify these are missing or incomplete"
    place = (Tag.IMAGE_POSITION_PATIENT, Tag.IMAGE_ORIENTATION_PATIENT, Tag.PIXEL_SPACING)
    return f"{', '.join(map(describe, place))} do not specify where it is"


def _are_slices(instances: Sequence[Instance]) -> bool:
    """Whether images are apart from each other by half of SliceThickness or more: volumes that moved are not."""
    planes = [plane for instance in instances if (plane := _whole_plane(instance.elements)) is not None]
    thickness = metadata.number(instances[0].elements, Tag.SLICE_THICKNESS) or 0.0
    if len(planes) < max(len(instances), 2) or not thickness > 0:
        return False
    along = np.sort([plane.position @ planes[0].normal for plane in planes])
    return bool(np.diff(along).min() >= thickness / 2)


# --- Siemens mosaic ---------------------------------------------------------------------------------------------------

_BY_PROTOCOL = (
    "the CSA header that describes the mosaic is missing: the number of its slices, and where they are, is that of the protocol"
)
MOST_SLICES = 4096
_AXES = ("Sag", "Cor", "Tra")
_SLICES = re.compile(r"^sSliceArray\.lSize\s*=\s*(\d+)", re.MULTILINE)
_CENTER = re.compile(
    r"^sSliceArray\.asSlice\[(\d+)\]\.sPosition\.d(Sag|Cor|Tra)\s*=\s*(-?\d+\.?\d*(?:[eE][-+]?\d+)?)", re.MULTILINE
)
_BY_HEADER = "{} does not have MOSAIC, but the header of Siemens specifies {} slices side by side: it is read as a mosaic"
_ASSUMED_NORMAL = "the mosaic does not specify the direction of its slices (CSA header): it is assumed along the normal"


def _siemens_mosaic(elements: Elements) -> Tiles | None:
    if not _is_mosaic(elements):
        return None
    count, normal = _slices_in_header(elements), csa_image_header(elements).get("SliceNormalVector") or []
    plane = _whole_plane(elements)
    if plane is None:
        return None
    if count < 1:
        return _protocol_mosaic(elements, plane)
    across = math.ceil(math.sqrt(count))
    look = Lookup(elements, {})
    step = step_of(look)
    direction = np.array(normal, dtype=float) if len(normal) == 3 else plane.normal
    first = _first_tile(plane, elements, across)
    planes = [Plane(first + k * step * direction, plane.orientation, plane.spacing) for k in range(count)]
    doubts = [
        "" if _is_called_mosaic(elements) else _BY_HEADER.format(describe(Tag.IMAGE_TYPE), count),
        "" if len(normal) == 3 else _ASSUMED_NORMAL,
        doubt_of_axes(metadata.numbers(elements, Tag.IMAGE_ORIENTATION_PATIENT)),
        doubt_of_step(look),
    ]
    return Tiles(across, across, planes, "; ".join(filter(None, doubts)))


def _protocol_mosaic(elements: Elements, plane: Plane) -> Tiles | None:
    """Return the tiles of a mosaic by the slices of its protocol, where the header of the image was taken away.

    Slices are numbered in either direction: the first one is that at the position of the mosaic.
    """
    centers = _centers_in_protocol(elements)
    if len(centers) < 2:
        return None
    across = math.ceil(math.sqrt(len(centers)))
    first = _first_tile(plane, elements, across)
    rows, columns = (metadata.integer(elements, tag) // across for tag in (Tag.ROWS, Tag.COLUMNS))
    row, column = plane.orientation[:3], plane.orientation[3:]
    middle = first + row * plane.spacing[1] * columns / 2 + column * plane.spacing[0] * rows / 2
    step = centers[1] - centers[0]
    away = np.abs((centers[[0, -1]] - middle) @ plane.normal)
    if away.min() > np.linalg.norm(step) / 2:
        return None
    ordered = centers if away[0] <= away[1] else centers[::-1]
    planes = [Plane(first + center - ordered[0], plane.orientation, plane.spacing) for center in ordered]
    return Tiles(across, across, planes, _BY_PROTOCOL)


def _centers_in_protocol(elements: Elements) -> np.ndarray:
    """Return where the protocol has the centers of slices, shape (slices, 3), LPS, mm; none without a protocol."""
    tag = private(elements, *SIEMENS_CSA_SERIES) if may_have(elements, SIEMENS_CSA_SERIES) else None
    element = elements.get(tag) if tag else None
    text = protocol_of(element.value) if element is not None and isinstance(element.value, bytes) else ""
    count = _SLICES.search(text)
    centers = np.zeros((min(int(count[1]), MOST_SLICES) if count else 0, 3))
    for n, axis, number in _CENTER.findall(text):
        if int(n) < len(centers):
            centers[int(n), _AXES.index(axis)] = float(number)
    return centers


def _first_tile(plane: Plane, elements: Elements, across: int) -> np.ndarray:
    """Return where the first slice begins: the mosaic's position is that of an image of its whole size, same center."""
    rows, columns = metadata.integer(elements, Tag.ROWS), metadata.integer(elements, Tag.COLUMNS)
    down, right = (rows - rows // across) / 2, (columns - columns // across) / 2
    row, column = plane.orientation[:3], plane.orientation[3:]
    return plane.position + row * plane.spacing[1] * right + column * plane.spacing[0] * down


def _whole_plane(elements: Elements) -> Plane | None:
    position = metadata.numbers(elements, Tag.IMAGE_POSITION_PATIENT)
    orientation = metadata.numbers(elements, Tag.IMAGE_ORIENTATION_PATIENT)
    spacing = metadata.numbers(elements, Tag.PIXEL_SPACING)
    if len(position) != 3 or len(orientation) != 6 or len(spacing) != 2:
        return None
    axes = axes_of(tuple(orientation))
    if axes is None or not all(abs(value) < LARGEST for value in (*position, *spacing)) or min(spacing) < SMALLEST:
        return None
    return Plane(np.array(position), axes, (spacing[0], spacing[1]))


# --- United Imaging grid ----------------------------------------------------------------------------------------------


def _uih_grid(elements: Elements) -> Tiles | None:
    if not may_have(elements, UIH_FRAMES_IN_IMAGE):
        return None
    frames, count = _uih_frames(elements), _uih_count(elements)
    if count < 2 or len(frames) != count:
        return None
    planes = [_whole_plane({**elements, **item.elements}) for item in frames]
    if any(plane is None for plane in planes):
        return None
    across = math.ceil(math.sqrt(count))
    return Tiles(across, math.ceil(count / across), [plane for plane in planes if plane is not None])


def _uih_count(elements: Elements) -> int:
    """Return the number of slices in a grid: as it is stated, else of the items that describe them; 0 without either."""
    tag = private(elements, *UIH_FRAMES_IN_IMAGE)
    return (metadata.integer(elements, tag) if tag else 0) or len(_uih_frames(elements))


def _uih_frames(elements: Elements) -> tuple[Item, ...]:
    tag = private(elements, *UIH_FRAME_SEQUENCE)
    return metadata.items(elements, tag) if tag else ()


_TILE_READERS: tuple[Callable[[Elements], Tiles | None], ...] = (_siemens_mosaic, _uih_grid)
