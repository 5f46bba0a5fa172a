"""BIDS keys: one fact each, on volumes made of a few attributes."""

import struct

import pytest

from nifti_dicom_bridge.bids import from_sidecar
from nifti_dicom_bridge.model import metadata
from nifti_dicom_bridge.model.metadata import Element, Item
from nifti_dicom_bridge.model.voxels.pixels import PixelRecord
from support.attribute_volumes import element, instance, keys, one, volume


@pytest.mark.parametrize(
    ("tag", "text", "key", "value"),
    [
        (0x00101010, "048Y", "PatientAge", 48),
        (0x00101010, "018M", "PatientAge", 1.5),
        (0x00100030, "19660101", "PatientBirthDate", "1966-01-01"),
        (0x00080070, "SIEMENS", "Manufacturer", "Siemens"),
        (0x00080070, "GE MEDICAL SYSTEMS", "Manufacturer", "GE"),
        (0x00080070, "Philips Medical Systems", "Manufacturer", "Philips"),
        (0x00080070, "Esaote", "Manufacturer", "Esaote"),
        (0x00180080, "2000", "RepetitionTime", 2),
        (0x00181020, "27\\LX", "SoftwareVersions", "27\\LX"),
        (0x00120063, "a\\b", "DeidentificationMethod", ["a", "b"]),
        (0x00541001, "BQML", "Units", "Bq/mL"),
        (0x00189020, "NONE", "MTState", False),
        (0x00180021, "SP\\MTC\\OSP", "MTState", True),
        (0x00181048, "IODINE", "ContrastBolusIngredient", "IODINE"),
        (0x00189016, "RF", "SpoilingType", "RF"),
        (
            0x00080008,
            "ORIGINAL\\PRIMARY\\M_FFE\\M\\FFE",
            "ImageType",
            ["ORIGINAL", "PRIMARY", "M", "FFE", "M", "FFE", "MAGNITUDE"],
        ),
    ],
)
def test_attribute_is_written_as_bids_requires(tag, text, key, value):
    assert one({tag: text})[key] == value


@pytest.mark.parametrize("key", ["PatientWeight", "EchoTime", "SeriesNumber"])
def test_nothing_is_written_of_what_is_absent_or_zero(key):
    assert key not in one({0x00101030: "0", 0x00180081: "0", 0x00200011: "0"})


def test_department_is_none_by_name_where_there_is_none():
    assert one({0x00081040: ""})["InstitutionalDepartmentName"] == "None"


@pytest.mark.parametrize(("tag", "key"), [(0x00181048, "ContrastBolusIngredient"), (0x00180023, "MRAcquisitionType")])
def test_word_that_bids_does_not_know_is_left_out(tag, key):
    assert key not in one({tag: "UNKNOWN"})


def test_what_is_written_reads_back_to_the_same_attribute():
    attributes = {
        0x00101010: "048Y", 0x00100030: "19660101", 0x00181020: "27\\LX", 0x00180081: "30.5", 0x00541001: "BQML",
        0x00189020: "NONE", 0x00180020: "EP\\GR", 0x00080032: "101112.500000",
    }  # fmt: skip
    back = {edit.path[0]: "\\".join(edit.texts) for edit in from_sidecar.edited_keys(one(attributes), {}, "x.json").direct}
    assert {tag: back[tag] for tag in attributes} == attributes


def test_edit_of_a_nested_attribute_names_the_way_to_it():
    (edit,) = from_sidecar.edited_keys({"InjectedRadioactivity": 200}, {"InjectedRadioactivity": 185}, "x.json").direct
    assert (edit.path, edit.texts) == ((0x00540016, 0x00181074), ["200000000"])


def test_edit_that_puts_in_what_dcm2niix_writes_for_nothing_is_none():
    assert from_sidecar.edited_keys({"InstitutionalDepartmentName": "None"}, {}, "x.json").direct == ()


def test_edit_of_a_computed_key_is_named():
    found = from_sidecar.edited_keys({"SliceTiming": [0, 1], "TaskName": "rest", "EchoTime": 3}, {}, "x.json")
    assert found.ignored == ("SliceTiming",)


@pytest.mark.parametrize(
    ("scanning", "variant", "name"),
    [
        ("EP\\SE", "SK", "Spin Echo EPI"),
        ("EP", "SK", "Gradient Echo EPI"),
        ("GR\\IR", "SK\\SP\\MP", "MPRAGE"),
        ("GR\\IR", "SK\\SP", "Spoiled Gradient Echo"),
        ("SE\\GR", "NONE", "Gradient Echo"),
        ("SE\\IR", "SP", "Inversion Recovery Spin Echo"),
        ("RM", "NONE", None),
    ],
)
def test_pulse_sequence_type(scanning, variant, name):
    assert one({0x00180020: scanning, 0x00180021: variant}).get("PulseSequenceType") == name


