"""Keys that public attributes specify, whoever made the image.

Names and units are those of the BIDS specification and, where it is silent, of dcm2niix.
"""

from __future__ import annotations

import re
from typing import Any

from ..model.space.geometry import slice_distance
from ..options import Resample
from ..standard.tags import Tag
from .field_strength import ROWS as FIELD_ROWS
from .kinds import AGE, CLOCK, DATE, JOINED, LIST, MS_TO_S, NUMBERS, POSITIVE, SEVERAL, Kind, clock, date, one_of, words
from .row import AnyRow, Derived, Row, When, made_by
from .sequence_words import SCAN_OPTIONS, SCANNING_SEQUENCE, SEQUENCE_VARIANT
from .source import Nested, PlaneAttributes, Private, decoded


def _manufacturer(source: PlaneAttributes, where: Any, factor: float) -> str | None:
    return source.manufacturer or None


def _sex(source: PlaneAttributes, where: Any, factor: float) -> str | None:
    letter = source.text(where)[:1].upper()
    return letter if letter in ("M", "F", "O") else None


def _date_time(source: PlaneAttributes) -> str | None:
    """``2016-07-06T12:49:15.679688``."""
    day, time = date(source.text(Tag.ACQUISITION_DATE)), clock(source.text(Tag.ACQUISITION_TIME))
    if day is None or time is None:
        stamp = source.text(Tag.ACQUISITION_DATE_TIME).split("+")[0].split("-")[0]
        day, time = date(stamp[:8]), clock(stamp[8:])
    return f"{day}T{time}" if day and time else None


def _time(source: PlaneAttributes) -> str | None:
    return clock(source.text(Tag.ACQUISITION_DATE_TIME).split("+")[0].split("-")[0][8:])


def _train_length(source: PlaneAttributes) -> int | None:
    return length if (length := train_length_of(source)) > 1 else None


def train_length_of(source: PlaneAttributes) -> int:
    """Return the length of the echo train; 0 where there is none."""
    if source.manufacturer == "UIH" and "gre_fsp" in source.text(Tag.SEQUENCE_NAME):
        return 0  # a 3D T1 image, whose train is none of EPI
    length = max(source.number(Tag.ECHO_TRAIN_LENGTH) or 0, source.number(Tag.GRADIENT_ECHO_TRAIN_LENGTH) or 0)
    return int(length or source.number(EPI_FACTOR) or 0)


def _method_codes(source: PlaneAttributes) -> list[dict[str, str]] | None:
    items = [
        {name: text for tag, name in CODE_PARTS.items() if (text := decoded(item.elements, tag, source.top))}
        for item in source.items(Tag.DEIDENTIFICATION_METHOD_CODE_SEQUENCE)
    ]
    return [codes for codes in items if codes] or None


def _even_distance(source: PlaneAttributes) -> float | None:
    """SliceThickness stays what was acquired; the distance of slices is another one where they were resampled."""
    volume = source.volume
    if volume is None or Resample.SPACING not in volume.dicom.resampled:
        return None
    return float(f"{slice_distance(volume.ijk_to_ras):.6g}")


def _coil_string(source: PlaneAttributes) -> str | None:
    return source.text(Tag.RECEIVE_COIL_NAME) or None


def _echo_of_ice(source: PlaneAttributes) -> int | None:
    """Siemens XA counts echoes in the indices of its reconstruction: ``X_1_1_1_…``, coil and echo first."""
    match = re.match(r"[^_]*_(\d+)_", source.text(ICE_DIMENSIONS)) if source.manufacturer == "Siemens" else None
    return int(match[1]) if match else None


