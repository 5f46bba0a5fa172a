"""The validation: what it finds, what it does not, and how far it agrees with dciodvfy."""

from __future__ import annotations

import copy
import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from circle import Circle
from dciodvfy import Fact, facts_of_dciodvfy, facts_of_findings
from nifti_dicom_bridge import Finding, Severity, validate
from nifti_dicom_bridge.cli import main
from nifti_dicom_bridge.standard import iods
from nifti_dicom_bridge.standard.editions import EDITION_OF
from nifti_dicom_bridge.validation import check_files
from nifti_dicom_bridge.validation.conditions import TABLES as CONDITIONS
from nifti_dicom_bridge.validation.subject import tag_of
from nifti_dicom_bridge.validation.value_tables import TABLES as VALUES
from nonempty import some
from phantoms import PHANTOMS, ramp, save, slices
from phantoms.base import put_raw
from places import SHARED, TESTING

CT, MR, PET = ("1.2.840.10008.5.1.4.1.1." + end for end in ("2", "4", "128"))
SCRIPT = TESTING / "iod_tables.py"


def _script() -> ModuleType:
    """Return the generator of the table, which is outside of the test folder."""
    spec = importlib.util.spec_from_file_location("iod_tables", SCRIPT)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return script


iod_tables = _script()


def errors(findings: list[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.severity is Severity.ERROR]


def facts(path: Path) -> set[Fact]:
    return facts_of_findings(validate([path]))


# --- the table of IODs


@pytest.mark.slow
def test_the_table_is_that_of_highdicom() -> None:
    from importlib.metadata import PackageNotFoundError, version

    try:
        found = version("highdicom")
    except PackageNotFoundError:
        pytest.skip("highdicom is not installed")
    if found != iod_tables.VERSION:
        pytest.skip(f"the table is of highdicom {iod_tables.VERSION}, {found} is installed")
    assert iod_tables.TABLE.read_text("utf-8") == iod_tables.document()


def test_the_table_states_where_it_comes_from() -> None:
    table = json.loads(iod_tables.TABLE.read_text("utf-8"))

    assert "highdicom" in table["source"]
    assert table["edition"] == EDITION_OF["PS3.3"]
    assert table["licence"].startswith("MIT: Copyright")


@pytest.mark.parametrize(
    ("sop_class", "keyword", "expected"),
    [(CT, "RescaleSlope", "1"), (CT, "KVP", "2"), (MR, "ScanningSequence", "1"), (MR, "PatientName", "2"), (PET, "Units", "1"),
     ("1.2.840.10008.5.1.4.1.1.66.7", "SegmentationType", "1"), ("1.2.840.10008.5.1.4.1.1.30", "ContentLabel", "1")],
)  # fmt: skip
def test_attributes_have_their_types(sop_class: str, keyword: str, expected: str) -> None:
    found = {rule.type for rule in iods.attributes_of(sop_class) if rule.path == (tag_of(keyword),)}
    assert min(found, key=iods.TYPES.index) == expected


def test_attributes_of_sequences_have_their_path() -> None:
    path = (tag_of("RadiopharmaceuticalInformationSequence"), tag_of("RadionuclideCodeSequence"))
    assert [rule.type for rule in iods.attributes_of(PET) if rule.path == path] == ["2"]


def test_an_unknown_sop_class_has_no_attributes() -> None:
    assert iods.attributes_of("1.2.3") == ()


@pytest.mark.parametrize("table", [CONDITIONS, VALUES], ids=["conditions", "values"])
def test_every_row_names_an_attribute_and_iods_that_exist(table: dict) -> None:
    known = set(json.loads(iod_tables.TABLE.read_text("utf-8"))["iods"])
    for rows in table.values():
        for row in rows:
            assert tag_of(row.keyword)
            assert set(row.iods) <= known


def test_modules_have_their_section_of_the_standard() -> None:
    known = set(json.loads(iod_tables.TABLE.read_text("utf-8"))["modules"])

    assert iods.section_of("patient") == "C.7.1.1"
    assert iods.section_of("no module") == ""
    assert len([name for name in known if iods.section_of(name)]) > 0.98 * len(known)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda ds: delattr(ds, "PatientName"),
         "It is missing; it is required, with a value or empty (Type 2, patient module, PS3.3 C.7.1.1)."),
        (lambda ds: delattr(ds, "RescaleSlope"),
         "It is missing; it is required, with a value (Type 1, ct-image module, PS3.3 C.8.2.1)."),
        (lambda ds: setattr(ds, "ReferencedImageSequence", [Dataset()]),
         "It is missing; it is required, with a value (Type 1, general-reference module, PS3.3 C.12.4)."),
        (lambda ds: setattr(ds, "WindowCenter", "40"),
         "It is missing; it is required because WindowCenter is present (Type 1C, PS3.3 C.11 Look-up tables)."),
    ],
)  # fmt: skip
def test_a_message_names_what_is_required_and_where(change: Callable[[Dataset], None], message: str, tmp_path: Path) -> None:
    """Messages had the name of a module, and in sequences nothing, in place of the section of the standard."""
    ds = slices(ramp(1, 4, 5), CT)[0]
    change(ds)
    save(tmp_path, [ds])

    assert message in [finding.message for finding in validate(tmp_path)]


