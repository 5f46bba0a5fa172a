"""Keys of arterial spin labeling."""

from __future__ import annotations

from typing import Any

from ..standard.tags import Tag
from .kinds import MS_TO_S, NUMBER, POSITIVE, US_TO_S, round_to_12_digits
from .labeling_delays import (
    GE_DURATION,
    LABELED_GE,
    LABELED_UIH,
    delay_of_protocol,
    delays_in_inversion_time,
)
from .row import GE, AnyRow, Derived, Row, When
from .siemens import LABELING_SEQUENCES, SEQUENCE_FILE
from .source import Phoenix, PlaneAttributes, Private
from .volume_times import volume_time_of

GE_TECHNIQUE = Private(0x0043, "GEMS_PARM_01", 0x10A4)
GE_CONTRAST = Private(0x0043, "GEMS_PARM_01", 0x10A3)
UIH_EFFICIENCY = Private(0x0065, "Image Private Header", 0x1075)
GE_CONTINUOUS = (("3D pulsed continuous", "PCASL"), ("3D continuous", "CASL"))
WORDS = (("PSEUDOCONTINUOUS", "PCASL"), ("CONTINUOUS", "CASL"), ("PULSED", "PASL"))

# fmt: off
PASL_TYPES = (("ep2d_pasl", "PICORE"), ("tgse_pasl", "FAIR QII"), ("ep2d_fairest", "FAIR"))
BLOCK_S = 0.92 * 20e-3
"""Seconds that one block of RF pulses of the pCASL sequences takes."""
AD, AL, TI = "sWipMemBlock.adFree[{}]", "sWipMemBlock.alFree[{}]", "alTI[{}]"
# (Siemens sequence file, key, field, index, factor): research sequences keep their parameters in free fields
FREE_FIELDS = (
    ("ep2d_pcasl",      "LabelingDistance",             AD, 1, 1.0),
    ("ep2d_pcasl",      "PostLabelingDelay",            AD, 2, US_TO_S),
    ("ep2d_pcasl",      "NumRFBlocks",                  AD, 3, 1.0),
    ("ep2d_pcasl",      "LabelingDuration",             AD, 3, BLOCK_S),
    ("ep2d_pcasl",      "RFGap",                        AD, 4, US_TO_S),
    ("ep2d_pcasl",      "MeanGzx10",                    AD, 10, 1.0),
    ("ep2d_pcasl",      "PhiAdjust",                    AD, 11, 1.0),
    ("tgse_pcasl",      "RFGap",                        AD, 4, US_TO_S),
    ("tgse_pcasl",      "MeanGzx10",                    AD, 10, 1.0),
    ("tgse_pcasl",      "T1",                           AD, 12, US_TO_S),
    ("tgse_pcasl",      "NumRFBlocks",                  AD, 3, 1.0),
    ("tgse_pcasl",      "LabelingDuration",             AD, 2, US_TO_S),
    ("ep2d_pasl",       "BolusDuration",                TI, 0, US_TO_S),
    ("ep2d_pasl",       "InversionTime",                TI, 2, US_TO_S),
    ("tgse_pasl",       "BolusDuration",                TI, 0, US_TO_S),
    ("tgse_pasl",       "InversionTime",                TI, 2, US_TO_S),
    ("ep2d_fairest",    "PostInversionDelay",           AD, 2, MS_TO_S),
    ("ep2d_fairest",    "PostLabelingDelay",            AD, 4, MS_TO_S),
    ("to_ep2d_VEPCASL", "InversionTime",                TI, 2, US_TO_S),
    ("to_ep2d_VEPCASL", "BolusDuration",                TI, 0, US_TO_S),
    ("to_ep2d_VEPCASL", "LabelingPulseFlipAngle",       AL, 4, 1.0),
    ("to_ep2d_VEPCASL", "LabelingPulseDuration",        AL, 5, US_TO_S),
    ("to_ep2d_VEPCASL", "TagRFSeparation",              AL, 6, US_TO_S),
    ("to_ep2d_VEPCASL", "LabelingPulseAverageGradient", AD, 0, 1.0),
    ("to_ep2d_VEPCASL", "LabelingPulseMaximumGradient", AD, 1, 1.0),
    ("to_ep2d_VEPCASL", "TagDuration",                  AL, 9, MS_TO_S),
    ("to_ep2d_VEPCASL", "MaximumT1Opt",                 AL, 10, MS_TO_S),
    ("jw_tgse_VEPCASL", "TagRFFlipAngle",               AL, 6, 1.0),
    ("jw_tgse_VEPCASL", "TagRFDuration",                AL, 7, US_TO_S),
    ("jw_tgse_VEPCASL", "TagRFSeparation",              AL, 8, US_TO_S),
    ("jw_tgse_VEPCASL", "MaximumT1Opt",                 AL, 9, MS_TO_S),
    ("jw_tgse_VEPCASL", "Tag0",                         AL, 10, MS_TO_S),
    ("jw_tgse_VEPCASL", "Tag1",                         AL, 11, MS_TO_S),
    ("jw_tgse_VEPCASL", "Tag2",                         AL, 12, MS_TO_S),
    ("jw_tgse_VEPCASL", "Tag3",                         AL, 13, MS_TO_S),
)
# (sequence file, key, first free field, how many): delays in ms, up to the first that is not positive
DELAYS = (("to_ep2d_VEPCASL", "PostLabelingDelay", 11, 20), ("jw_tgse_VEPCASL", "InitialPostLabelDelay", 30, 8))
# of the Oxford sequences: the plane that is labeled
PLANE = "sRSatArray.asElm[1]."
PLANES = (
    ("TagPlaneDThickness", "dThickness"), ("TagPlaneUlShape", "ulShape"),
    ("TagPlaneSPositionDTra", "sPosition.dTra"), ("TagPlaneSNormalDTra", "sNormal.dTra"),
)
# fmt: on


