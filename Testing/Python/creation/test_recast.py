"""Existing DICOM as another kind of object: same voxels, same place, correct provenance."""

from __future__ import annotations

import nibabel
import numpy as np
import pydicom
import pytest

from nifti_dicom_bridge import Kind, Outcome, read
from phantoms import slices
from phantoms.base import MR, ramp, save
from support.dciodvfy import facts_of_dciodvfy
from support.nonempty import some
from support.oracles import module
from support.paths import SHARED
from support.recasting import GREY, KINDS, headers, recast, sentences
from support.round_trip import RoundTrip, edit_dicom


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("phantom", GREY)
def test_voxels_and_grid_are_those_of_the_original(phantom: str, kind: Kind, round_trip: RoundTrip) -> None:
    round_trip.make(phantom)

    report = recast(round_trip.dicom, round_trip.back, kind)

    assert {entry.outcome for entry in report.entries} == {Outcome.CONVERTED}, sentences(report)
    before = {volume.name: volume for volume in read(round_trip.dicom)}
    folders = [path for path in round_trip.back.iterdir() if path.is_dir()]
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
def test_dciodvfy_finds_no_error(phantom: str, kind: Kind, round_trip: RoundTrip) -> None:
    round_trip.make(phantom)

    recast(round_trip.dicom, round_trip.back, kind)

    found = {path.name: facts for path in round_trip.back.rglob("*.dcm") if (facts := facts_of_dciodvfy(path))}
    assert found == {}


@pytest.mark.parametrize("position", ["HFS", "FFDR"])
def test_the_position_of_a_patient_is_coded_in_pet(position: str, round_trip: RoundTrip) -> None:
    """PS3.3 C.8.4.6: the codes are Type 2, and PatientPosition may not be next to them."""
    round_trip.make("classic_ct")
    edit_dicom(round_trip.dicom, PatientPosition=position)

    recast(round_trip.dicom, round_trip.back, Kind.PET)

    (made, *_) = headers(round_trip.back)
    assert len(made.PatientGantryRelationshipCodeSequence) == len(made.PatientOrientationCodeSequence) == 1
    assert "PatientPosition" not in made


@pytest.mark.parametrize("phantom", ["enhanced_mr", "enhanced_slopes", "enhanced_two_stacks"])
def test_enhanced_becomes_classic_frame_by_frame(phantom: str, round_trip: RoundTrip) -> None:
    round_trip.make(phantom)

    recast(round_trip.dicom, round_trip.back, Kind.CLASSIC)

    for folder in round_trip.back.iterdir():
        (now,), old = read(folder), {volume.name: volume for volume in read(round_trip.dicom)}[folder.name]
        np.testing.assert_allclose(now.real_values(), old.real_values(), rtol=1e-9)
        np.testing.assert_allclose(now.ijk_to_ras, old.ijk_to_ras, atol=1e-6)
        assert {ds.SOPClassUID for ds in headers(folder)} == {MR}
    assert all(facts_of_dciodvfy(path) == set() for path in round_trip.back.rglob("*.dcm"))


@pytest.mark.parametrize("kind", [Kind.ENHANCED, Kind.SC_MULTI])
def test_slices_keep_their_thickness_where_it_differs(kind: Kind, round_trip: RoundTrip) -> None:
    sources = slices(ramp(4, 6, 5))
    for n, ds in enumerate(sources):
        ds.SliceThickness = "2.5" if n < 2 else "4"
    save(round_trip.dicom, sources)

    report = recast(round_trip.dicom, round_trip.back, kind)

    (ds,) = headers(round_trip.back)
    thickness = {
        tuple(group.PlanePositionSequence[0].ImagePositionPatient): group.PixelMeasuresSequence[0].SliceThickness
        for group in ds.PerFrameFunctionalGroupsSequence
    }
    assert thickness == {tuple(source.ImagePositionPatient): source.SliceThickness for source in sources}
    assert "PixelMeasuresSequence" not in ds.SharedFunctionalGroupsSequence[0]
    assert "SliceThickness" not in sentences(report)
    assert all(facts_of_dciodvfy(path) == set() for path in round_trip.back.rglob("*.dcm"))

    recast(round_trip.back, round_trip.folder / "classic", Kind.CLASSIC)
    if kind is Kind.ENHANCED:
        assert sorted(one.SliceThickness for one in headers(round_trip.folder / "classic")) == [2.5, 2.5, 4, 4]