@pytest.mark.parametrize(("model", "shape", "right"), [
    ("MONOCHROME1", "INVERSE", True), ("MONOCHROME2", "IDENTITY", True),
    ("MONOCHROME1", "IDENTITY", False), ("MONOCHROME2", "INVERSE", False),
])  # fmt: skip
def test_the_polarity_of_the_output_is_that_of_the_pixels(model: str, shape: str, right: bool, tmp_path: Path) -> None:
    (ds,) = slices(ramp(1, 4, 5), CT)
    ds.PhotometricInterpretation, ds.PresentationLUTShape = model, shape
    save(tmp_path, [ds])

    found = [finding.severity for finding in validate(tmp_path) if finding.tag.startswith("PresentationLUTShape")]

    assert found == ([] if right else [Severity.WARNING])


# --- files that are right


@pytest.fixture
def ct(tmp_path: Path) -> Path:
    """A CT series of three files."""
    found = slices(ramp(3, 4, 5), CT)
    save(tmp_path / "ct", found)
    return tmp_path / "ct"


@pytest.fixture
def mr(tmp_path: Path) -> Path:
    """An MR series of three files."""
    save(tmp_path / "mr", slices(ramp(3, 4, 5), MR))
    return tmp_path / "mr"


@pytest.mark.parametrize("kind", ["ct", "mr"])
def test_a_right_series_has_no_findings(kind: str, request: pytest.FixtureRequest) -> None:
    assert validate([request.getfixturevalue(kind)]).findings == []


def test_the_demo_is_right(tmp_path: Path) -> None:
    from nifti_dicom_bridge.samples.demo import make_sample

    assert errors(check_files(make_sample(tmp_path))) == []


@pytest.mark.parametrize("phantom", ["classic_ct", "mr_4d", "feet_first", "utf_8", "localizer", "echoes_and_phase"])
def test_what_comes_back_is_as_right_as_what_went_in(phantom: str, circle: Circle) -> None:
    circle.make(phantom).forth()
    circle.home()

    assert facts(circle.back) <= facts(circle.dicom)


# --- files that are wrong: each broken in one way


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


# --- agreement with dciodvfy on real files


