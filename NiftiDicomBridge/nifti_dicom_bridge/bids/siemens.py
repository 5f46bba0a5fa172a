"""Keys of Siemens: the CSA headers of V software (A, B, D, E), the private groups of XA, and the protocol in both."""

from __future__ import annotations

import re
from typing import Any

from ..standard.tags import Tag
from .kinds import NS_TO_S, NUMBER, POSITIVE, TEXT, US_TO_S, Kind, choice, round_to_12_digits
from .row import MR, SIEMENS, AnyRow, Derived, Row, When
from .source import Csa, Phoenix, PlaneAttributes, Private

SDS, SDI, HEADER = "SIEMENS MR SDS 01", "SIEMENS MR SDI 02", "SIEMENS MR HEADER"
FACTORS = (Private(0x0021, SDS, 0x1009), Private(0x0051, HEADER, 0x1011))
MT_PULSE = Phoenix("sPrepPulses.ucMTC")
TABLE_POSITIONS = (Private(0x0021, SDS, 0x1005), Private(0x0019, HEADER, 0x1014), Csa("ImaRelTablePosition"))
SEQUENCE_FILE = Phoenix("tSequenceFileName")
HAS_PROTOCOL = When("Siemens, protocol", lambda source: bool(source.protocol))
MR_PROTOCOL = When("Siemens MR, protocol", lambda source: MR.holds(source) and bool(source.protocol))

# fmt: off
# sKSpace.ucPhasePartialFourier → fraction of k-space
PARTIAL_FOURIER = {1: 0.5, 2: 0.625, 4: 0.75, 8: 0.875}
COMBINATIONS = {1: "Sum of Squares", 2: "Adaptive Combine"}
ACCELERATIONS = {1: "SENSE", 2: "GRAPPA"}
SCHEMES = {1: "Bipolar", 2: "Monopolar"}
SHIMS = (
    ("sGRADSPEC.asGPAData[0].lOffsetX", "sGRADSPEC.lOffsetX"),
    ("sGRADSPEC.asGPAData[0].lOffsetY", "sGRADSPEC.lOffsetY"),
    ("sGRADSPEC.asGPAData[0].lOffsetZ", "sGRADSPEC.lOffsetZ"),
    *((f"sGRADSPEC.alShimCurrent[{n}]",) for n in range(5)),
)
# file of a sequence of arterial spin labeling → how it labels
LABELING_SEQUENCES = (
    ("ep2d_pcasl", "PCASL"), ("tgse_pcasl", "PCASL"), ("to_ep2d_VEPCASL", "PCASL"), ("jw_tgse_VEPCASL", "PCASL"),
    ("ep2d_pasl", "PASL"), ("tgse_pasl", "PASL"), ("ep2d_fairest", "PASL"),
)
LABELING_WORDS = ("asl", "fair")
"""One is in the name of each such file, also of those of other sites."""
BASELINES = (
    Phoenix("sProtConsistencyInfo.tMeasuredBaselineString"),
    Phoenix("sProtConsistencyInfo.tBaselineString"),
    Phoenix("sProtConsistencyInfo.ulConvFromVersion"),
)
# fmt: on


def is_spin_labeling(source: PlaneAttributes) -> bool:
    """Whether the sequence is one of arterial spin labeling, by the name of its file."""
    name = source.text(SEQUENCE_FILE).lower()
    return any(word in name for word in LABELING_WORDS)


def siemens_factor(source: PlaneAttributes, letter: str) -> float:
    """Return the number behind a letter of ``p2s4``, as Siemens writes it; 0 where there is none."""
    for where in FACTORS:
        match = re.search(rf"{letter}(\d+(?:\.\d+)?)", source.text(where))
        if match:
            return float(match[1])
    return 0.0


def _table_position(source: PlaneAttributes) -> list[Any] | None:
    """Reverse z: DICOM's table moves, the patient stays."""
    position = next((source.numbers(where) for where in TABLE_POSITIONS if len(source.numbers(where)) == 3), None)
    return (
        None
        if position is None
        else [round_to_12_digits(position[0]), round_to_12_digits(position[1]), round_to_12_digits(-position[2])]
    )


def _shims(source: PlaneAttributes) -> list[Any] | None:
    shims = [source.first_number(*map(Phoenix, names)) or 0 for names in SHIMS]
    return [round_to_12_digits(value) for value in shims] if shims[0] else None


