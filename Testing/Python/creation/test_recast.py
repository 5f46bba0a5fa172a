"""Existing DICOM as another kind of object: same voxels, same place, correct provenance."""

from __future__ import annotations

import nibabel
import numpy as np
import pydicom
import pytest

from nifti_dicom_bridge import Kind, Outcome, read
from phantoms import slices
from phantoms.base import MR, ramp, save
from support.circle import Circle, edit_dicom
from support.dciodvfy import facts_of_dciodvfy
from support.nonempty import some
from support.oracles import module
from support.paths import SHARED
from support.recasting import GREY, KINDS, headers, recast, sentences


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


@pytest.mark.parametrize("position", ["HFS", "FFDR"])
def test_the_position_of_a_patient_is_coded_in_pet(position: str, circle: Circle) -> None:
    """PS3.3 C.8.4.6: the codes are Type 2, and PatientPosition may not be next to them."""
    circle.make("classic_ct")
    edit_dicom(circle.dicom, PatientPosition=position)

    recast(circle.dicom, circle.back, Kind.PET)

    (made, *_) = headers(circle.back)
    assert len(made.PatientGantryRelationshipCodeSequence) == len(made.PatientOrientationCodeSequence) == 1
    assert "PatientPosition" not in made


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


def test_a_reference_that_is_not_used_is_reported(circle: Circle) -> None:
    save(circle.dicom, slices((np.arange(192, dtype="<i2") % 7 > 4).astype("<i2").reshape(3, 8, 8), MR))
    circle.forth()

    assert "reference= was not used" in sentences(recast(circle.nifti, circle.back, Kind.SEG, reference=circle.dicom))


def test_a_reference_of_a_derived_image_is_reported(circle: Circle) -> None:
    circle.make("classic_ct").forth()
    circle.edit_image(lambda image: nibabel.Nifti1Image(np.asarray(image.dataobj) + 1, image.affine))

    assert "reference= was not used" in sentences(recast(circle.nifti, circle.back, Kind.AUTO, reference=circle.dicom))
