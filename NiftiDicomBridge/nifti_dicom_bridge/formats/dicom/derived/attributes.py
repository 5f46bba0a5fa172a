"""Attributes of derived objects: what of the template still holds, provenance, pixel module, file meta information."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from ....model import metadata
from ....model.metadata import Elements, Instance
from ....model.volume import Volume
from ....standard import dictionary
from ....standard.iods import attributes_of
from ....standard.sop_classes import EN_FACE, NM, OPHTHALMIC_PHOTOGRAPHY, PARAMETRIC_MAP, PET
from ....standard.tags import Tag
from .. import new_element, new_file
from ..new_file import NewFile
from ..references import source_images
from ..uids import UidMap, new_uid
from .derivation import DerivationContext
from .units import ACTIVITY, HU, UNITLESS

MEASURED = frozenset({
    Tag.DVH_SEQUENCE, Tag.DVH_NORMALIZATION_POINT, Tag.DVH_NORMALIZATION_DOSE_VALUE, Tag.RT_DOSE_ROI_SEQUENCE,
    Tag.HISTOGRAM_SEQUENCE,
})  # fmt: skip
"""What was computed from the pixels of the original: histograms of doses and of gray values (PS3.3 C.8.8.4, C.11.5)."""
STALE = MEASURED | frozenset({
    Tag.SMALLEST_IMAGE_PIXEL_VALUE, Tag.LARGEST_IMAGE_PIXEL_VALUE, Tag.SMALLEST_PIXEL_VALUE_IN_SERIES,
    Tag.LARGEST_PIXEL_VALUE_IN_SERIES, Tag.PIXEL_PADDING_VALUE, Tag.PIXEL_PADDING_RANGE_LIMIT, Tag.VOI_LUT_SEQUENCE,
    Tag.MODALITY_LUT_SEQUENCE, Tag.ICON_IMAGE_SEQUENCE,
    Tag.EXTENDED_OFFSET_TABLE, Tag.EXTENDED_OFFSET_TABLE_LENGTHS,  # extended offset table
    Tag.WINDOW_CENTER_WIDTH_EXPLANATION,
    Tag.MAC_PARAMETERS_SEQUENCE,
    Tag.DIGITAL_SIGNATURES_SEQUENCE,
    Tag.DATA_SET_TRAILING_PADDING,
    Tag.ENCRYPTED_ATTRIBUTES_SEQUENCE,
    Tag.ORIGINAL_ATTRIBUTES_SEQUENCE,
    Tag.SOURCE_IMAGE_SEQUENCE, Tag.CONVERSION_SOURCE_ATTRIBUTES_SEQUENCE,
})  # fmt: skip
STALE_AFTER_RESAMPLING = frozenset({
    Tag.RECONSTRUCTION_DIAMETER,
    Tag.ACQUISITION_MATRIX,
    Tag.PIXEL_ASPECT_RATIO,
    Tag.PIXEL_SPACING_CALIBRATION_TYPE, Tag.PIXEL_SPACING_CALIBRATION_DESCRIPTION,  # PixelSpacingCalibration
    Tag.SEQUENCE_OF_ULTRASOUND_REGIONS,  # in pixels
})  # fmt: skip
OF_ONE_TIME = frozenset({
    Tag.TEMPORAL_POSITION_IDENTIFIER, Tag.NUMBER_OF_TEMPORAL_POSITIONS, Tag.TRIGGER_TIME, Tag.DIFFUSION_B_VALUE,
    Tag.DIFFUSION_DIRECTIONALITY, Tag.DIFFUSION_GRADIENT_ORIENTATION, Tag.DIFFUSION_GRADIENT_DIRECTION_SEQUENCE,
    Tag.DIFFUSION_B_MATRIX_SEQUENCE, Tag.MR_DIFFUSION_SEQUENCE, Tag.TEMPORAL_POSITION_SEQUENCE,
})  # fmt: skip
"""What states which of several times an image is: not known of one image that was made of them."""
_ONE_MAPPING = (
    "RealWorldValueMappingSequence (0040,9096) has only the first item of the original, by which values were read: the others "
    "do not hold for the new stored values"
)
SCALED_PUBLICLY = (
    "RescaleSlope and RescaleIntercept are now those of the precise values, which a private element (Philips Scale Slope) "
    "specified before: programs that ignore that element display other values than for the original"
)
# PS3.3 C.8.13.2, C.8.13.4: "required if Image Type value 1 is ORIGINAL or MIXED", and not allowed otherwise
ONLY_IN_ORIGINALS = frozenset({
    Tag.MR_ACQUISITION_TYPE,
    Tag.PULSE_SEQUENCE_NAME, Tag.ECHO_PULSE_SEQUENCE, Tag.MULTIPLE_SPIN_ECHO, Tag.MULTI_PLANAR_EXCITATION,
    Tag.PHASE_CONTRAST, Tag.TIME_OF_FLIGHT_CONTRAST, Tag.STEADY_STATE_PULSE_SEQUENCE, Tag.ECHO_PLANAR_PULSE_SEQUENCE,
    Tag.SATURATION_RECOVERY, Tag.SPECTRALLY_SELECTED_SUPPRESSION,
    # MR Pulse Sequence module
    Tag.OVERSAMPLING_PHASE, Tag.GEOMETRY_OF_K_SPACE_TRAVERSAL, Tag.SEGMENTED_K_SPACE_TRAVERSAL,
    Tag.RECTILINEAR_PHASE_ENCODE_REORDERING, Tag.NUMBER_OF_K_SPACE_TRAJECTORIES, Tag.COVERAGE_OF_K_SPACE,
    Tag.BULK_MOTION_COMPENSATION_TECHNIQUE,
})  # fmt: skip
# whose ImageType value 2 must be PRIMARY, next to those with functional groups (PS3.3 C.8.4.9, C.8.9.4.1.3, C.8.17.2)
_PRIMARY_ONLY = OPHTHALMIC_PHOTOGRAPHY | {NM, PET, EN_FACE}
_OVERLAY_AND_CURVE_GROUPS = (0x6000, 0x5000)
DESCRIPTION = "Edited outside of the scanner and converted from NIfTI"
RESAMPLED = "Resampled to a regular grid and converted from NIfTI"


def common(template: Instance, work: DerivationContext, uids: UidMap, sources: list[Instance]) -> Elements:
    """Return the attributes of a derived instance: the template's that still hold, and its provenance."""
    _report_removed(template.elements, work)
    elements = {tag: element for tag, element in template.elements.items() if holds(tag)}
    elements = metadata.without(elements, _stale(work))
    date, time = new_element.now(elements)
    old_type = metadata.texts(template.elements, Tag.IMAGE_TYPE)
    second = "PRIMARY" if _is_primary(work.sop_class) else "SECONDARY"
    elements |= {
        Tag.IMAGE_TYPE: new_element.text("CS", "DERIVED", second, *[v for v in old_type[2:] if v != "MOSAIC"]),
        Tag.INSTANCE_CREATION_DATE: date,
        Tag.INSTANCE_CREATION_TIME: time,
        Tag.SOP_INSTANCE_UID: new_element.text("UI", new_uid()),
        Tag.SERIES_INSTANCE_UID: new_element.text("UI", _series_uid(work, uids)),
        Tag.DERIVATION_DESCRIPTION: new_element.text("ST", description_of(work.volume)),
        Tag.CONTRIBUTING_EQUIPMENT_SEQUENCE: new_file.with_equipment(template.elements),
    }
    if any(source.uid for source in sources):
        elements[Tag.SOURCE_IMAGE_SEQUENCE] = source_images((source, ()) for source in sources)
    first = work.volume.dicom.metadata.first.elements
    # a series is in one study and has one number, also where the slices that it was made from have one each
    elements |= {tag: first[tag] for tag in (Tag.STUDY_INSTANCE_UID, Tag.SERIES_NUMBER) if tag in first}
    if work.frame_of_reference:
        elements[Tag.FRAME_OF_REFERENCE_UID] = new_element.text("UI", work.frame_of_reference)
    if work.lost_unit == ACTIVITY and Tag.UNITS in elements:
        elements[Tag.UNITS] = new_element.text("CS", UNITLESS)
    if work.pixels.padding is not None:
        vr = "SS" if work.pixel.signed else "US"
        elements[Tag.PIXEL_PADDING_VALUE] = new_element.integers(vr, work.pixels.padding)
    return elements | new_file.pixel_elements(work.pixel)


