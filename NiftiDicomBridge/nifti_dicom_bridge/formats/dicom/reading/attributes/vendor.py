"""What vendors put where the standard has no place: private elements, and what they specify of images."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from .....errors import DicomReadError
from .....model import metadata
from .....model.metadata import Element, Elements
from .....model.similar_elements import like_of
from .....standard import ge_pepolar
from .....standard.ge_field_maps import COMPONENT as FIELD_MAP
from .....standard.ge_field_maps import has_field_map, is_field_map
from .....standard.pydicom_tables import private_vr_of
from .....standard.siemens_csa import csa_values
from .....standard.tags import Tag

SIEMENS_CSA_IMAGE = (0x0029, "SIEMENS CSA HEADER", 0x10)
GE_IMAGE_TYPE = (0x0043, "GEMS_PARM_01", 0x2F)
GE_PULSE_SEQUENCE = (0x0019, "GEMS_ACQU_01", 0x9C)
GE_INTERNAL_PULSE_SEQUENCE = (0x0019, "GEMS_ACQU_01", 0x9E)
GE_USER_12 = (0x0019, "GEMS_ACQU_01", 0xB3)
GE_LOCATIONS = (0x0021, "GEMS_RELA_01", 0x4F)
PHILIPS_SCALE_SLOPE = (0x2005, "Philips MR Imaging DD 001", 0x0E)
PHILIPS_FRAME_SEQUENCE = (0x2005, "Philips MR Imaging DD 005", 0x0F)
ELSCINT_PIXELS = (0x07A1, "ELSCINT1", 0x0A)
"""Where images of Elscint, later of Philips, have pixels in a compression of their own."""
IMAGE_TYPES = ((0x2005, "Philips MR Imaging DD 001", 0x11), (0x0021, "SIEMENS MR SDI 02", 0x75))
"""What Philips and Siemens (XA) state besides ImageType."""
_MAYBE_FIELD_MAP = (
    "a series of GE's B0map contains a map in Hz, then the magnitude, and InstanceNumber (0020,0013), which distinguishes "
    "them, is missing in a file. Copy the series from a source that kept it."
)
GE_COMPONENTS = {1: "phase", 2: "real", 3: "imaginary"}


# fmt: off
# what Manufacturer (0008,0070) begins with → what its private creators begin with, in capitals
_CREATORS = (
    ("SIEMENS", ("SIEMENS",)),
    ("PHILIPS", ("PHILIPS",)),
    ("GE", ("GEMS",)),
    ("UIH", ("IMAGE PRIVATE HEADER",)),
    ("UNITED IMAGING", ("IMAGE PRIVATE HEADER",)),
)
# fmt: on
CANON = ("CANON", ("TOSHIBA_MEC", "CANON_MEC"))
READ_GROUPS = frozenset({0x0019, 0x0021, 0x0025, 0x0027, 0x0029, 0x0031, 0x0043, 0x0051, 0x0065, 0x2001, 0x2005})
"""Private groups of which something is read."""
_COMMON_BLOCKS = {"Philips MR Imaging DD 005": 0x14, "SIEMENS MR SDI 02": 0x11}
"""Creator → the block that it commonly has; others have 10."""
_BLOCKS: tuple[int, ...] = (*range(0x10, 0x24), *range(0xF8, 0x100))
"""Blocks that private creators have: the first ones, and the last ones in early objects of Philips."""
_MARKING_CREATORS = tuple(group << 16 | block for group in (*sorted(READ_GROUPS), 0x7005) for block in _BLOCKS)
"""Tags of private creators that show the manufacturer."""


def private(elements: Elements, group: int, creator: str, number: int) -> int | None:
    """Return the tag of a private element (PS3.5 7.8.1), None where its creator has no block.

    Where a de-identification took the creator away and left the elements, they are in the block that it commonly has.
    """
    for block in _BLOCKS:
        tag = group << 16 | block
        if tag in elements and metadata.text(elements, tag).upper() == creator.upper():
            return group << 16 | block << 8 | number
    tag = _common_tag(group, creator, number)
    return tag if tag in elements and _is_without_creator(elements, tag) and _is_known(elements, creator) else None


def _is_without_creator(elements: Elements, tag: int) -> bool:
    return not metadata.text(elements, tag >> 16 << 16 | tag >> 8 & 0xFF)


def _is_known(elements: Elements, creator: str) -> bool:
    """Whether an object is of the manufacturer of a creator."""
    return creator.upper().startswith(creators_of_manufacturer(elements))


def creators_of_manufacturer(elements: Elements) -> tuple[str, ...]:
    """Return how the private creators of a manufacturer begin; empty for those of which nothing is read."""
    maker = manufacturer(elements)
    return next((creators for start, creators in _CREATORS if maker.startswith(start)), ())


def private_numbers(elements: Elements, key: tuple[int, str, int]) -> list[float]:
    """Return the numbers of a private element (group, creator, number); empty where there is none, or one is not finite.

    Values of unknown VR are read as text where they are digits, else as the manufacturer documents them, else as FD.
    """
    if not may_have(elements, key):
        return []
    tag = private(elements, *key)
    element = elements.get(tag) if tag else None
    if element is None or not isinstance(element.value, bytes):
        return []
    kinds = ("DS", private_vr_of(tag or 0, key[1]) or "FD", "FD") if element.vr == "UN" else (element.vr,)
    numbers = next(filter(None, (metadata.numbers({0: Element(vr, element.value)}, 0) for vr in kinds)), [])
    return numbers if all(map(math.isfinite, numbers)) else []


def private_layers(layers: Sequence[Elements]) -> Iterator[Elements]:
    """Yield groups and data set of a frame, each followed by Philips' private group in it; nothing for other manufacturers."""
    if not is_of_philips(*layers):
        return
    for layer in layers:
        yield layer
        if _has_creator(layer, PHILIPS_FRAME_SEQUENCE[0]):
            tag = private(layer, *PHILIPS_FRAME_SEQUENCE)
            yield metadata.first_item(layer, tag) if tag else {}


