"""Components of MR images, and the words of ImageType (0008,0008) that specify them."""

from __future__ import annotations

import re
from typing import Any

from ..model import metadata
from ..model.legacy_converted import own_groups
from ..model.metadata import Elements
from ..standard.ge_field_maps import is_field_map
from ..standard.tags import Tag
from .kinds import Kind
from .row import SIEMENS, Derived, Row
from .sequence_words import GE_SEQUENCE
from .source import PlaneAttributes, Private

TYPE_TEXT = Private(0x0021, "SIEMENS MR SDI 02", 0x1175)
GE_COMPONENT = Private(0x0043, "GEMS_PARM_01", 0x102F)

# fmt: off
# word of ImageType or ComplexImageComponent (PS3.3 C.8.13.3.1) → the word that BIDS tools look for
COMPONENTS = {
    "M": "MAGNITUDE", "MAGNITUDE": "MAGNITUDE",
    "P": "PHASE", "PHASE": "PHASE", "PHASE MAP": "PHASE",
    "R": "REAL", "REAL": "REAL",
    "I": "IMAGINARY", "IMAGINARY": "IMAGINARY",
}
GE_COMPONENTS = {0: "MAGNITUDE", 1: "PHASE", 2: "REAL", 3: "IMAGINARY"}
DISTORTION_CORRECTED = {"DIS2D": True, "DIS3D": True, "ND": False}
# fmt: on
DIXON = re.compile(r"(IN|OUT|OPP|OPPOSED|OUT_OF)_PHASE", re.IGNORECASE)
"""Of water and fat: images of magnitude, despite the word."""
FRAME_TYPES = (Tag.MR_IMAGE_FRAME_TYPE_SEQUENCE, Tag.CT_IMAGE_FRAME_TYPE_SEQUENCE, Tag.PET_FRAME_TYPE_SEQUENCE)
FIELD_MAP_WORD = "FIELDMAPHZ"


def components_of(source: PlaneAttributes) -> list[str]:
    """Return the components that an image specifies it has: ``MAGNITUDE``, ``PHASE``, ``REAL``, ``IMAGINARY``."""
    return _components(source, image_type_of(source))


def _components(source: PlaneAttributes, words: list[str]) -> list[str]:
    stated = source.stated(Tag.COMPLEX_IMAGE_COMPONENT).upper()
    if stated == "MIXED" and (own := COMPONENTS.get(_of_frame(source, Tag.COMPLEX_IMAGE_COMPONENT).upper())):
        return [own]
    components = [COMPONENTS.get(word.upper()) for word in words]
    components.append(COMPONENTS.get(stated))
    if source.manufacturer == "GE":
        number = source.number(GE_COMPONENT)
        components.append(None if number is None else GE_COMPONENTS.get(int(number)))
    return [word for word in COMPONENTS_IN_ORDER if word in components]


COMPONENTS_IN_ORDER = ("MAGNITUDE", "PHASE", "REAL", "IMAGINARY")


def image_type_of(source: PlaneAttributes) -> list[str]:
    """Return the words of ImageType, those of FrameType where the frames of an object are of several types."""
    words = [word for word in metadata.texts(source.top, Tag.IMAGE_TYPE) if word]
    frame = source.texts(Tag.FRAME_TYPE)
    return frame if frame and ("MIXED" in words or source.once("frame types", _are_several_types)) else words


def _are_several_types(source: PlaneAttributes) -> bool:
    """Whether the frames of an object have different FrameTypes, whatever its ImageType is."""
    frames = metadata.items(source.instance.elements, Tag.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE)
    types = (metadata.text(_type_of(frame.elements), Tag.FRAME_TYPE) for frame in frames)
    first = next(types, "")
    return any(other != first for other in types)


def _type_of(groups: Elements) -> Elements:
    """Return the functional group of the type of a frame; empty where it has none of its own."""
    return next(filter(None, (metadata.first_item(groups, tag) for tag in FRAME_TYPES)), {})


def _of_frame(source: PlaneAttributes, tag: int) -> str:
    """Return text in the functional group of the type of a frame."""
    return metadata.text(_type_of(own_groups(source.top, source.frame)), tag)