def _report_removed(elements: Elements, work: DerivationContext) -> None:
    """Note what a derived instance does not have of its template, once for all instances."""
    notes = []
    if any(map(dictionary.is_private, elements)):
        notes.append("private attributes were removed: the edit may have made some of them wrong")
    if any(map(_is_of_overlay, elements)):
        notes.append("overlays (groups 6000 to 601E) were removed: they were drawn on the image before the edit")
    work.log.notes += [note for note in notes + notes_of_measured(elements) if note not in work.log.notes]


@cache
def _is_primary(sop_class: str) -> bool:
    """Whether ImageType value 2 must be PRIMARY: in IODs with functional groups (PS3.3 C.8.16.1.2), and in some others."""
    groups = (Tag.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE,)
    return sop_class in _PRIMARY_ONLY or any(rule.path == groups and rule.usage == "M" for rule in attributes_of(sop_class))


def description_of(volume: Volume) -> str:
    """Return DerivationDescription."""
    return RESAMPLED if volume.dicom.resampled else DESCRIPTION


def _series_uid(work: DerivationContext, uids: UidMap) -> str:
    """Return the Series Instance UID: one for all edited volumes of a series, others for what was resampled next to them."""
    old = metadata.text(work.volume.dicom.metadata.first.elements, Tag.SERIES_INSTANCE_UID)
    return uids.add(" ".join([old, *sorted(work.volume.dicom.resampled)]))


