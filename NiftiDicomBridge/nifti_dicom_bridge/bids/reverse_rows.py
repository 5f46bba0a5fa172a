"""Keys that are computed on the way from DICOM, and the attributes that can hold their values on the way back.

For images that never were DICOM: there are no private elements of a vendor, so what a public attribute can specify, it
specifies.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..standard.tags import Tag
from .asl import WORDS
from .kinds import CLOCK, MS_TO_S, POSITIVE, TEXT, Kind
from .manufacturers import manufacturer_of
from .source import AttributeLocation, PlaneAttributes

Top = Mapping[str, Any]
TRACER = Tag.RADIOPHARMACEUTICAL_INFORMATION_SEQUENCE
"""RadiopharmaceuticalInformationSequence."""


@dataclass(frozen=True)
class ReverseRow:
    """One key that goes back to an attribute.

    Attributes
    ----------
    key : str
        The BIDS key.
    path : tuple of int
        The attribute; with the tags of the sequences it is in, where it is in items.
    kind : Kind
        How the value is written.
    factor : float
        From the unit of DICOM to that of BIDS.
    when : callable
        Under what condition, of all keys.
    words : str
        The condition, for the documentation.
    """

    key: str
    path: tuple[int, ...]
    kind: Kind = TEXT
    factor: float = 1.0
    when: Callable[[Top], bool] = lambda top: True
    words: str = ""


def _unread(source: PlaneAttributes, where: AttributeLocation, factor: float) -> None:
    """Return nothing: other rows read these attributes."""


def _one_way(write: Callable[[Any], str], *types: type) -> Kind:
    """Return a kind that is only written; an empty text is nothing."""
    return Kind(_unread, lambda value, factor: [write(value)], types)


def _is_not_uih(top: Top) -> bool:
    return manufacturer_of(str(top.get("Manufacturer", "")), {}) != "UIH"


def _has_no_other_delay(top: Top) -> bool:
    return bool(top.get("PostLabelingDelay", top.get("LabelingDuration")) == top.get("LabelingDuration"))


def _labeling(value: str) -> str:
    return {bids: dicom for dicom, bids in WORDS}[value]


YES_NO = _one_way(lambda value: "YES" if value else "NO", bool)
PARTIAL = _one_way(lambda value: "YES" if value < 1 else "NO", int, float)
UPPER = _one_way(str.upper, str)
DAY = _one_way(lambda value: value.split("T")[0].replace("-", "").replace(":", ""), str)
TIME_OF_DAY = Kind(_unread, lambda value, factor: CLOCK.to_dicom(value.split("T")[1], factor), (str,))

# fmt: off
REVERSE_ROWS: tuple[ReverseRow, ...] = (
    ReverseRow("AcquisitionDateTime",                (Tag.ACQUISITION_DATE,), DAY),
    ReverseRow("AcquisitionDateTime",                (Tag.ACQUISITION_TIME,), TIME_OF_DAY),
    ReverseRow("ScanDate",                           (Tag.ACQUISITION_DATE,), DAY),
    ReverseRow("ScanDate",                           (Tag.SERIES_DATE,), DAY),
    ReverseRow("BodyPartExamined",                   (Tag.BODY_PART_EXAMINED,), UPPER),
    ReverseRow("HardcopyDeviceSoftwareVersion",      (Tag.HARDCOPY_DEVICE_SOFTWARE_VERSION,)),
    ReverseRow("RepetitionTimeExcitation",           (Tag.REPETITION_TIME,), POSITIVE, MS_TO_S),
    ReverseRow("RepetitionTimeInversion",            (Tag.REPETITION_TIME,), POSITIVE, MS_TO_S),
    ReverseRow("EchoTrainLength",                    (Tag.ECHO_TRAIN_LENGTH,), POSITIVE),
    ReverseRow("ParallelReductionFactorInPlane",     (Tag.PARALLEL_REDUCTION_FACTOR_IN_PLANE,), POSITIVE),
    ReverseRow("ParallelReductionFactorOutOfPlane",  (Tag.PARALLEL_REDUCTION_FACTOR_OUT_OF_PLANE,), POSITIVE),
    ReverseRow("PartialFourier",                     (Tag.PARTIAL_FOURIER,), PARTIAL),
    ReverseRow("PartialFourierEnabled",              (Tag.PARTIAL_FOURIER,), UPPER),
    ReverseRow("PhaseEncodingStepsNoPartialFourier", (Tag.NUMBER_OF_PHASE_ENCODING_STEPS,), POSITIVE),
    ReverseRow("AcquisitionDuration",                (Tag.ACQUISITION_DURATION,), POSITIVE, 1.0, _is_not_uih, "not UIH"),
    ReverseRow("SpoilingState",                      (Tag.SPOILING,), _one_way(lambda value: "" if value else "NONE", bool)),
    # dcm2niix reads the name of the coil as CoilString; ReceiveCoilName is another one with Siemens, and comes first
    ReverseRow("CoilString",                         (Tag.RECEIVE_COIL_NAME,)),
    ReverseRow("ReceiveCoilName",                    (Tag.RECEIVE_COIL_NAME,)),
    ReverseRow("ArterialSpinLabelingType",           (Tag.ARTERIAL_SPIN_LABELING_CONTRAST,), _one_way(_labeling, str)),
    ReverseRow("VascularCrushing",                   (Tag.ASL_CRUSHER_FLAG,), YES_NO),
    ReverseRow("VascularCrushingVENC",               (Tag.ASL_CRUSHER_FLOW_LIMIT,), POSITIVE),
    ReverseRow("BolusCutOffFlag",                    (Tag.ASL_BOLUS_CUTOFF_FLAG,), YES_NO),
    ReverseRow("Radiopharmaceutical",                (TRACER, Tag.RADIOPHARMACEUTICAL)),
    ReverseRow("TimeZero",                           (Tag.SERIES_TIME,), CLOCK),
    ReverseRow("TimeZero",                           (Tag.ACQUISITION_TIME,), CLOCK),
    ReverseRow("SeriesTime",                         (Tag.SERIES_TIME,), CLOCK),
    ReverseRow("AttenuationCorrection",              (Tag.ATTENUATION_CORRECTION_METHOD,)),
    ReverseRow("ReconMethodName",                    (Tag.RECONSTRUCTION_METHOD,)),
)
# keys that BIDS allows a list for, where the attribute has one number
MAY_BE_LISTS = frozenset({"EchoTime", "FlipAngle", "LabelingDuration", "VascularCrushingVENC"})
# keys that have an attribute and do not always go to it: what others make of it there
WITHHELD: dict[str, tuple[Callable[[Top], bool], str]] = {
    "LabelingDuration": (lambda top: not _has_no_other_delay(top), "not with another PostLabelingDelay, which dcm2niix "
                         "takes (0018,9258) for"),
    "MolarActivity": (lambda top: "MolarActivityUnits" in top, ""),  # both by `pet_returns`, with their units
    "InjectedRadioactivity": (lambda top: True, ""),
    "AcquisitionTime": (lambda top: "TimeZero" in top and "FrameTimesStart" in top, "not with TimeZero and FrameTimesStart, "
                        "which specify it for every time"),
}
# fmt: on