def _coil_string(source: PlaneAttributes) -> str | None:
    """What the coil is called elsewhere than in the list of its elements."""
    text = source.text(Private(0x0051, HEADER, 0x100F)) or source.text(Tag.RECEIVE_COIL_NAME)
    return text if text and text != _elements(source) else None


def _elements(source: PlaneAttributes) -> str:
    return source.text(Phoenix("sCoilSelectMeas.sCoilStringForConversion") if source.protocol else ELEMENTS)


ELEMENTS = Private(0x0021, SDI, 0x114F)


def _partial_fourier(source: PlaneAttributes) -> float | None:
    return PARTIAL_FOURIER.get(int(source.number(Phoenix("sKSpace.ucPhasePartialFourier")) or 0))


def _fractional_averages(source: PlaneAttributes, where: Any, factor: float) -> float | int | None:
    averages = source.number(where)
    return round_to_12_digits(averages) if averages is not None and averages > 1 else None


def _matrix_coil_mode(source: PlaneAttributes) -> str | None:
    """The protocol leaves out what is zero."""
    mode, factor = source.number(Phoenix("sPat.ucPATMode")), source.number(Phoenix("sPat.lAccelFactPE"))
    return ACCELERATIONS.get(int(mode or 0) if factor else 0, "None")


def _scheme(source: PlaneAttributes) -> str | None:
    """E11 and XA count the other way round than B17."""
    if not (source.has(Csa("B_value")) or source.has(Tag.DIFFUSION_B_VALUE) or source.has(Private(0x0019, HEADER, 0x100C))):
        return None
    scheme = int(source.number(Phoenix("sDiffusion.dsScheme")) or 0)
    older = int(source.number(Phoenix("ucReadOutMode")) or 0)
    return SCHEMES.get(scheme or (3 - older if older in (1, 2) else 0))


def _echo_times(n: int) -> Derived:
    """Return the row of one of the two echoes that a phase difference is of."""

    def read(source: PlaneAttributes) -> float | int | None:
        from .image_type import components_of

        times_us = [source.number(Phoenix(f"alTE[{k}]")) for k in (0, 1)]
        if "PHASE" not in components_of(source) or not all(times_us):
            return None
        return round_to_12_digits(times_us[n] or 0.0, US_TO_S)

    return Derived(f"EchoTime{n + 1}", read, f"CSA protocol `alTE[{n}]`, phase images", HAS_PROTOCOL)


def _deep_learning(source: PlaneAttributes) -> bool | None:
    from .image_type import TYPE_TEXT, image_type_of

    words = {*image_type_of(source), *source.texts(TYPE_TEXT)}
    return True if words & {"DRB", "DRG", "DRS"} else None


def _directions(axis: str) -> Derived:
    """Return the row of one component of the directions that waveforms of gradients are rotated to."""

    def read(source: PlaneAttributes) -> list[Any] | None:
        count = int(source.number(Phoenix("sDiffusion.sFreeDiffusionData.lDiffDirections")) or 0)
        names = (f"sDiffusion.sFreeDiffusionData.asDiffDirVector[{n}].{AXES[axis]}" for n in range(min(count, MOST_DIRECTIONS)))
        return [round_to_12_digits(source.number(Phoenix(name)) or 0.0) for name in names] or None

    return Derived(f"FWF_DVS{axis}", read, f"CSA protocol `asDiffDirVector[n].{AXES[axis]}`", WAVEFORMS)


AXES = {"x": "dSag", "y": "dCor", "z": "dTra"}
MOST_DIRECTIONS = 1024
# free waveform encoding (F. Szczepankiewicz, Lund): its parameters are in the free fields of the protocol
WAVEFORM_FILES = ("ep2d_diff_fwf", "ep2d_diff_sms_fwf_simple")
WAVEFORMS = When("Siemens `fwf` sequences", lambda source: any(part in source.text(SEQUENCE_FILE) for part in WAVEFORM_FILES))
FREE_FIELDS = 64
AVERAGES = Kind(_fractional_averages, lambda value, factor: [str(value)], (int, float))
HAS_DEEP_LEARNING = When("Siemens, deep learning", lambda source: bool(_deep_learning(source)))