def manufacturer(elements: Elements) -> str:
    """Return Manufacturer in capitals; where it is missing, the name of the one whose private creators are there."""
    stated = metadata.text(elements, Tag.MANUFACTURER).upper()
    if stated:
        return stated
    there = filter(like_of(elements).__contains__, _MARKING_CREATORS)
    creators = {metadata.text(elements, tag).upper() for tag in there}
    return next((name for name, starts in (*_CREATORS, CANON) if any(one.startswith(starts) for one in creators)), "")


def is_of_philips(*layers: Elements) -> bool:
    """Whether a data set, the last of these layers, is of Philips; private creators may be in functional groups, too."""
    stated = metadata.text(layers[-1], Tag.MANUFACTURER)
    return any("PHILIPS" in manufacturer(layer) for layer in (layers[-1:] if stated else layers))


def private_value(elements: Elements, key: tuple[int, str, int]) -> float | str | None:
    """Return the number or the text of a private element; None where there is none."""
    numbers = private_numbers(elements, key)
    if numbers:
        return numbers[0]
    tag = private(elements, *key) if may_have(elements, key) else None
    return metadata.text(elements, tag) or None if tag else None


def csa_image_header(elements: Elements) -> dict[str, list[Any]]:
    """Return the values of the Siemens CSA image header, by name; empty where there is none."""
    tag = private(elements, *SIEMENS_CSA_IMAGE) if may_have(elements, SIEMENS_CSA_IMAGE) else None
    element = elements.get(tag) if tag else None
    return csa_values(element.value) if element is not None and isinstance(element.value, bytes) else {}


def component_of(elements: Elements) -> str:
    """Return the component that only a private element specifies; empty where none does."""
    if _is_ge_field_map(elements):
        return FIELD_MAP
    numbers = private_numbers(elements, GE_IMAGE_TYPE)
    return GE_COMPONENTS.get(int(numbers[0]), "") if numbers else ""


def image_type_words(layers: Sequence[Elements]) -> list[str]:
    """Return the words of an image type that a vendor keeps in a private element; empty where there are none."""
    for layer in [*private_layers(layers), layers[-1]]:
        for key in IMAGE_TYPES:
            tag = private(layer, *key) if may_have(layer, key) else None
            if tag and (words := metadata.texts(layer, tag)):
                return words
    return []


def _is_ge_field_map(elements: Elements) -> bool:
    """Whether it is a slice of the map of GE's sequence B0map (`ge_field_maps`)."""
    if not may_have(elements, GE_PULSE_SEQUENCE):
        return False
    tags = [private(elements, *key) for key in (GE_PULSE_SEQUENCE, GE_INTERNAL_PULSE_SEQUENCE)]
    name, internal = (metadata.text(elements, tag) if tag else "" for tag in tags)
    if not has_field_map((name, internal)):  # asked first: what depends on InstanceNumber is computed for each instance
        return False
    locations, images = private_numbers(elements, GE_LOCATIONS), metadata.integer(elements, Tag.IMAGES_IN_ACQUISITION)
    number = metadata.number(elements, Tag.INSTANCE_NUMBER)
    is_map = is_field_map((name, internal), locations[0] if locations else 0, images, number)
    if is_map is None:
        raise DicomReadError(_MAYBE_FIELD_MAP)
    return is_map


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
    if not may_have(elements, GE_USER_12):
        return False
    name, mode = private_value(elements, GE_PULSE_SEQUENCE), private_numbers(elements, GE_USER_12)
    time = metadata.integer(elements, Tag.TEMPORAL_POSITION_IDENTIFIER)
    return ge_pepolar.are_rows_reversed(str(name), mode[0], time) if name and mode else False


def _has_creator(elements: Elements, group: int) -> bool:
    return any(map(like_of(elements).__contains__, _creators_of(group)))


@cache
def _creators_of(group: int) -> tuple[int, ...]:
    """Return the tags of the private creators of a group."""
    return tuple(group << 16 | block for block in _BLOCKS)


def may_have(elements: Elements, key: tuple[int, str, int]) -> bool:
    """Whether a private element may be there: cheap, as it is asked of every instance."""
    return _has_creator(elements, key[0]) or _common_tag(*key) in elements


def _common_tag(group: int, creator: str, number: int) -> int:
    return group << 16 | _COMMON_BLOCKS.get(creator, 0x10) << 8 | number
