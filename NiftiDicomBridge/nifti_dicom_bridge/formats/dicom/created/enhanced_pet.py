"""What Enhanced PET must specify beyond Enhanced CT and MR (PS3.3 C.8.22): isotope, acquisition, corrections."""

from __future__ import annotations

import re

from ....model import metadata
from ....model.metadata import Element, Elements, Item, Log
from ....model.voxels.pixels import PixelFormat
from ....standard.tags import Tag
from .. import new_element
from .attributes import Attributes
from .modules import Module, Row
from .quantities import units_code

_UNKNOWN = new_element.code("261665006", "SCT", "Unknown")
_AXIAL = new_element.code("24422004", "SCT", "Axial")
# PS3.3 C.8.22.5.4: attribute → value of CorrectedImage (C.8.9.1.1.3) that specifies yes
_CORRECTIONS = {
    Tag.DECAY_CORRECTED: "DECY",
    Tag.ATTENUATION_CORRECTED: "ATTN",
    Tag.SCATTER_CORRECTED: "SCAT",
    Tag.DEAD_TIME_CORRECTED: "DTIM",
    Tag.GANTRY_MOTION_CORRECTED: "MOTN",
    Tag.PATIENT_MOTION_CORRECTED: "PMOT",
    Tag.COUNT_LOSS_NORMALIZATION_CORRECTED: "NORM",
    Tag.RANDOMS_CORRECTED: "RAN",
    Tag.NON_UNIFORM_RADIAL_SAMPLING_CORRECTED: "RADL",
    Tag.SENSITIVITY_CALIBRATED: "DCAL",
    Tag.DETECTOR_NORMALIZATION_CORRECTION: "DETN",
}
_UPTAKE = frozenset({"GML", "CM2ML"})
"""Units of standardized uptake values, of which SUVType specifies by what they are standardized (C.8.9.1.1.17)."""
UNKNOWN_DATE = "19000101"
_SOURCES_OF_ATTENUATION = {"CT": "CT", "MR": "MR", "MEASURED": "POSITRON SOURCE", "GE": "POSITRON SOURCE"}
# fmt: off
ACQUISITION: Module = (  # C.8.22.5.2, C.8.22.5.4
    Row(Tag.TABLE_MOTION, "CS", "1", ("STATIC",)),
    Row(Tag.TIME_OF_FLIGHT_INFORMATION_USED, "CS", "1", ("FALSE",)),
    Row(Tag.COUNTS_SOURCE, "CS", "1", ("EMISSION",)),
)
# fmt: on


def elements(decided: Attributes) -> Elements:
    """Return the Enhanced PET modules; what no source specifies is unknown by code, and not corrected."""
    corrected = decided.text(Tag.CORRECTED_IMAGE).split("\\")
    result: Elements = {tag: new_element.text("CS", "YES" if word in corrected else "NO") for tag, word in _CORRECTIONS.items()}
    result[Tag.VIEW_CODE_SEQUENCE] = new_element.sequence({**_AXIAL, Tag.VIEW_MODIFIER_CODE_SEQUENCE: new_element.sequence()})
    result[Tag.RADIOPHARMACEUTICAL_INFORMATION_SEQUENCE] = complete_radiopharmaceutical(decided.elements)
    if "ATTN" in corrected:
        result |= _attenuation(decided)
    if "DECY" in corrected:
        result[Tag.DECAY_CORRECTION_DATE_TIME] = new_element.text("DT", _decay_reference(decided))
    if "SCAT" in corrected and not decided.text(Tag.SCATTER_CORRECTION_METHOD):
        result[Tag.SCATTER_CORRECTION_METHOD] = new_element.text("LO", "UNKNOWN")
    return result


def complete_radiopharmaceutical(elements: Elements) -> Element:
    """Return RadiopharmaceuticalInformationSequence with all that Enhanced PET requires in its items (PS3.3 C.8.22.4).

    What PET specifies by date and time apart becomes one; what no source specifies is unknown by code.
    """
    given = metadata.items(elements, Tag.RADIOPHARMACEUTICAL_INFORMATION_SEQUENCE) or (Item({}),)
    return new_element.sequence(*(_completed(item.elements, n, elements) for n, item in enumerate(given, 1)))


