"""Regions of another frame of reference than the series: a registration or the user may state that both are one space."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from nifti_dicom_bridge import Entry, Outcome, to_dicom, to_nifti
from support.new_objects import series

STRUCTURE_SET = "1.2.840.10008.5.1.4.1.1.481.3"
SPATIAL_REGISTRATION = "1.2.840.10008.5.1.4.1.1.66.1"
OTHER = "1.2.3.999"
MOVED = np.eye(4)
MOVED[0, 3] = 5.0


@pytest.fixture(autouse=True)
def there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def instance(sop_class: str, modality: str, like: Dataset) -> Dataset:
    """Return an object of the patient of another one, in the other frame of reference."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID, ds.SOPInstanceUID, ds.Modality = sop_class, generate_uid(), modality
    ds.PatientID, ds.PatientName, ds.StudyInstanceUID = like.PatientID, like.PatientName, like.StudyInstanceUID
    ds.SeriesInstanceUID, ds.SeriesNumber, ds.SeriesDescription = generate_uid(), 9, "plan"
    return ds


def images() -> list[Dataset]:
    """Return the images of the series ``ct``, which is written where it is not there."""
    folder = Path("ct") if Path("ct").exists() else series("ct")
    return sorted(map(pydicom.dcmread, folder.rglob("*.dcm")), key=lambda ds: float(ds.ImagePositionPatient[2]))


def item(**attributes: object) -> Dataset:
    ds = Dataset()
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    return ds


def drawn(folder: str = "rt") -> Path:
    """Write an RT Structure Set with a square in the second slice of the series, in another frame of reference."""
    image = images()[1]
    ds = instance(STRUCTURE_SET, "RTSTRUCT", image)
    ds.StructureSetLabel, ds.StructureSetDate, ds.StructureSetTime = "plan", "", ""
    ds.ReferencedFrameOfReferenceSequence = [item(FrameOfReferenceUID=OTHER)]
    ds.StructureSetROISequence = [
        item(ROINumber=1, ROIName="a", ROIGenerationAlgorithm="", ReferencedFrameOfReferenceUID=OTHER)
    ]
    row, column = np.array(image.ImageOrientationPatient[:3]), np.array(image.ImageOrientationPatient[3:])
    start = np.array(image.ImagePositionPatient)
    corners = [(0.5, 0.5), (2.5, 0.5), (2.5, 2.5), (0.5, 2.5)]
    points = [start + x * row * image.PixelSpacing[1] + y * column * image.PixelSpacing[0] for x, y in corners]
    contour = item(ContourGeometricType="CLOSED_PLANAR", NumberOfContourPoints=4, ContourData=list(np.ravel(points)))
    ds.ROIContourSequence = [item(ReferencedROINumber=1, ContourSequence=[contour])]
    ds.RTROIObservationsSequence = []
    return written(ds, folder)


def written(ds: Dataset, folder: str) -> Path:
    Path(folder).mkdir(exist_ok=True)
    ds.save_as(Path(folder) / f"{ds.Modality}{len(list(Path(folder).iterdir()))}.dcm", enforce_file_format=True)
    return Path(folder)


def registered(*matrices: np.ndarray, to: str = "", folder: str = "rt") -> None:
    """Write a Spatial Registration of the other frame of reference to that of the series, in steps."""
    image = images()[0]
    ds = instance(SPATIAL_REGISTRATION, "REG", image)
    ds.FrameOfReferenceUID = to or image.FrameOfReferenceUID
    steps = [item(FrameOfReferenceTransformationMatrix=[f"{value:.10g}" for value in matrix.ravel()]) for matrix in matrices]
    ds.RegistrationSequence = [
        item(FrameOfReferenceUID=OTHER, MatrixRegistrationSequence=[item(MatrixSequence=steps)]),
        item(FrameOfReferenceUID=ds.FrameOfReferenceUID),
    ]
    written(ds, folder)


def converted(*inputs: Path | str, **options: object) -> Entry:
    """Convert, and return the entry of the regions."""
    report = to_nifti(inputs, "nifti", overwrite=True, **options)
    (entry,) = (one for one in report.entries if one.title.startswith(("RTSTRUCT", "9 plan")))
    return entry


