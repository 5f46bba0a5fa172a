"""Stored → real values of a frame: rescale, scaling of a dose, Philips' precise values, a linear Modality LUT."""

from __future__ import annotations

import numpy as np

from ....model import metadata
from ....standard.dictionary import describe
from ....standard.tags import Tag
from . import vendor
from .lookup import Lookup
from .real_world import with_mapping

SMALLEST_SLOPE, LARGEST_SLOPE = 1e-30, 1e30
"""What a NIfTI header in single precision can hold."""
_OTHER_COLORS = frozenset({"HSV", "ARGB", "CMYK"})
"""Retired values of PhotometricInterpretation (PS3.3 C.7.6.3.1.2)."""
REQUIRED = {
    "1.2.840.10008.5.1.4.1.1.2": Tag.RESCALE_SLOPE,
    "1.2.840.10008.5.1.4.1.1.128": Tag.RESCALE_SLOPE,
    "1.2.840.10008.5.1.4.1.1.481.2": Tag.DOSE_GRID_SCALING,
}
"""SOP classes of CT, PET and RT Dose, whose stored values have no meaning without this attribute."""


def rescale_of(look: Lookup, notes: list[str]) -> tuple[float, float, str]:
    """Return slope, intercept and units of the real values of a frame (PS3.3 C.11.1, C.8.8.3)."""
    sequence = Tag.PIXEL_VALUE_TRANSFORMATION_SEQUENCE
    notes += filter(None, [_doubt_of_colors(metadata.text(look.data_set, Tag.PHOTOMETRIC_INTERPRETATION))])
    slope, intercept = look.number(sequence, Tag.RESCALE_SLOPE), look.number(sequence, Tag.RESCALE_INTERCEPT)
    units = (look.texts(sequence, Tag.UNITS) or look.texts(sequence, Tag.RESCALE_TYPE) or [""])[0]
    dose = look.number(sequence, Tag.DOSE_GRID_SCALING)
    if slope is None and dose is not None:
        slope, units = dose, (look.texts(sequence, Tag.DOSE_UNITS) or [""])[0]
    if metadata.text(look.data_set, Tag.SEGMENTATION_TYPE) == "FRACTIONAL":
        notes.append(f"values of a fractional segmentation are stored values: {_whole(look.data_set)}")
    if metadata.text(look.data_set, Tag.SEGMENTATION_TYPE) and (slope, intercept) != (None, None):
        if (slope, intercept) != (1, 0):
            notes.append(f"{describe(Tag.RESCALE_SLOPE)} is not applied: values of segmentations are stored values")
        return 1.0, 0.0, ""
    if slope is None and intercept is None and Tag.MODALITY_LUT_SEQUENCE in look.data_set:
        return _modality_lut(look, notes)
    _note_doubts(look, slope, intercept, notes)
    slope, intercept = 1.0 if slope is None else slope, 0.0 if intercept is None else intercept
    if not SMALLEST_SLOPE < abs(slope) < LARGEST_SLOPE or not abs(intercept) < LARGEST_SLOPE:
        notes.append(f"slope {slope:g} and intercept {intercept:g} cannot be used: the values are the stored ones")
        return 1.0, 0.0, units
    rescale = *vendor.precise_rescale(look.layers, slope, intercept), units
    return with_mapping(look, rescale, (slope, intercept), notes)


def _doubt_of_colors(photometric: str) -> str:
    """Return that the samples of pixels are not red, green and blue, nor a gray value; empty if they are, or become so."""
    if photometric == "PALETTE COLOR":
        return "the values are numbers of the colors in a palette, which the sidecar keeps"
    if photometric in _OTHER_COLORS:
        return f"colors of PhotometricInterpretation (0028,0004) {photometric} are not converted to red, green and blue"
    return ""


def _whole(elements: metadata.Elements) -> str:
    """Return which stored value of a fractional segmentation means 1."""
    maximum = metadata.integer(elements, Tag.MAXIMUM_FRACTIONAL_VALUE)
    unknown = f"which means 1 is unknown, as {describe(Tag.MAXIMUM_FRACTIONAL_VALUE)} is missing"
    return f"{maximum} means 1" if maximum > 0 else unknown