def value_mapping(decided: Attributes, rescale: Elements, pixel: PixelFormat) -> Elements:
    """Return an item of RealWorldValueMappingSequence (PS3.3 C.7.6.16.2.11): the units of the rescaled values, as a code."""
    units, suv = decided.text(Tag.UNITS), decided.text(Tag.SUV_TYPE)
    unit = units_code(f"SUV{suv}" if suv and units in _UPTAKE else units, Log())
    first, last, vr = (-(1 << pixel.bits_stored - 1), (1 << pixel.bits_stored - 1) - 1, "SS") if pixel.signed else (
        0, (1 << pixel.bits_stored) - 1, "US")  # fmt: skip
    return {
        Tag.LUT_EXPLANATION: new_element.text("LO", unit.meaning),
        Tag.LUT_LABEL: new_element.text("SH", units or "NONE"),
        Tag.MEASUREMENT_UNITS_CODE_SEQUENCE: new_element.sequence(new_element.code(*unit)),
        Tag.REAL_WORLD_VALUE_FIRST_VALUE_MAPPED: new_element.integers(vr, first),
        Tag.REAL_WORLD_VALUE_LAST_VALUE_MAPPED: new_element.integers(vr, last),
        Tag.REAL_WORLD_VALUE_INTERCEPT: new_element.floats("FD", metadata.number(rescale, Tag.RESCALE_INTERCEPT) or 0.0),
        Tag.REAL_WORLD_VALUE_SLOPE: new_element.floats("FD", metadata.number(rescale, Tag.RESCALE_SLOPE) or 1.0),
    }


def _completed(item: Elements, number: int, elements: Elements) -> Elements:
    start, date = metadata.text(item, Tag.RADIOPHARMACEUTICAL_START_TIME), metadata.text(elements, Tag.SERIES_DATE)
    completed = {**_radiopharmaceutical(), **{tag: element for tag, element in item.items() if element.value}}
    if start and Tag.RADIOPHARMACEUTICAL_START_DATE_TIME not in item:
        completed[Tag.RADIOPHARMACEUTICAL_START_DATE_TIME] = new_element.text("DT", (date or UNKNOWN_DATE) + start)
    return {**completed, Tag.RADIOPHARMACEUTICAL_AGENT_NUMBER: new_element.integers("US", number)}


def _attenuation(decided: Attributes) -> Elements:
    """Return where the attenuation map came from, by the words of AttenuationCorrectionMethod (PS3.3 C.8.22.5.4)."""
    words = set(re.findall("[A-Z]+", decided.text(Tag.ATTENUATION_CORRECTION_METHOD).upper()))
    source = next((source for word, source in _SOURCES_OF_ATTENUATION.items() if word in words), "CALCULATED")
    return {
        Tag.ATTENUATION_CORRECTION_SOURCE: new_element.text("CS", source),
        Tag.ATTENUATION_CORRECTION_TEMPORAL_RELATIONSHIP: new_element.text("CS", "OTHER"),
    }


def _decay_reference(decided: Attributes) -> str:
    """Return the moment that decay was corrected to (PS3.3 C.8.9.1.1.4); in 1900 where no source specifies the date."""
    if decided.text(Tag.DECAY_CORRECTION) == "ADMIN":
        (first, *_) = metadata.items(
            {Tag.RADIOPHARMACEUTICAL_INFORMATION_SEQUENCE: complete_radiopharmaceutical(decided.elements)},
            Tag.RADIOPHARMACEUTICAL_INFORMATION_SEQUENCE,
        )
        return metadata.text(first.elements, Tag.RADIOPHARMACEUTICAL_START_DATE_TIME)
    date, time = decided.text(Tag.SERIES_DATE) or UNKNOWN_DATE, decided.text(Tag.SERIES_TIME)
    known = date + time if time else decided.text(Tag.ACQUISITION_DATE_TIME)
    return known or UNKNOWN_DATE + "000000"


def _radiopharmaceutical() -> Elements:
    """Return an item of RadiopharmaceuticalInformationSequence that specifies that nothing is known."""
    return {
        Tag.RADIOPHARMACEUTICAL: new_element.text("LO", "Unknown"),
        Tag.RADIONUCLIDE_TOTAL_DOSE: new_element.text("DS", ""),
        Tag.RADIONUCLIDE_HALF_LIFE: new_element.decimals([0.0]),
        Tag.RADIONUCLIDE_POSITRON_FRACTION: new_element.decimals([0.0]),
        Tag.RADIOPHARMACEUTICAL_START_DATE_TIME: new_element.text("DT", UNKNOWN_DATE + "000000"),
        Tag.RADIOPHARMACEUTICAL_AGENT_NUMBER: new_element.integers("US", 1),
        Tag.RADIONUCLIDE_CODE_SEQUENCE: new_element.sequence(_UNKNOWN),
        Tag.ADMINISTRATION_ROUTE_CODE_SEQUENCE: new_element.sequence(_UNKNOWN),
        Tag.RADIOPHARMACEUTICAL_CODE_SEQUENCE: new_element.sequence(_UNKNOWN),
    }


USAGE = new_element.sequence({Tag.RADIOPHARMACEUTICAL_AGENT_NUMBER: new_element.integers("US", 1)})
"""RadiopharmaceuticalUsageSequence: every frame is of agent 1 (C.8.22.5.1.3)."""
