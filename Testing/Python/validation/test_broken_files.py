"""Files that are each broken in one way have that finding, right ones have none, and dciodvfy agrees."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from nifti_dicom_bridge import validate
from nifti_dicom_bridge.validation.subject import tag_of
from phantoms import PHANTOMS, ramp, save, slices
from phantoms.base import put_raw
from support.dciodvfy import NOT_OURS, Fact, facts_of_dciodvfy, facts_of_findings

CT, MR, PET = ("1.2.840.10008.5.1.4.1.1." + end for end in ("2", "4", "128"))


def facts(path: Path) -> set[Fact]:
    return facts_of_findings(validate([path]))


def _set(keyword: str, value: object) -> Callable[[Dataset], None]:
    return lambda ds: setattr(ds, keyword, value)


def _window(width: object, function: str = "LINEAR") -> Callable[[Dataset], None]:
    def change(ds: Dataset) -> None:
        ds.WindowCenter = ["40"] * len(width) if isinstance(width, list) else "40"
        ds.WindowWidth, ds.VOILUTFunction = width, function

    return change


def _drop(keyword: str) -> Callable[[Dataset], None]:
    return lambda ds: delattr(ds, keyword)


def _raw(keyword: str, vr: str, value: object) -> Callable[[Dataset], None]:
    """Set a value that pydicom would not accept."""
    raw = value if isinstance(value, bytes) else str(value).encode()
    return lambda ds: put_raw(ds, tag_of(keyword), vr, raw)


def _nested(keyword: str, **values: object) -> Callable[[Dataset], None]:
    def change(ds: Dataset) -> None:
        item = Dataset()
        for name, value in values.items():
            setattr(item, name, value)
        setattr(ds, keyword, Sequence([item]))

    return change


def _item(sequence: str, keyword: str, value: object) -> Callable[[Dataset], None]:
    return lambda ds: setattr(ds[sequence][0], keyword, value)


def _meta(keyword: str, value: str) -> Callable[[Dataset], None]:
    return lambda ds: setattr(ds.file_meta, keyword, value)


BREAKS: list[tuple[str, Callable[[Dataset], None], Fact]] = [
    # Type 1 and 2
    (CT, _drop("RescaleSlope"), ("missing", "RescaleSlope")),
    (CT, _drop("KVP"), ("missing", "KVP")),
    (CT, _drop("PatientName"), ("missing", "PatientName")),
    (CT, _drop("PatientBirthDate"), ("missing", "PatientBirthDate")),
    (CT, _drop("StudyInstanceUID"), ("missing", "StudyInstanceUID")),
    (CT, _drop("SeriesNumber"), ("missing", "SeriesNumber")),
    (CT, _drop("FrameOfReferenceUID"), ("missing", "FrameOfReferenceUID")),
    (CT, _drop("PositionReferenceIndicator"), ("missing", "PositionReferenceIndicator")),
    (CT, _drop("ImageOrientationPatient"), ("missing", "ImageOrientationPatient")),
    (CT, _drop("PixelSpacing"), ("missing", "PixelSpacing")),
    (CT, _drop("SliceThickness"), ("missing", "SliceThickness")),
    (CT, _drop("BitsStored"), ("missing", "BitsStored")),
    (CT, _set("Modality", ""), ("empty", "Modality")),
    (CT, _set("ImagePositionPatient", None), ("empty", "ImagePositionPatient")),
    (MR, _drop("ScanningSequence"), ("missing", "ScanningSequence")),
    (MR, _drop("EchoTime"), ("missing", "EchoTime")),
    (MR, _drop("MRAcquisitionType"), ("missing", "MRAcquisitionType")),
    (MR, _set("SequenceVariant", ""), ("empty", "SequenceVariant")),
    (CT, _nested("ReferencedImageSequence", ReferencedSOPClassUID=CT), ("missing", "ReferencedSOPInstanceUID")),
    (CT, _nested("AnatomicRegionSequence", CodeValue="T-1", CodingSchemeDesignator="SRT"), ("missing", "CodeMeaning")),
    (CT, _nested("AnatomicRegionSequence", CodeMeaning="brain"), ("missing", "CodeValue")),
    (CT, _nested("ContributingEquipmentSequence", Manufacturer="A"), ("missing", "PurposeOfReferenceCodeSequence")),
    # conditions
    (MR, _drop("RepetitionTime"), ("missing", "RepetitionTime")),
    (MR, _set("InversionTime", "100"), ("condition", "InversionTime")),
    (MR, _set("ScanningSequence", "IR"), ("missing", "InversionTime")),
    (CT, _drop("PatientPosition"), ("missing", "PatientPosition")),
    (CT, _set("WindowCenter", "40"), ("missing", "WindowWidth")),
    (CT, _set("PatientIdentityRemoved", "YES"), ("missing", "DeidentificationMethod")),
    (CT, _set("BodyPartExamined", "KNEE"), ("missing", "Laterality")),
    # enumerated values
    (CT, _set("PatientSex", "X"), ("value", "PatientSex")),
    (CT, _set("ImageType", ["COPIED", "PRIMARY", "AXIAL"]), ("value", "ImageType")),
    (CT, _set("ImageType", ["ORIGINAL", "TERTIARY", "AXIAL"]), ("value", "ImageType")),
    (CT, _set("ImageType", ["ORIGINAL", "PRIMARY"]), ("value", "ImageType")),
    (CT, _set("PhotometricInterpretation", "RGB"), ("value", "PhotometricInterpretation")),
    (CT, _set("BitsStored", 11), ("value", "BitsStored")),
    (CT, _set("PixelRepresentation", 2), ("value", "PixelRepresentation")),
    (CT, _set("LossyImageCompression", "02"), ("value", "LossyImageCompression")),
    (CT, _set("BurnedInAnnotation", "MAYBE"), ("value", "BurnedInAnnotation")),
    (CT, _set("RotationDirection", "XX"), ("value", "RotationDirection")),
    (CT, _set("PresentationLUTShape", "LINEAR"), ("value", "PresentationLUTShape")),
    (MR, _set("ScanningSequence", "ZZ"), ("value", "ScanningSequence")),
    (MR, _set("MRAcquisitionType", "4D"), ("value", "MRAcquisitionType")),
    (MR, _set("AngioFlag", "YES"), ("value", "AngioFlag")),
    (CT, _set("RescaleType", "US"), ("value", "RescaleType")),
    # numbers that nothing can apply
    (CT, _set("RescaleSlope", "0"), ("number", "RescaleSlope")),
    (CT, _window("0"), ("number", "WindowWidth")),
    (CT, _window("-5"), ("number", "WindowWidth")),
    (CT, _window("0.5"), ("number", "WindowWidth")),
    (CT, _window("0", "LINEAR_EXACT"), ("number", "WindowWidth")),
    (CT, _window("-1", "SIGMOID"), ("number", "WindowWidth")),
    (CT, _window(["100", "0"]), ("number", "WindowWidth")),
    # character sets
    (CT, _set("SpecificCharacterSet", "ISO_IR 999"), ("VR", "00080005")),
    (CT, _set("SpecificCharacterSet", "ISO IR 100"), ("VR", "00080005")),
    (CT, _raw("SpecificCharacterSet", "CS", "UTF-8 "), ("VR", "00080005")),
    (CT, _set("SpecificCharacterSet", ["ISO_IR 100", "ISO_IR 144"]), ("VR", "00080005")),
    (CT, _set("SpecificCharacterSet", ["ISO_IR 192", "ISO 2022 IR 87"]), ("VR", "00080005")),
    # VR and VM
    (CT, _raw("PatientBirthDate", "DA", "19993199"), ("VR", "00100030")),
    (CT, _raw("StudyTime", "TM", "256090"), ("VR", "00080030")),
    (CT, _raw("PatientAge", "AS", "42 Y"), ("VR", "00101010")),
    (CT, _raw("SeriesNumber", "IS", "one "), ("VR", "00200011")),
    (CT, _raw("SliceThickness", "DS", "1,5 "), ("VR", "00180050")),
    (CT, _raw("SliceThickness", "DS", "1.00000000000000000000"), ("VR", "00180050")),
    (CT, _raw("Modality", "CS", "ct"), ("VR", "00080060")),
    (CT, _raw("StudyID", "SH", "a name of a study!"), ("VR", "00200010")),
    (CT, _raw("StudyInstanceUID", "UI", "1.2.03.4"), ("VR", "0020000D")),
    (CT, _raw("StudyInstanceUID", "UI", "1.2.abc\0"), ("VR", "0020000D")),
    (CT, _raw("SeriesDescription", "LO", "x" * 66), ("VR", "0008103E")),
    (CT, _raw("PatientName", "PN", b"M\xfcller"), ("VR", "00100010")),
    (CT, _set("PixelSpacing", ["1", "1", "1"]), ("VM", "PixelSpacing")),
    (CT, _set("ImagePositionPatient", ["1", "1"]), ("VM", "ImagePositionPatient")),
    (CT, _raw("Rows", "US", b"\4\0\4\0"), ("VM", "Rows")),
    (MR, _set("DiffusionGradientOrientation", [0.6, 0.8]), ("VM", "DiffusionGradientOrientation")),
    (CT, _raw("Manufacturer", "SH", "ACME"), ("VR", "Manufacturer")),
    # PET, segmentation, enhanced MR
    ("pet_slopes", _drop("Units"), ("missing", "Units")),
    ("pet_slopes", _drop("DecayCorrection"), ("missing", "DecayCorrection")),
    ("pet_slopes", _set("DecayFactor", "1.05"), ("condition", "DecayFactor")),
    ("pet_slopes", _drop("FrameReferenceTime"), ("missing", "FrameReferenceTime")),
    ("pet_slopes", _set("SeriesType", ["MOVING", "IMAGE"]), ("value", "SeriesType")),
    ("pet_slopes", _set("SeriesType", ["DYNAMIC", "IMAGE"]), ("missing", "NumberOfTimeSlices")),
    ("pet_slopes", _set("NumberOfTimeSlices", 3), ("condition", "NumberOfTimeSlices")),
    ("pet_slopes", _set("CountsSource", "REFLECTION"), ("value", "CountsSource")),
    ("pet_slopes", _set("RescaleIntercept", "5"), ("value", "RescaleIntercept")),
    ("segmentation", _drop("ContentLabel"), ("missing", "ContentLabel")),
    ("segmentation", _set("SegmentationType", "FRACTIONAL"), ("missing", "MaximumFractionalValue")),
    ("segmentation", _item("SegmentSequence", "SegmentAlgorithmType", "GUESSED"), ("value", "SegmentAlgorithmType")),
    ("segmentation", _item("SegmentSequence", "SegmentLabel", ""), ("empty", "SegmentLabel")),
    ("enhanced_mr", _drop("PerFrameFunctionalGroupsSequence"), ("missing", "PerFrameFunctionalGroupsSequence")),
    ("enhanced_mr", _drop("InstanceNumber"), ("missing", "InstanceNumber")),
    ("enhanced_mr", _set("ContentQualification", "GOOD"), ("value", "ContentQualification")),
    # pixel fields, geometry, file meta
    (CT, _set("HighBit", 3), ("pixel fields", "HighBit")),
    (CT, _set("SamplesPerPixel", 3), ("pixel fields", "SamplesPerPixel")),
    (CT, _set("Rows", 9), ("pixel length", "PixelData")),
    (CT, _set("NumberOfFrames", "0"), ("pixel fields", "NumberOfFrames")),
    (CT, _set("PixelData", b"\0" * 100), ("pixel length", "PixelData")),
    (CT, _set("ImageOrientationPatient", ["2", "0", "0", "0", "1", "0"]), ("geometry", "ImageOrientationPatient")),
    (CT, _set("ImageOrientationPatient", ["1", "0", "0", "0.6", "0.8", "0"]), ("geometry", "ImageOrientationPatient")),
    (CT, _set("PixelSpacing", ["0", "1"]), ("geometry", "PixelSpacing")),
    (CT, _meta("MediaStorageSOPInstanceUID", "1.2.3"), ("file meta", "MediaStorageSOPInstanceUID")),
    (CT, _meta("MediaStorageSOPClassUID", MR), ("file meta", "MediaStorageSOPClassUID")),
    (CT, _meta("TransferSyntaxUID", "1.2.840.10008.1.2"), ("transfer syntax", "TransferSyntaxUID")),
]


def _name(case: tuple) -> str:
    return f"{case[0].rsplit('.')[-1]}-{case[2][0]}-{case[2][1]}"


def _first(folder: Path, kind: str) -> Dataset:
    """Return a right data set of a SOP class, or the first one of a phantom."""
    if kind not in PHANTOMS:
        return slices(ramp(1, 4, 5), kind)[0]
    PHANTOMS[kind].write(folder / "phantom")
    return pydicom.dcmread(min(path for path in (folder / "phantom").rglob("*") if path.is_file()))


def _broken(folder: Path, case: tuple[str, Callable[[Dataset], None], Fact]) -> tuple[Path, Path]:
    """Write a right file, and the same one broken."""
    kind, change, _ = case
    save(folder / "right", [_first(folder, kind)])
    wrong = _first(folder, kind)
    before = copy.deepcopy(wrong.file_meta)
    change(wrong)
    claimed, wrong.file_meta = wrong.file_meta, copy.deepcopy(before)
    save(folder / "wrong", [wrong])
    path = folder / "wrong" / "001.dcm"
    for old, new in [(kept.value, claimed[kept.tag].value) for kept in before if kept != claimed[kept.tag]]:
        raw = path.read_bytes()  # pydicom would make it agree with the data set
        path.write_bytes(raw.replace(old.encode(), new.encode().ljust(len(old), b"\0"), 1))
    return folder / "right" / "001.dcm", path


def _still(ds: Dataset) -> None:
    """Put a direction without a length into a private sequence, as a scanner does where nothing moves."""
    item = Dataset()
    item.VelocityEncodingDirection = [0, 0, 0]
    ds.private_block(0x0021, "MAKER", create=True).add_new(0x10, "SQ", Sequence([item]))


RIGHT = [
    (CT, _still),
    (CT, _window("1")),
    (CT, _window("0.5", "LINEAR_EXACT")),
    (CT, _window("0.5", "SIGMOID")),
    (CT, _window(["100", "2000"])),
    (CT, _set("RescaleSlope", "-1")),
    *((CT, _set("SpecificCharacterSet", term)) for term in ("ISO_IR 144", "ISO_IR 203", "GBK", ["", "ISO 2022 IR 87"])),
]


@pytest.mark.parametrize("case", RIGHT)
def test_an_allowed_value_has_no_finding(case: tuple, tmp_path: Path) -> None:
    kind, change = case
    ds = _first(tmp_path, kind)
    change(ds)
    save(tmp_path / "right", [ds])

    assert validate([tmp_path / "right"]).findings == []


@pytest.mark.parametrize("case", BREAKS, ids=_name)
def test_a_broken_file_has_the_finding_and_a_right_one_has_not(case: tuple, tmp_path: Path) -> None:
    right, wrong = _broken(tmp_path, case)

    assert case[2] not in facts(right)
    assert case[2] in facts(wrong)


@pytest.mark.parametrize("case", BREAKS, ids=_name)
def test_what_dciodvfy_finds_in_a_broken_file_we_find_too(case: tuple, tmp_path: Path) -> None:
    right, wrong = _broken(tmp_path, case)
    new = facts_of_dciodvfy(wrong) - facts_of_dciodvfy(right)

    assert {fact for fact in new if fact not in NOT_OURS} - facts(wrong) == set()
