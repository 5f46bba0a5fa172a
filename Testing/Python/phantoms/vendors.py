"""Series as scanners of many manufacturers write them, with the attributes from which keys of the sidecar are made."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable
from typing import Any

from pydicom.dataset import Dataset

from .base import CT, MR, PET, ramp, slices, uid
from .multiframe import enhanced, group

COMPUTED_RADIOGRAPHY, DIGITAL_XRAY, ANGIOGRAPHY = ("1.2.840.10008.5.1.4.1.1." + end for end in ("1", "1.1.1", "12.1"))
SHAPE = (4, 32, 40)
MAKERS = (
    "SIEMENS", "GE MEDICAL SYSTEMS", "Philips Medical Systems", "CANON_MEC", "TOSHIBA_MEC", "Hitachi Medical Corporation",
    "UIH", "Bruker BioSpin MRI GmbH", "Hyperfine", "MR Solutions", "ESAOTE",
)  # fmt: skip
PROJECTIONS = {"CR": COMPUTED_RADIOGRAPHY, "DX": DIGITAL_XRAY, "XA": ANGIOGRAPHY}
PET_MAKERS = ("SIEMENS", "CPS", "GE MEDICAL SYSTEMS", "Philips", "Mediso", "UIH")

# fmt: off
COMMON: dict[str, Any] = {
    "PatientAge": "042Y", "PatientWeight": "70", "PatientSize": "1.7", "PatientBirthDate": "19700102", "PatientSex": "F",
    "StudyDescription": "Study Y", "ProtocolName": "Protocol Z", "InstitutionName": "Hospital",
    "InstitutionalDepartmentName": "Radiology", "InstitutionAddress": "Street 1", "StationName": "ST1",
    "ManufacturerModelName": "Model M", "DeviceSerialNumber": "123", "SoftwareVersions": "V1", "BodyPartExamined": "BRAIN",
    "PatientPosition": "HFS", "PerformedProcedureStepDescription": "Procedure", "ImageComments": "a comment",
    "AccessionNumber": "ACC", "ReferringPhysicianName": "Ref^Doc", "ImageType": ["ORIGINAL", "PRIMARY", "OTHER"],
}
EPI: dict[str, Any] = {
    "MagneticFieldStrength": "3", "ImagingFrequency": "127.7", "RepetitionTime": "2000", "EchoTime": "30",
    "InversionTime": "900", "FlipAngle": "80", "EchoTrainLength": "33", "EchoNumbers": "1", "NumberOfAverages": "2",
    "ScanningSequence": ["EP", "GR"],
    "SequenceVariant": ["SK", "SP"], "ScanOptions": "PFP", "MRAcquisitionType": "2D", "SequenceName": "epfid2d",
    "PercentSampling": "90", "PercentPhaseFieldOfView": "80", "PixelBandwidth": "1500", "SpacingBetweenSlices": "3.3",
    "SAR": "0.1", "ReceiveCoilName": "Head", "TransmitCoilName": "Body", "AcquisitionMatrix": [0, 40, 32, 0],
    "InPlanePhaseEncodingDirection": "COL", "NumberOfPhaseEncodingSteps": "30", "VariableFlipAngleFlag": "N",
    "ParallelReductionFactorInPlane": 2.0, "ParallelReductionFactorOutOfPlane": 1.0, "ParallelAcquisitionTechnique": "SENSE",
    "Spoiling": "GRADIENT", "MagnetizationTransfer": "OFF_RESONANCE", "PartialFourier": "YES",
    "PartialFourierDirection": "PHASE", "AcquisitionDuration": 120.5,
}
EMISSION: dict[str, Any] = {
    "Units": "BQML", "DecayCorrection": "START", "AttenuationCorrectionMethod": "measured,AC_CT",
    "RandomsCorrectionMethod": "DLYD", "ScatterCorrectionMethod": "Model-based", "ReconstructionMethod": "OSEM3D-OP-PSFi10s16",
    "ConvolutionKernel": "XYZ Gauss2.00", "DecayFactor": "1.05", "FrameReferenceTime": "1000", "ActualFrameDuration": "60000",
    "ScatterFractionFactor": "0.3", "DoseCalibrationFactor": "1.1", "SeriesType": ["WHOLE BODY", "IMAGE"],
}
TRACER: dict[str, Any] = {
    "Radiopharmaceutical": "FDG -- fluorodeoxyglucose", "RadiopharmaceuticalStartTime": "030000",
    "RadiopharmaceuticalStopTime": "030010", "RadionuclideTotalDose": "350000000", "RadionuclideHalfLife": "6586.2",
    "RadionuclidePositronFraction": "0.97", "RadiopharmaceuticalVolume": "5", "RadiopharmaceuticalSpecificActivity": "1000",
}
XRAY: dict[str, Any] = {
    "KVP": "120", "ExposureTime": "500", "XRayTubeCurrent": "200", "Exposure": "100", "ConvolutionKernel": "STANDARD",
    "ScanOptions": "HELICAL", "RescaleIntercept": "-1024", "RescaleSlope": "1",
}
# fmt: on


def mr(manufacturer: str, count: int = SHAPE[0], **attributes: Any) -> list[Dataset]:
    """Return an echo planar image of some manufacturer with a number of slices."""
    return _with(slices(ramp(count, *SHAPE[1:]), MR), {**COMMON, **EPI, "Manufacturer": manufacturer, **attributes})


def dynamic(manufacturer: str, seconds: float) -> list[Dataset]:
    """Return five volumes, one after the other at this interval in seconds; RepetitionTime specifies two."""
    found = []
    for t in range(5):
        clock = f"0304{10 + seconds * t:05.2f}"
        for ds in mr(manufacturer, AcquisitionNumber=t + 1, AcquisitionTime=clock, ContentTime=clock, NumberOfAverages="1"):
            ds.InstanceNumber = len(found) + 1
            ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID = uid(1, len(found) + 1)
            found.append(ds)
    return found


def projection(sop_class: str, modality: str) -> list[Dataset]:
    """Return a single image without slices."""
    attributes = {"ExposureTime": "100", "XRayTubeCurrent": "200", "Exposure": "20", "Modality": modality}
    return _with(slices(ramp(1, *SHAPE[1:]), sop_class), {**COMMON, **attributes, "Manufacturer": "SIEMENS"})


def pet(manufacturer: str, **attributes: Any) -> list[Dataset]:
    """Return a PET image of some manufacturer."""
    found = _with(slices(ramp(*SHAPE), PET), {**COMMON, **EMISSION, "Manufacturer": manufacturer, **attributes})
    for n, ds in enumerate(found):
        nuclide, tracer = Dataset(), Dataset()
        nuclide.CodeValue, nuclide.CodingSchemeDesignator, nuclide.CodeMeaning = "C-111A1", "SRT", "^18^Fluorine"
        tracer.RadionuclideCodeSequence = [nuclide]
        ds.RadiopharmaceuticalInformationSequence = _with([tracer], TRACER)
        ds.ImageIndex = n + 1
    return found


def ct(manufacturer: str, **attributes: Any) -> list[Dataset]:
    """Return a CT image of some manufacturer."""
    return _with(slices(ramp(*SHAPE), CT), {**COMMON, **XRAY, "Manufacturer": manufacturer, **attributes})


def _with(found: list[Dataset], attributes: dict[str, Any]) -> list[Dataset]:
    for ds in found:
        for keyword, value in attributes.items():
            setattr(ds, keyword, value)
    return found


def add_private(found: list[Dataset], group: int, creator: str, values: dict[int, tuple[str, Any]]) -> list[Dataset]:
    """Put private elements into every data set: number in the block → (VR, value)."""
    for ds in found:
        block = ds.private_block(group, creator, create=True)
        for number, (vr, value) in values.items():
            block.add_new(number, vr, value)
    return found


# --- Siemens ----------------------------------------------------------------------------------------------------------


def siemens(lines: str, **attributes: Any) -> list[Dataset]:
    """Return an image with a protocol (XA software keeps it as text)."""
    protocol = f"<XProtocol>\n### ASCCONV BEGIN ###\nulVersion = 1\n{lines}\n### ASCCONV END ###\n"
    raw = protocol.encode("ascii")
    found = mr("SIEMENS", **attributes)
    for n, ds in enumerate(found):
        ds.AcquisitionTime = f"030410.{25 * n:02d}"
    return add_private(found, 0x0021, "SIEMENS MR SDS 01", {0x19: ("OB", raw + b" " * (len(raw) % 2))})


def _wip(sequence: str, doubles: dict[int, float], longs: dict[int, int], more: str = "") -> str:
    lines = [
        f'tSequenceFileName = "%CustomerSeq%\\{sequence}"',
        *(f"sWipMemBlock.adFree[{n}] = {v}" for n, v in doubles.items()),
    ]
    return "\n".join([*lines, *(f"sWipMemBlock.alFree[{n}] = {v}" for n, v in longs.items()), more])


TIMES = "alTI[0] = 700000\nalTI[2] = 1800000"
PLANE = "\n".join(
    f"sRSatArray.asElm[1].{name} = {value}"
    for name, value in {"dThickness": 10.5, "ulShape": 2, "sPosition.dTra": -40.5, "sNormal.dTra": 1.0}.items()
)
PROTOCOLS = {
    "general": "sPat.lAccelFactPE = 2\nsPat.ucPATMode = 2\nsPat.lRefLinesPE = 24\nsKSpace.lBaseResolution = 64\n"
    "sKSpace.ucPhasePartialFourier = 4\nsKSpace.dPhaseResolution = 0.9\nsKSpace.lPhaseEncodingLines = 57\n"
    "sFastImaging.lEchoSpacing = 560\nucCoilCombineMode = 2\nlDelayTimeInTR = 500000\ndAveragesDouble = 1.5\n"
    "sTXSPEC.asNucleusInfo[0].flReferenceAmplitude = 250.5\nsGRADSPEC.asGPAData[0].lOffsetX = 11\n"
    "sGRADSPEC.asGPAData[0].lOffsetY = -22\nsGRADSPEC.asGPAData[0].lOffsetZ = 33\nsGRADSPEC.alShimCurrent[0] = 4\n"
    'sCoilSelectMeas.sCoilStringForConversion = "HE1-4"\nasCoilSelectMeas[0].asList[0].sCoilElementID.tCoilID = "Head_32"\n'
    'sProtConsistencyInfo.tBaselineString = "N4_VE11C"\nsWipMemBlock.tFree = "abc"',
    "ep2d_asl": _wip("ep2d_asl", {}, {}, "sAsl.ulLabelingDuration = 1800000\nsAsl.sPostLabelingDelay[0] = 1500000"),
    "ep2d_pcasl": _wip("ep2d_pcasl", {1: 90.5, 2: 1500000, 3: 82, 4: 360, 10: 8.5, 11: 100}, {}),
    "tgse_pcasl": _wip("tgse_pcasl", {2: 1500000, 3: 82, 4: 360, 10: 8.5, 12: 1650000}, {}),
    "ep2d_pasl": _wip("ep2d_pasl", {}, {}, TIMES),
    "tgse_pasl": _wip("tgse_pasl", {}, {}, TIMES),
    "ep2d_fairest": _wip("ep2d_fairest", {2: 600, 4: 1200}, {}),
    "to_ep2d_VEPCASL": _wip(
        "to_ep2d_VEPCASL", {0: 0.8, 1: 6.5, **{n: n / 2 for n in range(3, 11)}},
        {4: 20, 5: 600, 6: 1000, 9: 1400, 10: 1300, 11: 250, 12: 500, 13: 750}, f"{TIMES}\n{PLANE}",
    ),
    "jw_tgse_VEPCASL": _wip(
        "jw_tgse_VEPCASL", {}, {6: 20, 7: 600, 8: 1000, 9: 1300, 10: 1, 11: 2, 12: 3, 13: 4, 30: 100, 31: 200}, PLANE
    ),
    "ep2d_diff_fwf": _wip(
        "ep2d_diff_fwf", {n: n / 4 for n in range(64)}, {n: n for n in range(64)},
        "sDiffusion.sFreeDiffusionData.lDiffDirections = 2\n"
        + "\n".join(
            f"sDiffusion.sFreeDiffusionData.asDiffDirVector[{n}].{axis} = {value}"
            for n, axis, value in ((0, "dSag", 1.0), (0, "dCor", 0.5), (1, "dTra", -0.25))
        ),
    ),
}  # fmt: skip


def siemens_3d(shots: int) -> list[Dataset]:
    """Return a 3D echo planar image over several passes."""
    found = siemens(f"sSliceArray.lConc = {shots}", MRAcquisitionType="3D")
    return add_private(found, 0x0021, "SIEMENS MR SDI 02", {0x53: ("FD", 25.0)})


# --- GE, Philips, UIH -------------------------------------------------------------------------------------------------


def ge(protocol: str = "", **attributes: Any) -> list[Dataset]:
    """Return an image with a protocol block, and what GE writes in private elements."""
    found = mr(
        "GE MEDICAL SYSTEMS", **{"SoftwareVersions": ["27", "LX", "MR Software release:RX27.0_R02_1831.a"], **attributes}
    )
    packed = gzip.compress(protocol.encode("ascii"), mtime=0)
    raw = struct.pack("<I", len(packed)) + packed
    add_private(
        found, 0x0019, "GEMS_ACQU_01", {0x5A: ("FL", 3.5e8), 0x7F: ("DS", "5"), 0x9C: ("LO", "epi"), 0x9E: ("SH", "EPI")}
    )
    add_private(found, 0x0043, "GEMS_PARM_01", {
        0x02: ("SS", 3), 0x03: ("SS", -4), 0x04: ("SS", 5), 0x2C: ("SS", 560), 0x83: ("DS", ["0.5", "1"]),
        0x95: ("LO", "RN/s7"), 0xB2: ("LO", ["960.5", "400", "17.9", "0", "-9999", "-9999"]),
        0xB6: ("LO", ["2", "1", "0"]), 0xB7: ("LO", ["1.24", "1", "10", "0"]), 0xCA: ("LO", ["0.75", "High"]),
    })  # fmt: skip
    add_private(found, 0x0027, "GEMS_IMAG_01", {0x60: ("FL", 512.0), 0x61: ("FL", 8.0), 0x62: ("FL", 3.0)})
    return add_private(found, 0x0025, "GEMS_SERS_01", {0x1B: ("OB", raw + b"\0" * (len(raw) % 2))})


def ge_labeled() -> list[Dataset]:
    """Return an image of GE's 3D arterial spin labeling."""
    return add_private(ge(MRAcquisitionType="3D"), 0x0043, "GEMS_PARM_01", {
        0xA3: ("CS", "PSEUDOCONTINUOUS"), 0xA4: ("LO", "3D pulsed continuous ASL technique"), 0xA5: ("IS", "1450"),
    })  # fmt: skip


