"""Attributes of derived objects: what of the template still holds, provenance, pixel module, file meta information."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .... import metadata, tags
from ....metadata import Element, Elements, Encoding, Instance, Item, PixelElement
from ....pixels import PixelFormat, bytes_from_frames
from ....sidecar.record import tool_version
from .. import values
from ..files import EXPLICIT_LITTLE_ENDIAN
from ..frames import frames_of
from ..restore import UidMap, new_uid, with_group_length
from .work import Work

STALE = frozenset({
    tags.SMALLEST_IMAGE_PIXEL_VALUE, tags.LARGEST_IMAGE_PIXEL_VALUE, tags.SMALLEST_PIXEL_VALUE_IN_SERIES,
    tags.LARGEST_PIXEL_VALUE_IN_SERIES, tags.PIXEL_PADDING_VALUE, tags.PIXEL_PADDING_RANGE_LIMIT, tags.VOI_LUT_SEQUENCE,
    tags.MODALITY_LUT_SEQUENCE, tags.ICON_IMAGE_SEQUENCE,
    0x7FE00001, 0x7FE00002,  # extended offset table
    0x00281055,  # WindowCenterWidthExplanation
    0x4FFE0001,  # MACParametersSequence
    0xFFFAFFFA,  # DigitalSignaturesSequence
    0xFFFCFFFC,  # DataSetTrailingPadding
    0x04000500,  # EncryptedAttributesSequence
    0x04000561,  # OriginalAttributesSequence
})  # fmt: skip
STALE_AFTER_RESAMPLING = frozenset({
    0x00181100,  # ReconstructionDiameter
    0x00181310,  # AcquisitionMatrix
    0x00280034,  # PixelAspectRatio
    0x00280A02, 0x00280A04,  # PixelSpacingCalibration
})  # fmt: skip
# PS3.3 C.8.13.2, C.8.13.4: "required if Image Type value 1 is ORIGINAL or MIXED", and not allowed otherwise
ONLY_IN_ORIGINALS = frozenset({
    0x00180023,  # MRAcquisitionType
    0x00189005, 0x00189008, 0x00189011, 0x00189012, 0x00189014, 0x00189015, 0x00189017, 0x00189018, 0x00189024, 0x00189025,
    0x00189029, 0x00189032, 0x00189033, 0x00189034, 0x00189093, 0x00189094,  # MR Pulse Sequence module
    0x00189172,  # BulkMotionCompensationTechnique
})  # fmt: skip
# IODs whose ImageType value 2 must be PRIMARY, beside those with functional groups (PS3.3 C.8.9.4.1.3)
_PRIMARY_ONLY = frozenset({"1.2.840.10008.5.1.4.1.1.128"})
_OVERLAY_AND_CURVE_GROUPS = (0x6000, 0x5000)
_SOURCE_IMAGE = values.code("121322", "DCM", "Source image for image processing operation")
_MODIFYING_EQUIPMENT = values.code("109103", "DCM", "Modifying Equipment")
DESCRIPTION = "Edited outside of the scanner and converted from NIfTI"
IMPLEMENTATION_CLASS = "2.25.214309486321873406914374291865093512877"


@dataclass(frozen=True)
class Derived:
    """One file to write."""

    instance: Instance
    pixels: PixelElement
    raw: bytes | memoryview


def common(template: Instance, work: Work, uids: UidMap, sources: list[Instance]) -> Elements:
    """Return the attributes of a derived instance: the template's that still hold, and its provenance."""
    found = {tag: element for tag, element in template.elements.items() if _holds(tag)}
    dropped = sum(1 for tag in template.elements if tags.is_private(tag))
    note = "private attributes were dropped: nobody knows which of them the edit made wrong"
    if dropped and note not in work.log.notes:
        work.log.notes.append(note)
    found = values.without(found, _stale(work))
    date, time = values.now()
    old_type = metadata.texts(template.elements, tags.IMAGE_TYPE)
    second = "PRIMARY" if work.functional or work.sop_class in _PRIMARY_ONLY else "SECONDARY"
    found |= {
        tags.IMAGE_TYPE: values.text("CS", "DERIVED", second, *[v for v in old_type[2:] if v != "MOSAIC"]),
        tags.INSTANCE_CREATION_DATE: date,
        tags.INSTANCE_CREATION_TIME: time,
        tags.SOP_INSTANCE_UID: values.text("UI", new_uid()),
        tags.SERIES_INSTANCE_UID: values.text("UI", uids.add(metadata.text(template.elements, tags.SERIES_INSTANCE_UID))),
        tags.DERIVATION_DESCRIPTION: values.text("ST", DESCRIPTION),
        tags.SOURCE_IMAGE_SEQUENCE: values.sequence(*(_source(s) for s in sources if s.uid)),
        tags.CONTRIBUTING_EQUIPMENT_SEQUENCE: _with_equipment(template.elements),
    }
    if work.frame_of_reference:
        found[tags.FRAME_OF_REFERENCE_UID] = values.text("UI", work.frame_of_reference)
    return found | _pixel_elements(work.pixel, found)