def _sequence(part: str) -> When:
    return When(f"Siemens `{part}`", lambda source: part in source.text(SEQUENCE_FILE))


def _labeling(source: PlaneAttributes) -> str | None:
    """Return the type of labeling: stated, or known of the sequence."""
    words = source.text(Tag.ARTERIAL_SPIN_LABELING_CONTRAST).upper() or (
        source.text(GE_CONTRAST).upper() if GE.holds(source) else ""
    )
    technique = source.text(GE_TECHNIQUE) if GE.holds(source) else ""
    file = source.text(SEQUENCE_FILE)
    tables: tuple[tuple[Any, str], ...] = ((WORDS, words), (GE_CONTINUOUS, technique), (LABELING_SEQUENCES, file))
    return next((name for table, text in tables for part, name in table if text and part in text), None)


def _pasl_type(source: PlaneAttributes) -> str | None:
    file = source.text(SEQUENCE_FILE)
    return next((name for part, name in PASL_TYPES if part in file), None)


def _delays(first: int, count: int) -> Any:
    def read(source: PlaneAttributes) -> list[Any] | None:
        delays: list[Any] = []
        for n in range(first, first + count):
            value = source.number(Phoenix(AL.format(n)))
            if value is None or value <= 0:
                break
            delays.append(round_to_12_digits(value, MS_TO_S))
        return delays or None

    return read


def _is_sequence(source: PlaneAttributes) -> bool:
    return any(part in source.text(SEQUENCE_FILE) for part, _ in LABELING_SEQUENCES)


def _voxel_size(source: PlaneAttributes) -> list[Any] | None:
    """Return the size of a voxel as it was acquired, the slice without its gap."""
    rows, thickness = source.numbers(Tag.PIXEL_SPACING), source.number(Tag.SLICE_THICKNESS)
    if len(rows) != 2 or not thickness or source.number(Phoenix("sKSpace.uc2DInterpolation")):
        return None
    return [round_to_12_digits(rows[1]), round_to_12_digits(rows[0]), round_to_12_digits(thickness)]


def _volumes_of_a_pair(source: PlaneAttributes) -> int:
    """Return how many volumes control and label take, with all their echoes and delays."""
    echoes = max(1, int(source.number(Phoenix("lContrasts")) or 1))
    delays = max((len(_delays(first, count)(source) or []) for part, _, first, count in DELAYS
                  if part in source.text(SEQUENCE_FILE)), default=0)  # fmt: skip
    return 2 * echoes * max(1, delays)


