"""NIfTI becomes DICOM next to a reference series: patient, study, space, and what is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest

from nifti_dicom_bridge import (
    ConversionOptions,
    Job,
    Kind,
    OptionError,
    Outcome,
    Target,
    convert,
    read,
    to_nifti,
)
from nifti_dicom_bridge.samples.demo import make_sample
from support.new_objects import entry_of, made, refused, save

TO_DICOM = ConversionOptions(target=Target.DICOM)


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


@pytest.mark.parametrize(("name", "is_reported"), [("Doe^J", True), ("anonymous", True), ("DOE^JANE^^", False)])
def test_another_name_in_the_study_of_the_reference_is_reported(scans, name, is_reported):
    patient(scans, **JANE)
    image = like(scans, "a.nii")
    Path("a.json").write_text(json.dumps({"PatientName": name}))
    entry = entry_of(image, reference=Path("scans"))
    assert entry.outcome is Outcome.CONVERTED
    assert any("PatientName is not that of the reference" in warning for warning in entry.log.warnings) is is_reported


def test_a_series_of_the_study_that_lost_its_patient_id_is_not_of_another_patient(scans):
    patient(scans, **JANE)
    image = like(scans, "a.nii")
    shutil.move(copied(Path("other"), SeriesInstanceUID="1.2.4", PatientID=""), Path("scans") / "other")
    assert {str(ds.PatientName) for ds in made(image, study_from=Path("scans"))} == {"Doe^Jane"}


@pytest.mark.parametrize("option", ["reference", "study_from"])
@pytest.mark.parametrize("is_other", [True, False])
def test_a_restored_image_reports_another_study_that_was_named(scans, option, is_other):
    study = copied(Path("study"), SeriesInstanceUID="1.2.4", **({"StudyInstanceUID": "1.2.3"} if is_other else {}))
    to_nifti("scans", "images")
    entry = entry_of(Path("images"), **{option: study})

    assert entry.outcome is Outcome.REISSUED
    assert (f"{option}= was not used: a restored image belongs to the study of its original" in entry.log.warnings) is is_other


def test_labels_of_an_image_that_is_not_a_segmentation_are_reported(scans):
    Path("labels.tsv").write_text("index\tname\n1\tLiver\n")
    entry = entry_of(like(scans, "a.nii"), kind="mr", labels="labels.tsv")

    assert any('labels="labels.tsv" was not applied' in warning for warning in entry.log.warnings)


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