CODE_PARTS = {
    Tag.CODE_VALUE: "CodeValue",
    Tag.CODING_SCHEME_DESIGNATOR: "CodingSchemeDesignator",
    Tag.CODING_SCHEME_VERSION: "CodingSchemeVersion",
    Tag.CODE_MEANING: "CodeMeaning",
}
ICE_DIMENSIONS = Private(0x0021, "SIEMENS MR SDI 02", 0x1106)
EPI_FACTOR = Private(0x2001, "Philips Imaging DD 001", 0x1013)
SEQUENCE_NAMES = (
    Tag.SEQUENCE_NAME,
    Tag.PULSE_SEQUENCE_NAME,
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
"""What dcm2niix specifies where there is none, because BIDS recommends the key; on the way back it is not a department."""
UNITS = {"BQML": "Bq/mL", "KBQML": "kBq/mL", "GML": "g/mL", "CM2ML": "cm2/mL"}
UNIT_SPELLINGS = {
    "suvbw": "GML",
    "suv_bw": "GML",
    "counts": "CNTS",
    "cnts": "CNTS",
    "counts/s": "CPS",
    "counts/sec": "CPS",
    "cps": "CPS",
    "%": "PCNT",
    "percent": "PCNT",
    "1": "NONE",
    "none": "NONE",
    "unitless": "NONE",
    "1/cm": "1CM",
    "cm-1": "1CM",
    "mg/min/ml": "MGMINML",
    "umol/min/ml": "UMOLMINML",
    "ml/min/g": "MLMING",
    "ml/g": "MLG",
    "umol/ml": "UMOLML",
    "ml/min/ml": "MLMINML",
    "ml/ml": "MLML",
}
"""Units of PET as other tools write them → Units (0054,1001), PS3.3 C.8.9.1.1.3; SUV without more may be of any weight."""
UNIT_WORDS = words(UNITS, UNIT_SPELLINGS)

# fmt: off
ROWS: tuple[AnyRow, ...] = (
    # hardware (BIDS: MR "Hardware information", PET, CT)
    Row("Modality", Tag.MODALITY),
    *FIELD_ROWS,
    Row("Manufacturer", Tag.MANUFACTURER, NAMED),
    Derived("Manufacturer", lambda source: source.manufacturer or None, "private creator of Siemens, GE or Philips"),
    Row("ManufacturersModelName", Tag.MANUFACTURER_MODEL_NAME),
    Row("InstitutionName", Tag.INSTITUTION_NAME),
    Row("InstitutionalDepartmentName", Tag.INSTITUTIONAL_DEPARTMENT_NAME),
    Derived("InstitutionalDepartmentName", lambda source: NO_DEPARTMENT, "the word `None` where (0008,1040) is empty"),
    Row("InstitutionAddress", Tag.INSTITUTION_ADDRESS),
    Row("DeviceSerialNumber", Tag.DEVICE_SERIAL_NUMBER),
    Row("StationName", Tag.STATION_NAME),
    Row("SoftwareVersions", Tag.SOFTWARE_VERSIONS, JOINED),
    # identity
    Row("StudyInstanceUID", Tag.STUDY_INSTANCE_UID),
    Row("SeriesInstanceUID", Tag.SERIES_INSTANCE_UID),
    Row("StudyID", Tag.STUDY_ID),
    Row("AccessionNumber", Tag.ACCESSION_NUMBER),
    Row("ReferringPhysicianName", Tag.REFERRING_PHYSICIAN_NAME),
    Row("PatientName", Tag.PATIENT_NAME),
    Row("PatientID", Tag.PATIENT_ID),
    Row("PatientBirthDate", Tag.PATIENT_BIRTH_DATE, DATE),
    Row("PatientSex", Tag.PATIENT_SEX, SEX),
    Row("PatientSize", Tag.PATIENT_SIZE, POSITIVE),
    Row("PatientWeight", Tag.PATIENT_WEIGHT, POSITIVE),
    Row("PatientAge", Tag.PATIENT_AGE, AGE),
    Row("Quadruped", Tag.ANATOMICAL_ORIENTATION_TYPE, QUADRUPED),
    Row("DeidentificationMethod", Tag.DEIDENTIFICATION_METHOD, LIST),
    Derived("DeidentificationMethodCodeSequence", _method_codes, "(0012,0064) DeidentificationMethodCodeSequence"),
    # the examination
    Row("BodyPart", Tag.BODY_PART_EXAMINED),
    Row("PatientPosition", Tag.PATIENT_POSITION),
    Row("ProcedureStepDescription", Tag.PERFORMED_PROCEDURE_STEP_DESCRIPTION),
    Row("StudyDescription", Tag.STUDY_DESCRIPTION),
    Row("SeriesDescription", Tag.SERIES_DESCRIPTION),
    Row("ProtocolName", (Tag.PROTOCOL_NAME, Tag.SERIES_DESCRIPTION)),
    Row("ProtocolName", (Nested((Tag.SEQUENCE_NAME,)),), when=NOT_SIEMENS),
    Row("ScanningSequence", SCANNING_SEQUENCE, JOINED),
    Row("SequenceVariant", SEQUENCE_VARIANT, JOINED),
    Row("ScanOptions", SCAN_OPTIONS, JOINED),
    Row("SequenceName", SEQUENCE_NAMES),
    Row("PulseSequenceName", Tag.PULSE_SEQUENCE_NAME),
    Row("SeriesNumber", Tag.SERIES_NUMBER, POSITIVE),
    Row("AcquisitionTime", Tag.ACQUISITION_TIME, CLOCK),
    Derived("AcquisitionTime", _time, "(0008,002A) AcquisitionDateTime"),
    Derived("AcquisitionDateTime", _date_time, "(0008,0022) and (0008,0032), else (0008,002A)"),
    Row("AcquisitionNumber", Tag.ACQUISITION_NUMBER, POSITIVE),
    Row("ImageComments", Tag.IMAGE_COMMENTS),
    # magnetic resonance
    Row("MRAcquisitionType", Tag.MR_ACQUISITION_TYPE, one_of("1D", "2D", "3D")),
    Row("SliceThickness", Tag.SLICE_THICKNESS, POSITIVE),
    Derived("SpacingBetweenSlices", _even_distance, 'the grid, where `resample="spacing"` made it even'),
    Row("SpacingBetweenSlices", Tag.SPACING_BETWEEN_SLICES, POSITIVE),
    Row("EchoNumber", Tag.ECHO_NUMBERS, POSITIVE),
    Derived("EchoNumber", _echo_of_ice, "(0021,xx06) SIEMENS MR SDI 02"),
    Row("SAR", (Tag.SAR, Tag.SPECIFIC_ABSORPTION_RATE_VALUE), POSITIVE),
    Row("EchoTime", (Tag.ECHO_TIME, Tag.EFFECTIVE_ECHO_TIME), POSITIVE, MS_TO_S),
    Row("FlipAngle", Tag.FLIP_ANGLE, POSITIVE),
    Derived("EchoTrainLength", _train_length, "(0018,9241), (0018,0091), else (2001,xx13) Philips Imaging DD 001"),
    Row("NumberOfAverages", Tag.NUMBER_OF_AVERAGES, SEVERAL),
    Row("PercentPhaseFOV", Tag.PERCENT_PHASE_FIELD_OF_VIEW, POSITIVE),
    Row("PercentSampling", Tag.PERCENT_SAMPLING, POSITIVE),
    Row("FrequencyEncodingSteps", Tag.MR_ACQUISITION_FREQUENCY_ENCODING_STEPS, POSITIVE),
    Row("PhaseEncodingStepsOutOfPlane", Tag.MR_ACQUISITION_PHASE_ENCODING_STEPS_OUT_OF_PLANE, POSITIVE),
    Row("NumberOfKSpaceTrajectories", Tag.NUMBER_OF_K_SPACE_TRAJECTORIES, POSITIVE),
    Row("PixelBandwidth", Tag.PIXEL_BANDWIDTH, POSITIVE),
    Row("TriggerDelayTime", (Tag.TRIGGER_TIME, Tag.NOMINAL_CARDIAC_TRIGGER_DELAY_TIME), POSITIVE, when=TRIGGERED),
    Derived("CoilString", _coil_string, "(0018,1250)", NOT_SIEMENS),
    Row("ReceiveCoilName", Tag.RECEIVE_COIL_NAME, when=NOT_SIEMENS),
    Row("TransmitCoil", Tag.TRANSMIT_COIL_NAME),
    Row("Units", Tag.UNITS, UNIT_WORDS),
    Row("ImageOrientationPatientDICOM", Tag.IMAGE_ORIENTATION_PATIENT, NUMBERS),
    # X rays
    Row("ContrastBolusIngredient", Tag.CONTRAST_BOLUS_INGREDIENT,
        one_of("IODINE", "GADOLINIUM", "CARBON DIOXIDE", "BARIUM", "XENON")),
    Row("ConvolutionKernel", Tag.CONVOLUTION_KERNEL),
    Row("ExposureTime", (Tag.EXPOSURE_TIME, Tag.EXPOSURE_TIME_INMS), POSITIVE, MS_TO_S),
    Row("XRayTubeCurrent", (Tag.X_RAY_TUBE_CURRENT, Tag.X_RAY_TUBE_CURRENT_IN_MA), POSITIVE),
    Row("XRayExposure", (Tag.EXPOSURE, Tag.EXPOSURE_IN_MAS), POSITIVE),
)
# fmt: on