def voxels(entry: Entry) -> np.ndarray:
    assert entry.outcome is Outcome.CONVERTED, entry.error
    (path,) = (path for path in entry.outputs if path.name.endswith(".nii.gz"))
    return np.asarray(nibabel.load(path).dataobj)


def test_regions_in_another_frame_of_reference_are_not_drawn_and_the_option_is_named():
    entry = converted(drawn(), "ct", reference="ct")
    assert entry.outcome is Outcome.SKIPPED
    assert "another frame of reference than its regions" in entry.error
    assert "same_space=True" in entry.error


@pytest.mark.parametrize("reference", [None, "ct"])
def test_the_user_can_state_that_frames_of_reference_are_one_space(reference):
    entry = converted(drawn(), "ct", reference=reference, same_space=True)
    found = voxels(entry)
    assert (found.shape, found.sum(), found[:, :, 1].sum()) == ((5, 4, 3), 4, 4)
    assert any("both are taken for one space, as same_space=True states" in text for text in entry.log.warnings)


def test_regions_are_not_drawn_on_another_patient_whatever_the_user_states_about_spaces():
    folder = drawn()
    series("other", PatientID="P2", PatientName="Bob", StudyInstanceUID="1.2.3.2")
    assert converted(folder, "other", same_space=True).outcome is Outcome.SKIPPED


@pytest.mark.parametrize(
    ("patient", "name", "study", "is_drawn"),
    [
        ("", "Bob^B", "same", False),  # another person, though both may lack a PatientID
        ("", "Bob^B", "1.2.3.2", False),
        ("", "same", "same", True),  # lost, in the same study
        ("", "same", "1.2.3.2", False),
    ],
)
@pytest.mark.parametrize("regions_have_id", [True, False])
def test_without_patient_id_name_and_study_show_whose_images_regions_are(
    patient: str, name: str, study: str, is_drawn: bool, regions_have_id: bool
):
    file = next(drawn().iterdir())
    ds = pydicom.dcmread(file)
    ds.PatientName = "Doe^Jane"
    if not regions_have_id:
        ds.PatientID = ""
    ds.save_as(file)
    stated = {"PatientName": "Doe^Jane" if name == "same" else name}
    stated |= {"StudyInstanceUID": ds.StudyInstanceUID if study == "same" else study}
    series("other", PatientID=patient, **stated)
    is_drawn = is_drawn or (not regions_have_id and name == "same")  # nothing differs
    assert (converted(file.parent, "other", same_space=True).outcome is Outcome.CONVERTED) == is_drawn


def test_of_several_series_one_must_be_named():
    folder = drawn()
    series("mr")
    assert "name one with reference=" in converted(folder, "ct", "mr", same_space=True).error
    assert voxels(converted(folder, "mr", reference="ct", same_space=True)).sum() == 4


@pytest.mark.parametrize("steps", [[np.eye(4)], [MOVED, np.linalg.inv(MOVED)]], ids=["identity", "there and back"])
def test_a_registration_in_the_input_states_that_frames_of_reference_are_one_space(steps):
    folder = drawn()
    registered(*steps)
    entry = converted(folder, "ct")
    assert voxels(entry)[:, :, 1].sum() == 4
    assert any("as a registration of the input states" in text for text in entry.log.warnings)


def test_registrations_to_a_common_frame_of_reference_are_followed():
    folder, own = drawn(), images()[0].FrameOfReferenceUID
    registered(np.eye(4), to="1.2.3.1000")
    ds = pydicom.dcmread(Path("rt") / "REG1.dcm")
    ds.SOPInstanceUID, ds.FrameOfReferenceUID = generate_uid(), own
    ds.RegistrationSequence[0].FrameOfReferenceUID = "1.2.3.1000"
    written(ds, "rt")
    assert voxels(converted(folder, "ct")).sum() == 4


