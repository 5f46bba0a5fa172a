"""What Enhanced PET must say beyond Enhanced CT and MR (PS3.3 C.8.22): isotope, acquisition, corrections."""

from __future__ import annotations

import re

from ....model import metadata
from ....model.metadata import Element, Elements, Item
from .. import new_element
from .attributes import Attributes
from .modules import Module, Row

_UNKNOWN = new_element.code("261665006", "SCT", "Unknown")
_AXIAL = new_element.code("24422004", "SCT", "Axial")
# PS3.3 C.8.22.5.4: attribute → value of CorrectedImage (C.8.9.1.1.3) that says yes
_CORRECTIONS = {
    0x00189758: "DECY",  # DecayCorrected
    0x00189759: "ATTN",  # AttenuationCorrected
    0x00189760: "SCAT",  # ScatterCorrected
    0x00189761: "DTIM",  # DeadTimeCorrected
    0x00189762: "MOTN",  # GantryMotionCorrected
    0x00189763: "PMOT",  # PatientMotionCorrected
    0x00189764: "NORM",  # CountLossNormalizationCorrected
    0x00189765: "RAN",  # RandomsCorrected
    0x00189766: "RADL",  # NonUniformRadialSamplingCorrected
    0x00189767: "DCAL",  # SensitivityCalibrated
    0x00189768: "DETN",  # DetectorNormalizationCorrection
}
UNKNOWN_DATE = "19000101"
ISOTOPES, _SERIES_DATE = 0x00540016, 0x00080021  # RadiopharmaceuticalInformationSequence, SeriesDate
_SOURCES_OF_ATTENUATION = {"CT": "CT", "MR": "MR", "MEASURED": "POSITRON SOURCE", "GE": "POSITRON SOURCE"}
# fmt: off
ACQUISITION: Module = (  # C.8.22.5.2, C.8.22.5.4
    Row(0x00181134, "CS", "1", ("STATIC",)),  # TableMotion
    Row(0x00189755, "CS", "1", ("FALSE",)),  # TimeOfFlightInformationUsed
    Row(0x00541002, "CS", "1", ("EMISSION",)),  # CountsSource
)
# fmt: on


def elements(decided: Attributes) -> Elements:
    """Return the Enhanced PET modules; what no source tells is unknown by code, and not corrected."""
    corrected = decided.text(0x00280051).split("\\")
    found: Elements = {tag: new_element.text("CS", "YES" if word in corrected else "NO") for tag, word in _CORRECTIONS.items()}
    found[0x00540220] = new_element.sequence({**_AXIAL, 0x00540222: new_element.sequence()})  # ViewCodeSequence
    found[ISOTOPES] = completed(decided.elements)
    if "ATTN" in corrected:
        found |= _attenuation(decided)
    if "DECY" in corrected:
        found[0x00189701] = new_element.text("DT", _decay_reference(decided))  # DecayCorrectionDateTime
    if "SCAT" in corrected and not decided.text(0x00541105):
        found[0x00541105] = new_element.text("LO", "UNKNOWN")  # ScatterCorrectionMethod
    return found


def completed(elements: Elements) -> Element:
    """Return RadiopharmaceuticalInformationSequence with all that Enhanced PET wants in its items (PS3.3 C.8.22.4).

    What PET says by date and time apart becomes one; what nobody tells is unknown by code.
    """
    given = metadata.items(elements, ISOTOPES) or (Item({}),)
    return new_element.sequence(*(_completed(item.elements, n, elements) for n, item in enumerate(given, 1)))


def _completed(item: Elements, number: int, elements: Elements) -> Elements:
    start, date = metadata.text(item, 0x00181072), metadata.text(elements, _SERIES_DATE)
    found = {**_radiopharmaceutical(), **{tag: element for tag, element in item.items() if element.value}}
    if start and 0x00181078 not in item:
        found[0x00181078] = new_element.text("DT", (date or UNKNOWN_DATE) + start)  # RadiopharmaceuticalStartDateTime
    return {**found, 0x00189729: new_element.integers("US", number)}


def _attenuation(decided: Attributes) -> Elements:
    """Return where the attenuation map came from, by the words of AttenuationCorrectionMethod (PS3.3 C.8.22.5.4)."""
    words = set(re.findall("[A-Z]+", decided.text(0x00541101).upper()))
    source = next((source for word, source in _SOURCES_OF_ATTENUATION.items() if word in words), "CALCULATED")
    return {0x00189738: new_element.text("CS", source), 0x00189770: new_element.text("CS", "OTHER")}


def _decay_reference(decided: Attributes) -> str:
    """Return the moment that decay was corrected to (PS3.3 C.8.9.1.1.4); in 1900 where nobody tells the date."""
    if decided.text(0x00541102) == "ADMIN":  # DecayCorrection
        (first, *_) = metadata.items({ISOTOPES: completed(decided.elements)}, ISOTOPES)
        return metadata.text(first.elements, 0x00181078)
    date, time = decided.text(_SERIES_DATE) or UNKNOWN_DATE, decided.text(0x00080031)
    known = date + time if time else decided.text(0x0008002A)  # SeriesTime, AcquisitionDateTime
    return known or UNKNOWN_DATE + "000000"


def _radiopharmaceutical() -> Elements:
    """Return an item of RadiopharmaceuticalInformationSequence that says that nothing is known."""
    return {
        0x00180031: new_element.text("LO", "Unknown"),  # Radiopharmaceutical
        0x00181074: new_element.text("DS", ""),  # RadionuclideTotalDose
        0x00181075: new_element.decimals([0.0]),  # RadionuclideHalfLife
        0x00181076: new_element.decimals([0.0]),  # RadionuclidePositronFraction
        0x00181078: new_element.text("DT", UNKNOWN_DATE + "000000"),  # RadiopharmaceuticalStartDateTime
        0x00189729: new_element.integers("US", 1),  # RadiopharmaceuticalAgentNumber
        0x00540300: new_element.sequence(_UNKNOWN),  # RadionuclideCodeSequence
        0x00540302: new_element.sequence(_UNKNOWN),  # AdministrationRouteCodeSequence
        0x00540304: new_element.sequence(_UNKNOWN),  # RadiopharmaceuticalCodeSequence
    }


USAGE = new_element.sequence({0x00189729: new_element.integers("US", 1)})
"""RadiopharmaceuticalUsageSequence: every frame is of agent 1 (C.8.22.5.1.3)."""