def ge_interpolated() -> list[Dataset]:
    """Return slices that are twice as thick as their distance, of half as many acquired ones."""
    found = ge(SliceThickness="6.6", ImagesInAcquisition="4")
    return add_private(found, 0x0021, "GEMS_RELA_01", {0x4F: ("SS", 2)})


def philips() -> list[Dataset]:
    """Return an echo planar image with the water-fat shift, which the echo spacing follows from."""
    found = mr("Philips Medical Systems", ScanningSequence="GR", TriggerTime="1500", InversionTime="0")
    add_private(found, 0x2001, "Philips Imaging DD 001", {
        0x13: ("SL", 33), 0x19: ("CS", "Y"), 0x1B: ("FL", 250.0), 0x20: ("LO", "FEEPI"), 0x22: ("FL", 12.5),
    })  # fmt: skip
    add_private(found, 0x2005, "Philips MR Imaging DD 005", {0x3C: ("FL", -12.5)})
    add_private(found, 0x2005, "Philips MR Imaging DD 008", {0x10: ("CS", "CS_SENSE_AI")})
    return found


def philips_enhanced() -> list[Dataset]:
    """Return four volumes in one object, each of many echo trains: RepetitionTime is that of a train."""
    found = _with([enhanced(4, 12)], {**COMMON, "Manufacturer": "Philips Medical Systems", "MRAcquisitionType": "3D"})
    for groups in found[0].PerFrameFunctionalGroupsSequence:
        begin = group()
        begin.private_block(0x2005, "Philips MR Imaging DD 001", create=True).add_new(
            0xA0, "FL", 2.5 * (groups.FrameContentSequence[0].TemporalPositionIndex - 1)
        )
        groups.private_block(0x2005, "Philips MR Imaging DD 005", create=True).add_new(0x0F, "SQ", [begin])
        groups.MRTimingAndRelatedParametersSequence = [
            group(RepetitionTime=30.0, FlipAngle=8.0, EchoTrainLength=15, GradientEchoTrainLength=15)
        ]
    return found


