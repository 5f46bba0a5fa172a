"""Keys that public attributes tell, whoever made the image.

Names and units are those of the BIDS specification and, where it is silent, of dcm2niix.
"""

from __future__ import annotations

import re
from typing import Any

from ..model.geometry import slice_distance
from ..options import Resample
from .kinds import AGE, CLOCK, DATE, JOINED, LIST, MS_TO_S, NUMBERS, POSITIVE, SEVERAL, Kind, clock, date, one_of, words
from .row import AnyRow, Derived, Row, When, made_by
from .sequence_words import SCAN_OPTIONS, SCANNING_SEQUENCE, SEQUENCE_VARIANT
from .source import Nested, Private, Source, decoded


def _manufacturer(source: Source, where: Any, factor: float) -> str | None:
    return source.manufacturer or None


def _sex(source: Source, where: Any, factor: float) -> str | None:
    letter = source.text(where)[:1].upper()
    return letter if letter in ("M", "F", "O") else None


def _date_time(source: Source) -> str | None:
    """``2016-07-06T12:49:15.679688``."""
    day, time = date(source.text(0x00080022)), clock(source.text(0x00080032))
    if day is None or time is None:
        stamp = source.text(0x0008002A).split("+")[0].split("-")[0]
        day, time = date(stamp[:8]), clock(stamp[8:])
    return f"{day}T{time}" if day and time else None


def _time(source: Source) -> str | None:
    return clock(source.text(0x0008002A).split("+")[0].split("-")[0][8:])


def _train_length(source: Source) -> int | None:
    return length if (length := train_length_of(source)) > 1 else None


def train_length_of(source: Source) -> int:
    """Return the length of the echo train; 0 where there is none."""
    if source.manufacturer == "UIH" and "gre_fsp" in source.text(0x00180024):
        return 0  # a 3D T1 image, whose train is none of EPI
    found = max(source.number(0x00180091) or 0, source.number(0x00189241) or 0)
    return int(found or source.number(EPI_FACTOR) or 0)


def _method_codes(source: Source) -> list[dict[str, str]] | None:
    found = [
        {name: text for tag, name in CODE_PARTS.items() if (text := decoded(item.elements, tag, source.top))}
        for item in source.items(0x00120064)
    ]
    return [codes for codes in found if codes] or None


def _even_distance(source: Source) -> float | None:
    """SliceThickness stays what was acquired; the distance of slices is another one where they were resampled."""
    volume = source.volume
    if volume is None or Resample.SPACING not in volume.resampled:
        return None
    return float(f"{slice_distance(volume.ijk_to_ras):.6g}")


def _coil_string(source: Source) -> str | None:
    return source.text(0x00181250) or None


def _echo_of_ice(source: Source) -> int | None:
    """Siemens XA counts echoes in the indices of its reconstruction: ``X_1_1_1_…``, coil and echo first."""
    found = re.match(r"[^_]*_(\d+)_", source.text(ICE_DIMENSIONS)) if source.manufacturer == "Siemens" else None
    return int(found[1]) if found else None


CODE_PARTS = {
    0x00080100: "CodeValue",
    0x00080102: "CodingSchemeDesignator",
    0x00080103: "CodingSchemeVersion",
    0x00080104: "CodeMeaning",
}
ICE_DIMENSIONS = Private(0x0021, "SIEMENS MR SDI 02", 0x1106)
EPI_FACTOR = Private(0x2001, "Philips Imaging DD 001", 0x1013)
SEQUENCE_NAMES = (
    0x00180024,
    0x00189005,
    Private(0x0019, "GEMS_ACQU_01", 0x109C),
    Private(0x2001, "Philips Imaging DD 001", 0x1020),
)
NAMED = Kind(_manufacturer, lambda value, factor: [value], (str,))
SEX_WORDS = {"MALE": "M", "FEMALE": "F", "OTHER": "O"}
SEX = Kind(_sex, lambda value, factor: [SEX_WORDS.get(value.upper(), value)], (str,))
QUADRUPED = Kind(
    lambda source, where, factor: True if source.text(where) == "QUADRUPED" else None,
    lambda value, factor: ["QUADRUPED" if value else "BIPED"],
    (bool,),
)
TRIGGERED = made_by("GE", "Philips")
NOT_SIEMENS = When("not Siemens", lambda source: source.manufacturer != "Siemens")
# DICOM unit (PS3.3 C.8.9.1.1.3) → BIDS unit
NO_DEPARTMENT = "None"
"""What dcm2niix says where there is none, because BIDS recommends the key; on the way back it is no department."""
UNITS = {"BQML": "Bq/mL", "KBQML": "kBq/mL", "GML": "g/mL", "CM2ML": "cm2/mL"}
UNIT_WORDS = words(UNITS)