# fmt: off
ROWS: tuple[AnyRow, ...] = (
    Derived("TablePosition", _table_position, "(0021,xx05) SIEMENS MR SDS 01, (0019,xx14) SIEMENS MR HEADER, "
            "CSA `ImaRelTablePosition`; z reversed", SIEMENS),
    Row("DwellTime", (Private(0x0021, SDI, 0x1142), Private(0x0019, HEADER, 0x1018)), POSITIVE, NS_TO_S, SIEMENS),
    _echo_times(0),
    _echo_times(1),
    Row("AveragesDouble", Phoenix("dAveragesDouble"), AVERAGES, when=HAS_PROTOCOL),
    Derived("PartialFourier", _partial_fourier, "CSA protocol `sKSpace.ucPhasePartialFourier`", MR_PROTOCOL),
    Row("Interpolation2D", Phoenix("sKSpace.uc2DInterpolation"), POSITIVE, when=HAS_PROTOCOL),
    Row("BaseResolution", Phoenix("sKSpace.lBaseResolution"), POSITIVE, when=HAS_PROTOCOL),
    Derived("ShimSetting", _shims, "CSA protocol `sGRADSPEC`", HAS_PROTOCOL),
    Derived("DiffusionScheme", _scheme, "CSA protocol `sDiffusion.dsScheme`, `ucReadOutMode`", HAS_PROTOCOL),
    Row("DelayTime", Phoenix("lDelayTimeInTR"), POSITIVE, US_TO_S, HAS_PROTOCOL),
    Row("TxRefAmp", Phoenix("sTXSPEC.asNucleusInfo[0].flReferenceAmplitude"), POSITIVE, when=MR_PROTOCOL),
    Row("PhaseResolution", Phoenix("sKSpace.dPhaseResolution"), POSITIVE, when=MR_PROTOCOL),
    Row("PhaseOversampling", Phoenix("sKSpace.dPhaseOversamplingForDialog"), POSITIVE, when=HAS_PROTOCOL),
    Row("VendorReportedEchoSpacing", Phoenix("sFastImaging.lEchoSpacing"), POSITIVE, US_TO_S, HAS_PROTOCOL),
    Row("ReceiveCoilName", Phoenix("sCoilElementID.tCoilID"), TEXT, when=HAS_PROTOCOL),
    Row("ReceiveCoilActiveElements", Phoenix("sCoilSelectMeas.sCoilStringForConversion"), TEXT, when=MR_PROTOCOL),
    Row("ReceiveCoilActiveElements", ELEMENTS, TEXT, when=SIEMENS),
    Derived("CoilString", _coil_string, "(0051,xx0F) SIEMENS MR HEADER, (0018,1250)", SIEMENS),
    Row("PulseSequenceDetails", SEQUENCE_FILE, TEXT, when=HAS_PROTOCOL),
    Row("WipMemBlock", Phoenix("sWipMemBlock.tFree"), TEXT, when=HAS_PROTOCOL),
    Row("ProtocolName", Phoenix("tProtocolName"), TEXT, when=HAS_PROTOCOL),
    Row("RefLinesPE", Phoenix("sPat.lRefLinesPE"), POSITIVE, when=HAS_PROTOCOL),
    Row("CoilCombinationMethod", Phoenix("ucCoilCombineMode"), choice(COMBINATIONS), when=HAS_PROTOCOL),
    *(Row("ConsistencyInfo", where, TEXT, when=HAS_PROTOCOL) for where in BASELINES),
    Derived("MatrixCoilMode", _matrix_coil_mode, "CSA protocol `sPat.ucPATMode`", HAS_PROTOCOL),
    Derived("DeepLearning", _deep_learning, "`DRB`, `DRG` or `DRS` in ImageType or ImageTypeText", SIEMENS),
    Row("DeepLearningDetails", Private(0x0021, SDI, 0x1176), TEXT, when=HAS_DEEP_LEARNING),
    *(Row(f"FWF_{field}[{n}]", Phoenix(f"sWipMemBlock.{field}[{n}]"), NUMBER, when=WAVEFORMS)
      for field in ("adFree", "alFree") for n in range(FREE_FIELDS)),
    *(_directions(axis) for axis in AXES),
    Row("ImageOrientationText", Private(0x0051, HEADER, 0x100E), TEXT, when=SIEMENS),
)
# fmt: on
