"""What Enhanced PET must say beyond Enhanced CT and MR (PS3.3 C.8.22): isotope, acquisition, corrections."""

from __future__ import annotations

from ....metadata import Elements
from .. import values
from .attributes import Attributes
from .modules import Module, Row

_UNKNOWN = values.code("261665006", "SCT", "Unknown")
_AXIAL = values.code("24422004", "SCT", "Axial")
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
    found: Elements = {tag: values.text("CS", "YES" if word in corrected else "NO") for tag, word in _CORRECTIONS.items()}
    found[0x00540220] = values.sequence({**_AXIAL, 0x00540222: values.sequence()})  # ViewCodeSequence
    if not _items(decided):
        found[0x00540016] = values.sequence(_radiopharmaceutical())
    return found


def _items(decided: Attributes) -> tuple:
    element = decided.elements.get(0x00540016)
    return element.value if element is not None and isinstance(element.value, tuple) else ()


def _radiopharmaceutical() -> Elements:
    """Return an item of RadiopharmaceuticalInformationSequence that says that nothing is known."""
    return {
        0x00180031: values.text("LO", "Unknown"),  # Radiopharmaceutical
        0x00181074: values.text("DS", ""),  # RadionuclideTotalDose
        0x00181075: values.decimals([0.0]),  # RadionuclideHalfLife
        0x00181076: values.decimals([0.0]),  # RadionuclidePositronFraction
        0x00181078: values.text("DT", "19000101000000"),  # RadiopharmaceuticalStartDateTime
        0x00189729: values.integers("US", 1),  # RadiopharmaceuticalAgentNumber
        0x00540300: values.sequence(_UNKNOWN),  # RadionuclideCodeSequence
        0x00540302: values.sequence(_UNKNOWN),  # AdministrationRouteCodeSequence
        0x00540304: values.sequence(_UNKNOWN),  # RadiopharmaceuticalCodeSequence
    }


USAGE = values.sequence({0x00189729: values.integers("US", 1)})
"""RadiopharmaceuticalUsageSequence: every frame is of agent 1 (C.8.22.5.1.3)."""