# what dciodvfy asks for and we do not, each with the reason
NOT_OURS = {
    ("missing", "Laterality"): "it asks unless the body part is known to be unpaired; the standard asks where it is paired",
    ("condition", "Laterality"): "the same, the other way round",
    ("condition", "TriggerTime"): "the standard asks for it when gating is on, and does not forbid it for other triggers",
    ("missing", "ParallelReductionFactorSecondInPlane"): "only in MR spectroscopy",
    ("missing", "MultipleSpinEcho"): "only with spin echoes, and EchoPulseSequence is missing",
    ("missing", "LongCodeValue"): "one of three: CodeValue is reported",
    ("missing", "URNCodeValue"): "one of three: CodeValue is reported",
    ("missing", "DoubleFloatRealWorldValueLastValueMapped"): "one of two: the other is reported",
    ("missing", "ReferencedImageEvidenceSequence"): "its condition needs all references of the file",
    ("missing", "FrameOfReferenceUID"): "in RT structure sets a user option since 2020",
    ("missing", "PositionReferenceIndicator"): "in RT structure sets a user option since 2020",
    ("value", "ParallelAcquisitionTechnique"): "defined terms since 2021: a warning of ours",
    ("value", "DirectoryRecordType"): "directories are not our subject",
    ("value", "PhotometricInterpretation"): "YBR_FULL is allowed in JPEG since 2019, YBR_FULL_422 in US and SC",
    ("value", "HighBit"): "BitsStored is reported",
    ("VM", "PatientID"): "a byte of a Chinese letter looks like the backslash between values",
    ("value", "SamplesPerPixel"): "reported as a pixel field that does not agree",
    ("value", "NumberOfFrames"): "reported as a pixel field",
    ("missing", "DeidentificationMethodCodeSequence"): "one of two: DeidentificationMethod is reported",
    ("value", "RescaleType"): "US is allowed in CT that is not in Hounsfield units",
    ("condition", "MaskFrameNumbers"): "its condition is not in our table",
    ("VR", "00191060"): "a private UT: it holds XML, and line feeds are allowed",
    ("empty", "TextValue"): "structured reports are checked at the top level only",
    ("missing", "ValueType"): "structured reports are checked at the top level only",
    ("value", "Modality"): "of structured reports",
} | {
    ("condition", keyword): "of a derived image: PS3.3 has \"may be present otherwise\""
    for keyword in (
        "PulseSequenceName", "MRAcquisitionType", "EchoPulseSequence", "MultiPlanarExcitation", "PhaseContrast",
        "TimeOfFlightContrast", "SteadyStatePulseSequence", "EchoPlanarPulseSequence", "SaturationRecovery",
        "SpectrallySelectedSuppression", "OversamplingPhase", "GeometryOfKSpaceTraversal", "SegmentedKSpaceTraversal",
        "RectilinearPhaseEncodeReordering", "NumberOfKSpaceTrajectories")
}  # fmt: skip
# what we report and dciodvfy does not, each with the reason
NOT_THEIRS = {
    ("VR", "00081155"): "a component of a UID begins with 0 (PS3.5 9.1)",
    ("VR", "00280008"): "1A is not a valid IS (PS3.5 6.2)",
    ("VR", "00020012"): "it reports it, in a line of another form",
    ("VR", "ExcludedIntervalsSequence"): "SH instead of SQ (PS3.6)",
    **dict.fromkeys([("VR", f"0051100{digit}") for digit in "BCDE"], "text filled with zero bytes (PS3.5 6.2)"),
    ("VR", "CompletionFlag"): "LO instead of CS (PS3.6)",
    ("VR", "CurveRange"): "US instead of SH (PS3.6)",
    ("VR", "PixelData"): "compressed pixel data are OB (PS3.5 A.4)",
    ("condition", "PixelAspectRatio"): "it reports it, in a line of another form",
    ("missing", "OperatorsName"): "Type 2 in the RT Series module (PS3.3 C.8.8.1)",
}
COMPARED = {"missing", "empty", "value", "condition", "VM", "VR"}
RECALL, PRECISION = 0.98, 0.97


def _two_of_each_series() -> list[Path]:
    series: dict[str, list[Path]] = {}
    for path in sorted(path for path in SHARED.glob("*/dicom/**/*") if path.is_file()):
        try:
            uid = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=["SeriesInstanceUID"]).get("SeriesInstanceUID")
        except Exception:  # files other than DICOM are not compared
            continue
        series.setdefault(f"{path.parts[len(SHARED.parts)]} {uid}", []).append(path)
    return [path for found in series.values() for path in dict.fromkeys((found[0], found[-1]))]


def _two_of_each_phantom(folder: Path) -> list[Path]:
    found = []
    for name, phantom in PHANTOMS.items():
        phantom.write(folder / name)
        paths = sorted(path for path in (folder / name).rglob("*") if path.is_file())
        found += dict.fromkeys((paths[0], paths[-1]))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("which", ["real files", "phantoms"])
def test_we_agree_with_dciodvfy(which: str, tmp_path: Path) -> None:
    """Recall: the share of its findings that ours contain; precision: the reverse. Findings that were judged are left out."""
    paths = _two_of_each_series() if which == "real files" else _two_of_each_phantom(tmp_path)
    if not paths:
        pytest.skip("there is no ../shared/data next to the repository")
    both = theirs_only = ours_only = 0
    for path in paths:
        theirs = {fact for fact in facts_of_dciodvfy(path) if fact[0] in COMPARED}
        if not theirs:
            continue
        found = check_files([path])
        ours = {fact for fact in facts_of_findings(found) if fact[0] in COMPARED}
        both += len(theirs & ours)
        theirs_only += sum(fact not in NOT_OURS for fact in theirs - ours)
        ours_only += sum(fact not in NOT_THEIRS for fact in ours - theirs)

    assert both > 0
    assert both / (both + theirs_only) >= RECALL
    assert both / (both + ours_only) >= PRECISION