def notes_of_measured(elements: Elements) -> list[str]:
    """Return that what was computed from the pixels of an original does not hold for those that were edited."""
    return [
        f"{dictionary.describe(tag)} was removed: it was computed from the values before the edit"
        for tag in sorted(MEASURED & elements.keys())
    ]


def _stale(work: DerivationContext) -> frozenset[int]:
    """Return the attributes that do not hold any more."""
    stale = STALE
    if work.resampled:
        stale |= STALE_AFTER_RESAMPLING
    if work.is_of_one_time:
        stale |= OF_ONE_TIME
    if work.straightened:
        stale |= {Tag.GANTRY_DETECTOR_TILT}
    if work.functional:
        stale |= ONLY_IN_ORIGINALS
    if work.rescale_changed:
        stale |= {Tag.REAL_WORLD_VALUE_MAPPING_SEQUENCE}
    return stale


def holds(tag: int) -> bool:
    """Whether an attribute may go on at all: it is not private, no overlay, no curve."""
    return not dictionary.is_private(tag) and not _is_of_overlay(tag)


def _is_of_overlay(tag: int) -> bool:
    """Whether an attribute is of an overlay or a curve."""
    return any(first <= tag >> 16 < first + 0x20 for first in _OVERLAY_AND_CURVE_GROUPS)


def file_of(template: Instance, elements: Elements, work: DerivationContext, frames: np.ndarray) -> NewFile:
    """Return the file of derived elements and frames (frames, rows, columns[, samples]), with its own file meta information."""
    assert template.pixels is not None
    return new_file.file_of(elements, work.pixel, frames, template.pixels.tag, template.name)


def file_of_planes(
    template: Instance, elements: Elements, work: DerivationContext, planes: Sequence[tuple[int, int]]
) -> NewFile:
    """Return what `file_of` does, of planes (time, slice), which are read while the file is written."""
    assert template.pixels is not None
    return new_file.file_of_planes(elements, work.pixel, work.stored, planes, template.pixels.tag, template.name)


