"""Keys that are computed on the way from DICOM, and the attributes that can hold their values on the way back.

For images that never were DICOM: there are no private elements of a vendor, so what a public attribute can say, it says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .asl import CONTRAST, WORDS
from .kinds import CLOCK, MS_TO_S, POSITIVE, TEXT, Kind
from .manufacturers import manufacturer_of
from .source import Source, Where

Top = Mapping[str, Any]
TRACER = 0x00540016
"""RadiopharmaceuticalInformationSequence."""


@dataclass(frozen=True)
class Return:
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


def _unread(source: Source, where: Where, factor: float) -> None:
    """Say nothing: other rows read these attributes."""


def _one_way(write: Callable[[Any], str], *types: type) -> Kind:
    """Return a kind that is only written; an empty text is nothing."""
    return Kind(_unread, lambda value, factor: [write(value)], types)


def _is_not_uih(top: Top) -> bool:
    return manufacturer_of(str(top.get("Manufacturer", "")), {}) != "UIH"


def _has_no_other_delay(top: Top) -> bool:
    return top.get("PostLabelingDelay", top.get("LabelingDuration")) == top.get("LabelingDuration")


def _labelling(value: str) -> str:
    return {bids: dicom for dicom, bids in WORDS}[value]


YES_NO = _one_way(lambda value: "YES" if value else "NO", bool)
PARTIAL = _one_way(lambda value: "YES" if value < 1 else "NO", int, float)
UPPER = _one_way(str.upper, str)
DAY = _one_way(lambda value: value.split("T")[0].replace("-", "").replace(":", ""), str)
TIME_OF_DAY = Kind(_unread, lambda value, factor: CLOCK.to_dicom(value.split("T")[1], factor), (str,))

# fmt: off
RETURNS: tuple[Return, ...] = (
    Return("AcquisitionDateTime",                (0x00080022,), DAY),
    Return("AcquisitionDateTime",                (0x00080032,), TIME_OF_DAY),
    Return("ScanDate",                           (0x00080022,), DAY),
    Return("ScanDate",                           (0x00080021,), DAY),
    Return("BodyPartExamined",                   (0x00180015,), UPPER),
    Return("HardcopyDeviceSoftwareVersion",      (0x0018101A,)),
    Return("RepetitionTimeExcitation",           (0x00180080,), POSITIVE, MS_TO_S),
    Return("RepetitionTimeInversion",            (0x00180080,), POSITIVE, MS_TO_S),
    Return("EchoTrainLength",                    (0x00180091,), POSITIVE),
    Return("ParallelReductionFactorInPlane",     (0x00189069,), POSITIVE),
    Return("ParallelReductionFactorOutOfPlane",  (0x00189155,), POSITIVE),
    Return("PartialFourier",                     (0x00189081,), PARTIAL),
    Return("PartialFourierEnabled",              (0x00189081,), UPPER),
    Return("PhaseEncodingStepsNoPartialFourier", (0x00180089,), POSITIVE),
    Return("AcquisitionDuration",                (0x00189073,), POSITIVE, 1.0, _is_not_uih, "not UIH"),
    Return("SpoilingState",                      (0x00189016,), _one_way(lambda value: "" if value else "NONE", bool)),
    # dcm2niix reads the name of the coil as CoilString; ReceiveCoilName is another one with Siemens, and comes first
    Return("CoilString",                         (0x00181250,)),
    Return("ReceiveCoilName",                    (0x00181250,)),
    Return("ArterialSpinLabelingType",           (CONTRAST,), _one_way(_labelling, str)),
    Return("VascularCrushing",                   (0x00189259,), YES_NO),
    Return("VascularCrushingVENC",               (0x0018925A,), POSITIVE),
    Return("BolusCutOffFlag",                    (0x0018925C,), YES_NO),
    Return("Radiopharmaceutical",                (TRACER, 0x00180031)),
    Return("TimeZero",                           (0x00080031,), CLOCK),
    Return("TimeZero",                           (0x00080032,), CLOCK),
    Return("SeriesTime",                         (0x00080031,), CLOCK),
    Return("AttenuationCorrection",              (0x00541101,)),
    Return("ReconMethodName",                    (0x00541103,)),
)
# keys that BIDS allows a list for, where the attribute has one number
MAY_BE_LISTS = frozenset({"EchoTime", "FlipAngle", "LabelingDuration", "VascularCrushingVENC"})
# keys that have an attribute and do not always go to it: what others make of it there
WITHHELD: dict[str, tuple[Callable[[Top], bool], str]] = {
    "LabelingDuration": (lambda top: not _has_no_other_delay(top), "not beside another PostLabelingDelay, which dcm2niix "
                         "takes (0018,9258) for"),
    "MolarActivity": (lambda top: "MolarActivityUnits" in top, ""),  # both by `pet_returns`, with their units
    "InjectedRadioactivity": (lambda top: True, ""),
    "AcquisitionTime": (lambda top: "TimeZero" in top and "FrameTimesStart" in top, "not beside TimeZero and FrameTimesStart, "
                        "which tell it of every time"),
}
# fmt: on
