"""What kind of MR sequence it was."""

from __future__ import annotations

from ..standard.tags import Tag
from .acceleration import multiband_of
from .kinds import Kind, flag, words
from .row import MR, Derived, Row
from .sequence_words import SCANNING_SEQUENCE, SEQUENCE_VARIANT, words_of
from .siemens import MT_PULSE
from .source import PlaneAttributes

# fmt: off
# (words that ScanningSequence has, words that SequenceVariant has, name); the first that fits
TYPES: tuple[tuple[set[str], set[str], str], ...] = (
    ({"EP", "SE"}, set(),  "Spin Echo EPI"),
    ({"EP"},       set(),  "Gradient Echo EPI"),
    ({"GR", "IR"}, {"MP"}, "MPRAGE"),
    ({"GR"},       {"SP"}, "Spoiled Gradient Echo"),
    ({"GR"},       set(),  "Gradient Echo"),
    ({"SE", "IR"}, set(),  "Inversion Recovery Spin Echo"),
    ({"SE"},       set(),  "Spin Echo"),
)
# fmt: on


def is_spoiled(source: PlaneAttributes) -> bool | None:
    """Whether the sequence is spoiled: the sequence variant specifies it where (0018,9016) is silent."""
    stated = source.text(Tag.SPOILING).upper()
    if stated:
        return stated != "NONE"
    return True if _variant_is_spoiled(source) else None


def _variant_is_spoiled(source: PlaneAttributes) -> bool:
    return "SP" in words_of(source, SEQUENCE_VARIANT)


def _pulse_sequence_type(source: PlaneAttributes) -> str | None:
    sequence, variant = words_of(source, SCANNING_SEQUENCE), words_of(source, SEQUENCE_VARIANT)
    for having, variants, name in TYPES:
        if having <= sequence and variants <= variant:
            band = name.endswith("EPI") and (multiband_of(source) or 1) > 1
            return f"Multiband {name}" if band else name
    return None


def _mt_state(source: PlaneAttributes) -> bool | None:
    return True if source.number(MT_PULSE) == 1 or "MTC" in words_of(source, SEQUENCE_VARIANT) else None


MT = flag(("OFF_RESONANCE", "ON_RESONANCE"), ("NONE",))
SPOILING_TYPES = words({"RF": "RF", "GRADIENT": "GRADIENT", "RF_AND_GRADIENT": "COMBINED"})


def _spoiling_type(source: PlaneAttributes, where: object, factor: float) -> str | None:
    word = source.text(Tag.SPOILING).upper()
    return None if word == "NONE" else SPOILING_TYPES.to_bids(source, Tag.SPOILING, 1.0)


ROWS = (
    Derived("PulseSequenceType", _pulse_sequence_type, "ScanningSequence, SequenceVariant, multiband", MR),
    Row("MTState", Tag.MAGNETIZATION_TRANSFER, MT),
    Derived("MTState", _mt_state, "CSA protocol `sPrepPulses.ucMTC`, else `MTC` in SequenceVariant"),
    Derived("SpoilingState", is_spoiled, "(0018,9016) Spoiling, else `SP` in SequenceVariant"),
    Row("SpoilingType", Tag.SPOILING, Kind(_spoiling_type, SPOILING_TYPES.to_dicom, (str,))),
    Row("VariableFlipAngleFlag", Tag.VARIABLE_FLIP_ANGLE_FLAG, flag(("Y",), ("N",))),
    Row("PartialFourierDirection", Tag.PARTIAL_FOURIER_DIRECTION),
)