def rescale_elements(work: DerivationContext, elements: Elements, t: int = 0, k: int = 0) -> Elements:
    """Return slope and intercept of a plane, where the object has them or needs them."""
    if work.sop_class == PARAMETRIC_MAP:  # its pixel value transformation is the identity; see `with_value_mapping`
        return {}
    slope, intercept = float(work.slopes[t, k]), float(work.intercepts[t, k])
    n, frame = work.templates[t, k].tolist()
    before = work.info(n, frame)
    public = metadata.number(elements, Tag.RESCALE_SLOPE), metadata.number(elements, Tag.RESCALE_INTERCEPT) or 0.0
    scaled = bool(public[0]) and public != (before.slope, before.intercept)  # by a private element, which is dropped
    stated = metadata.number(elements, Tag.DOSE_GRID_SCALING, 1.0) if public[0] is None else public[0]
    had = Tag.RESCALE_SLOPE in elements
    is_lost = had and work.lost_unit == HU and not work.functional
    unspecified = {Tag.RESCALE_TYPE: new_element.text("LO", "US")}
    if (slope, intercept) == (stated, public[1]):  # not so where a modality LUT stated them, which is dropped
        return unspecified if is_lost else {}
    if scaled and SCALED_PUBLICLY not in work.log.notes:
        work.log.notes.append(SCALED_PUBLICLY)
    if Tag.DOSE_GRID_SCALING in elements:
        return {Tag.DOSE_GRID_SCALING: new_element.decimals([slope])}
    if work.pixel.floating or (not had and slope == 1.0 and intercept == 0.0):
        return {}
    result = {Tag.RESCALE_SLOPE: new_element.decimals([slope]), Tag.RESCALE_INTERCEPT: new_element.decimals([intercept])}
    return result if had and not is_lost else result | unspecified


def with_value_mapping(work: DerivationContext, groups: Elements, t: int, k: int) -> Elements:
    """Return functional groups without a value mapping that does not hold any more; that of a Parametric Map is corrected."""
    tag = Tag.REAL_WORLD_VALUE_MAPPING_SEQUENCE
    mapping = metadata.first_item(groups, tag)
    if not mapping:
        return groups
    if work.sop_class != PARAMETRIC_MAP:
        return metadata.without(groups, {tag}) if work.rescale_changed else groups
    if len(metadata.items(groups, tag)) > 1 and _ONE_MAPPING not in work.log.notes:
        work.log.notes.append(_ONE_MAPPING)
    changed = {**metadata.without(mapping, {*_FLOAT_RANGE, *_INTEGER_RANGE}), **_mapped_range(work, mapping)}
    if work.rescale_changed:
        changed |= {
            Tag.REAL_WORLD_VALUE_SLOPE: new_element.floats("FD", float(work.slopes[t, k])),
            Tag.REAL_WORLD_VALUE_INTERCEPT: new_element.floats("FD", float(work.intercepts[t, k])),
        }
    return {**groups, tag: new_element.sequence(changed)}


def _mapped_range(work: DerivationContext, mapping: Elements) -> Elements:
    """Return the stored values for which a value mapping holds, with all that occur."""
    low, high = work.pixels.stored_range
    before = next((ends for ends in (_FLOAT_RANGE, _INTEGER_RANGE) if ends[0] in mapping), _FLOAT_RANGE)
    first, last = (metadata.number(mapping, end, value) for end, value in zip(before, (low, high), strict=True))
    limits = min(first or 0.0, low), max(last or 0.0, high)
    ends = _FLOAT_RANGE if work.pixel.floating else _INTEGER_RANGE
    if work.pixel.floating:
        return {end: new_element.floats("FD", limit) for end, limit in zip(ends, limits, strict=True)}
    vr = "SS" if work.pixel.signed else "US"
    return {end: new_element.integers(vr, int(limit)) for end, limit in zip(ends, limits, strict=True)}


_FLOAT_RANGE = (Tag.DOUBLE_FLOAT_REAL_WORLD_VALUE_FIRST_VALUE_MAPPED, Tag.DOUBLE_FLOAT_REAL_WORLD_VALUE_LAST_VALUE_MAPPED)
_INTEGER_RANGE = (Tag.REAL_WORLD_VALUE_FIRST_VALUE_MAPPED, Tag.REAL_WORLD_VALUE_LAST_VALUE_MAPPED)
