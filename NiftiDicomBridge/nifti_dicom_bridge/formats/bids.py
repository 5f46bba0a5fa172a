"""BIDS names ⇄ DICOM attributes, by one table for both directions.

Names and units are those of the BIDS specification and, where it is silent, of dcm2niix.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from .. import metadata, tags
from ..errors import SidecarError
from ..metadata import Elements, Instance


@dataclass(frozen=True)
class Kind:
    """How a value is written in BIDS and in DICOM.

    Attributes
    ----------
    to_bids : callable
        ``(elements, tag, factor)`` → JSON value, None where there is nothing to say.
    to_dicom : callable
        ``(JSON value, factor)`` → list of DICOM values as text.
    types : tuple of type
        What the JSON value may be.
    """

    to_bids: Callable[[Elements, int, float], Any]
    to_dicom: Callable[[Any, float], list[str]]
    types: tuple[type, ...]


def number_text(value: float) -> str:
    """Return a number in at most 16 characters, the most that DS holds (PS3.5 6.2)."""
    for digits in range(17, 0, -1):
        text = f"{value:.{digits}g}"
        if len(text) <= 16:
            return text
    raise SidecarError(f"{value!r} cannot be written in 16 characters.")


def _number(elements: Elements, tag: int, factor: float) -> float | int | None:
    found = metadata.number(elements, tag)
    if found is None or not math.isfinite(found):
        return None
    value = float(f"{found * factor:.12g}")
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def _numbers(elements: Elements, tag: int, factor: float) -> list | None:
    found = [float(f"{value * factor:.12g}") for value in metadata.numbers(elements, tag) if math.isfinite(value)]
    return [int(v) if v.is_integer() and abs(v) < 2**53 else v for v in found] or None


def _text(elements: Elements, tag: int, factor: float) -> str | None:
    return _decoded(elements, tag) or None


def _joined(elements: Elements, tag: int, factor: float) -> str | None:
    return "_".join(part for part in metadata.texts(elements, tag) if part) or None


def _list(elements: Elements, tag: int, factor: float) -> list[str] | None:
    return metadata.texts(elements, tag) or None


def _clock(elements: Elements, tag: int, factor: float) -> str | None:
    """``HHMMSS.FFFFFF`` → ``HH:MM:SS.FFFFFF``."""
    found = re.fullmatch(r"(\d\d)(\d\d)(\d\d)(?:\.(\d{1,6}))?", metadata.text(elements, tag))
    return None if found is None else f"{found[1]}:{found[2]}:{found[3]}.{(found[4] or '').ljust(6, '0')}"


def _decoded(elements: Elements, tag: int) -> str:
    """Return text in the character set of its data set."""
    from ..sidecar.charset import CharacterSet

    element = elements.get(tag)
    if element is None or not isinstance(element.value, bytes) or element.value.isascii():
        return metadata.text(elements, tag)
    try:
        return CharacterSet().of(elements).decode(element.value, element.vr).strip(metadata.SPACE_AND_NULL)
    except (UnicodeError, LookupError):
        return metadata.text(elements, tag)


def _number_to_dicom(value: Any, factor: float) -> list[str]:
    return [number_text(value / factor)]


NUMBER = Kind(_number, _number_to_dicom, (int, float))
NUMBERS = Kind(_numbers, lambda value, factor: [number_text(v / factor) for v in value], (list,))
TEXT = Kind(_text, lambda value, factor: [value], (str,))
JOINED = Kind(_joined, lambda value, factor: value.split("_") if isinstance(value, str) else list(value), (str, list))
LIST = Kind(_list, lambda value, factor: [str(v) for v in value], (list,))
CLOCK = Kind(_clock, lambda value, factor: [value.replace(":", "")], (str,))


@dataclass(frozen=True)
class Row:
    """One key: its attribute, the factor from DICOM to BIDS, and how it is written.

    `enhanced` is the attribute that multi-frame objects use instead (in the same unit).
    """

    key: str
    tag: int
    kind: Kind = TEXT
    factor: float = 1.0
    enhanced: int = 0


MS_TO_S = 1e-3

# fmt: off
ROWS = (
    # hardware (BIDS: MR "Hardware information", PET, CT)
    Row("Modality", 0x00080060),
    Row("MagneticFieldStrength", 0x00180087, NUMBER),
    Row("ImagingFrequency", 0x00180084, NUMBER, enhanced=0x00189098),
    Row("Manufacturer", 0x00080070),
    Row("ManufacturersModelName", 0x00081090),
    Row("InstitutionName", 0x00080080),
    Row("InstitutionAddress", 0x00080081),
    Row("InstitutionalDepartmentName", 0x00081040),
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
    Row("PatientBirthDate", 0x00100030),
    Row("PatientSex", 0x00100040),
    Row("PatientSize", 0x00101020, NUMBER),
    Row("PatientWeight", 0x00101030, NUMBER),
    # the examination
    Row("BodyPart", 0x00180015),
    Row("PatientPosition", 0x00185100),
    Row("ProcedureStepDescription", 0x00400254),
    Row("StudyDescription", 0x00081030),
    Row("SeriesDescription", 0x0008103E),
    Row("ProtocolName", 0x00181030),
    Row("ScanningSequence", 0x00180020, JOINED),
    Row("SequenceVariant", 0x00180021, JOINED),
    Row("ScanOptions", 0x00180022, JOINED),
    Row("SequenceName", 0x00180024),
    Row("PulseSequenceName", 0x00189005),
    Row("ImageType", 0x00080008, LIST),
    Row("SeriesNumber", 0x00200011, NUMBER),
    Row("AcquisitionTime", 0x00080032, CLOCK),
    Row("AcquisitionNumber", 0x00200012, NUMBER),
    Row("ImageComments", 0x00204000),
    # magnetic resonance
    Row("MRAcquisitionType", 0x00180023),
    Row("SliceThickness", 0x00180050, NUMBER),
    Row("SpacingBetweenSlices", 0x00180088, NUMBER),
    Row("SAR", 0x00181316, NUMBER),
    Row("EchoNumber", 0x00180086, NUMBER),
    Row("EchoTime", 0x00180081, NUMBER, MS_TO_S, 0x00189082),
    Row("RepetitionTime", 0x00180080, NUMBER, MS_TO_S),
    Row("InversionTime", 0x00180082, NUMBER, MS_TO_S),
    Row("FlipAngle", 0x00181314, NUMBER),
    Row("EchoTrainLength", 0x00180091, NUMBER),
    Row("NumberOfAverages", 0x00180083, NUMBER),
    Row("PercentPhaseFOV", 0x00180094, NUMBER),
    Row("PercentSampling", 0x00180093, NUMBER),
    Row("PhaseEncodingSteps", 0x00180089, NUMBER),
    Row("PixelBandwidth", 0x00180095, NUMBER),
    Row("ReceiveCoilName", 0x00181250),
    Row("TransmitCoil", 0x00181251),
    Row("InPlanePhaseEncodingDirectionDICOM", 0x00181312),
    Row("ParallelAcquisitionTechnique", 0x00189078),
    Row("ParallelReductionFactorInPlane", 0x00189069, NUMBER),
    Row("ParallelReductionFactorOutOfPlane", 0x00189155, NUMBER),
    Row("ImageOrientationPatientDICOM", 0x00200037, NUMBERS),
    # computed tomography
    Row("ConvolutionKernel", 0x00181210),
    Row("ExposureTime", 0x00181150, NUMBER, MS_TO_S),
    Row("XRayTubeCurrent", 0x00181151, NUMBER),
    Row("XRayExposure", 0x00181152, NUMBER),
    # positron emission tomography
    Row("Units", 0x00541001),
    Row("DecayCorrection", 0x00541102),
    Row("AttenuationCorrection", 0x00541101),
    Row("ReconMethodName", 0x00541103),
    Row("ScatterCorrectionMethod", 0x00541105),
    Row("RandomsCorrectionMethod", 0x00541100),
)
# fmt: on
BY_KEY = {row.key: row for row in ROWS}


def keys_of(instance: Instance) -> dict[str, Any]:
    """Return the BIDS keys that the attributes of an instance tell; what is absent or empty is left out."""
    found = {}
    layers = list(_layers(instance.elements))
    for row in ROWS:
        value = next((v for v in _candidates(row, layers) if v is not None), None)
        if value is not None:
            found[row.key] = value
    return found


def _candidates(row: Row, layers: list[Elements]) -> Iterator[Any]:
    for tag in filter(None, (row.tag, row.enhanced)):
        for elements in layers:
            if tag in elements:
                yield row.kind.to_bids(elements, tag, row.factor)


def _layers(elements: Elements) -> Iterator[Elements]:
    """Yield the data set, then the shared functional groups, then those of the first frame."""
    yield elements
    for sequence in (tags.SHARED_FUNCTIONAL_GROUPS_SEQUENCE, tags.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE):
        for tag, group in metadata.first_item(elements, sequence).items():
            if isinstance(group.value, tuple) and group.value and not tags.is_private(tag):
                yield group.value[0].elements


def edited_attributes(now: dict[str, Any], written: dict[str, Any], where: str) -> dict[int, tuple[str, list, str]]:
    """Return what a person changed at the top level: tag → (VR, values, BIDS key).

    Parameters
    ----------
    now : dict
        The top level of the sidecar as it is.
    written : dict
        As it was when this tool wrote it.

    Raises
    ------
    SidecarError
        If a changed value is not of the type that its key has.
    """
    changed = [row for row in ROWS if row.key in now and now[row.key] != written.get(row.key)]
    return {row.tag: _to_dicom(row, now[row.key], where) for row in changed}


def _to_dicom(row: Row, value: Any, where: str) -> tuple[str, list, str]:
    from pydicom.datadict import dictionary_VR

    good = isinstance(value, row.kind.types) and not isinstance(value, bool)
    if isinstance(value, float) and not math.isfinite(value):
        good = False
    if not good:
        wanted = " or ".join(
            {"str": "text", "int": "number", "float": "number", "list": "list"}[t.__name__] for t in row.kind.types
        )
        raise SidecarError(f"{where}: {row.key!r} is {value!r}; a {wanted} was expected.")
    try:
        texts = row.kind.to_dicom(value, row.factor)
    except (TypeError, ValueError, AttributeError):
        raise SidecarError(f"{where}: {row.key!r} is {value!r}: not a value of its kind.") from None
    vr = dictionary_VR(row.tag)
    if vr == "IS":
        texts = [str(int(float(text))) for text in texts]
    if vr == "PN":
        return vr, [{"Alphabetic": text} for text in texts], row.key
    if vr in ("FD", "FL"):
        return vr, [float(text) for text in texts], row.key
    return vr, list(texts), row.key
