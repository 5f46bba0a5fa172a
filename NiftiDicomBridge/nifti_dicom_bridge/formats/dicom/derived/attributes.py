"""Attributes of derived objects: what of the template still holds, provenance, pixel module, file meta information."""

from __future__ import annotations

import numpy as np

from ....model import metadata
from ....model.metadata import Elements, Instance
from ....standard import tags
from .. import new_element, new_file
from ..new_file import Made
from ..reading.frames import frames_of
from ..restore import UidMap, new_uid
from .derivation import Work

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
GANTRY_DETECTOR_TILT = 0x00181120
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
DESCRIPTION = "Edited outside of the scanner and converted from NIfTI"
RESAMPLED = "Resampled to a regular grid and converted from NIfTI"


def common(template: Instance, work: Work, uids: UidMap, sources: list[Instance]) -> Elements:
    """Return the attributes of a derived instance: the template's that still hold, and its provenance."""
    found = {tag: element for tag, element in template.elements.items() if holds(tag)}
    dropped = sum(1 for tag in template.elements if tags.is_private(tag))
    note = "private attributes were dropped: nobody knows which of them the edit made wrong"
    if dropped and note not in work.log.notes:
        work.log.notes.append(note)
    found = new_element.without(found, _stale(work))
    date, time = new_element.now()
    old_type = metadata.texts(template.elements, tags.IMAGE_TYPE)
    second = "PRIMARY" if work.functional or work.sop_class in _PRIMARY_ONLY else "SECONDARY"
    found |= {
        tags.IMAGE_TYPE: new_element.text("CS", "DERIVED", second, *[v for v in old_type[2:] if v != "MOSAIC"]),
        tags.INSTANCE_CREATION_DATE: date,
        tags.INSTANCE_CREATION_TIME: time,
        tags.SOP_INSTANCE_UID: new_element.text("UI", new_uid()),
        tags.SERIES_INSTANCE_UID: new_element.text("UI", _series_uid(template, work, uids)),
        tags.DERIVATION_DESCRIPTION: new_element.text("ST", RESAMPLED if work.volume.resampled else DESCRIPTION),
        tags.SOURCE_IMAGE_SEQUENCE: new_file.source_images(sources),
        tags.CONTRIBUTING_EQUIPMENT_SEQUENCE: new_file.with_equipment(template.elements),
    }
    if work.frame_of_reference:
        found[tags.FRAME_OF_REFERENCE_UID] = new_element.text("UI", work.frame_of_reference)
    return found | new_file.pixel_elements(work.pixel)


def _series_uid(template: Instance, work: Work, uids: UidMap) -> str:
    """Return the Series Instance UID: one for all edited volumes of a series, others for what was resampled beside them."""
    old = metadata.text(template.elements, tags.SERIES_INSTANCE_UID)
    return uids.add(" ".join([old, *sorted(work.volume.resampled)]))


def _stale(work: Work) -> frozenset[int]:
    """Return the attributes that do not hold any more."""
    found = STALE
    if work.resampled:
        found |= STALE_AFTER_RESAMPLING
    if work.straightened:
        found |= {GANTRY_DETECTOR_TILT}
    if work.functional:
        found |= ONLY_IN_ORIGINALS
    if work.rescale_changed:
        found |= {tags.REAL_WORLD_VALUE_MAPPING_SEQUENCE}
    return found


def holds(tag: int) -> bool:
    """Whether an attribute may go on at all: it is not private, no overlay, no curve."""
    group = tag >> 16
    repeating = any(first <= group < first + 0x20 for first in _OVERLAY_AND_CURVE_GROUPS)
    return not tags.is_private(tag) and not repeating


def file_of(template: Instance, elements: Elements, work: Work, frames: np.ndarray) -> Made:
    """Return the file of derived elements and frames, with file meta information of its own."""
    assert template.pixels is not None
    return new_file.file_of(elements, work.pixel, frames, template.pixels.tag, template.name)


def rescale_elements(work: Work, elements: Elements, t: int = 0, k: int = 0) -> Elements:
    """Return slope and intercept of a plane, where the object has them or needs them."""
    slope, intercept = float(work.slopes[t, k]), float(work.intercepts[t, k])
    n, frame = work.templates[t, k].tolist()
    before = frames_of(work.series.instances[n], n)[frame]
    if (slope, intercept) == (before.slope, before.intercept):
        return {}
    if tags.DOSE_GRID_SCALING in elements:
        return {tags.DOSE_GRID_SCALING: new_element.decimals([slope])}
    had = tags.RESCALE_SLOPE in elements
    if work.pixel.floating or (not had and slope == 1.0 and intercept == 0.0):
        return {}
    found = {tags.RESCALE_SLOPE: new_element.decimals([slope]), tags.RESCALE_INTERCEPT: new_element.decimals([intercept])}
    if not had:
        found[tags.RESCALE_TYPE] = new_element.text("LO", "US")
    return found
