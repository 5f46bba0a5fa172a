"""What vendors put where the standard has no place: images tiled into one, components stated in private elements."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from ....model import metadata
from ....model.geometry import Plane
from ....model.metadata import Element, Elements
from ....standard import ge_pepolar
from ....standard.siemens_csa import csa_values
from ....standard.tags import Tag
from .lookup import Lookup
from .planes import LARGEST, SMALLEST, doubt_of_step, step_of

SIEMENS_CSA_IMAGE = (0x0029, "SIEMENS CSA HEADER", 0x10)
SIEMENS_MOSAIC_COUNT = (0x0019, "SIEMENS MR HEADER", 0x0A)
UIH_FRAMES_IN_IMAGE = (0x0065, "Image Private Header", 0x50)
UIH_FRAME_SEQUENCE = (0x0065, "Image Private Header", 0x51)
GE_IMAGE_TYPE = (0x0043, "GEMS_PARM_01", 0x2F)
GE_PULSE_SEQUENCE = (0x0019, "GEMS_ACQU_01", 0x9C)
GE_INTERNAL_PULSE_SEQUENCE = (0x0019, "GEMS_ACQU_01", 0x9E)
GE_USER_12 = (0x0019, "GEMS_ACQU_01", 0xB3)
GE_LOCATIONS = (0x0021, "GEMS_RELA_01", 0x4F)
PHILIPS_SCALE_SLOPE = (0x2005, "Philips MR Imaging DD 001", 0x0E)
PHILIPS_FRAME_SEQUENCE = (0x2005, "Philips MR Imaging DD 005", 0x0F)
IMAGE_TYPES = ((0x2005, "Philips MR Imaging DD 001", 0x11), (0x0021, "SIEMENS MR SDI 02", 0x75))
"""What Philips and Siemens (XA) state besides ImageType."""
GE_COMPONENTS = {1: "phase", 2: "real", 3: "imaginary"}


_FIRST_BLOCKS = range(0x10, 0x20)
_LATE_BLOCKS = frozenset({0x2005})
"""Groups whose first block need not be 10."""


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


def private(elements: Elements, group: int, creator: str, number: int) -> int | None:
    """Return the tag of a private element (PS3.5 7.8.1), None where its creator has no block."""
    for block in range(0x10, 0x100):
        tag = group << 16 | block
        if tag in elements and metadata.text(elements, tag).upper() == creator.upper():
            return group << 16 | block << 8 | number
        if tag not in elements and block > 0x20:
            return None
    return None


def private_numbers(elements: Elements, key: tuple[int, str, int]) -> list[float]:
    """Return the numbers of a private element (group, creator, number); empty where there is none.

    Values of unknown VR are read as text where they are digits, else as the only binary kind that fits their length.
    """
    if not _group(elements, key[0]):
        return []
    tag = private(elements, *key)
    element = elements.get(tag) if tag else None
    if element is None or not isinstance(element.value, bytes):
        return []
    if element.vr != "UN":
        return metadata.numbers(elements, tag or 0)
    return metadata.numbers({0: Element("DS", element.value)}, 0) or metadata.numbers({0: Element("FD", element.value)}, 0)


def private_layers(layers: Sequence[Elements]) -> Iterator[Elements]:
    """Yield groups and data set of a frame, each followed by Philips' private group in it; nothing for other manufacturers."""
    if "PHILIPS" not in metadata.text(layers[-1], Tag.MANUFACTURER).upper():
        return
    for layer in layers:
        yield layer
        if _any_group(layer, PHILIPS_FRAME_SEQUENCE[0]):
            tag = private(layer, *PHILIPS_FRAME_SEQUENCE)
            yield metadata.first_item(layer, tag) if tag else {}


def private_value(elements: Elements, key: tuple[int, str, int]) -> float | str | None:
    """Return the number or the text of a private element; None where there is none."""
    numbers = private_numbers(elements, key)
    if numbers:
        return numbers[0]
    tag = private(elements, *key) if _group(elements, key[0]) else None
    return metadata.text(elements, tag) or None if tag else None


def csa_image_header(elements: Elements) -> dict[str, list[Any]]:
    """Return the values of the Siemens CSA image header, by name; empty where there is none."""
    tag = private(elements, *SIEMENS_CSA_IMAGE) if _group(elements, SIEMENS_CSA_IMAGE[0]) else None
    element = elements.get(tag) if tag else None
    return csa_values(element.value) if element is not None and isinstance(element.value, bytes) else {}


def tiles_of(elements: Elements) -> Tiles | None:
    """Return how slices are tiled in an image; None for one image, one slice."""
    for reader in _TILE_READERS:
        tiles = reader(elements)
        if tiles is not None:
            return tiles
    return None


def doubt_of_tiles(elements: Elements) -> str:
    """Return that an image is tiled, but not how, so that it cannot be divided; empty for others."""
    uih = private(elements, *UIH_FRAMES_IN_IMAGE) if _group(elements, 0x0065) else None
    is_tiled = "MOSAIC" in metadata.texts(elements, Tag.IMAGE_TYPE) or (uih is not None and metadata.integer(elements, uih) > 1)
    if not is_tiled or tiles_of(elements) is not None:
        return ""
    return (
        "the image is a mosaic of slices, but the private elements that describe them are missing or incomplete: it is one "
        "slice of all tiles, at a wrong place"
    )


def component_of(elements: Elements) -> str:
    """Return the component that only a private element specifies; empty where none does."""
    if _is_ge_field_map(elements):
        return "fieldmaphz"
    numbers = private_numbers(elements, GE_IMAGE_TYPE)
    return GE_COMPONENTS.get(int(numbers[0]), "") if numbers else ""


