"""Existing DICOM as another kind of object: same voxels, same place, valid attributes, correct provenance."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest

from nifti_dicom_bridge import ConversionOptions, ConversionReport, Job, Kind, Outcome, Target, convert, read
from phantoms import slices
from phantoms.base import CT, MR, PET, image, ramp, save
from support.circle import Circle, edit_dicom
from support.dciodvfy import facts_of_dciodvfy
from support.nonempty import some
from support.oracles import module
from support.paths import SHARED

ENHANCED = {CT: "1.2.840.10008.5.1.4.1.1.2.1", MR: "1.2.840.10008.5.1.4.1.1.4.1", PET: "1.2.840.10008.5.1.4.1.1.130"}
LEGACY = {CT: "1.2.840.10008.5.1.4.1.1.2.2", MR: "1.2.840.10008.5.1.4.1.1.4.4", PET: "1.2.840.10008.5.1.4.1.1.128.1"}
GREY = [
    "classic_ct",
    "oblique",
    "feet_first",
    "gantry_tilt",
    "uneven_spacing",
    "mr_4d",
    "pet_slopes",
    "echoes_and_phase",
    "localizer",
]
KINDS = [Kind.ENHANCED, Kind.LEGACY, Kind.SC, Kind.SC_MULTI]


def recast(source: Path, folder: Path, kind: Kind, **choices: object) -> ConversionReport:
    return convert(Job([source], folder, ConversionOptions(Target.DICOM, kind=kind, **choices)))


def sentences(report: ConversionReport) -> str:
    return "\n".join(line for entry in report.entries for line in [*entry.log.warnings, *entry.log.notes, entry.error or ""])


def headers(folder: Path) -> list[pydicom.Dataset]:
    return [pydicom.dcmread(path) for path in sorted(folder.rglob("*.dcm"))]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("phantom", GREY)
def test_voxels_and_grid_are_those_of_the_original(phantom: str, kind: Kind, circle: Circle) -> None:
    circle.make(phantom)

    report = recast(circle.dicom, circle.back, kind)

    assert {entry.outcome for entry in report.entries} == {Outcome.CONVERTED}, sentences(report)
    before = {volume.name: volume for volume in read(circle.dicom)}
    folders = [path for path in circle.back.iterdir() if path.is_dir()]
    assert {path.name for path in folders} == set(before)
    for folder in folders:
        (now,) = read(folder)
        old = before[folder.name]
        rounded = "rounded to 16 bits" in sentences(report)  # one slope for all frames, where the original has several
        assert rounded == (phantom == "pet_slopes" and kind is Kind.SC_MULTI)
        limit = 1e-4 * float(old.real_values().max()) if rounded else 0
        np.testing.assert_allclose(now.real_values(), old.real_values(), rtol=1e-9, atol=limit)
        np.testing.assert_allclose(now.ijk_to_ras, old.ijk_to_ras, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("phantom", GREY)
def test_dciodvfy_finds_no_error(phantom: str, kind: Kind, circle: Circle) -> None:
    circle.make(phantom)

    recast(circle.dicom, circle.back, kind)

    found = {path.name: facts for path in circle.back.rglob("*.dcm") if (facts := facts_of_dciodvfy(path))}
    assert found == {}


@pytest.mark.parametrize("phantom", ["enhanced_mr", "enhanced_slopes", "enhanced_two_stacks"])
def test_enhanced_becomes_classic_frame_by_frame(phantom: str, circle: Circle) -> None:
    circle.make(phantom)

    recast(circle.dicom, circle.back, Kind.CLASSIC)

    for folder in circle.back.iterdir():
        (now,), old = read(folder), {volume.name: volume for volume in read(circle.dicom)}[folder.name]
        np.testing.assert_allclose(now.real_values(), old.real_values(), rtol=1e-9)
        np.testing.assert_allclose(now.ijk_to_ras, old.ijk_to_ras, atol=1e-6)
        assert {ds.SOPClassUID for ds in headers(folder)} == {MR}
    assert all(facts_of_dciodvfy(path) == set() for path in circle.back.rglob("*.dcm"))


@pytest.mark.parametrize("kind", [Kind.ENHANCED, Kind.SC_MULTI])
def test_slices_keep_their_thickness_where_it_differs(kind: Kind, circle: Circle) -> None:
    sources = slices(ramp(4, 6, 5))
    for n, ds in enumerate(sources):
        ds.SliceThickness = "2.5" if n < 2 else "4"
    save(circle.dicom, sources)

    report = recast(circle.dicom, circle.back, kind)

    (ds,) = headers(circle.back)
    thickness = {
        tuple(group.PlanePositionSequence[0].ImagePositionPatient): group.PixelMeasuresSequence[0].SliceThickness
        for group in ds.PerFrameFunctionalGroupsSequence
    }
    assert thickness == {tuple(source.ImagePositionPatient): source.SliceThickness for source in sources}
    assert "PixelMeasuresSequence" not in ds.SharedFunctionalGroupsSequence[0]
    assert "SliceThickness" not in sentences(report)
    assert all(facts_of_dciodvfy(path) == set() for path in circle.back.rglob("*.dcm"))

    recast(circle.back, circle.folder / "classic", Kind.CLASSIC)
    if kind is Kind.ENHANCED:
        assert sorted(one.SliceThickness for one in headers(circle.folder / "classic")) == [2.5, 2.5, 4, 4]


def test_slices_that_lost_their_thickness_have_that_of_the_others(circle: Circle) -> None:
    sources = slices(ramp(4, 6, 5))
    for n, ds in enumerate(sources):
        ds.SliceThickness = "" if n == 1 else "4"
    save(circle.dicom, sources)

    recast(circle.dicom, circle.back, Kind.ENHANCED)

    (ds,) = headers(circle.back)
    groups = (*ds.SharedFunctionalGroupsSequence, *ds.PerFrameFunctionalGroupsSequence)
    assert {group.PixelMeasuresSequence[0].SliceThickness for group in groups if "PixelMeasuresSequence" in group} == {4}


def test_frames_of_an_enhanced_original_are_named_as_sources(circle: Circle) -> None:
    circle.make("enhanced_mr")
    (source,) = headers(circle.dicom)

    recast(circle.dicom, circle.back, Kind.CLASSIC)

    items = [ds.SourceImageSequence[0] for ds in headers(circle.back)]
    assert {item.ReferencedSOPInstanceUID for item in items} == {source.SOPInstanceUID}
    assert sorted(int(item.ReferencedFrameNumber) for item in items) == list(range(1, source.NumberOfFrames + 1))


def test_every_frame_of_an_enhanced_object_names_its_source_and_the_object_their_series(circle: Circle) -> None:
    circle.make("classic_ct")

    recast(circle.dicom, circle.back, Kind.ENHANCED)

    (made,) = headers(circle.back)
    sources = {ds.SOPInstanceUID: float(ds.ImagePositionPatient[2]) for ds in headers(circle.dicom)}
    for frame in made.PerFrameFunctionalGroupsSequence:
        item = frame.DerivationImageSequence[0].SourceImageSequence[0]
        assert sources[item.ReferencedSOPInstanceUID] == float(frame.PlanePositionSequence[0].ImagePositionPatient[2])
    (study,) = made.SourceImageEvidenceSequence
    evidence = study.ReferencedSeriesSequence[0].ReferencedSOPSequence
    assert {item.ReferencedSOPInstanceUID for item in evidence} == set(sources)


@pytest.mark.parametrize(("stated", "moment"), [("20251231230000", "20251231230000"), ("", "20260102230000")])
def test_the_start_of_the_tracer_is_that_which_the_original_states_with_its_date(
    stated: str, moment: str, circle: Circle
) -> None:
    tracer = pydicom.Dataset()
    tracer.RadiopharmaceuticalStartTime = "230000"
    if stated:
        tracer.RadiopharmaceuticalStartDateTime = stated
    circle.make("pet_slopes")
    edit_dicom(circle.dicom, SeriesDate="20260102", RadiopharmaceuticalInformationSequence=[tracer])

    recast(circle.dicom, circle.back, Kind.ENHANCED)

    (made,) = headers(circle.back)
    assert made.RadiopharmaceuticalInformationSequence[0].RadiopharmaceuticalStartDateTime == moment


@pytest.mark.parametrize("kind", KINDS)
def test_patient_study_and_space_stay_and_the_series_is_new(kind: Kind, circle: Circle) -> None:
    circle.make("classic_ct")
    old = headers(circle.dicom)[0]

    recast(circle.dicom, circle.back, kind)

    for ds in some(headers(circle.back)):
        same = ("PatientName", "PatientID", "StudyInstanceUID", "FrameOfReferenceUID", "StudyDate")
        assert [ds[keyword].value for keyword in same] == [old[keyword].value for keyword in same]
        assert ds.SeriesInstanceUID != old.SeriesInstanceUID
        assert ds.SOPInstanceUID not in {source.SOPInstanceUID for source in headers(circle.dicom)}


def test_enhanced_is_derived_and_legacy_is_what_its_original_was(circle: Circle) -> None:
    circle.make("classic_ct")

    recast(circle.dicom, circle.back, Kind.ENHANCED)
    recast(circle.dicom, circle.nifti, Kind.LEGACY)

    assert headers(circle.back)[0].ImageType[0] == "DERIVED"
    assert list(headers(circle.nifti)[0].ImageType[:2]) == ["ORIGINAL", "PRIMARY"]


@pytest.mark.slow
def test_private_attributes_stay_behind_but_in_legacy(circle: Circle) -> None:
    circle.dicom.mkdir()
    sources = slices(ramp(3, 4, 5), MR)
    for ds in sources:
        ds.private_block(0x0029, "PHANTOMS", create=True).add_new(0x01, "LO", "kept")
    save(circle.dicom, sources)

    report = recast(circle.dicom, circle.back, Kind.ENHANCED)
    recast(circle.dicom, circle.nifti, Kind.LEGACY)

    assert not any(element.tag.is_private for element in headers(circle.back)[0].iterall())
    assert "private attributes were not copied" in sentences(report)
    assert "kept" in [element.value for element in headers(circle.nifti)[0].iterall()]


def test_times_of_slices_survive_in_both_directions(circle: Circle) -> None:
    circle.dicom.mkdir()
    sources = slices(ramp(3, 4, 5), MR)
    for n, ds in enumerate(sources):
        ds.AcquisitionTime = f"03040{n}.250000"
    save(circle.dicom, sources)

    recast(circle.dicom, circle.nifti, Kind.ENHANCED)
    recast(circle.nifti, circle.back, Kind.CLASSIC)

    frames = headers(circle.nifti)[0].PerFrameFunctionalGroupsSequence
    stamps = [frame.FrameContentSequence[0].FrameAcquisitionDateTime for frame in frames]
    assert stamps == [f"2026010203040{n}.250000" for n in range(3)]
    assert [ds.AcquisitionTime for ds in headers(circle.back)] == [f"03040{n}.250000" for n in range(3)]


def test_echo_and_repetition_times_survive_in_both_directions(circle: Circle) -> None:
    circle.dicom.mkdir()
    sources = slices(ramp(3, 4, 5), MR)
    for ds in sources:
        ds.EchoTime, ds.RepetitionTime, ds.FlipAngle, ds.ScanningSequence = "2.46", "2300", "9", ["GR", "IR"]
        ds.InversionTime, ds.SequenceVariant = "900", "SP"
    save(circle.dicom, sources)

    recast(circle.dicom, circle.nifti, Kind.ENHANCED)
    recast(circle.nifti, circle.back, Kind.CLASSIC)

    assert headers(circle.nifti)[0].SharedFunctionalGroupsSequence[0].MREchoSequence[0].EffectiveEchoTime == 2.46
    back = headers(circle.back)[0]
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
    keyword: str, value: str, words: str, kind: Kind, circle: Circle
) -> None:
    circle.make("classic_ct")
    for path in circle.dicom.iterdir():
        ds = pydicom.dcmread(path)
        with pydicom.config.disable_value_validation():
            setattr(ds, keyword, value)
            ds.save_as(path)

    report = recast(circle.dicom, circle.back, kind)

    assert words in sentences(report)
    assert all(facts_of_dciodvfy(path) == set() for path in circle.back.rglob("*.dcm"))


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
def test_what_is_assumed_or_dropped_is_named_once(attributes: dict, kind: Kind, words: str, circle: Circle) -> None:
    sources = slices(ramp(3, 4, 5), MR)
    for ds in sources:
        for keyword, value in attributes.items():
            setattr(ds, keyword, value)
    save(circle.dicom, sources)

    (entry,) = recast(circle.dicom, circle.back, kind).entries

    assert len([warning for warning in entry.log.warnings if words in warning]) == 1
    assert all(facts_of_dciodvfy(path) == set() for path in circle.back.rglob("*.dcm"))


def test_half_a_module_is_left_out_and_named(circle: Circle) -> None:
    circle.make("classic_ct")
    edit_dicom(circle.dicom, SynchronizationFrameOfReferenceUID="1.2.3")

    report = recast(circle.dicom, circle.back, Kind.ENHANCED)

    assert "SynchronizationFrameOfReferenceUID (0020,0200) was left out" in sentences(report)


def test_an_original_without_frame_of_reference_gets_one_and_that_is_reported(circle: Circle) -> None:
    circle.make("classic_ct")
    for path in circle.dicom.iterdir():
        ds = pydicom.dcmread(path)
        del ds.FrameOfReferenceUID
        ds.save_as(path)

    for kind, folder in ((Kind.ENHANCED, circle.back), (Kind.LEGACY, circle.nifti)):
        report = recast(circle.dicom, folder, kind)
        assert headers(folder)[0].FrameOfReferenceUID.startswith("2.25.")
        assert "no Frame of Reference UID: a new one was given" in sentences(report)


@pytest.mark.parametrize(("phantom", "uids"), [("classic_ct", CT), ("mr_4d", MR), ("pet_slopes", PET)])
@pytest.mark.parametrize(("kind", "classes"), [(Kind.ENHANCED, ENHANCED), (Kind.LEGACY, LEGACY)])
def test_unedited_nifti_becomes_the_kind_that_its_record_allows(
    phantom: str, uids: str, kind: Kind, classes: dict[str, str], circle: Circle
) -> None:
    circle.make(phantom)
    circle.forth()

    recast(circle.nifti, circle.back, kind)

    (made,) = headers(circle.back)
    assert made.SOPClassUID == classes[uids]
    np.testing.assert_allclose(read(circle.back)[0].real_values(), read(circle.dicom)[0].real_values(), rtol=1e-9)


@pytest.mark.parametrize("kind", [Kind.ENHANCED, Kind.LEGACY, Kind.SC])
def test_edited_nifti_becomes_a_derived_object_with_the_new_values(kind: Kind, circle: Circle) -> None:
    circle.make("classic_ct")
    circle.forth()
    circle.edit_image(lambda image: nibabel.Nifti1Image(np.asarray(image.dataobj) + np.int16(1), image.affine, image.header))

    recast(circle.nifti, circle.back, kind)

    assert {ds.ImageType[0] for ds in headers(circle.back)} == {"DERIVED"}
    np.testing.assert_array_equal(read(circle.back)[0].real_values(), read(circle.dicom)[0].real_values() + 1)


@pytest.mark.parametrize("kind", [Kind.ENHANCED, Kind.LEGACY])
def test_what_was_edited_in_the_sidecar_and_set_is_in_the_object(kind: Kind, circle: Circle) -> None:
    circle.make("mr_4d")
    circle.forth()
    circle.edit_sidecar(lambda top: top.update(SeriesDescription="edited"))

    recast(circle.nifti, circle.back, kind, set_values={"PatientComments": "set"})

    made = headers(circle.back)[0]
    assert (made.SeriesDescription, made.PatientComments) == ("edited", "set")


def test_an_object_of_the_kind_wanted_is_restored(circle: Circle) -> None:
    circle.make("classic_ct")

    report = recast(circle.dicom, circle.back, Kind.CLASSIC)

    assert {entry.outcome for entry in report.entries} == {Outcome.REISSUED}


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
def test_what_cannot_be_recast_is_one_sentence(phantom: str, kind: Kind, words: str, circle: Circle) -> None:
    circle.make(phantom)

    report = recast(circle.dicom, circle.back, kind)

    assert {entry.outcome for entry in report.entries} == {Outcome.FAILED}
    assert words in report.entries[0].error
    assert "\n" not in report.entries[0].error
    assert not list(circle.back.rglob("*.dcm"))


def test_text_in_the_pixels_is_not_denied(circle: Circle) -> None:
    circle.make("classic_ct")
    for path in circle.dicom.iterdir():
        ds = pydicom.dcmread(path)
        ds.BurnedInAnnotation = "YES"
        ds.save_as(path)

    report = recast(circle.dicom, circle.back, Kind.ENHANCED)
    recast(circle.dicom, circle.nifti, Kind.SC)

    assert "BurnedInAnnotation (0028,0301) is YES" in report.entries[0].error
    assert {ds.BurnedInAnnotation for ds in headers(circle.nifti)} == {"YES"}


def test_inverted_grey_values_stay_inverted_or_are_refused(circle: Circle) -> None:
    circle.dicom.mkdir()
    ds = image(ramp(4, 5, dtype="<u2"), CT)
    ds.PhotometricInterpretation = "MONOCHROME1"
    save(circle.dicom, [ds])

    recast(circle.dicom, circle.nifti, Kind.SC)
    report = recast(circle.dicom, circle.back, Kind.SC_MULTI)

    assert headers(circle.nifti)[0].PhotometricInterpretation == "MONOCHROME1"
    assert "would look like a negative" in report.entries[0].error


@pytest.mark.parametrize("phantom", ["classic_ct", "mr_4d", "pet_slopes"])
def test_highdicom_finds_the_frames_of_a_legacy_object_by_their_sources(phantom: str, circle: Circle) -> None:
    highdicom = module("highdicom")
    circle.make(phantom)

    recast(circle.dicom, circle.back, Kind.LEGACY)

    (path,) = circle.back.rglob("*.dcm")
    made = highdicom.imread(path)
    by_uid = {ds.SOPInstanceUID: ds for ds in headers(circle.dicom)}
    for n, groups in enumerate(made.PerFrameFunctionalGroupsSequence, 1):
        source = by_uid[groups.ConversionSourceAttributesSequence[0].ReferencedSOPInstanceUID]
        np.testing.assert_array_equal(made.get_stored_frame(n), source.pixel_array)


@pytest.mark.parametrize(
    ("case", "kind"),
    [
        ("mr-siemens-implicit", Kind.ENHANCED), ("mr-siemens-implicit", Kind.LEGACY), ("mr-siemens-fieldmap", Kind.ENHANCED),
        ("mr-siemens-fieldmap", Kind.LEGACY), ("pet-dro-suv", Kind.ENHANCED), ("pet-dro-suv", Kind.LEGACY),
        ("mr-philips-asl-slopes", Kind.ENHANCED), ("rt-sts002-ct", Kind.LEGACY),
    ],
)  # fmt: skip
def test_real_series_keep_voxels_and_place_and_get_no_errors_of_their_own(case: str, kind: Kind, circle: Circle) -> None:
    source = SHARED / case / "dicom"
    if not source.is_dir():
        pytest.skip("there is no ../shared/data next to the repository")

    report = recast(source, circle.back, kind)

    assert {entry.outcome for entry in report.entries} <= {Outcome.CONVERTED, Outcome.SKIPPED}, sentences(report)
    before = {volume.name: volume for volume in read(source)}
    for folder in (path for path in circle.back.iterdir() if path.is_dir()):
        (now,) = read(folder)
        np.testing.assert_allclose(now.real_values(), before[folder.name].real_values(), rtol=1e-9)
        np.testing.assert_allclose(now.ijk_to_ras, before[folder.name].ijk_to_ras, atol=1e-4)
    assert all(facts_of_dciodvfy(path) == set() for path in circle.back.rglob("*.dcm"))


@pytest.mark.parametrize(
    ("sop_class", "attributes", "unit"),
    [
        (CT, {"RescaleType": "HU"}, "[hnsf'U]"),
        (CT, {"RescaleType": "US"}, "1"),
        (PET, {"Units": "BQML"}, "Bq/ml"),
        (PET, {"Units": "GML", "SUVType": "LBM"}, "g/ml{SUVlbm}"),
    ],
)
def test_a_parametric_map_has_the_units_of_its_original(sop_class: str, attributes: dict, unit: str, circle: Circle) -> None:
    found = slices(ramp(3, 4, 5), sop_class)
    for ds in found:
        ds.RescaleSlope, ds.RescaleIntercept = 2, 0
        for keyword, value in attributes.items():
            setattr(ds, keyword, value)
    save(circle.dicom, found)
    recast(circle.dicom, circle.back, Kind.PM)

    (ds,) = headers(circle.back)
    mapping = ds.SharedFunctionalGroupsSequence[0].RealWorldValueMappingSequence[0]
    assert mapping.MeasurementUnitsCodeSequence[0].CodeValue == unit


@pytest.mark.parametrize("kind", [Kind.SEG, Kind.PM])
def test_objects_made_of_a_record_refer_to_the_instances_of_the_original(kind: Kind, circle: Circle) -> None:
    save(circle.dicom, slices((np.arange(192, dtype="<i2") % 7 > 4).astype("<i2").reshape(3, 8, 8), MR))
    circle.forth()

    report = recast(circle.nifti, circle.back, kind)

    (made,) = headers(circle.back)
    found = [item.ReferencedSOPInstanceUID for item in made.SourceImageSequence]
    assert sorted(found) == sorted(ds.SOPInstanceUID for ds in headers(circle.dicom)), sentences(report)


def test_a_reference_that_is_not_used_is_reported(circle: Circle) -> None:
    save(circle.dicom, slices((np.arange(192, dtype="<i2") % 7 > 4).astype("<i2").reshape(3, 8, 8), MR))
    circle.forth()

    assert "reference= was not used" in sentences(recast(circle.nifti, circle.back, Kind.SEG, reference=circle.dicom))


def test_a_reference_of_a_derived_image_is_reported(circle: Circle) -> None:
    circle.make("classic_ct").forth()
    circle.edit_image(lambda image: nibabel.Nifti1Image(np.asarray(image.dataobj) + 1, image.affine))

    assert "reference= was not used" in sentences(recast(circle.nifti, circle.back, Kind.AUTO, reference=circle.dicom))


def test_a_sex_in_words_is_a_letter_in_another_kind_of_object(circle: Circle) -> None:
    circle.make("classic_ct")
    for path in circle.dicom.rglob("*"):
        if path.is_file():
            path.write_bytes(path.read_bytes().replace(b"\x10\x00\x40\x00CS\x02\x00O ", b"\x10\x00\x40\x00CS\x04\x00male"))
    report = recast(circle.dicom, circle.back, Kind.ENHANCED)
    assert {ds.PatientSex for ds in headers(circle.back)} == {"M"}
    assert "PatientSex (0010,0040) was 'male' and is 'M' now" in sentences(report)