def _stale(work: Work) -> frozenset[int]:
    """Return the attributes that do not hold any more."""
    found = STALE
    if work.resampled:
        found |= STALE_AFTER_RESAMPLING
    if work.functional:
        found |= ONLY_IN_ORIGINALS
    if work.rescale_changed:
        found |= {tags.REAL_WORLD_VALUE_MAPPING_SEQUENCE}
    return found


def _holds(tag: int) -> bool:
    group = tag >> 16
    repeating = any(first <= group < first + 0x20 for first in _OVERLAY_AND_CURVE_GROUPS)
    return not tags.is_private(tag) and not repeating


def _source(instance: Instance) -> Elements:
    item = values.reference(metadata.text(instance.elements, tags.SOP_CLASS_UID), instance.uid)
    return {**item, tags.PURPOSE_OF_REFERENCE_CODE_SEQUENCE: values.sequence(_SOURCE_IMAGE)}


def _with_equipment(elements: Elements) -> Element:
    """Return ContributingEquipmentSequence (PS3.3 C.12.1.1.5) with this tool added."""
    before = metadata.items(elements, tags.CONTRIBUTING_EQUIPMENT_SEQUENCE)
    own: Elements = {
        tags.MANUFACTURER: values.text("LO", "NiftiDicomBridge"),
        0x00081090: values.text("LO", "nifti-dicom-bridge"),
        0x00181020: values.text("LO", tool_version()),
        tags.PURPOSE_OF_REFERENCE_CODE_SEQUENCE: values.sequence(_MODIFYING_EQUIPMENT),
    }
    return Element("SQ", (*before, Item(own)))


def _pixel_elements(pixel: PixelFormat, elements: Elements) -> Elements:
    found = {
        tags.ROWS: values.integers("US", pixel.rows),
        tags.COLUMNS: values.integers("US", pixel.columns),
    }
    if pixel.samples == 3:
        found |= {
            tags.PHOTOMETRIC_INTERPRETATION: values.text("CS", "RGB"),
            tags.PLANAR_CONFIGURATION: values.integers("US", 0),
        }
    if not pixel.floating:
        found |= {
            tags.BITS_ALLOCATED: values.integers("US", pixel.bits_allocated),
            tags.BITS_STORED: values.integers("US", pixel.bits_stored),
            tags.HIGH_BIT: values.integers("US", pixel.high_bit),
            tags.PIXEL_REPRESENTATION: values.integers("US", int(pixel.signed)),
        }
    return found


def file_of(template: Instance, elements: Elements, work: Work, frames: np.ndarray) -> Derived:
    """Return the file of derived elements and frames, with file meta information of its own."""
    raw = bytes_from_frames(frames, work.pixel)
    raw = bytes(raw) + b"\0" if len(raw) % 2 else raw
    assert template.pixels is not None
    vr = {tags.FLOAT_PIXEL_DATA: "OF", tags.DOUBLE_FLOAT_PIXEL_DATA: "OD"}.get(
        template.pixels.tag, "OW" if work.pixel.bits_allocated > 8 else "OB"
    )
    uid = elements[tags.SOP_INSTANCE_UID]
    file_meta: Elements = {
        tags.FILE_META_GROUP_LENGTH: values.integers("UL", 0),
        tags.FILE_META_VERSION: Element("OB", b"\0\1"),
        tags.MEDIA_STORAGE_SOP_CLASS_UID: elements.get(tags.SOP_CLASS_UID, values.text("UI", "")),
        tags.MEDIA_STORAGE_SOP_INSTANCE_UID: uid,
        tags.TRANSFER_SYNTAX_UID: values.text("UI", EXPLICIT_LITTLE_ENDIAN),
        tags.IMPLEMENTATION_CLASS_UID: values.text("UI", IMPLEMENTATION_CLASS),
        tags.IMPLEMENTATION_VERSION_NAME: values.text("SH", "NIFTIDICOMBRIDGE"),
    }
    instance = Instance(elements, with_group_length(file_meta), bytes(128), Encoding(), None, name=template.name)
    return Derived(instance, PixelElement(template.pixels.tag, vr, 0, len(raw)), raw)


def rescale_elements(work: Work, elements: Elements, t: int = 0, k: int = 0) -> Elements:
    """Return slope and intercept of a plane, where the object has them or needs them."""
    slope, intercept = float(work.slopes[t, k]), float(work.intercepts[t, k])
    n, frame = work.templates[t, k].tolist()
    before = frames_of(work.series.instances[n], n)[frame]
    if (slope, intercept) == (before.slope, before.intercept):
        return {}
    if tags.DOSE_GRID_SCALING in elements:
        return {tags.DOSE_GRID_SCALING: values.decimals([slope])}
    had = tags.RESCALE_SLOPE in elements
    if work.pixel.floating or (not had and slope == 1.0 and intercept == 0.0):
        return {}
    found = {tags.RESCALE_SLOPE: values.decimals([slope]), tags.RESCALE_INTERCEPT: values.decimals([intercept])}
    if not had:
        found[tags.RESCALE_TYPE] = values.text("LO", "US")
    return found