# fmt: off
ROWS: tuple[AnyRow, ...] = (
    # hardware (BIDS: MR "Hardware information", PET, CT)
    Row("Modality", 0x00080060),
    Row("MagneticFieldStrength", 0x00180087, POSITIVE),
    Row("ImagingFrequency", (0x00180084, 0x00189098), POSITIVE),
    Row("Manufacturer", 0x00080070, NAMED),
    Derived("Manufacturer", lambda source: source.manufacturer or None, "private creator of Siemens, GE or Philips"),
    Row("ManufacturersModelName", 0x00081090),
    Row("InstitutionName", 0x00080080),
    Row("InstitutionalDepartmentName", 0x00081040),
    Derived("InstitutionalDepartmentName", lambda source: NO_DEPARTMENT, "the word `None` where (0008,1040) is empty"),
    Row("InstitutionAddress", 0x00080081),
    Row("DeviceSerialNumber", 0x00181000),
    Row("StationName", 0x00081010),
    Row("SoftwareVersions", 0x00181020, JOINED),
    # identity
    Row("StudyInstanceUID", 0x0020000D),
    Row("SeriesInstanceUID", 0x0020000E),
    Row("StudyID", 0x00200010),
    Row("AccessionNumber", 0x00080050),
    Row("ReferringPhysicianName", 0x00080090),
    Row("PatientName", 0x00100010),
    Row("PatientID", 0x00100020),
    Row("PatientBirthDate", 0x00100030, DATE),
    Row("PatientSex", 0x00100040, SEX),
    Row("PatientSize", 0x00101020, POSITIVE),
    Row("PatientWeight", 0x00101030, POSITIVE),
    Row("PatientAge", 0x00101010, AGE),
    Row("Quadruped", 0x00102210, QUADRUPED),
    Row("DeidentificationMethod", 0x00120063, LIST),
    Derived("DeidentificationMethodCodeSequence", _method_codes, "(0012,0064) DeidentificationMethodCodeSequence"),
    # the examination
    Row("BodyPart", 0x00180015),
    Row("PatientPosition", 0x00185100),
    Row("ProcedureStepDescription", 0x00400254),
    Row("StudyDescription", 0x00081030),
    Row("SeriesDescription", 0x0008103E),
    Row("ProtocolName", (0x00181030, 0x0008103E)),
    Row("ProtocolName", (Nested((0x00180024,)),), when=NOT_SIEMENS),
    Row("ScanningSequence", SCANNING_SEQUENCE, JOINED),
    Row("SequenceVariant", SEQUENCE_VARIANT, JOINED),
    Row("ScanOptions", SCAN_OPTIONS, JOINED),
    Row("SequenceName", SEQUENCE_NAMES),
    Row("PulseSequenceName", 0x00189005),
    Row("SeriesNumber", 0x00200011, POSITIVE),
    Row("AcquisitionTime", 0x00080032, CLOCK),
    Derived("AcquisitionTime", _time, "(0008,002A) AcquisitionDateTime"),
    Derived("AcquisitionDateTime", _date_time, "(0008,0022) and (0008,0032), else (0008,002A)"),
    Row("AcquisitionNumber", 0x00200012, POSITIVE),
    Row("ImageComments", 0x00204000),
    # magnetic resonance
    Row("MRAcquisitionType", 0x00180023, one_of("1D", "2D", "3D")),
    Row("SliceThickness", 0x00180050, POSITIVE),
    Derived("SpacingBetweenSlices", _even_distance, "the grid, where `--resample spacing` made it even"),
    Row("SpacingBetweenSlices", 0x00180088, POSITIVE),
    Row("EchoNumber", 0x00180086, POSITIVE),
    Derived("EchoNumber", _echo_of_ice, "(0021,xx06) SIEMENS MR SDI 02"),
    Row("SAR", (0x00181316, 0x00189181), POSITIVE),
    Row("EchoTime", (0x00180081, 0x00189082), POSITIVE, MS_TO_S),
    Row("FlipAngle", 0x00181314, POSITIVE),
    Derived("EchoTrainLength", _train_length, "(0018,9241), (0018,0091), else (2001,xx13) Philips Imaging DD 001"),
    Row("NumberOfAverages", 0x00180083, SEVERAL),
    Row("PercentPhaseFOV", 0x00180094, POSITIVE),
    Row("PercentSampling", 0x00180093, POSITIVE),
    Row("FrequencyEncodingSteps", 0x00189058, POSITIVE),
    Row("PhaseEncodingStepsOutOfPlane", 0x00189232, POSITIVE),
    Row("NumberOfKSpaceTrajectories", 0x00189093, POSITIVE),
    Row("PixelBandwidth", 0x00180095, POSITIVE),
    Row("TriggerDelayTime", (0x00181060, 0x00209153), POSITIVE, when=TRIGGERED),
    Derived("CoilString", _coil_string, "(0018,1250)", NOT_SIEMENS),
    Row("ReceiveCoilName", 0x00181250, when=NOT_SIEMENS),
    Row("TransmitCoil", 0x00181251),
    Row("Units", 0x00541001, UNIT_WORDS),
    Row("ImageOrientationPatientDICOM", 0x00200037, NUMBERS),
    # X rays
    Row("ContrastBolusIngredient", 0x00181048, one_of("IODINE", "GADOLINIUM", "CARBON DIOXIDE", "BARIUM", "XENON")),
    Row("ConvolutionKernel", 0x00181210),
    Row("ExposureTime", (0x00181150, 0x00189328), POSITIVE, MS_TO_S),
    Row("XRayTubeCurrent", (0x00181151, 0x00189330), POSITIVE),
    Row("XRayExposure", (0x00181152, 0x00189332), POSITIVE),
)
# fmt: on
