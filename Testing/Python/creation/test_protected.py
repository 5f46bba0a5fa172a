"""Attributes that follow from the image: refused with an alternative, for every way to set them and every kind of object."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from pydicom.datadict import DicomDictionary, dictionary_VM, dictionary_VR

from nifti_dicom_bridge import Kind, OptionError, Outcome
from nifti_dicom_bridge.formats.dicom.edits import elements_of
from nifti_dicom_bridge.formats.dicom.protected import refusal
from nifti_dicom_bridge.standard.dictionary import tag_of
from support.new_objects import entry_of, made, refused, save
from support.round_trip import NEW, RoundTrip

KINDS = ["mr", "ct", "pet", "sc", "sc-multiframe", "enhanced-mr", "enhanced-ct", "enhanced-pet", "seg", "pm"]
VALUES = {"CS": "WORD", "UI": "1.2.3", "LO": "text", "SH": "text", "UT": "text", "ST": "text"}
PROTECTED = """
    Rows Columns BitsAllocated BitsStored HighBit PixelRepresentation SamplesPerPixel PhotometricInterpretation
    PlanarConfiguration NumberOfFrames PixelPaddingValue PixelPaddingRangeLimit FloatPixelPaddingValue
    SmallestImagePixelValue LargestImagePixelValue SmallestPixelValueInSeries LUTDescriptor LUTData ModalityLUTType
    AlphaPaletteColorLookupTableDescriptor SegmentedRedPaletteColorLookupTableData PixelDataProviderURL
    RescaleSlope RescaleIntercept RealWorldValueSlope RealWorldValueIntercept RealWorldValueFirstValueMapped DoseGridScaling
    PixelSpacing ImagePositionPatient ImageOrientationPatient SpacingBetweenSlices SliceLocation ImagerPixelSpacing
    NominalScannedPixelSpacing PatientOrientation TotalPixelMatrixRows ImageOrientationSlide GridFrameOffsetVector
    SOPClassUID SOPInstanceUID SeriesInstanceUID InstanceNumber FrameType StackID DimensionIndexValues ConcatenationUID
    TemporalPositionIndex TransferSyntaxUID MediaStorageSOPInstanceUID SegmentationType MaximumFractionalValue
    SegmentationFractionalType SpecificCharacterSet
