"""Existing DICOM as another kind of object: attributes that are kept, repaired, left out and named."""

from __future__ import annotations

import pydicom
import pytest

from nifti_dicom_bridge import Kind, Outcome
from phantoms import slices
from phantoms.base import CT, MR, PET, image, ramp, save
from support.dciodvfy import facts_of_dciodvfy
from support.recasting import headers, recast, sentences
from support.round_trip import RoundTrip, edit_dicom


def test_echo_and_repetition_times_survive_in_both_directions(round_trip: RoundTrip) -> None:
    round_trip.dicom.mkdir()
    sources = slices(ramp(3, 4, 5), MR)
    for ds in sources:
        ds.EchoTime, ds.RepetitionTime, ds.FlipAngle, ds.ScanningSequence = "2.46", "2300", "9", ["GR", "IR"]
        ds.InversionTime, ds.SequenceVariant = "900", "SP"
    save(round_trip.dicom, sources)

    recast(round_trip.dicom, round_trip.nifti, Kind.ENHANCED)
    recast(round_trip.nifti, round_trip.back, Kind.CLASSIC)

    assert headers(round_trip.nifti)[0].SharedFunctionalGroupsSequence[0].MREchoSequence[0].EffectiveEchoTime == 2.46
    back = headers(round_trip.back)[0]
    assert (back.EchoTime, back.RepetitionTime, back.FlipAngle, back.InversionTime) == (2.46, 2300, 9, 900)


@pytest.mark.parametrize(
    ("keyword", "value", "words"),
    [
        (
            "StudyID",
            "a study with a long name",
            "StudyID (0020,0010) was 'a study with a long name' and is 'a study with a l' now",
        ),
        ("PatientAge", "7Y", "PatientAge (0010,1010) was '7Y' and is '007Y' now"),
        ("PatientBirthDate", "unknown", "PatientBirthDate (0010,0030) was left out"),
        ("PatientSex", "X", "PatientSex (0010,0040) was left out"),
    ],
)
@pytest.mark.parametrize("kind", [Kind.ENHANCED, Kind.SC])
def test_illegal_values_are_repaired_or_left_out_and_named(
    keyword: str, value: str, words: str, kind: Kind, round_trip: RoundTrip
) -> None:
    round_trip.make("classic_ct")
    for path in round_trip.dicom.iterdir():
        ds = pydicom.dcmread(path)
        with pydicom.config.disable_value_validation():
            setattr(ds, keyword, value)
            ds.save_as(path)

    report = recast(round_trip.dicom, round_trip.back, kind)

    assert words in sentences(report)
    assert all(facts_of_dciodvfy(path) == set() for path in round_trip.back.rglob("*.dcm"))


@pytest.mark.parametrize(
    ("attributes", "kind", "words"),
    [
        ({"PatientIdentityRemoved": "YES"}, Kind.ENHANCED, "DeidentificationMethod UNKNOWN was written"),
        ({"PatientIdentityRemoved": "YES"}, Kind.LEGACY, "DeidentificationMethod UNKNOWN was written"),
        ({"PatientIdentityRemoved": "YES"}, Kind.SC, "DeidentificationMethod UNKNOWN was written"),
        (
            {"VelocityEncodingDirection": [0, 0, 0]},
            Kind.ENHANCED,
            "VelocityEncodingDirection (0018,9090) was left out: its len",
        ),
        ({"SlabOrientation": [0, 0, 2]}, Kind.ENHANCED, "SlabOrientation (0018,9105) was left out: its length is 2"),
    ],
)
def test_what_is_assumed_or_dropped_is_named_once(attributes: dict, kind: Kind, words: str, round_trip: RoundTrip) -> None:
    sources = slices(ramp(3, 4, 5), MR)
    for ds in sources:
        for keyword, value in attributes.items():
            setattr(ds, keyword, value)
    save(round_trip.dicom, sources)

    (entry,) = recast(round_trip.dicom, round_trip.back, kind).entries

    assert len([warning for warning in entry.log.warnings if words in warning]) == 1
    assert all(facts_of_dciodvfy(path) == set() for path in round_trip.back.rglob("*.dcm"))