GE_ACQUISITION = {0x00080070: "GE MEDICAL SYSTEMS", 0x00190011: "GEMS_ACQU_01"}


def test_private_element_is_found_in_the_block_of_its_creator():
    assert one({**GE_ACQUISITION, 0x0019119E: "EPI2"})["InternalPulseSequenceName"] == "EPI2"


def test_private_element_of_another_creator_is_not_taken():
    other = {0x00080070: "GE MEDICAL SYSTEMS", 0x00190010: "SOMEBODY", 0x0019109E: "EPI2"}
    assert "InternalPulseSequenceName" not in one(other)


def test_private_element_without_any_creator_is_read_where_the_vendor_has_it():
    assert one({0x00080070: "GE MEDICAL SYSTEMS", 0x0019109E: "EPI"})["InternalPulseSequenceName"] == "EPI"


def test_value_of_the_functional_group_of_a_frame_is_found():
    timing_item = (Item({0x00180080: element("1500", "DS")}),)
    shared = (Item({0x00189112: Element("SQ", timing_item)}),)
    assert one({0x52009229: Element("SQ", shared)})["RepetitionTime"] == 1.5


def test_every_key_can_be_written_as_json():
    import json

    found = one({0x00180081: Element("DS", b"nan"), 0x00180088: Element("DS", b"1\\x"), 0x00080032: "99"})
    json.dumps(found, allow_nan=False)
    assert "EchoTime" not in found
    assert metadata.text({}, 1) == ""


def test_private_numbers_whose_vr_an_archive_did_not_know():
    binary = {0x2005100E: Element("UN", struct.pack("<f", 0.25)), 0x20011022: Element("UN", struct.pack("<f", 2.5))}
    creators = {0x20050010: "PHILIPS MR IMAGING DD 001", 0x20010010: "PHILIPS IMAGING DD 001"}

    found = one({0x00080070: "Philips", 0x00281053: "2", **creators, **binary})

    assert (found["PhilipsScaleSlope"], found["WaterFatShift"]) == (0.25, 2.5)


def test_real_values_of_philips_volumes_with_scales_of_their_own_are_precise():
    from dataclasses import replace

    scaled = {0x00080070: "Philips", 0x20050010: "Philips MR Imaging DD 001", 0x2005100E: Element("FL", struct.pack("<f", 5.9))}
    found = volume(instance(scaled))
    assert keys(found)["UsePhilipsFloatNotDisplayScaling"] == 0
    real = replace(found, source=replace(found.source, pixel_record=PixelRecord("<i2", rescaled=True)))
    assert keys(real)["UsePhilipsFloatNotDisplayScaling"] == 1


@pytest.mark.parametrize(
    ("words", "duration_ms", "expected"),
    [
        ("EP", 21, {"TotalReadoutTime": 0.021}),
        ("EP\\SE", 999, {"TotalReadoutTime": 0.999}),
        ("EP", 305000, {"AcquisitionDuration": 305.0}),
        ("GR\\IR", 190713, {"AcquisitionDuration": 190.713}),
        ("GR", 190.7, {}),  # in seconds, as in the standard, or in ms
    ],
)
def test_the_duration_of_uih_is_of_one_echo_train_or_of_the_acquisition(words, duration_ms, expected):
    found = one({0x00080070: "UIH", 0x00180020: words, 0x00189073: Element("FD", struct.pack("<d", duration_ms))})
    assert {key: found[key] for key in ("TotalReadoutTime", "AcquisitionDuration") if key in found} == expected


@pytest.mark.parametrize(
    ("field", "frequency", "nucleus", "expected"),
    [
        ("3", "123.2", "1H", (3, 123.2)),
        ("3", "128175953", "1H", (3, 128.175953)),
        ("15000", "63.86094", "1H", (1.5, 63.86094)),
        ("2000", "85255980", "", (0.2, 8.525598)),
        ("5000", "212851070", "", (0.5, 21.285107)),
        ("3", "128175.95", "1H", (3, 128.17595)),
        ("15015", "", "1H", (None, None)),
        ("15000", "25.85", "31P", (None, 25.85)),
        ("", "128175953", "1H", (None, None)),
        ("3", "99999999", "1H", (3, None)),
    ],
)
def test_field_strength_and_frequency_are_in_tesla_and_mhz(field, frequency, nucleus, expected):
    found = one({0x00180087: field, 0x00180084: frequency, 0x00180085: nucleus})
    assert (found.get("MagneticFieldStrength"), found.get("ImagingFrequency")) == expected