""".split()  # noqa: SIM905


pytestmark = pytest.mark.usefixtures("there")


def text_for(keyword: str) -> str:
    """Return a value that is legal for the VR of an attribute."""
    tag = tag_of(keyword)
    count = int(dictionary_VM(tag).partition("-")[0].rstrip("n") or 1)
    return "\\".join([VALUES.get(dictionary_VR(tag).split(" or ")[0], "3")] * count)


@pytest.mark.parametrize("keyword", PROTECTED)
def test_an_attribute_that_follows_from_the_image_is_refused(keyword):
    with pytest.raises(OptionError, match=f"{keyword}.*cannot be set: .* (instead|kind of object|attribute states)"):
        elements_of({keyword: text_for(keyword)})


def test_attributes_that_describe_the_encoding_of_pixels_are_protected_unless_they_are_known_to_be_free():
    pixels = [entry[4] for tag, entry in DicomDictionary.items() if tag >> 16 in (0x0028, 0x7FE0) and entry[4]]
    free = [keyword for keyword in pixels if not refusal(tag_of(keyword))]
    assert set(free) < {word for word in pixels if not word.endswith(("Data", "Descriptor", "Slope", "Rows", "Columns"))}
    assert len(free) < 30


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("keyword", ["RescaleSlope", "PixelPaddingValue", "PatientOrientation"])
def test_metadata_files_are_held_to_the_same_list(keyword, kind):
    Path("m.json").write_text(json.dumps({keyword: text_for(keyword).split("\\")}))
    with pytest.raises(OptionError, match="cannot be set"):
        entry_of(save("a.nii"), kind=kind, metadata=Path("m.json"))


@pytest.mark.parametrize("phantom", ["classic_ct", "mr_4d", "pet_slopes", "enhanced_mr"])
@pytest.mark.parametrize("kind", [Kind.AUTO, Kind.ENHANCED, Kind.SC])
@pytest.mark.parametrize(
    ("keyword", "value"), [("RescaleSlope", 5), ("PixelSpacing", [9, 9]), ("Rows", 3), ("SOPClassUID", "1.2")]
)
def test_a_keyword_added_to_a_sidecar_is_refused(phantom, kind, keyword, value, tmp_path):
    round_trip = RoundTrip(tmp_path).make(phantom)
    round_trip.forth()
    round_trip.edit_sidecar(lambda top: top.update({keyword: value}))

    report = round_trip.home(NEW, kind=kind)

    assert {entry.outcome for entry in report.entries} == {Outcome.FAILED}
    assert "cannot be set" in report.entries[0].error


def test_another_keyword_added_to_a_sidecar_is_written(tmp_path):
    round_trip = RoundTrip(tmp_path).make("classic_ct")
    round_trip.forth()
    round_trip.edit_sidecar(lambda top: top.update({"KVP": 80, "FilterType": "WEDGE"}))

    report = round_trip.home(NEW)

    written = {change.attribute: change.new for change in report.entries[0].log.changes}
    assert (written["KVP"], written["FilterType"]) == ("80", "WEDGE")


def test_a_key_that_no_attribute_holds_is_named(tmp_path):
    round_trip = RoundTrip(tmp_path).make("classic_ct")
    round_trip.forth()
    round_trip.edit_sidecar(lambda top: top.update({"TaskName": "rest"}))
    assert any('"TaskName"' in warning for warning in round_trip.home(NEW).entries[0].log.warnings)


@pytest.mark.parametrize("key", ["RescaleSlope", "Rows", "ImagePositionPatient", "SOPInstanceUID"])
def test_a_sidecar_of_another_tool_changes_no_value_and_no_place(key):
    entry = entry_of(save("a.nii", Modality="MR", **{key: 5}))
    assert any(f'"{key}" was not used' in warning for warning in entry.log.warnings)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "keyword", ["SegmentLabel", "CodeValue", "ReferencedSOPInstanceUID", "RadionuclideTotalDose", "LUTLabel"]
)
def test_attributes_of_items_are_refused_where_they_would_be_ignored(keyword, kind):
    image = save("a.nii", (np.arange(60) % 3).astype(np.uint8).reshape(5, 4, 3))
    assert f"{keyword} " in refused(image, kind=kind, set_values={keyword: text_for(keyword)})


@pytest.mark.parametrize("keyword", ["FrameLaterality", "DiffusionBValue"])
def test_an_attribute_that_functional_groups_contain_is_not_written_next_to_them(keyword):
    assert f"{keyword} " in refused(save("a.nii"), kind="enhanced-mr", set_values={keyword: text_for(keyword)})


def test_a_value_that_only_some_objects_have_is_refused():
    image = save("a.nii", np.arange(120, dtype=np.int16).reshape(5, 4, 3, 2), Modality="MR", RepetitionTime=2)
    Path("a.bval").write_text("0 1000\n")
    Path("a.bvec").write_text("0 1\n0 0\n0 0\n")
    assert "DiffusionBValue" in refused(image, set_values={"DiffusionBValue": "0"})


@pytest.mark.parametrize("position", ["HFS", "FFDR", "SITTING"])
def test_the_position_of_the_patient_is_in_pet_objects_in_one_form(position):
    found = made(save("a.nii", Modality="PT"), kind="pet", set_values={"PatientPosition": position})[0]
    coded = bool(found.PatientOrientationCodeSequence)
    assert coded != ("PatientPosition" in found)
    assert coded == (position != "SITTING")


@pytest.mark.parametrize(("phantom", "modality"), [("classic_ct", "MR"), ("mr_4d", "CT"), ("pet_slopes", "NM")])
def test_the_modality_of_a_restored_object_is_that_of_its_kind(phantom, modality, tmp_path):
    round_trip = RoundTrip(tmp_path).make(phantom)
    round_trip.forth()
    report = round_trip.home(NEW, set_values={"Modality": modality})
    assert {entry.outcome for entry in report.entries} == {Outcome.FAILED}
    assert 'kind="KIND"' in report.entries[0].error


@pytest.mark.parametrize(("keyword", "text"), [("SeriesNumber", "99999999999"), ("SeriesNumber", "-2147483649"),
                                               ("PatientName", "a^b^c^d^e^f"), ("PatientName", "A^B=a^b^c^d^e^f")])  # fmt: skip
def test_values_beyond_the_range_of_their_vr_are_refused(keyword: str, text: str) -> None:
    with pytest.raises(OptionError, match="is not valid"):
        elements_of({keyword: text})
    assert elements_of({"SeriesNumber": "-2147483648", "PatientName": "a^b^c^d^e"})


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("StudyDate", "20200230"), ("StudyDate", "20200101-20210101"), ("PatientBirthDate", "19990431"),
        ("StudyTime", "1011-1213"), ("AcquisitionDateTime", "20200230101010"), ("AcquisitionDateTime", "2020-2021"),
    ],
)  # fmt: skip
def test_days_that_do_not_exist_and_ranges_of_queries_are_not_values(keyword: str, value: str) -> None:
    with pytest.raises(OptionError, match=f"{keyword}.*is not valid"):
        elements_of({keyword: value})


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("StudyDate", "20240229"), ("StudyDate", ""), ("StudyTime", "10"), ("AcquisitionDateTime", "2020"),
        ("AcquisitionDateTime", "20240229101010.5-0500"), ("AcquisitionDateTime", "2020-0500"),
    ],
)  # fmt: skip
def test_dates_and_times_of_any_precision_are_values(keyword: str, value: str) -> None:
    ((_, values),) = elements_of({keyword: value}).values()
    assert values == ([value] if value else [])