# --- several files


def _change(folder: Path, number: int, **values: object) -> None:
    path = folder / f"{number:03d}.dcm"
    ds = pydicom.dcmread(path)
    for keyword, value in values.items():
        setattr(ds, keyword, value)
    if "SOPInstanceUID" in values:
        ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    ds.save_as(path)


def test_two_files_with_one_uid_are_an_error(ct: Path) -> None:
    _change(ct, 2, SOPInstanceUID=pydicom.dcmread(ct / "001.dcm").SOPInstanceUID)

    assert [finding.rule for finding in errors(validate([ct]))] == ["UID"]


@pytest.mark.parametrize(
    ("keyword", "value"),
    [("StudyInstanceUID", "1.2.3.4"), ("PatientID", "somebody else"), ("FrameOfReferenceUID", "1.2.3.4"), ("Modality", "MR"),
     ("PatientName", "Somebody^Else"), ("PatientBirthDate", "19010203"), ("PatientSex", "F"), ("StudyDate", "19010203"),
     ("StudyID", "other"), ("SeriesNumber", 99)],
)  # fmt: skip
def test_a_series_has_one_of_each(keyword: str, value: str, ct: Path) -> None:
    _change(ct, 1, PatientBirthDate="19020304", PatientSex="M")
    _change(ct, 2, **{keyword: value})

    assert keyword in {finding.tag.split()[0] for finding in errors(validate([ct])) if finding.rule == "one of each"}


def test_one_name_may_be_written_in_several_ways(ct: Path) -> None:
    _change(ct, 2, PatientName=f"{pydicom.dcmread(ct / '001.dcm').PatientName}^^")
    _change(ct, 3, SpecificCharacterSet="ISO_IR 192", PatientName="Müller")

    assert [finding for finding in validate([ct]) if finding.rule == "one of each"] == []


def test_slices_at_one_place_that_nothing_distinguishes_are_a_warning(ct: Path) -> None:
    _change(ct, 2, ImagePositionPatient=pydicom.dcmread(ct / "001.dcm").ImagePositionPatient)

    (finding,) = [finding for finding in validate([ct]) if finding.rule == "position"]
    assert finding.severity is Severity.WARNING


def test_slices_at_one_place_at_different_times_are_right(ct: Path) -> None:
    _change(ct, 2, ImagePositionPatient=pydicom.dcmread(ct / "001.dcm").ImagePositionPatient, AcquisitionTime="030409")

    assert [finding for finding in validate([ct]) if finding.rule == "position"] == []


def test_uneven_slices_are_good_to_know(ct: Path) -> None:
    _change(ct, 3, ImagePositionPatient=["-10.5", "20.25", "0"])

    (finding,) = validate([ct])
    assert (finding.severity, finding.rule) == (Severity.INFO, "spacing")


def test_a_wrong_distance_between_slices_is_a_warning(mr: Path) -> None:
    for number in (1, 2, 3):
        _change(mr, number, SpacingBetweenSlices="7")

    (finding,) = validate([mr])
    assert (finding.severity, finding.files) == (Severity.WARNING, 1)
    assert finding.tag == "SpacingBetweenSlices (0018,0088)"


def test_what_repeats_is_reported_once(ct: Path) -> None:
    for number in (1, 2, 3):
        _change(ct, number, PatientSex="X")

    (finding,) = validate([ct])
    assert finding.files == 3
    assert finding.file == str(ct / "001.dcm")


# --- multi-frame


def test_the_path_through_sequences_is_reported(circle: Circle) -> None:
    circle.make("enhanced_mr")

    assert any(" > MRImageFrameTypeSequence (0018,9226) > " in finding.tag for finding in validate([circle.dicom]))


def _frames(circle: Circle, change: Callable[[Dataset], None]) -> set[str]:
    circle.make("enhanced_mr")
    (path,) = [path for path in circle.dicom.rglob("*") if path.is_file()]
    ds = pydicom.dcmread(path)
    change(ds)
    ds.save_as(path)
    return {finding.message.partition(";")[0] for finding in validate([path]) if finding.rule == "functional groups"}


