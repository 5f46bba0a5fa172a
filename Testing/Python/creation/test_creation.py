"""What is known of an image that never was DICOM, from where, and what becomes of it."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest

from made_here import MATRIX, entry_of, made, refused, save
from nifti_dicom_bridge import (
    ConversionOptions,
    FileOptions,
    Job,
    Kind,
    OptionError,
    Outcome,
    SlicePlane,
    Target,
    convert,
    propose,
    read,
    to_nifti,
)
from nifti_dicom_bridge.cli import main
from nifti_dicom_bridge.options import Resample, SegmentationForm
from nifti_dicom_bridge.samples.demo import make_sample
from phantoms import PHANTOMS

TO_DICOM = ConversionOptions(target=Target.DICOM)


def sources(*inputs: Path, **choices) -> dict[str, tuple[str, str]]:
    """Return attribute → (value, source) of the report."""
    (entry,) = convert(Job(inputs, Path("stated"), replace(TO_DICOM, **choices))).entries
    return {value.attribute: (value.new, value.source) for value in entry.log.values}


# --- which kind -------------------------------------------------------------------------------------------------------

FRACTIONS = np.linspace(0, 1, 60, dtype=np.float32).reshape(5, 4, 3)
BLOCK = np.pad(np.ones((2, 2, 2), np.uint8), ((1, 2), (1, 1), (0, 1)))


@pytest.mark.parametrize(
    ("name", "voxels", "sidecar", "kind"),
    [
        ("sub-01_T1w.nii", None, {}, "MR Image Storage"),
        ("sub-01_bold.nii", FRACTIONS * 900, {}, "MR Image Storage"),
        ("sub-01_pet.nii", FRACTIONS * 900, {}, "Positron Emission Tomography Image Storage"),
        ("x.nii", None, {"Modality": "CT"}, "CT Image Storage"),
        ("x.nii", np.arange(60, dtype=np.int16).reshape(5, 4, 3) - 1000, {}, "CT Image Storage"),
        ("x.nii", FRACTIONS - 0.3, {}, "Parametric Map Storage"),
        ("x.nii", np.arange(60).reshape(5, 4, 3).astype(np.int32) * 9999, {}, "Parametric Map Storage"),
        ("sub-01_dseg.nii", BLOCK, {}, "Segmentation Storage"),
        ("sub-01_probseg.nii", FRACTIONS, {}, "Segmentation Storage"),
        ("x.nii", BLOCK, {}, "Segmentation Storage"),
        ("sub-01_T1w.nii", BLOCK, {}, "MR Image Storage"),
    ],
)
def test_kind_is_chosen_by_what_is_known_and_by_the_values(there, name, voxels, sidecar, kind):
    assert made(save(name, voxels, **sidecar))[0].SOPClassUID.name == kind


def test_what_was_assumed_in_choosing_is_reported(there):
    (entry,) = convert(Job([save("x.nii")], Path("out"), TO_DICOM)).entries
    assert any("kind unknown; written as MR" in warning for warning in entry.log.warnings[:1])


@pytest.mark.parametrize(("asked", "kind"), [(Kind.ENHANCED, "Enhanced CT Image Storage"), (Kind.CLASSIC, "CT Image Storage")])
def test_kind_by_modality(there, asked, kind):
    assert made(save("x.nii", Modality="CT"), kind=asked)[0].SOPClassUID.name == kind


def test_kind_by_modality_needs_one(there):
    assert "of modality unknown" in refused(save("x.nii"), kind=Kind.ENHANCED)


# --- sources of values, in their order --------------------------------------------------------------------------------


def test_values_come_from_set_metadata_sidecar_reference_and_defaults_in_this_order(there):
    make_sample(Path("scans"))
    Path("m.toml").write_text('InstitutionName = "file"\nStationName = "file"\n')
    image = save("a.nii", StationName="sidecar", DeviceSerialNumber="sidecar")
    found = sources(
        image, set_values={"InstitutionName": "set"}, metadata=Path("m.toml"), reference=Path("scans"), kind=Kind.MR
    )
    assert found["InstitutionName"] == ("set", "set_values=")
    assert found["StationName"] == ("file", 'metadata="m.toml"')
    assert found["DeviceSerialNumber"] == ("sidecar", "a.json")
    assert found["PatientID"][1].startswith("reference")
    assert found["ScanningSequence"] == ("RM", "default")


def test_what_is_not_specified_is_empty_and_named(there):
    (entry,) = convert(Job([save("a.nii")], Path("out"), TO_DICOM)).entries
    assert any("left empty, because it is not specified" in note and "PatientName" in note for note in entry.log.notes)


def test_metadata_may_be_json_with_lists(there):
    Path("m.json").write_text('{"OtherPatientIDs": ["a", "b"], "PatientWeight": 71.5}')
    (first, *_) = made(save("a.nii"), metadata=Path("m.json"))
    assert (list(first.OtherPatientIDs), first.PatientWeight) == (["a", "b"], 71.5)


@pytest.mark.parametrize("kind", [Kind.MR, Kind.ENHANCED_MR])
def test_window_that_is_specified_is_written(there, kind):
    first, *_ = made(save("a.nii"), kind=kind, set_values={"WindowCenter": "40", "WindowWidth": "400"})
    groups = first.get("SharedFunctionalGroupsSequence")
    shown = groups[0].FrameVOILUTSequence[0] if groups else first
    assert (float(shown.WindowCenter), float(shown.WindowWidth)) == (40, 400)


def test_names_beyond_ascii_are_utf_8(there):
    first, *_ = made(save("a.nii"), set_values={"PatientName": "Διονυσιος^Α"})
    assert (first.SpecificCharacterSet, str(first.PatientName)) == ("ISO_IR 192", "Διονυσιος^Α")


def test_derived_is_what_its_attributes_specify(there):
    first, *_ = made(save("a.nii", ImageType=["ORIGINAL", "PRIMARY", "M", "NORM"]))
    assert list(first.ImageType) == ["DERIVED", "SECONDARY", "M", "NORM"]
    assert "NIfTI" in first.DerivationDescription
    assert first.ContributingEquipmentSequence[0].PurposeOfReferenceCodeSequence[0].CodeValue == "109103"


# --- reference --------------------------------------------------------------------------------------------------------


@pytest.fixture
def scans(there):
    make_sample(Path("scans"))
    return read("scans")[0]


def like(volume, name: str, shift_mm: float = 0.0) -> Path:
    matrix = volume.ijk_to_ras.copy()
    matrix[:3, 3] += shift_mm
    voxels = np.rint(np.swapaxes(volume.real_values()[0], 0, 2)).astype(np.int16)
    return save(name, voxels, matrix)


def test_reference_gives_patient_study_and_space_and_is_referenced_slice_by_slice(scans):
    originals = {str(ds.SOPInstanceUID): ds for ds in (pydicom.dcmread(p) for p in Path("scans").rglob("*") if p.is_file())}
    objects = made(like(scans, "a.nii"), reference=Path("scans"), kind=Kind.MR)
    one = next(iter(originals.values()))
    for found in objects:
        source = originals[found.SourceImageSequence[0].ReferencedSOPInstanceUID]
        for keyword in ("PatientID", "StudyInstanceUID", "FrameOfReferenceUID", "Manufacturer"):
            assert found[keyword].value == one[keyword].value
        assert np.allclose(found.ImagePositionPatient, source.ImagePositionPatient, atol=1e-6)
        assert found.SeriesInstanceUID != source.SeriesInstanceUID


@pytest.mark.parametrize("kind", [Kind.MR, Kind.ENHANCED_MR, Kind.SC, Kind.SEG, Kind.PM])
def test_text_of_a_reference_in_another_character_set_is_the_same_in_utf_8(kind, scans):
    name, description = "Достоевский^Фёдор", "голова"
    for path in Path("scans").rglob("*"):
        if path.is_file():
            ds = pydicom.dcmread(path)
            ds.SpecificCharacterSet = "ISO_IR 144"
            ds.PatientName, ds.StudyDescription = name, description
            ds.save_as(path)
    image = like(scans, "a.nii")
    if kind is Kind.SEG:
        labels = (np.asarray(nibabel.load(image).dataobj) > 0).astype(np.uint8)
        save("a.nii", labels, nibabel.load(image).affine)

    found, *_ = made(image, reference=Path("scans"), kind=kind)

    assert found.SpecificCharacterSet == "ISO_IR 192"
    assert (str(found.PatientName), found.StudyDescription) == (name, description)


def test_grid_that_differs_by_rounding_is_snapped(scans):
    moved = made(like(scans, "a.nii", 0.01), reference=Path("scans"), kind=Kind.MR)
    exact = {tuple(map(float, pydicom.dcmread(p).ImagePositionPatient)) for p in Path("scans").rglob("*") if p.is_file()}
    assert {tuple(map(float, found.ImagePositionPatient)) for found in moved} == exact


def test_grid_of_its_own_is_kept_in_the_same_space(scans):
    objects = made(like(scans, "a.nii", 2.0), reference=Path("scans"), kind=Kind.MR)
    originals = [pydicom.dcmread(p) for p in Path("scans").rglob("*") if p.is_file()]
    assert objects[0].FrameOfReferenceUID == originals[0].FrameOfReferenceUID
    nearest = min(np.abs(np.subtract(objects[0].ImagePositionPatient, o.ImagePositionPatient)).max() for o in originals)
    assert nearest > 0.5


def test_image_that_does_not_overlap_its_reference_is_refused(scans):
    assert "does not overlap" in refused(like(scans, "a.nii", 5000.0), reference=Path("scans"), kind=Kind.MR)


def test_image_in_the_space_of_a_template_is_refused(scans):
    image = nibabel.load(like(scans, "a.nii"))
    image.header["sform_code"] = 4
    nibabel.save(image, "mni.nii")
    assert "template (mni)" in refused(Path("mni.nii"), reference=Path("scans"), kind=Kind.MR)


def test_image_that_is_elsewhere_gets_a_space_of_its_own_if_that_is_allowed(scans):
    image = like(scans, "a.nii", 5000.0)
    objects = made(image, reference=Path("scans"), kind=Kind.MR, allow_no_overlap=True)
    assert "SourceImageSequence" not in objects[0]
    one = pydicom.dcmread(next(p for p in Path("scans").rglob("*") if p.is_file()))
    assert objects[0].FrameOfReferenceUID != one.FrameOfReferenceUID
    assert objects[0].StudyInstanceUID == one.StudyInstanceUID


def test_study_from_gives_patient_and_study_only(scans):
    (first, *_) = made(like(scans, "a.nii"), study_from=Path("scans"))
    one = pydicom.dcmread(next(p for p in Path("scans").rglob("*") if p.is_file()))
    assert (first.PatientID, first.StudyInstanceUID) == (one.PatientID, one.StudyInstanceUID)
    assert first.FrameOfReferenceUID != one.FrameOfReferenceUID
    assert "SourceImageSequence" not in first


def copied(folder: Path, **values) -> Path:
    """Copy the series into a folder, with other attributes and UIDs."""
    for path in filter(Path.is_file, Path("scans").rglob("*")):
        ds = pydicom.dcmread(path)
        ds.update({"SOPInstanceUID": pydicom.uid.generate_uid(entropy_srcs=[str(folder), str(path)]), **values})
        folder.mkdir(exist_ok=True)
        ds.save_as(folder / path.name)
    return folder


@pytest.mark.parametrize(
    "values", [{"StudyInstanceUID": "1.2.3"}, {"PatientSex": "M"}, {"PatientID": "P8", "StudyInstanceUID": "1.2.3"}], ids=len
)
def test_reference_and_study_from_are_of_one_study(scans, values):
    patient(scans, **JANE)
    image, study = like(scans, "a.nii"), copied(Path("study"), SeriesInstanceUID="1.2.4", **values)
    assert "are of two studies" in refused(image, reference=Path("scans"), study_from=study)


@pytest.mark.parametrize("is_set", [True, False])
def test_attributes_of_another_study_are_not_copied(scans, is_set):
    patient(scans, **JANE, StudyDate="20200102", StudyID="S1")
    image, uid = like(scans, "a.nii"), {"StudyInstanceUID": "1.2.3"}
    if not is_set:
        Path("a.json").write_text(json.dumps(uid))
    options = {"set_values": uid} if is_set else {}
    objects = made(image, reference=Path("scans"), **options)
    assert {(ds.StudyInstanceUID, ds.PatientID, ds.StudyDate, ds.StudyID) for ds in objects} == {("1.2.3", "P7", "", "")}
    warnings = entry_of(image, out="again", reference=Path("scans"), **options).log.warnings
    assert any("is not that of the reference" in warning for warning in warnings)


def test_reference_and_study_from_may_name_the_same_study(scans):
    patient(scans, **JANE)
    image, study = like(scans, "a.nii"), copied(Path("study"), SeriesInstanceUID="1.2.4")
    assert {ds.PatientID for ds in made(image, reference=Path("scans"), study_from=study)} == {"P7"}


@pytest.mark.parametrize(
    ("values", "what"),
    [({"StudyInstanceUID": "1.2.3"}, "2 studies"), ({"PatientID": "P8", "StudyInstanceUID": "1.2.3"}, "2 patients")],
    ids=["studies", "patients"],
)
def test_a_folder_of_several_studies_does_not_specify_one(scans, values, what):
    patient(scans, **JANE)
    image = like(scans, "a.nii")
    shutil.move(copied(Path("other"), SeriesInstanceUID="1.2.4", **values), Path("scans") / "other")
    with pytest.raises(OptionError, match=f"study_from=.*contains {what}.*Name the folder of one study"):
        made(image, study_from=Path("scans"))


def patient(scans, **values):
    """Set attributes of the patient in all files of a folder."""
    for path in filter(Path.is_file, Path("scans").rglob("*")):
        ds = pydicom.dcmread(path)
        ds.update(values)
        ds.save_as(path)


JANE = {"PatientID": "P7", "PatientName": "Doe^Jane", "PatientBirthDate": "19800201", "PatientSex": "F"}


@pytest.mark.parametrize(
    "keys",
    [
        {"PatientID": "somebody else"},
        {"PatientName": "Roe^Richard"},
        {"PatientID": "P7", "PatientBirthDate": "1950-01-01"},
        {"PatientSex": "M"},
    ],
    ids=", ".join,
)
def test_reference_of_another_patient_is_refused(scans, keys):
    patient(scans, **JANE)
    save("a.nii", **keys)
    message = refused(Path("a.nii"), reference=Path("scans"))
    assert "another patient" in message
    assert f"specifies {list(keys)[-1]} " in message


@pytest.mark.parametrize("keys", [{"PatientID": "p7 "}, {"PatientName": "DOE, JANE"}, {"PatientSex": "O"}], ids=", ".join)
def test_another_spelling_of_the_patient_is_not_another_patient(scans, keys):
    patient(scans, **JANE)
    like(scans, "a.nii")
    Path("a.json").write_text(json.dumps(keys))
    assert {ds.StudyInstanceUID for ds in made(Path("a.nii"), reference=Path("scans"))} == {
        pydicom.dcmread(path).StudyInstanceUID for path in filter(Path.is_file, Path("scans").rglob("*"))
    }


def test_a_birth_date_that_is_set_is_not_compared(scans):
    patient(scans, **JANE)
    image = like(scans, "a.nii")
    Path("a.json").write_text(json.dumps({"PatientBirthDate": "1950-01-01"}))
    objects = made(image, reference=Path("scans"), set_values={"PatientBirthDate": "19810201"})
    assert {ds.PatientBirthDate for ds in objects} == {"19810201"}


def test_image_turned_against_its_reference_is_turned_back(scans):
    order = nibabel.orientations.axcodes2ornt(("R", "A", "S"))
    image = nibabel.load(like(scans, "a.nii"))
    nibabel.save(image.as_reoriented(nibabel.orientations.ornt_transform(nibabel.io_orientation(image.affine), order)), "b.nii")
    straight, turned = (made(Path(name), reference=Path("scans"), kind=Kind.MR) for name in ("a.nii", "b.nii"))
    for one, other in zip(straight, turned, strict=True):
        assert np.array_equal(one.pixel_array, other.pixel_array)
        assert one.ImagePositionPatient == other.ImagePositionPatient


# --- one study for one person -----------------------------------------------------------------------------------------


def test_images_of_one_session_of_a_bids_tree_share_one_study(there):
    Path("bids").mkdir()
    Path("bids/dataset_description.json").write_text('{"Name": "x", "BIDSVersion": "1.9.0"}')
    tree = "bids/sub-{0}/ses-{1}/anat/sub-{0}_ses-{1}_{2}.nii"
    names = [("01", "1", "T1w"), ("01", "1", "T2w"), ("01", "2", "T1w"), ("02", "1", "T1w")]
    for entry in names:
        save(tree.format(*entry))
    Path("bids/derivatives/p").mkdir(parents=True)
    Path("bids/derivatives/p/dataset_description.json").write_text('{"Name": "p", "DatasetType": "derivative"}')
    save("bids/derivatives/p/sub-01/ses-1/anat/sub-01_ses-1_desc-x_T1w.nii")
    report = convert(Job([Path("bids")], Path("out"), TO_DICOM))
    studies = {}
    for entry in report.entries:
        studies[entry.inputs[0].name.split(".")[0]] = pydicom.dcmread(entry.outputs[0]).StudyInstanceUID
    assert studies["sub-01_ses-1_T1w"] == studies["sub-01_ses-1_T2w"] == studies["sub-01_ses-1_desc-x_T1w"]
    assert len(set(studies.values())) == 3


def test_sidecars_above_an_image_apply_to_it(there):
    Path("bids").mkdir()
    Path("bids/dataset_description.json").write_text('{"Name": "x", "BIDSVersion": "1.9.0"}')
    Path("bids/task-rest_bold.json").write_text('{"RepetitionTime": 2.0, "EchoTime": 0.03, "Modality": "MR"}')
    image = save("bids/sub-01/func/sub-01_task-rest_bold.nii", EchoTime=0.04)
    first, *_ = made(image)
    assert (float(first.RepetitionTime), float(first.EchoTime)) == (2000.0, 40.0)


# --- planes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("plane", "orientation", "slices"),
    [
        (SlicePlane.AXIAL, [1, 0, 0, 0, 1, 0], 3),
        (SlicePlane.CORONAL, [1, 0, 0, 0, 0, -1], 4),
        (SlicePlane.SAGITTAL, [0, 1, 0, 0, 0, -1], 5),
        (SlicePlane.AUTO, [1, 0, 0, 0, 1, 0], 3),
    ],
)
def test_plane_is_as_asked_with_rows_and_columns_as_viewers_show_them(there, plane, orientation, slices):
    objects = made(save("a.nii", matrix=np.diag([2.0, -1.5, 3.0, 1.0])), plane=plane, kind=Kind.MR)
    assert len(objects) == slices
    assert np.allclose(objects[0].ImageOrientationPatient, orientation)


def test_as_stored_keeps_the_order_of_the_file(there):
    voxels = np.arange(60, dtype=np.int16).reshape(5, 4, 3)
    first, *_ = made(save("a.nii", voxels), plane=SlicePlane.AS_STORED, kind=Kind.MR)
    assert np.array_equal(first.pixel_array, voxels[:, :, 0].T)


def test_plane_of_a_reference_needs_one(there):
    with pytest.raises(OptionError, match="Name one with reference"):
        made(save("a.nii"), plane=SlicePlane.REFERENCE)


def test_slices_go_across_the_thickest_voxels(there):
    objects = made(save("a.nii", matrix=np.diag([6.0, 1, 1, 1])), kind=Kind.MR)
    assert len(objects) == 5


def test_shear_in_plane_is_refused_and_states_what_helps(there):
    matrix = MATRIX.copy()
    matrix[0, 1] = 0.7
    error = refused(save("a.nii", matrix=matrix), kind=Kind.MR)
    assert "90°" in error
    assert 'resample="shear"' in error


def test_an_affine_transform_in_the_header_is_refused_without_a_remedy_that_does_not_help(there):
    matrix = MATRIX @ np.array([[1, 0.02, 0.03, 0], [0, 1.01, 0.04, 0], [0, 0, 0.99, 0], [0, 0, 0, 1]])
    error = refused(save("a.nii", matrix=matrix), kind=Kind.MR)
    assert "No two axes of the image are perpendicular" in error
    assert "resample=" not in error


def test_shear_in_plane_is_resampled_on_request(there):
    matrix = MATRIX.copy()
    matrix[0, 1] = 0.7
    i, j, k = np.meshgrid(np.arange(12), np.arange(9), np.arange(3), indexing="ij")
    x, y, z = np.tensordot(matrix[:3, :3], [i, j, k], axes=1) + matrix[:3, 3][:, None, None, None]
    made(
        save("a.nii", (100 + 3 * x + 2 * y + z).astype(np.float32), matrix), kind=Kind.MR, resample=frozenset({Resample.SHEAR})
    )
    (found,) = read("out/a")
    k, j, i = np.meshgrid(*map(np.arange, found.voxels.shape[1:]), indexing="ij")
    x, y, z = np.tensordot(found.ijk_to_ras[:3, :3], [i, j, k], axes=1) + found.ijk_to_ras[:3, 3][:, None, None, None]
    indices = np.tensordot(np.linalg.inv(matrix), [x, y, z, np.ones_like(x)], axes=1)[:3]
    inside = np.all((indices >= 0) & (indices <= np.array([11, 8, 2])[:, None, None, None]), axis=0)
    assert inside.mean() > 0.3
    assert np.abs(found.real_values()[0] - (100 + 3 * x + 2 * y + z))[inside].max() < 0.05


# --- values -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "voxels",
    [
        (np.arange(60).reshape(5, 4, 3) * 0.25 - 3).astype(np.float32),
        (np.arange(60).reshape(5, 4, 3) * 1.2345678e-3).astype(np.float32),
        np.arange(60).reshape(5, 4, 3).astype(np.int32) + 3_000_000,
        np.arange(60).reshape(5, 4, 3).astype(np.uint32) + 4_000_000_000,
        -np.arange(60).reshape(5, 4, 3).astype(np.int64) - 40_000,
        np.full((5, 4, 3), 3.7, np.float32),
    ],
    ids=["quarters", "steps", "offset", "uint32", "int64", "constant"],
)
def test_values_are_exact_where_sixteen_bits_can_hold_them(there, voxels):
    nibabel.save(nibabel.Nifti1Image(voxels, MATRIX, dtype=voxels.dtype), "a.nii")
    (entry,) = convert(Job([Path("a.nii")], Path("out"), replace(TO_DICOM, kind=Kind.MR))).entries
    (found,) = read("out/a")
    wanted = np.flip(np.swapaxes(voxels, 0, 2), ())[None]
    assert np.allclose(np.sort(found.real_values().ravel()), np.sort(wanted.ravel().astype(float)), rtol=1e-6, atol=0)
    assert not any("rounded" in warning for warning in entry.log.warnings)


def test_slope_of_the_image_becomes_that_of_the_slices(there):
    image = nibabel.Nifti1Image(np.arange(60, dtype=np.int16).reshape(5, 4, 3), MATRIX)
    image.header.set_slope_inter(0.5, -10)
    nibabel.save(image, "a.nii")
    first, *_ = made(Path("a.nii"), kind=Kind.MR)
    assert (float(first.RescaleSlope), float(first.RescaleIntercept), first.RescaleType) == (0.5, -10.0, "US")


def test_rounding_is_reported_with_its_bound(there):
    voxels = np.random.default_rng(0).normal(size=(5, 4, 3)).astype(np.float32)
    (entry,) = convert(Job([save("a.nii", voxels)], Path("out"), replace(TO_DICOM, kind=Kind.MR))).entries
    assert any("the largest error is" in warning for warning in entry.log.warnings)


def test_rounding_beyond_the_limit_is_refused(there):
    voxels = np.random.default_rng(0).normal(size=(5, 4, 3)).astype(np.float32)
    assert "max_error=" in refused(save("a.nii", voxels), kind=Kind.MR, max_error=1e-9)


def test_nan_becomes_padding_that_is_no_value_of_the_image(there):
    voxels = np.arange(60, dtype=np.float32).reshape(5, 4, 3)
    voxels[0, 0, 0] = np.nan
    first, *_ = made(save("a.nii", voxels), kind=Kind.MR)
    assert (first.pixel_array == first.PixelPaddingValue).sum() == 1


def test_complex_voxels_become_two_series(there):
    voxels = (np.arange(60) + 1j * np.arange(60)[::-1]).reshape(5, 4, 3).astype(np.complex64)
    kinds = {found.ImageType[2] for found in made(save("a.nii", voxels))}
    assert kinds == {"R", "I"}


@pytest.mark.parametrize(
    ("voxels", "choices", "words"),
    [
        (np.full((5, 4, 3), np.inf, np.float32), {"kind": Kind.MR}, "infinite"),
        (np.full((5, 4, 3), np.nan, np.float32), {"kind": Kind.MR}, "NaN"),
        (np.full((5, 4, 3), np.nan, np.float32), {"kind": Kind.PET}, "NaN"),
        (np.zeros((5, 4, 3), np.uint8), {"kind": Kind.SEG}, "all voxels are 0"),
        (-np.ones((5, 4, 3), np.int16), {"kind": Kind.SEG}, "negative"),
        (FRACTIONS, {"kind": Kind.SEG, "segmentation": SegmentationForm.BINARY}, "whole"),
        (np.zeros((5, 4, 3, 2, 3), np.int16), {}, "per voxel"),
    ],
)
def test_voxels_that_do_not_fit_are_one_clear_error(there, voxels, choices, words):
    assert words in refused(save("a.nii", voxels), **choices)


@pytest.mark.parametrize("bad", [np.nan, 0.0])
def test_matrix_that_is_none_is_one_clear_error(there, bad):
    image = nibabel.Nifti1Image(np.zeros((5, 4, 3), np.int16), MATRIX)
    image.header["srow_x"], image.header["sform_code"], image.header["qform_code"] = [bad] * 4, 1, 0
    image.header["srow_y"], image.header["srow_z"] = [0, 1, 0, 0], [0, 0, 1, 0]
    with open("a.nii", "wb") as file:
        file.write(image.header.binaryblock + bytes(4) + bytes(120))
    assert "matrix" in refused(Path("a.nii"))


# --- 4D, diffusion, slice times ---------------------------------------------------------------------------------------


def test_times_become_temporal_positions_and_come_back(there):
    voxels = np.arange(240, dtype=np.int16).reshape(5, 4, 3, 4)
    image = nibabel.Nifti1Image(voxels, MATRIX)
    image.header.set_zooms((2, 1.5, 3, 2.5))
    image.header.set_xyzt_units("mm", "sec")
    nibabel.save(image, "a_bold.nii")
    objects = made(Path("a_bold.nii"))
    assert [int(found.TemporalPositionIdentifier) for found in objects[::3]] == [1, 2, 3, 4]
    (back,) = read("out/a_bold")
    assert np.array_equal(back.voxels, np.moveaxis(voxels, [0, 1, 2, 3], [3, 2, 1, 0]))


@pytest.mark.parametrize(
    ("image", "bval", "bvec"),
    [("data.nii", "bvals", "bvecs"), ("a.nii", "a.bvals", "a.bvecs"), ("a.nii", "a.bval", "a.eddy_rotated_bvecs")],
    ids=["FSL", "DIPY", "eddy"],
)
def test_gradients_have_the_names_that_tools_give_them(there, image: str, bval: str, bvec: str):
    path = save(image, np.arange(120, dtype=np.int16).reshape(5, 4, 3, 2))
    Path(bval).write_text("0 1000\n")
    Path(bvec).write_text("0 1\n0 0\n0 0\n")
    assert {ds.DiffusionBValue for ds in made(path, kind="mr")} == {0, 1000}


@pytest.mark.parametrize("kind", [Kind.MR, Kind.ENHANCED_MR])
def test_gradients_come_back(there, kind):
    voxels = np.arange(180, dtype=np.int16).reshape(5, 4, 3, 3)
    image = save("a_dwi.nii", voxels, Modality="MR")
    Path("a_dwi.bval").write_text("0 1000 2000\n")
    Path("a_dwi.bvec").write_text("0 1 0.6\n0 0 0\n0 0 0.8\n")
    made(image, kind=kind)
    (back,) = read("out/a_dwi")
    assert np.allclose(back.gradients[:, 0], [0, 1000, 2000])
    # the matrix is left-handed for FSL's purposes no more than MATRIX is: x and y negated, so no sign of x is changed
    assert np.allclose(back.gradients[1:, 1:], [[1, 0, 0], [0.6, 0, 0.8]], atol=1e-6) or np.allclose(
        back.gradients[1:, 1:], [[-1, 0, 0], [-0.6, 0, 0.8]], atol=1e-6
    )


@pytest.mark.parametrize(("b_values", "written"), [("1000", 1000), ("0 1000", None)])
def test_one_volume_has_the_b_value_of_a_file_with_one(there, b_values: str, written: float | None):
    image = save("a_dwi.nii")
    Path("a_dwi.bval").write_text(b_values + "\n")
    Path("a_dwi.bvec").write_text("\n".join(" ".join("1" if row == 0 else "0" for _ in b_values.split()) for row in range(3)))
    entry = entry_of(image, kind="mr")
    assert pydicom.dcmread(sorted(entry.outputs)[0]).get("DiffusionBValue") == written
    assert any("a_dwi.bval is not used" in text for text in entry.log.warnings) == (written is None)


def test_gradients_of_another_length_are_one_clear_error(there):
    image = save("a_dwi.nii", np.arange(180, dtype=np.int16).reshape(5, 4, 3, 3))
    Path("a_dwi.bval").write_text("0 1000\n")
    Path("a_dwi.bvec").write_text("0 1\n0 0\n0 0\n")
    assert "for each was expected" in refused(image)


def test_slices_are_acquired_when_slice_timing_specifies(there):
    image = save("a_bold.nii", SliceTiming=[0.0, 1.0, 0.5], AcquisitionTime="10:00:00.000000", Modality="MR")
    assert [str(found.AcquisitionTime) for found in made(image)] == ["100000.000000", "100001.000000", "100000.500000"]


# --- bad input --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sidecar", "words"),
    [
        ({"EchoTime": "long"}, "EchoTime"),
        ({"SliceTiming": [0, 1]}, "SliceTiming"),
        ({"SliceTiming": [0, 1, "x"]}, "SliceTiming"),
        ({"SliceTiming": [0, 1, 2], "SliceEncodingDirection": "up"}, "SliceEncodingDirection"),
        ({"RepetitionTime": [1, 2]}, "RepetitionTime"),
    ],
)
def test_sidecar_value_of_another_kind_is_left_out_and_named(there, sidecar, words):
    (entry,) = convert(Job([save("a_bold.nii", Modality="MR", **sidecar)], Path("out"), TO_DICOM)).entries
    assert entry.outcome is Outcome.CONVERTED
    assert any(words in warning and "left out" in warning for warning in entry.log.warnings)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--set", "PatientNam=x"], "PatientName"),
        (["--set", "PatientBirthDate=yesterday"], "DA"),
        (["--reference", "nowhere"], "nowhere"),
        (["--metadata", "nowhere.json"], "nowhere.json"),
        (["--metadata", "broken.json"], "is not valid JSON"),
        (["--metadata", "list.json"], "object"),
        (["--metadata", "nested.json"], "PatientName"),
        (["--reference", "text"], "no DICOM image"),
        (["--as", "x-ray"], "x-ray"),
    ],
)
def test_option_that_makes_no_sense_is_wrong_usage(there, arguments, words, capsys):
    save("a.nii")
    Path("broken.json").write_text("{")
    Path("list.json").write_text("[1]")
    Path("nested.json").write_text('{"PatientName": {"a": 1}}')
    Path("text").mkdir()
    Path("text/a.txt").write_text("no image")
    assert main(["convert", "a.nii", "--to", "dicom", "-o", "out", *arguments]) == 2
    assert words in capsys.readouterr().err
    assert not Path("out").exists()


@pytest.mark.parametrize("limit", ["nan", "-1"])
def test_limit_that_is_none_is_wrong_usage(there, limit, capsys):
    save("a.nii")
    assert main(["convert", "a.nii", "--to", "dicom", "-o", "out", f"--max-error={limit}"]) == 2
    assert "Expected a number of at least 0" in capsys.readouterr().err
    assert not Path("out").exists()


def test_legacy_object_of_what_never_was_dicom_is_one_clear_error(there):
    assert "never was DICOM" in refused(save("sub-1_T1w.nii"), kind=Kind.LEGACY)


def test_sidecar_that_is_not_there_is_one_clear_error(there):
    with pytest.raises(OptionError, match=r"no\.json does not exist"):
        made(save("a.nii"), sidecar="no.json")


def test_the_sidecar_of_an_image_is_named_where_another_one_is_used_in_its_place(there):
    path = save("a.nii", EchoTime=0.03)
    Path("b.json").write_text('{"EchoTime": 0.05}')
    entry = entry_of(path, kind="mr", sidecar="b.json")
    assert float(pydicom.dcmread(sorted(entry.outputs)[0]).EchoTime) == 50
    assert "a.json of the image was not used, as sidecar= names another file" in entry.log.warnings


@pytest.mark.parametrize("named", ["nifti/first.json", "copy.json"])
def test_a_record_next_to_the_image_is_named_where_another_one_is_used_in_its_place(there, named):
    made(save("a.nii", EchoTime=0.03), kind="mr")
    to_nifti("out", "nifti")
    (image,) = Path("nifti").glob("*.nii.gz")
    image.rename("nifti/first.nii.gz")
    image.with_name(image.name.replace(".nii.gz", ".json")).rename("nifti/first.json")
    Path("copy.json").write_bytes(Path("nifti/first.json").read_bytes())
    entry = entry_of(Path("nifti/first.nii.gz"), out="back", sidecar=named)
    assert entry.outcome is Outcome.REISSUED
    words = "first.json of the image was not used, as sidecar= names another file"
    assert (words in entry.log.warnings) is (named == "copy.json")


# --- before anything is written ---------------------------------------------------------------------------------------


def test_proposal_names_kind_and_sources_and_writes_nothing(there):
    save("a.nii", Modality="CT", PatientID="7")
    before = sorted(there.rglob("*"))
    (found,) = propose([there], TO_DICOM)
    assert (found.kind, found.companion.value, found.error) == (Kind.CT, "bids", "")
    values = {value.attribute: (value.new, value.source) for value in found.values}
    assert values["PatientID"][0] == "7"
    assert values["PatientName"] == ("", "default")
    assert sorted(there.rglob("*")) == before


# --- choices for single files


def test_files_with_choices_of_their_own_stay_in_one_study(there):
    image, labels = save("sub-1_T1w.nii.gz"), save("sub-1_dseg.nii.gz", np.ones((5, 4, 3), np.uint8))
    own = {image: FileOptions(Kind.MR, None, {"PatientID": "7"}), labels: FileOptions(Kind.SEG, None, {"PatientID": "7"})}
    found = made(image, labels, per_file=own)
    assert {ds.Modality for ds in found} == {"MR", "SEG"}
    assert len({ds.StudyInstanceUID for ds in found}) == 1
    assert {ds.PatientID for ds in found} == {"7"}


def test_value_of_one_file_does_not_reach_another(there):
    first, second = save("a.nii.gz"), save("b.nii.gz")
    options = replace(TO_DICOM, per_file={first: FileOptions(set_values={"PatientName": "Doe^Jo"})})
    names = [next(v.new for v in found.values if v.attribute == "PatientName") for found in propose([first, second], options)]
    assert names == ["Doe^Jo", ""]
    assert {str(ds.PatientName) for ds in made(first, second, per_file=options.per_file)} == {"Doe^Jo", ""}


def test_value_that_is_not_valid_fails_its_own_file_only(there):
    first, second = save("a.nii.gz"), save("b.nii.gz")
    own = {first: FileOptions(set_values={"PatientBirthDate": "yesterday"})}
    report = convert(Job([first, second], Path("out"), replace(TO_DICOM, per_file=own)))
    assert [entry.outcome for entry in report.entries] == [Outcome.FAILED, Outcome.CONVERTED]
    assert "PatientBirthDate" in report.entries[0].error


def test_parts_of_one_series_with_different_choices_are_refused(there):
    PHANTOMS["enhanced_two_stacks"].write(Path("dicom"))
    image, other = (path for path in convert(Job([Path("dicom")], Path("nifti"))).outputs if path.suffix == ".gz")
    assert "Choose the same kind" in refused(image, other, per_file={other: FileOptions(Kind.SC)})