def is_field_map_in_hz(source: PlaneAttributes) -> bool:
    """Whether the values are a field map in Hz."""
    words = "_".join(image_type_of(source))
    of_philips = "B0" in words and "MAP" in words and "REAL" in components_of(source)
    return of_philips or is_ge_field_map(source) or ("FIELD_MAP" in words and _unit_of(source) == "Hz")


def _unit_of(source: PlaneAttributes) -> str:
    """Return the code of the unit of real world values, in UCUM (PS3.3 C.7.6.16.2.11); empty where none is stated."""
    mapping = metadata.first_item(own_groups(source.top, source.frame), Tag.REAL_WORLD_VALUE_MAPPING_SEQUENCE)
    return metadata.text(metadata.first_item(mapping, Tag.MEASUREMENT_UNITS_CODE_SEQUENCE), Tag.CODE_VALUE)


def is_ge_field_map(source: PlaneAttributes) -> bool:
    """Whether this is the map, not the magnitude, of GE's sequence B0map: the first of the two volumes."""
    if source.manufacturer != "GE":
        return False
    names = (source.text(GE_SEQUENCE), source.text(GE_INTERNAL_SEQUENCE))
    locations, images = source.number(GE_LOCATIONS) or 0, source.number(Tag.IMAGES_IN_ACQUISITION) or 0
    return bool(is_field_map(names, locations, images, metadata.number(source.top, Tag.INSTANCE_NUMBER)))


GE_INTERNAL_SEQUENCE = Private(0x0019, "GEMS_ACQU_01", 0x109E)
GE_LOCATIONS = Private(0x0021, "GEMS_RELA_01", 0x104F)


def _image_type(source: PlaneAttributes, where: Any, factor: float) -> list[str] | None:
    """Return the words as dcm2niix has them, because tools look for them: split at underscores, the component appended."""
    parts = [(part, word) for word in image_type_of(source) for part in word.split("_") if part]
    words = [part for part, _ in parts]
    if not words:
        return None
    if source.volume is not None and source.volume.dicom.resampled:
        words[0] = "DERIVED"
    if is_field_map_in_hz(source):
        return [*words, *[word for word in (FIELD_MAP_WORD,) if word not in words]]
    inner = [part for part, word in parts[1:-1] if not DIXON.fullmatch(word)]  # a last word needs no repeating
    phase = [part for part, word in parts[-1:] if "PHASE" in part and not DIXON.fullmatch(word)]
    return [*words, *[word for word in _components(source, inner + phase) if word not in inner]]


def _distortion_correction(source: PlaneAttributes) -> bool | None:
    words = [*image_type_of(source), *source.texts(TYPE_TEXT)]
    corrected = [DISTORTION_CORRECTED[word.upper()] for word in words if word.upper() in DISTORTION_CORRECTED]
    return all(corrected) if corrected else None


def _type_text(source: PlaneAttributes) -> list[str] | None:
    return [word for word in source.texts(TYPE_TEXT) if word] or None


def _field_map_units(source: PlaneAttributes) -> str | None:
    return "Hz" if is_field_map_in_hz(source) else None


def _image_type_of_sidecar(value: list[Any], factor: float) -> list[str]:
    """Return the words without components at the end that `_image_type`, or dcm2niix, appended: another word states them."""
    words = [str(word) for word in value]
    while words and words[-1] in COMPONENTS_IN_ORDER and words[-1] in {COMPONENTS.get(word.upper()) for word in words[2:-1]}:
        words.pop()
    return words


IMAGE_TYPE = Kind(_image_type, _image_type_of_sidecar, (list,))

ROWS = (
    Row("ImageType", Tag.IMAGE_TYPE, IMAGE_TYPE),
    Derived("ImageTypeText", _type_text, "(0021,xx75) SIEMENS MR SDI 02", SIEMENS),
    Derived("NonlinearGradientCorrection", _distortion_correction, "`DIS2D`, `DIS3D` or `ND` in ImageType or ImageTypeText"),
    Derived("Units", _field_map_units, "field map of GE (`b0map`), Philips (`B0 MAP`), or with the unit Hz (`FIELD_MAP`)"),
)