def uih() -> list[Dataset]:
    """Return an image of United Imaging."""
    return add_private(mr("UIH"), 0x0065, "Image Private Header", {
        0x05: ("SH", "A->P"), 0x0D: ("SH", "F:2S"), 0x58: ("IS", "1"),
    })  # fmt: skip


SERIES: dict[str, Callable[[], list[Dataset]]] = {
    **{f"MR of {maker}": lambda maker=maker: mr(maker) for maker in MAKERS[1:]},
    **{f"MR of {maker}, volumes": lambda maker=maker: dynamic(maker, 2.0) for maker in MAKERS[1:]},
    **{f"MR of {maker}, pauses": lambda maker=maker: dynamic(maker, 3.5) for maker in MAKERS[1:]},
    **{f"projection, {name}": lambda sop=sop, name=name: projection(sop, name) for name, sop in PROJECTIONS.items()},
    **{f"PET of {maker}": lambda maker=maker: pet(maker) for maker in PET_MAKERS},
    "CT of Canon": lambda: ct("TOSHIBA"),
    "CT of Siemens": lambda: ct("SIEMENS", ConvolutionKernel="Br40d"),
    **{f"Siemens {name}": lambda lines=lines: siemens(lines) for name, lines in PROTOCOLS.items()},
    "Siemens 3D": lambda: siemens_3d(3),
    "Siemens without protocol": lambda: mr("SIEMENS", EchoTrainLength="12"),
    "GE": lambda: ge('PSEQ "Gradient Echo"\nSLICEORDER "1"\n'),
    "GE without procedure": lambda: ge('PSEQ "Spin Echo"\n', PerformedProcedureStepDescription=""),
    "GE labeled": ge_labeled,
    "GE interpolated": ge_interpolated,
    "Philips": philips,
    "Philips enhanced": philips_enhanced,
    "UIH": uih,
}
"""Names of series → their data sets."""
