"""What all objects made here share: provenance, image pixel module, file meta information."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...errors import PixelError
from ...model import metadata
from ...model.metadata import Element, Elements, Encoding, Instance, Item, PixelElement
from ...model.voxels.lazy_voxels import Voxels
from ...model.voxels.pixel_bytes import bytes_from_frames
from ...model.voxels.pixels import PixelFormat
from ...standard.tags import Tag
from ...standard.transfer_syntaxes import EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN
from ...version import tool_version
from . import new_element
from .changed_instance import with_group_length
from .frame_bytes import FrameBytes, frames_of_planes

MOST_ROWS = 0xFFFF
IMPLEMENTATION_CLASS = "2.25.214309486321873406914374291865093512877"
IMPLEMENTATION_VERSION = "NIFTIDICOMBRIDGE"
_MODIFYING_EQUIPMENT = new_element.code("109103", "DCM", "Modifying Equipment")


@dataclass(frozen=True)
class NewFile:
    """One file to write."""

    instance: Instance
    pixels: PixelElement | None
    raw: bytes | memoryview | FrameBytes = b""


def with_equipment(elements: Elements) -> Element:
    """Return ContributingEquipmentSequence (PS3.3 C.12.1.1.5) with this tool added.

    Its name and version are in the description: dcm2niix and others take a model name in here for that of the scanner.
    """
    before = metadata.items(elements, Tag.CONTRIBUTING_EQUIPMENT_SEQUENCE)
    own: Elements = {
        Tag.MANUFACTURER: new_element.text("LO", "NiftiDicomBridge"),
        Tag.CONTRIBUTION_DESCRIPTION: new_element.text("ST", f"nifti-dicom-bridge {tool_version()}"),
        Tag.PURPOSE_OF_REFERENCE_CODE_SEQUENCE: new_element.sequence(_MODIFYING_EQUIPMENT),
    }
    return Element("SQ", (*before, Item(own)))


def check_plane(rows: int, columns: int) -> None:
    """Raise `PixelError` for more rows or columns than their attributes, of VR US, can have."""
    if max(rows, columns) > MOST_ROWS:
        raise PixelError(
            f"The image has {rows} rows and {columns} columns; a DICOM image has at most {MOST_ROWS} of each. Crop or split it."
        )


def pixel_elements(pixel: PixelFormat) -> Elements:
    """Return the attributes of the Image Pixel module (PS3.3 C.7.6.3) that follow from a pixel format."""
    check_plane(pixel.rows, pixel.columns)
    elements = {
        Tag.ROWS: new_element.integers("US", pixel.rows),
        Tag.COLUMNS: new_element.integers("US", pixel.columns),
    }
    if pixel.samples == 3:
        elements |= {
            Tag.PHOTOMETRIC_INTERPRETATION: new_element.text("CS", "RGB"),
            Tag.PLANAR_CONFIGURATION: new_element.integers("US", 0),
        }
    if not pixel.floating:
        elements |= {
            Tag.BITS_ALLOCATED: new_element.integers("US", pixel.bits_allocated),
            Tag.BITS_STORED: new_element.integers("US", pixel.bits_stored),
            Tag.HIGH_BIT: new_element.integers("US", pixel.high_bit),
            Tag.PIXEL_REPRESENTATION: new_element.integers("US", int(pixel.signed)),
        }
    return elements


def file_of(
    elements: Elements, pixel: PixelFormat, frames: np.ndarray, pixel_tag: int = Tag.PIXEL_DATA, name: str = ""
) -> NewFile:
    """Return the file of elements and frames (count, rows, columns[, samples]): Explicit VR Little Endian, native."""
    return file_of_bytes(elements, bytes_from_frames(frames, pixel), _vr_of(pixel, pixel_tag), pixel_tag, name)


def file_of_planes(
    elements: Elements,
    pixel: PixelFormat,
    voxels: Voxels,
    planes: Sequence[tuple[int, int]],
    pixel_tag: int = Tag.PIXEL_DATA,
    name: str = "",
) -> NewFile:
    """Return what `file_of` does, of the planes (time, slice) of voxels; they are read while the file is written."""
    raw = FrameBytes(frames_of_planes(voxels, planes), len(planes), pixel)
    return file_of_bytes(elements, raw, _vr_of(pixel, pixel_tag), pixel_tag, name)


def _vr_of(pixel: PixelFormat, pixel_tag: int) -> str:
    special = {Tag.FLOAT_PIXEL_DATA: "OF", Tag.DOUBLE_FLOAT_PIXEL_DATA: "OD"}
    return special.get(pixel_tag, "OW" if pixel.bits_allocated > 8 else "OB")


def file_of_bytes(
    elements: Elements, raw: bytes | memoryview | FrameBytes, vr: str, pixel_tag: int = Tag.PIXEL_DATA, name: str = ""
) -> NewFile:
    """Return the file of elements and native pixel data in little endian, padded here to even length."""
    if not isinstance(raw, FrameBytes) and len(raw) % 2:
        raw = bytes(raw) + b"\0"
    instance = Instance(elements, _file_meta(elements, EXPLICIT_LITTLE_ENDIAN), bytes(128), Encoding(), None, name=name)
    return NewFile(instance, PixelElement(pixel_tag, vr, 0, len(raw)), raw)


def file_without_pixels(elements: Elements) -> NewFile:
    """Return the file of elements, Implicit VR Little Endian: texts such as DS may have more than 65534 bytes there."""
    encoding = Encoding(explicit=False)
    return NewFile(Instance(elements, _file_meta(elements, IMPLICIT_LITTLE_ENDIAN), bytes(128), encoding, None), None)


def _file_meta(elements: Elements, transfer_syntax: str) -> Elements:
    file_meta: Elements = {
        Tag.FILE_META_INFORMATION_GROUP_LENGTH: new_element.integers("UL", 0),
        Tag.FILE_META_INFORMATION_VERSION: Element("OB", b"\0\1"),
        Tag.MEDIA_STORAGE_SOP_CLASS_UID: elements.get(Tag.SOP_CLASS_UID, new_element.text("UI", "")),
        Tag.MEDIA_STORAGE_SOP_INSTANCE_UID: elements[Tag.SOP_INSTANCE_UID],
        Tag.TRANSFER_SYNTAX_UID: new_element.text("UI", transfer_syntax),
        Tag.IMPLEMENTATION_CLASS_UID: new_element.text("UI", IMPLEMENTATION_CLASS),
        Tag.IMPLEMENTATION_VERSION_NAME: new_element.text("SH", IMPLEMENTATION_VERSION),
    }
    return with_group_length(file_meta)