def test_slices_that_lost_their_thickness_have_that_of_the_others(round_trip: RoundTrip) -> None:
    sources = slices(ramp(4, 6, 5))
    for n, ds in enumerate(sources):
        ds.SliceThickness = "" if n == 1 else "4"
    save(round_trip.dicom, sources)

    recast(round_trip.dicom, round_trip.back, Kind.ENHANCED)

    (ds,) = headers(round_trip.back)
    groups = (*ds.SharedFunctionalGroupsSequence, *ds.PerFrameFunctionalGroupsSequence)
    assert {group.PixelMeasuresSequence[0].SliceThickness for group in groups if "PixelMeasuresSequence" in group} == {4}


def test_frames_of_an_enhanced_original_are_named_as_sources(round_trip: RoundTrip) -> None:
    round_trip.make("enhanced_mr")
    (source,) = headers(round_trip.dicom)

    recast(round_trip.dicom, round_trip.back, Kind.CLASSIC)

    items = [ds.SourceImageSequence[0] for ds in headers(round_trip.back)]
    assert {item.ReferencedSOPInstanceUID for item in items} == {source.SOPInstanceUID}
    assert sorted(int(item.ReferencedFrameNumber) for item in items) == list(range(1, source.NumberOfFrames + 1))


def test_every_frame_of_an_enhanced_object_names_its_source_and_the_object_their_series(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct")

    recast(round_trip.dicom, round_trip.back, Kind.ENHANCED)

    (made,) = headers(round_trip.back)
    sources = {ds.SOPInstanceUID: float(ds.ImagePositionPatient[2]) for ds in headers(round_trip.dicom)}
    for frame in made.PerFrameFunctionalGroupsSequence:
        item = frame.DerivationImageSequence[0].SourceImageSequence[0]
        assert sources[item.ReferencedSOPInstanceUID] == float(frame.PlanePositionSequence[0].ImagePositionPatient[2])
    (study,) = made.SourceImageEvidenceSequence
    evidence = study.ReferencedSeriesSequence[0].ReferencedSOPSequence
    assert {item.ReferencedSOPInstanceUID for item in evidence} == set(sources)


@pytest.mark.parametrize(("stated", "moment"), [("20251231230000", "20251231230000"), ("", "20260102230000")])
def test_the_start_of_the_tracer_is_that_which_the_original_states_with_its_date(
    stated: str, moment: str, round_trip: RoundTrip
) -> None:
    tracer = pydicom.Dataset()
    tracer.RadiopharmaceuticalStartTime = "230000"
    if stated:
        tracer.RadiopharmaceuticalStartDateTime = stated
    round_trip.make("pet_slopes")
    edit_dicom(round_trip.dicom, SeriesDate="20260102", RadiopharmaceuticalInformationSequence=[tracer])

    recast(round_trip.dicom, round_trip.back, Kind.ENHANCED)

    (made,) = headers(round_trip.back)
    assert made.RadiopharmaceuticalInformationSequence[0].RadiopharmaceuticalStartDateTime == moment


@pytest.mark.parametrize("kind", KINDS)
def test_patient_study_and_space_stay_and_the_series_is_new(kind: Kind, round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct")
    old = headers(round_trip.dicom)[0]

    recast(round_trip.dicom, round_trip.back, kind)

    for ds in some(headers(round_trip.back)):
        same = ("PatientName", "PatientID", "StudyInstanceUID", "FrameOfReferenceUID", "StudyDate")
        assert [ds[keyword].value for keyword in same] == [old[keyword].value for keyword in same]
        assert ds.SeriesInstanceUID != old.SeriesInstanceUID
        assert ds.SOPInstanceUID not in {source.SOPInstanceUID for source in headers(round_trip.dicom)}


def test_enhanced_is_derived_and_legacy_is_what_its_original_was(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct")

    recast(round_trip.dicom, round_trip.back, Kind.ENHANCED)
    recast(round_trip.dicom, round_trip.nifti, Kind.LEGACY)

    assert headers(round_trip.back)[0].ImageType[0] == "DERIVED"
    assert list(headers(round_trip.nifti)[0].ImageType[:2]) == ["ORIGINAL", "PRIMARY"]


@pytest.mark.slow
def test_private_attributes_stay_behind_but_in_legacy(round_trip: RoundTrip) -> None:
    round_trip.dicom.mkdir()
    sources = slices(ramp(3, 4, 5), MR)
    for ds in sources:
        ds.private_block(0x0029, "PHANTOMS", create=True).add_new(0x01, "LO", "kept")
    save(round_trip.dicom, sources)

    report = recast(round_trip.dicom, round_trip.back, Kind.ENHANCED)
    recast(round_trip.dicom, round_trip.nifti, Kind.LEGACY)

    assert not any(element.tag.is_private for element in headers(round_trip.back)[0].iterall())
    assert "private attributes were not copied" in sentences(report)
    assert "kept" in [element.value for element in headers(round_trip.nifti)[0].iterall()]


def test_times_of_slices_survive_in_both_directions(round_trip: RoundTrip) -> None:
    round_trip.dicom.mkdir()
    sources = slices(ramp(3, 4, 5), MR)
    for n, ds in enumerate(sources):
        ds.AcquisitionTime = f"03040{n}.250000"
    save(round_trip.dicom, sources)

    recast(round_trip.dicom, round_trip.nifti, Kind.ENHANCED)
    recast(round_trip.nifti, round_trip.back, Kind.CLASSIC)

    frames = headers(round_trip.nifti)[0].PerFrameFunctionalGroupsSequence
    stamps = [frame.FrameContentSequence[0].FrameAcquisitionDateTime for frame in frames]
    assert stamps == [f"2026010203040{n}.250000" for n in range(3)]
    assert [ds.AcquisitionTime for ds in headers(round_trip.back)] == [f"03040{n}.250000" for n in range(3)]


@pytest.mark.parametrize("phantom", ["classic_ct", "mr_4d", "pet_slopes"])
def test_highdicom_finds_the_frames_of_a_legacy_object_by_their_sources(phantom: str, round_trip: RoundTrip) -> None:
    highdicom = module("highdicom")
    round_trip.make(phantom)

    recast(round_trip.dicom, round_trip.back, Kind.LEGACY)

    (path,) = round_trip.back.rglob("*.dcm")
    made = highdicom.imread(path)
    by_uid = {ds.SOPInstanceUID: ds for ds in headers(round_trip.dicom)}
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
def test_real_series_keep_voxels_and_place_and_get_no_errors_of_their_own(case: str, kind: Kind, round_trip: RoundTrip) -> None:
    source = SHARED / case / "dicom"
    if not source.is_dir():
        pytest.skip("there is no ../shared/data next to the repository")

    report = recast(source, round_trip.back, kind)

    assert {entry.outcome for entry in report.entries} <= {Outcome.CONVERTED, Outcome.SKIPPED}, sentences(report)
    before = {volume.name: volume for volume in read(source)}
    for folder in (path for path in round_trip.back.iterdir() if path.is_dir()):
        (now,) = read(folder)
        np.testing.assert_allclose(now.real_values(), before[folder.name].real_values(), rtol=1e-9)
        np.testing.assert_allclose(now.ijk_to_ras, before[folder.name].ijk_to_ras, atol=1e-4)
    assert all(facts_of_dciodvfy(path) == set() for path in round_trip.back.rglob("*.dcm"))


def test_a_reference_that_is_not_used_is_reported(round_trip: RoundTrip) -> None:
    save(round_trip.dicom, slices((np.arange(192, dtype="<i2") % 7 > 4).astype("<i2").reshape(3, 8, 8), MR))
    round_trip.forth()

    assert "reference= was not used" in sentences(
        recast(round_trip.nifti, round_trip.back, Kind.SEG, reference=round_trip.dicom)
    )


def test_a_reference_of_a_derived_image_is_reported(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct").forth()
    round_trip.edit_image(lambda image: nibabel.Nifti1Image(np.asarray(image.dataobj) + 1, image.affine))

    assert "reference= was not used" in sentences(
        recast(round_trip.nifti, round_trip.back, Kind.AUTO, reference=round_trip.dicom)
    )
