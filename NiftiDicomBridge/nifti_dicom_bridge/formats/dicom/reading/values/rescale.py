"""Stored → real values of a frame: rescale, scaling of a dose, Philips' precise values, a linear Modality LUT."""

from __future__ import annotations

from .....model import metadata
from .....standard.dictionary import describe
from .....standard.photometric import RETIRED
from .....standard.sop_classes import CT, PET, RT_DOSE
from .....standard.tags import Tag
from ..attributes import vendor
from ..attributes.functional_groups import Lookup
from .modality_lut import straight_line
from .real_world import with_mapping

SMALLEST_SLOPE, LARGEST_SLOPE = 1e-30, 1e30
"""What a NIfTI header in single precision can hold."""
REQUIRED = {
    CT: Tag.RESCALE_SLOPE,
    PET: Tag.RESCALE_SLOPE,
    RT_DOSE: Tag.DOSE_GRID_SCALING,
}
"""SOP classes of CT, PET and RT Dose, whose stored values have no meaning without this attribute."""
UNITS = {PET: Tag.UNITS, RT_DOSE: Tag.DOSE_UNITS}
"""SOP classes of PET and RT Dose, whose real values have no unit without this attribute (Type 1)."""


def rescale_of(look: Lookup, notes: list[str]) -> tuple[float, float, str]:
    """Return slope, intercept and units of the real values of a frame (PS3.3 C.11.1, C.8.8.3)."""
    sequence = Tag.PIXEL_VALUE_TRANSFORMATION_SEQUENCE
    notes += filter(None, [_doubt_of_colors(look.data_set)])
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
        return straight_line(look.data_set, notes)
    _note_doubts(look, slope, intercept, notes)
    slope, intercept = 1.0 if slope is None else slope, 0.0 if intercept is None else intercept
    if not _is_usable(slope, intercept):
        return _unused(slope, intercept, units, notes)
    rescale = *vendor.precise_rescale(look.layers, slope, intercept), units
    mapped = with_mapping(look, rescale, (slope, intercept), notes)
    return mapped if _is_usable(*mapped[:2]) else _unused(*mapped, notes)


def _is_usable(slope: float, intercept: float) -> bool:
    return SMALLEST_SLOPE < abs(slope) < LARGEST_SLOPE and abs(intercept) < LARGEST_SLOPE


def _unused(slope: float, intercept: float, units: str, notes: list[str]) -> tuple[float, float, str]:
    notes.append(f"slope {slope:g} and intercept {intercept:g} cannot be used: the values are the stored ones")
    return 1.0, 0.0, units


def _doubt_of_colors(elements: metadata.Elements) -> str:
    """Return that the samples of pixels are not red, green and blue, nor a gray value; empty if they are, or become so."""
    photometric = metadata.text(elements, Tag.PHOTOMETRIC_INTERPRETATION)
    if metadata.text(elements, Tag.PIXEL_PRESENTATION) in ("COLOR", "MIXED"):  # PS3.3 C.7.6.19, C.8.16.2.1.2
        first = metadata.numbers(elements, Tag.RED_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR)[1:2]
        return (
            f"stored values from {first[0]:g} on are numbers of colors in a supplemental palette, not gray values"
            if first
            else ""
        )
    if photometric == "PALETTE COLOR":
        return "the values are numbers of the colors in a palette, which the sidecar keeps"
    if photometric in RETIRED:
        return f"colors of PhotometricInterpretation (0028,0004) {photometric} are not converted to red, green and blue"
    return ""


def _whole(elements: metadata.Elements) -> str:
    """Return which stored value of a fractional segmentation means 1."""
    maximum = metadata.integer(elements, Tag.MAXIMUM_FRACTIONAL_VALUE)
    unknown = f"which means 1 is unknown, as {describe(Tag.MAXIMUM_FRACTIONAL_VALUE)} is missing"
    return f"{maximum} means 1" if maximum > 0 else unknown


_SCALES = {
    Tag.RESCALE_SLOPE: "RescaleSlope (0028,1053)",
    Tag.DOSE_GRID_SCALING: "DoseGridScaling (3004,000E)",
    Tag.MODALITY_LUT_SEQUENCE: "ModalityLUTSequence (0028,3000)",
}
"""Their names are here, as nearly every image has one of them: else the data dictionary was read for each conversion."""


def scale_attribute(look: Lookup) -> str:
    """Return the attribute that specifies the scale of a frame; empty where none does."""
    if vendor.has_scale_slope(look.layers):
        return "Philips Scale Slope (2005,100E)"
    for tag, name in _SCALES.items():
        if look.number(Tag.PIXEL_VALUE_TRANSFORMATION_SEQUENCE, tag) is not None or metadata.items(look.data_set, tag):
            missing = _missing_of_rescale(look)
            return f"{name} without {describe(missing)}" if missing else name
    return ""


def _missing_of_rescale(look: Lookup) -> int:
    """Return RescaleSlope or RescaleIntercept, which are there together or not at all (PS3.3 C.11.1); 0 if both or none are.

    The intercept of PET is always 0 (PS3.3 C.8.9.4).
    """
    pair = (Tag.RESCALE_SLOPE, Tag.RESCALE_INTERCEPT)
    missing = [tag for tag in pair if look.number(Tag.PIXEL_VALUE_TRANSFORMATION_SEQUENCE, tag) is None]
    is_pet = metadata.text(look.data_set, Tag.SOP_CLASS_UID) == PET
    return missing[0] if len(missing) == 1 and not (is_pet and missing == [Tag.RESCALE_INTERCEPT]) else 0


def _note_doubts(look: Lookup, slope: float | None, intercept: float | None, notes: list[str]) -> None:
    """Note what is missing of a rescale, or against it."""
    sop_class = metadata.text(look.data_set, Tag.SOP_CLASS_UID)
    required, unit = REQUIRED.get(sop_class) if slope is None else None, UNITS.get(sop_class)
    if unit is not None and not metadata.text(look.data_set, unit):
        notes.append(f"{describe(unit)} is missing or empty, though required: the unit of the values is unknown")
    if required is not None:
        values = f"only the intercept {intercept:g} is applied" if intercept else "the values are the stored ones"
        notes.append(f"{describe(required)} is missing or empty, though required: {values}")
    elif missing := _missing_of_rescale(look):
        there, value = (Tag.RESCALE_INTERCEPT, 1) if missing == Tag.RESCALE_SLOPE else (Tag.RESCALE_SLOPE, 0)
        notes.append(f"{describe(missing)} is missing or empty, though {describe(there)} is there: {value} is assumed")
    if slope is not None and slope < 0 and sop_class in UNITS:
        notes.append(f"{describe(REQUIRED[sop_class])} is negative, {slope:g}: so are the values")
    for tag in (Tag.DOSE_GRID_SCALING,) if sop_class == RT_DOSE else (Tag.RESCALE_SLOPE, Tag.RESCALE_INTERCEPT):
        numbers = look.numbers(Tag.PIXEL_VALUE_TRANSFORMATION_SEQUENCE, tag)
        if len(set(numbers)) > 1:
            notes.append(f"{describe(tag)} has {len(numbers)} values, one is allowed: the first, {numbers[0]:g}, is used")
    if Tag.MODALITY_LUT_SEQUENCE in look.data_set:
        notes.append(f"{describe(Tag.MODALITY_LUT_SEQUENCE)} was not applied, as the object also has a rescale, which is used")