def test_a_group_in_both_places_is_an_error(circle: Circle) -> None:
    def both(ds: Dataset) -> None:
        frame = ds.PerFrameFunctionalGroupsSequence[0]
        keyword = next(element.keyword for element in frame if element.VR == "SQ")
        setattr(ds.SharedFunctionalGroupsSequence[0], keyword, getattr(frame, keyword))

    assert _frames(circle, lambda ds: None) == set()
    assert _frames(circle, both) == {"It is among the shared groups and among those of frames"}


def test_items_and_number_of_frames_agree(circle: Circle) -> None:
    def fewer(ds: Dataset) -> None:
        del ds.PerFrameFunctionalGroupsSequence[-1]

    assert any("NumberOfFrames" in message for message in _frames(circle, fewer))


# --- files that cannot be read


def test_a_file_that_is_no_dicom_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "text.dcm"
    path.write_text("hello world, not DICOM\n" * 9)

    (finding,) = validate([tmp_path])
    assert (finding.severity, finding.message) == (Severity.ERROR, "The file is not DICOM.")


def test_other_files_in_a_folder_are_good_to_know(ct: Path) -> None:
    (ct / "readme.txt").write_text("hello")

    assert [finding.severity for finding in validate([ct])] == [Severity.INFO]


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    assert [finding.severity for finding in validate([tmp_path])] == [Severity.ERROR]


def test_an_unknown_sop_class_is_checked_in_general(ct: Path) -> None:
    _change(ct, 1, SOPClassUID="1.2.3.4.5", PatientSex="X")
    path = ct / "001.dcm"
    ds = pydicom.dcmread(path)
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
    put_raw(ds, tag_of("StudyTime"), "TM", b"99")
    ds.save_as(path)

    assert {(finding.severity, finding.rule) for finding in check_files([path])} == {
        (Severity.INFO, "SOP class"),
        (Severity.ERROR, "VR value"),
    }


@pytest.mark.slow
@given(data=st.data())
@settings(max_examples=150)
def test_damaged_files_give_findings_and_no_traceback(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("fuzz", numbered=True)
    kind = data.draw(st.sampled_from([CT, MR]))
    save(folder, slices(ramp(1, 4, 5), kind)[:1])
    path = folder / "001.dcm"
    raw = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        raw[data.draw(st.integers(128, len(raw) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(raw[: data.draw(st.integers(0, len(raw)))])

    for finding in some(check_files([path])):
        assert finding.message
        json.dumps(finding.to_dict())


# --- the command


def test_the_command_reports_what_is_wrong_and_where(ct: Path, capsys: pytest.CaptureFixture) -> None:
    _change(ct, 2, RotationDirection="X")

    assert main(["validate", str(ct)]) == 1
    printed = capsys.readouterr().out
    assert "RotationDirection (0018,1140): It is 'X'" in printed
    assert str(ct / "002.dcm") in printed
    assert printed.endswith("=> NOT VALID: 1 error(s), 0 warning(s)\n")


def test_warnings_do_not_fail(mr: Path, capsys: pytest.CaptureFixture) -> None:
    for number in (1, 2, 3):
        _change(mr, number, SpacingBetweenSlices="7")

    assert main(["validate", str(mr)]) == 0
    assert "warning" in capsys.readouterr().out
    assert main(["validate", str(mr), "-q"]) == 0
    assert capsys.readouterr().out == ""


def test_json_is_for_programs(ct: Path, capsys: pytest.CaptureFixture) -> None:
    _change(ct, 2, PatientSex="X")

    assert main(["validate", str(ct), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["valid"] is False
    assert found["findings"][0]["tag"] == "PatientSex (0010,0040)"


@pytest.mark.slow
def test_no_path_is_wrong_usage() -> None:
    assert main(["validate"]) == 2


@pytest.mark.slow
def test_file_that_ends_within_its_pixel_data_is_an_error(ct: Path) -> None:
    path = min(found for found in ct.rglob("*") if found.is_file())
    path.write_bytes(path.read_bytes()[:-20])

    assert [found.rule for found in validate([path]) if found.severity is Severity.ERROR] == ["truncated"]