def scale_attribute(look: Lookup) -> str:
    """Return the attribute that specifies the scale of a frame; empty where none does."""
    if vendor.has_scale_slope(look.layers):
        return "Philips Scale Slope (2005,100E)"
    for tag in (Tag.RESCALE_SLOPE, Tag.DOSE_GRID_SCALING, Tag.MODALITY_LUT_SEQUENCE):
        if look.number(Tag.PIXEL_VALUE_TRANSFORMATION_SEQUENCE, tag) is not None or metadata.items(look.data_set, tag):
            return describe(tag)
    return ""


def _note_doubts(look: Lookup, slope: float | None, intercept: float | None, notes: list[str]) -> None:
    """Note what is missing of a rescale, or against it."""
    required = REQUIRED.get(metadata.text(look.data_set, Tag.SOP_CLASS_UID)) if slope is None else None
    if required is not None:
        values = f"only the intercept {intercept:g} is applied" if intercept else "the values are the stored ones"
        notes.append(f"{describe(required)} is missing or empty, though required: {values}")
    for tag in (Tag.RESCALE_SLOPE, Tag.RESCALE_INTERCEPT):
        numbers = look.numbers(Tag.PIXEL_VALUE_TRANSFORMATION_SEQUENCE, tag)
        if len(set(numbers)) > 1:
            notes.append(f"{describe(tag)} has {len(numbers)} values, one is allowed: the first, {numbers[0]:g}, is used")
    if Tag.MODALITY_LUT_SEQUENCE in look.data_set:
        notes.append(f"{describe(Tag.MODALITY_LUT_SEQUENCE)} was not applied, as the object also has a rescale, which is used")


def _modality_lut(look: Lookup, notes: list[str]) -> tuple[float, float, str]:
    """Return what a Modality LUT (PS3.3 C.11.1) amounts to where it is a straight line; a note where it is not."""
    lut = metadata.first_item(look.data_set, Tag.MODALITY_LUT_SEQUENCE)
    units = metadata.text(lut, Tag.MODALITY_LUT_TYPE)
    descriptor = metadata.numbers(lut, Tag.LUT_DESCRIPTOR)
    entries = _entries(lut, descriptor)
    steps = np.diff(entries)
    if entries.size > 1 and steps[0] != 0 and (steps == steps[0]).all():
        slope = float(steps[0])
        first = _first_mapped(look, descriptor)
        notes.append(
            f"ModalityLUTSequence (0028,3000) is a straight line: applied as slope {slope:g}{_beyond(look, first, entries)}"
        )
        return slope, float(entries[0] - slope * first), units
    notes.append(
        "ModalityLUTSequence (0028,3000) was not applied, as its curve has no place in NIfTI: the values are the stored ones, "
        f"not {units or 'those of the modality'}. The sidecar keeps the table"
    )
    return 1.0, 0.0, ""


def _entries(lut: metadata.Elements, descriptor: list[float]) -> np.ndarray:
    element = lut.get(Tag.LUT_DATA)
    if element is None or not isinstance(element.value, bytes) or len(descriptor) != 3:
        return np.zeros(0)
    count = int(descriptor[0]) or 1 << 16
    wide = len(element.value) >= 2 * count
    return np.frombuffer(element.value, "<u2" if wide else "u1").astype(np.float64)[:count]


def _beyond(look: Lookup, first: float, entries: np.ndarray) -> str:
    """Return that stored values may be beyond the table, where DICOM repeats its ends; empty where none can be."""
    bits = metadata.integer(look.data_set, Tag.BITS_STORED) or metadata.integer(look.data_set, Tag.BITS_ALLOCATED)
    signed = metadata.integer(look.data_set, Tag.PIXEL_REPRESENTATION) == 1
    low = -(1 << bits - 1) if signed and bits else 0
    last = first + entries.size - 1
    if first <= low and last >= low + (1 << bits) - 1:
        return ""
    return f"; stored values below {first:g} or above {last:g}, if any, continue the line (DICOM repeats its ends)"


def _first_mapped(look: Lookup, descriptor: list[float]) -> float:
    first = int(descriptor[1])
    signed = metadata.integer(look.data_set, Tag.PIXEL_REPRESENTATION) == 1
    return first - (1 << 16) if signed and first >= 1 << 15 else first