def _calibration(source: PlaneAttributes) -> str | None:
    """An odd number of volumes: pairs, and one image of the equilibrium magnetisation."""
    times, pair = source.volume.times if source.volume is not None else 0, _volumes_of_a_pair(source)
    return "Included" if times > 1 and times % pair != 0 and (times - 1) % pair == 0 else None


def _pairs(source: PlaneAttributes) -> int | None:
    """Return how many times control and label were acquired; None where the volumes do not specify."""
    times, pair = source.volume.times if source.volume is not None else 0, _volumes_of_a_pair(source)
    return times // pair or None if times % pair in (0, 1) else None


def _preparation(source: PlaneAttributes) -> float | int | None:
    """The preparation is repeated with every volume."""
    stated = source.number(Tag.REPETITION_TIME)
    seconds = volume_time_of(source) or (round_to_12_digits(stated, MS_TO_S) if stated else None)
    continuous = "pcasl" in source.text(SEQUENCE_FILE).lower()
    return seconds if continuous and "jw_tgse" not in source.text(SEQUENCE_FILE) else None


def _efficiency(source: PlaneAttributes) -> float | None:
    """The part of the blood that was labeled."""
    efficiency = source.number(UIH_EFFICIENCY)
    return efficiency if efficiency is not None and 0 < efficiency <= 1 else None


def _free(field: str, n: int) -> Phoenix:
    return Phoenix(field.format(n))


LABELED_SIEMENS = When("Siemens ASL sequences", _is_sequence)
LABELED_PROTOCOL = When("Siemens, `sAsl.ulMode` is not 1", lambda source: source.number(Phoenix("sAsl.ulMode")) != 1)

# fmt: off
ROWS: tuple[AnyRow, ...] = (
    Derived("ArterialSpinLabelingType", _labeling, "(0018,9250), (0043,xxA3) and (0043,xxA4) GEMS_PARM_01, Siemens "
            "sequence file"),
    Derived("PASLType", _pasl_type, "Siemens sequence file"),
    Row("LabelingDuration", GE_DURATION, POSITIVE, MS_TO_S, LABELED_GE),
    Derived("PostLabelingDelay", delays_in_inversion_time, "(0018,0082) of each volume", LABELED_GE),
    Derived("PostLabelingDelay", delays_in_inversion_time, "(0018,0082) of each volume", LABELED_UIH),
    Derived("LabelingEfficiency", _efficiency, "(0065,xx75) of UIH", LABELED_UIH),
    Derived("PostLabelingDelay", delay_of_protocol, "CSA protocol `sAsl.sPostLabelingDelay`, if there is one",
            LABELED_PROTOCOL),
    Row("LabelingDuration", Phoenix("sAsl.ulLabelingDuration"), POSITIVE, US_TO_S, LABELED_PROTOCOL),
    Row("NumberOfPointsPerArm", Private(0x0027, "GEMS_IMAG_01", 0x1060), POSITIVE, when=LABELED_GE),
    Row("NumberOfArms", Private(0x0027, "GEMS_IMAG_01", 0x1061), POSITIVE, when=LABELED_GE),
    *(Derived(key, _delays(first, count), f"CSA protocol `{AL.format(first)}`…", _sequence(part))
      for part, key, first, count in DELAYS),
    *(Row(key, _free(field, n), factor=factor, kind=POSITIVE, when=_sequence(part))
      for part, key, field, n, factor in FREE_FIELDS),
    *(Row(f"sWipMemBlockAdFree{n}", _free(AD, n), NUMBER, when=_sequence("to_ep2d_VEPCASL")) for n in range(3, 11)),
    Row("LabelingDuration", Tag.ASL_PULSE_TRAIN_DURATION, POSITIVE, MS_TO_S),
    *(Row(key, Phoenix(PLANE + name), NUMBER, when=_sequence("VEPCASL")) for key, name in PLANES),
    Derived("AcquisitionVoxelSize", _voxel_size, "(0028,0030), (0018,0050)", LABELED_SIEMENS),
    Derived("M0Type", _calibration, "an odd number of volumes", LABELED_SIEMENS),
    Derived("TotalAcquiredPairs", _pairs, "the number of volumes", LABELED_SIEMENS),
    Derived("RepetitionTimePreparation", _preparation, "(0018,0080)", LABELED_SIEMENS),
)
# fmt: on