def image_type_words(layers: Sequence[Elements]) -> list[str]:
    """Return the words of an image type that a vendor keeps in a private element; empty where there are none."""
    for layer in [*private_layers(layers), layers[-1]]:
        for key in IMAGE_TYPES:
            tag = private(layer, *key) if _group(layer, key[0]) else None
            if tag and (words := metadata.texts(layer, tag)):
                return words
    return []


def _is_ge_field_map(elements: Elements) -> bool:
    """Whether it is a slice of the map in Hz that GE's B0map puts before the magnitude, in the same series."""
    if not _group(elements, GE_PULSE_SEQUENCE[0]):
        return False
    names = [private(elements, *key) for key in (GE_PULSE_SEQUENCE, GE_INTERNAL_PULSE_SEQUENCE)]
    if not any("B0MAP" in metadata.text(elements, name).upper() for name in names if name):
        return False
    slices = private_numbers(elements, GE_LOCATIONS)
    return bool(slices) and metadata.integer(elements, Tag.INSTANCE_NUMBER) <= slices[0]


def precise_rescale(layers: Sequence[Elements], slope: float, intercept: float) -> tuple[float, float]:
    """Return the rescale to Philips' precise values: (slope · stored + intercept) / (slope · scale slope).

    Chenevert et al., Transl Oncol 2014, 7(1):65. What it was before where there is no scale slope.
    """
    scale = _scale_slope(layers)
    return (1.0 / scale, intercept / (slope * scale)) if scale else (slope, intercept)


def has_scale_slope(layers: Sequence[Elements]) -> bool:
    """Whether a frame of Philips has a scale slope."""
    return bool(_scale_slope(layers))


def _scale_slope(layers: Sequence[Elements]) -> float:
    """Return Philips' scale slope; 0 where there is none that can be used."""
    scale = next((number for layer in private_layers(layers) for number in private_numbers(layer, PHILIPS_SCALE_SLOPE)), 0.0)
    return scale if math.isfinite(scale) else 0.0


def phase_polarity(elements: Elements) -> str | None:
    """Return from which end phase is encoded, where an object specifies it of itself: pepolar series hold both ways."""
    stated = metadata.text(elements, Tag.RECTILINEAR_PHASE_ENCODE_REORDERING) == "REVERSE_LINEAR"
    return "reversed" if stated != bool(are_rows_reversed(elements)) else None


def are_rows_reversed(elements: Elements) -> bool | None:
    """Return whether GE stored an image from the last row to the first, and None where it may have (`ge_pepolar`)."""
    if not _group(elements, GE_USER_12[0]):
        return False
    name, mode = private_value(elements, GE_PULSE_SEQUENCE), private_numbers(elements, GE_USER_12)
    time = metadata.integer(elements, Tag.TEMPORAL_POSITION_IDENTIFIER)
    return ge_pepolar.are_rows_reversed(str(name), mode[0], time) if name and mode else False


def _any_group(elements: Elements, group: int) -> bool:
    return any((group << 16 | block) in elements for block in _FIRST_BLOCKS)


def _group(elements: Elements, group: int) -> bool:
    """Whether a group of private elements may be there: cheap, as it is asked of every instance."""
    return (group << 16 | 0x10) in elements or (group in _LATE_BLOCKS and _any_group(elements, group))


# --- Siemens mosaic ---------------------------------------------------------------------------------------------------

_ASSUMED_NORMAL = "the mosaic does not specify the direction of its slices (CSA header): it is assumed along the normal"


def _siemens_mosaic(elements: Elements) -> Tiles | None:
    if "MOSAIC" not in metadata.texts(elements, Tag.IMAGE_TYPE):
        return None
    header = csa_image_header(elements)
    count = int((header.get("NumberOfImagesInMosaic") or private_numbers(elements, SIEMENS_MOSAIC_COUNT) or [0])[0])
    normal = header.get("SliceNormalVector") or []
    plane = _whole_plane(elements)
    if count < 1 or plane is None:
        return None
    across = math.ceil(math.sqrt(count))
    look = Lookup(elements, {})
    step = step_of(look)
    direction = np.array(normal, dtype=float) if len(normal) == 3 else plane.normal
    first = _first_tile(plane, elements, across)
    planes = [Plane(first + k * step * direction, plane.orientation, plane.spacing) for k in range(count)]
    doubts = filter(None, ["" if len(normal) == 3 else _ASSUMED_NORMAL, doubt_of_step(look)])
    return Tiles(across, across, planes, "; ".join(doubts))


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
    if not all(abs(value) < LARGEST for value in (*position, *orientation, *spacing)) or min(spacing) < SMALLEST:
        return None
    return Plane(np.array(position), np.array(orientation), (spacing[0], spacing[1]))


# --- United Imaging grid ----------------------------------------------------------------------------------------------


def _uih_grid(elements: Elements) -> Tiles | None:
    if not _group(elements, 0x0065):
        return None
    count_tag, frames_tag = private(elements, *UIH_FRAMES_IN_IMAGE), private(elements, *UIH_FRAME_SEQUENCE)
    frames = metadata.items(elements, frames_tag) if frames_tag else ()
    count = metadata.integer(elements, count_tag) if count_tag else 0
    if count < 2 or len(frames) != count:
        return None
    planes = [_whole_plane({**elements, **item.elements}) for item in frames]
    if any(plane is None for plane in planes):
        return None
    across = math.ceil(math.sqrt(count))
    return Tiles(across, math.ceil(count / across), [plane for plane in planes if plane is not None])


_TILE_READERS: tuple[Callable[[Elements], Tiles | None], ...] = (_siemens_mosaic, _uih_grid)