def test_an_identity_in_the_structure_set_counts_likewise():
    path = next(drawn().iterdir())
    ds = pydicom.dcmread(path)
    ds.ReferencedFrameOfReferenceSequence[0].FrameOfReferenceRelationshipSequence = [
        item(
            RelatedFrameOfReferenceUID=images()[0].FrameOfReferenceUID,
            FrameOfReferenceTransformationType="HOMOGENEOUS",
            FrameOfReferenceTransformationMatrix=list(np.eye(4).ravel()),
        )
    ]
    ds.save_as(path, enforce_file_format=True)
    assert voxels(converted(path, "ct")).sum() == 4


@pytest.mark.parametrize("also_identity", [False, True])
def test_a_registration_that_moves_is_not_ignored(also_identity):
    folder = drawn()
    registered(MOVED)
    if also_identity:
        registered(np.eye(4))
    entry = converted(folder, "ct")
    assert entry.outcome is Outcome.SKIPPED
    assert "A registration of the input moves the frame of reference of its regions to that of" in entry.error


def test_a_registration_that_moves_is_not_ignored_where_two_others_relate_both():
    folder, own = drawn(), images()[0].FrameOfReferenceUID
    registered(np.eye(4), to="1.2.3.1000")
    registered(MOVED)
    path = next(path for path in folder.glob("REG*") if pydicom.dcmread(path).FrameOfReferenceUID == "1.2.3.1000")
    ds = pydicom.dcmread(path)
    ds.SOPInstanceUID, ds.FrameOfReferenceUID = generate_uid(), own
    ds.RegistrationSequence[0].FrameOfReferenceUID = "1.2.3.1000"
    written(ds, "rt")
    assert converted(folder, "ct").outcome is Outcome.SKIPPED


def test_the_option_names_a_registration_that_contradicts_it():
    folder = drawn()
    registered(MOVED)
    (text,) = (text for text in converted(folder, "ct", same_space=True).log.warnings if "one space" in text)
    assert text.endswith("as same_space=True states, although a registration of the input moves one against the other")


@pytest.mark.parametrize("damage", ["1\\2\\3", "", "\\".join(["nan"] * 16)])
def test_a_registration_without_a_readable_matrix_states_nothing(damage):
    folder = drawn()
    registered(np.eye(4))
    path = next(folder.glob("REG*"))
    ds = pydicom.dcmread(path)
    step = ds.RegistrationSequence[0].MatrixRegistrationSequence[0].MatrixSequence[0]
    step.FrameOfReferenceTransformationMatrix = None
    step._dict[pydicom.tag.Tag("FrameOfReferenceTransformationMatrix")]._value = damage
    ds.save_as(path, enforce_file_format=True)
    assert converted(folder, "ct").outcome is Outcome.SKIPPED


def test_a_selection_keeps_what_registrations_state():
    folder = drawn()
    registered(np.eye(4))
    report = to_nifti([folder, "ct"], "nifti", modality="RTSTRUCT")
    assert [entry.outcome for entry in report.entries] == [Outcome.CONVERTED]


def test_regions_of_another_frame_of_reference_come_back_unchanged():
    folder = drawn()
    registered(np.eye(4))
    converted(folder, "ct")
    to_dicom(next(Path("nifti").glob("*plan.nii.gz")), "back", uids="keep", names="original")
    before = next(folder.glob("RTSTRUCT*"))
    assert next(Path("back").rglob("*.dcm")).read_bytes() == before.read_bytes()


def test_a_segmentation_of_such_regions_is_in_the_frame_of_reference_of_its_images():
    converted(drawn(), "ct", same_space=True)
    (path,) = Path("nifti").glob("*plan.nii.gz")
    refused = to_dicom(path, "seg", kind="seg", reference="ct")
    assert "same_space=True" in refused.entries[0].error
    report = to_dicom(path, "seg", kind="seg", reference="ct", same_space=True)
    seg = pydicom.dcmread(report.outputs[0])
    assert seg.FrameOfReferenceUID == images()[0].FrameOfReferenceUID
    assert seg.ReferencedSeriesSequence[0].SeriesInstanceUID == images()[0].SeriesInstanceUID
    assert any("same_space=True states" in text for text in report.entries[0].log.warnings)


def test_the_option_without_regions_is_reported():
    report = to_nifti(series("ct"), "nifti", same_space=True)
    assert report.notes == [
        "same_space=True was not applied: it is for RT Structure Sets and Segmentations, and the input contains none"
    ]