def test_half_a_module_is_left_out_and_named(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct")
    edit_dicom(round_trip.dicom, SynchronizationFrameOfReferenceUID="1.2.3")

    report = recast(round_trip.dicom, round_trip.back, Kind.ENHANCED)

    assert "SynchronizationFrameOfReferenceUID (0020,0200) was left out" in sentences(report)


def test_an_original_without_frame_of_reference_gets_one_and_that_is_reported(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct")
    for path in round_trip.dicom.iterdir():
        ds = pydicom.dcmread(path)
        del ds.FrameOfReferenceUID
        ds.save_as(path)

    for kind, folder in ((Kind.ENHANCED, round_trip.back), (Kind.LEGACY, round_trip.nifti)):
        report = recast(round_trip.dicom, folder, kind)
        assert headers(folder)[0].FrameOfReferenceUID.startswith("2.25.")
        assert "no Frame of Reference UID: a new one was given" in sentences(report)


@pytest.mark.parametrize(
    ("phantom", "kind", "words"),
    [
        (
            "enhanced_mr",
            Kind.LEGACY,
            "is Enhanced MR Image Storage. Legacy Converted Enhanced objects are made of CT, MR and PET",
        ),
        ("mosaic", Kind.LEGACY, "is a mosaic, many slices in one frame"),
        ("segmentation", Kind.LEGACY, "SEG"),
        ("dose_grid", Kind.ENHANCED, "of CT, MR and PT there is such a kind"),
    ],
)
def test_what_cannot_be_recast_is_one_sentence(phantom: str, kind: Kind, words: str, round_trip: RoundTrip) -> None:
    round_trip.make(phantom)

    report = recast(round_trip.dicom, round_trip.back, kind)

    assert {entry.outcome for entry in report.entries} == {Outcome.FAILED}
    assert words in report.entries[0].error
    assert "\n" not in report.entries[0].error
    assert not list(round_trip.back.rglob("*.dcm"))


def test_text_in_the_pixels_is_not_denied(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct")
    for path in round_trip.dicom.iterdir():
        ds = pydicom.dcmread(path)
        ds.BurnedInAnnotation = "YES"
        ds.save_as(path)

    report = recast(round_trip.dicom, round_trip.back, Kind.ENHANCED)
    recast(round_trip.dicom, round_trip.nifti, Kind.SC)

    assert "BurnedInAnnotation (0028,0301) is YES" in report.entries[0].error
    assert {ds.BurnedInAnnotation for ds in headers(round_trip.nifti)} == {"YES"}


def test_inverted_grey_values_stay_inverted_or_are_refused(round_trip: RoundTrip) -> None:
    round_trip.dicom.mkdir()
    ds = image(ramp(4, 5, dtype="<u2"), CT)
    ds.PhotometricInterpretation = "MONOCHROME1"
    save(round_trip.dicom, [ds])

    recast(round_trip.dicom, round_trip.nifti, Kind.SC)
    report = recast(round_trip.dicom, round_trip.back, Kind.SC_MULTI)

    assert headers(round_trip.nifti)[0].PhotometricInterpretation == "MONOCHROME1"
    assert "would look like a negative" in report.entries[0].error


@pytest.mark.parametrize(
    ("sop_class", "attributes", "unit"),
    [
        (CT, {"RescaleType": "HU"}, "[hnsf'U]"),
        (CT, {"RescaleType": "US"}, "1"),
        (PET, {"Units": "BQML"}, "Bq/ml"),
        (PET, {"Units": "GML", "SUVType": "LBM"}, "g/ml{SUVlbm}"),
    ],
)
def test_a_parametric_map_has_the_units_of_its_original(
    sop_class: str, attributes: dict, unit: str, round_trip: RoundTrip
) -> None:
    found = slices(ramp(3, 4, 5), sop_class)
    for ds in found:
        ds.RescaleSlope, ds.RescaleIntercept = 2, 0
        for keyword, value in attributes.items():
            setattr(ds, keyword, value)
    save(round_trip.dicom, found)
    recast(round_trip.dicom, round_trip.back, Kind.PM)

    (ds,) = headers(round_trip.back)
    mapping = ds.SharedFunctionalGroupsSequence[0].RealWorldValueMappingSequence[0]
    assert mapping.MeasurementUnitsCodeSequence[0].CodeValue == unit


def test_a_sex_in_words_is_a_letter_in_another_kind_of_object(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct")
    for path in round_trip.dicom.rglob("*"):
        if path.is_file():
            path.write_bytes(path.read_bytes().replace(b"\x10\x00\x40\x00CS\x02\x00O ", b"\x10\x00\x40\x00CS\x04\x00male"))
    report = recast(round_trip.dicom, round_trip.back, Kind.ENHANCED)
    assert {ds.PatientSex for ds in headers(round_trip.back)} == {"M"}
    assert "PatientSex (0010,0040) was 'male' and is 'M' now" in sentences(report)
