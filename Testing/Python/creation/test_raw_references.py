"""Results in a BIDS dataset that was converted from DICOM become DICOM of the patient and study of their raw image."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from nifti_dicom_bridge import Entry, Outcome, propose, to_dicom, to_nifti
from phantoms.base import uid
from phantoms.examinations import EPI, diffusion, series

WHO = "sub-P01_ses-20260101"
SESSION = Path("sub-P01", "ses-20260101")
T1, T2, BOLD = (Path("bids", SESSION, name + ".nii.gz") for name in (
    f"anat/{WHO}_T1w", f"anat/{WHO}_T2w", f"func/{WHO}_task-rest_bold"))  # fmt: skip

RAW = T2.relative_to("bids").as_posix()


@pytest.fixture(autouse=True)
def there(tmp_path, monkeypatch):
    """Write a dataset of two anatomical images on different grids and a functional one."""
    monkeypatch.chdir(tmp_path)
    series(Path("dicom"), 1, "t1_mprage")
    series(Path("dicom"), 2, "t2_tse", PixelSpacing=["1.5", "1.5"])
    series(Path("dicom"), 3, "rest_bold", 2, **EPI, PixelSpacing=["3", "3"])
    assert to_nifti("dicom", "bids", layout="bids").ok


def result(like: Path, name: str, tool: str = "tool", keep_header: bool = False, described: bool = True, **keys: Any) -> Path:
    """Write what a tool makes of an image below ``derivatives``, and a sidecar if keys are given."""
    image = nibabel.load(like)
    first = np.asarray(image.dataobj)
    first = first[..., 0] if first.ndim == 4 else first
    path = Path("bids", "derivatives", tool, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    if described:
        content = {"Name": tool, "BIDSVersion": "1.9.0", "DatasetType": "derivative"}
        Path("bids", "derivatives", tool, "dataset_description.json").write_text(json.dumps(content))
    voxels = (first > np.median(first)).astype(np.uint8)
    nibabel.save(nibabel.Nifti1Image(voxels, image.affine, image.header if keep_header else None), path)
    if keys:
        path.with_name(path.name.split(".")[0] + ".json").write_text(json.dumps(keys))
    return path


def entry_of(path: Path, **options: Any) -> Entry:
    options = {"kind": "seg", "set_values": {}, **options}
    (entry,) = to_dicom(path, "out", overwrite=True, **options).entries
    return entry


def made(path: Path, **options: Any) -> Dataset:
    entry = entry_of(path, **options)
    assert entry.outcome is Outcome.CONVERTED, entry.error
    return pydicom.dcmread(min(entry.outputs))


def is_of(ds: Dataset, number: int) -> bool:
    """Whether an object is of patient and study, and refers to the images of a series."""
    assert (ds.PatientID, str(ds.PatientName), ds.StudyInstanceUID) == ("P-01", "Ray^Ramp", uid(900, 1))
    return [one.SeriesInstanceUID for one in ds.get("ReferencedSeriesSequence", [])] == [uid(900, 1, number)]


@pytest.mark.parametrize(
    ("like", "name", "number"),
    [
        (T1, f"{SESSION}/anat/{WHO}_desc-brain_mask.nii.gz", 1),
        (T2, f"{SESSION}/anat/{WHO}_desc-brain_mask.nii.gz", 2),
        (T1, f"{SESSION}/anat/{WHO}_space-T1w_desc-brain_mask.nii.gz", 1),
        (T1, f"{SESSION}/anat/{WHO}_space-orig_dseg.nii.gz", 1),
        (BOLD, f"{SESSION}/func/{WHO}_task-rest_desc-brain_mask.nii.gz", 3),
        (T1, f"sub-P01/{SESSION.name}/brain.nii.gz", 1),
        (T1, f"{WHO}/mri/brain.nii.gz", 1),
        (T1, "sub-P01/anat/sub-P01_dseg.nii.gz", 1),
    ],
)
@pytest.mark.parametrize("described", [True, False])
def test_the_raw_image_of_a_result_is_known_by_name_and_grid(like: Path, name: str, number: int, described: bool) -> None:
    path = result(like, name, described=described)
    entry = entry_of(path)
    assert entry.outcome is Outcome.CONVERTED, entry.error
    assert is_of(pydicom.dcmread(entry.outputs[0]), number)
    assert any("by its name), whose original is the reference" in text for text in entry.log.warnings)


@pytest.mark.parametrize(
    "keys",
    [
        {"Sources": [f"bids:raw:{RAW}"]},
        {"Sources": [f"bids:unknown:{RAW}"]},
        {"Sources": RAW},
        {"RawSources": [RAW]},
        {"SpatialReference": f"bids:raw:{RAW}", "Sources": [f"bids:raw:{SESSION}/anat/{WHO}_T1w.nii.gz"]},
        {"Sources": [f"bids::{SESSION.as_posix()}/anat/{WHO}_desc-step_T2w.nii.gz"]},
        {"Sources": ["missing.nii.gz", 7, None], "RawSources": [RAW]},
    ],
    ids=["URI", "unknown link", "path", "RawSources", "SpatialReference", "result of a result", "missing"],
)  # fmt: skip
def test_the_raw_image_that_the_sidecar_names_counts(keys: dict[str, Any]) -> None:
    step = f"{SESSION}/anat/{WHO}_desc-step_T2w.nii.gz"
    result(T2, step, Sources=[f"bids:raw:{RAW}"])
    path = result(T2, "odd/lesion.nii.gz", **keys)
    entry = entry_of(path)
    assert is_of(pydicom.dcmread(entry.outputs[0]), 2)
    assert any("made from" in text and "T2w" in text for text in entry.log.warnings)


def test_linked_data_sets_are_followed() -> None:
    path = result(T2, "x.nii.gz", Sources=[f"bids:study:{RAW}"])
    Path("apart").mkdir()
    content = {"Name": "x", "DatasetType": "derivative", "DatasetLinks": {"study": "../bids", "web": "https://example.org/x"}}
    Path("apart/dataset_description.json").write_text(json.dumps(content))
    for file in path.parent.glob("x.*"):
        file.rename(Path("apart", file.name))
    assert is_of(made(Path("apart/x.nii.gz")), 2)


def test_the_description_in_the_header_counts_before_the_name() -> None:
    diffusion(Path("more"), 4, "dti_a")
    diffusion(Path("more"), 5, "dti_b")
    assert to_nifti("more", "bids", layout="bids").ok
    files = sorted(Path("bids", SESSION, "dwi").glob("*.nii.gz"))
    name = f"{SESSION}/dwi/{WHO}_desc-brain_mask.nii.gz"
    assert not is_of(made(result(files[1], name)), 5)
    entry = entry_of(result(files[1], name, keep_header=True))
    assert is_of(pydicom.dcmread(entry.outputs[0]), 5)
    assert any("description in its header" in text for text in entry.log.warnings)


def test_of_several_raw_images_of_one_grid_the_space_is_known() -> None:
    series(Path("echoes"), 6, "anat_echoes", 2, EchoTime=("5", "10"), EchoNumbers=(1, 2))
    for path in sorted(Path("echoes").rglob("*.dcm")):
        ds = pydicom.dcmread(path)
        ds.ProtocolName = ds.SeriesDescription = "anat-MEGRE"
        ds.save_as(path)
    assert to_nifti("echoes", "bids", layout="bids").ok
    echoes = sorted(Path("bids").rglob("*echo-*MEGRE.nii.gz")) or sorted(Path("bids/sourcedata").rglob("*.nii.gz"))
    assert len(echoes) == 2
    folder = echoes[0].parent.relative_to("bids") if "sourcedata" not in echoes[0].parts else SESSION / "anat"
    path = result(echoes[0], f"{folder}/{WHO}_desc-optcom_MEGRE.nii.gz")
    ds = made(path, kind="mr")
    original = pydicom.dcmread(next(Path("echoes").rglob("*.dcm")))
    assert (ds.PatientID, ds.FrameOfReferenceUID) == ("P-01", original.FrameOfReferenceUID)
    assert "SourceImageSequence" not in ds
    assert not ds.EchoTime


def test_in_the_space_of_a_template_only_patient_and_study_are_those_of_the_raw_image() -> None:
    path = result(T1, f"{SESSION}/anat/{WHO}_space-MNI152NLin2009cAsym_desc-brain_mask.nii.gz")
    ds = made(path)
    assert (ds.PatientID, ds.StudyInstanceUID) == ("P-01", uid(900, 1))
    assert "ReferencedSeriesSequence" not in ds
    assert ds.FrameOfReferenceUID != pydicom.dcmread(next(Path("dicom").rglob("*.dcm"))).FrameOfReferenceUID


def test_an_image_elsewhere_has_patient_and_study_and_a_space_of_its_own() -> None:
    path = result(T1, f"{SESSION}/anat/{WHO}_desc-brain_mask.nii.gz")
    image = nibabel.load(path)
    moved = image.affine.copy()
    moved[:3, 3] += 500
    nibabel.save(nibabel.Nifti1Image(image.dataobj, moved), path)
    entry = entry_of(path)
    ds = pydicom.dcmread(entry.outputs[0])
    assert (ds.PatientID, ds.StudyInstanceUID) == ("P-01", uid(900, 1))
    assert "ReferencedSeriesSequence" not in ds
    assert any("does not overlap" in text for text in entry.log.warnings)


def test_of_several_studies_the_user_must_choose() -> None:
    series(Path("later"), 1, "t1_mprage", study=2)
    assert to_nifti("later", "bids", layout="bids").ok
    entry = entry_of(result(T1, "sub-P01/anat/sub-P01_dseg.nii.gz"))
    assert entry.outcome is Outcome.FAILED
    assert "may be made from images of 2 studies" in entry.error
    assert "reference=" in entry.error
    assert is_of(made(entry.inputs[0], reference="dicom/P-01-1-1"), 1)


def test_series_of_the_study_that_lost_its_patient_id_is_not_one_of_another_study() -> None:
    series(Path("more"), 4, "t1_mprage", PatientID="", PatientName="RAY^RAMP^^")
    assert to_nifti("more", "bids", layout="bids").ok
    sources = list(Path("bids").glob("sub-*/*/anat/*_T1w.nii.gz"))
    assert len({path.parts[1] for path in sources}) == 2
    named = [f"bids:raw:{path.relative_to('bids').as_posix()}" for path in sources]
    ds = made(result(T1, "sub-P01/anat/sub-P01_dseg.nii.gz", Sources=named))
    assert ds.StudyInstanceUID == uid(900, 1)


@pytest.mark.parametrize("keys", [{}, {"Sources": [f"bids:raw:{T1.relative_to('bids').as_posix()}"]}], ids=["name", "sidecar"])
@pytest.mark.parametrize("space", ["", "_space-MNI152NLin2009cAsym"])
def test_a_header_of_another_patient_is_refused(keys: dict[str, Any], space: str) -> None:
    series(Path("other"), 1, "t1_mprage", patient="P-02", study=3)
    (other,) = (path for path in to_nifti("other", "nifti").outputs if path.name.endswith(".nii.gz"))
    path = result(other, f"{SESSION}/anat/{WHO}{space}_desc-brain_mask.nii.gz", keep_header=True, **keys)
    entry = entry_of(path)
    assert entry.outcome is Outcome.FAILED
    assert "its header is that of an image of another study" in entry.error
    assert made(path, reference="other").PatientID == "P-02"


def test_the_reference_of_the_user_counts_first() -> None:
    series(Path("other"), 7, "t1_other", patient="P-02", study=3)
    ds = made(result(T1, f"{SESSION}/anat/{WHO}_desc-brain_mask.nii.gz"), reference="other")
    assert ds.PatientID == "P-02"


def test_without_records_the_subject_is_the_patient_as_before() -> None:
    for file in Path("bids/sourcedata").rglob("*.json"):
        file.unlink()
    assert made(result(T1, f"{SESSION}/anat/{WHO}_desc-brain_mask.nii.gz")).PatientID == "P01"


def test_a_damaged_record_is_not_a_reference() -> None:
    for file in Path("bids/sourcedata").rglob("*.json"):
        file.write_text('{"NiftiDicomBridge": {"SchemaVersion": "2.3"}}')
    assert made(result(T1, f"{SESSION}/anat/{WHO}_desc-brain_mask.nii.gz")).PatientID == "P01"


def test_a_result_of_another_subject_is_not_of_this_patient() -> None:
    assert made(result(T1, "sub-P02/anat/sub-P02_dseg.nii.gz")).PatientID == "P02"


def test_an_image_made_from_a_raw_one_has_its_acquisition() -> None:
    path = result(T1, f"{SESSION}/anat/{WHO}_desc-denoised_T1w.nii.gz")
    ds, original = made(path, kind="mr"), pydicom.dcmread(next(Path("dicom/P-01-1-1").iterdir()))
    assert ds.RepetitionTime == original.RepetitionTime
    assert ds.SourceImageSequence[0].ReferencedSOPInstanceUID.startswith(uid(900, 1, 1))


def test_the_proposal_has_the_patient() -> None:
    (proposal,) = propose(result(T1, f"{SESSION}/anat/{WHO}_desc-brain_mask.nii.gz"))
    assert {value.attribute: value.new for value in proposal.values}["PatientID"] == "P-01"


def test_a_raw_image_that_is_not_from_dicom_is_of_no_study_by_its_name() -> None:
    path = result(T1, "x.nii.gz")
    raw = Path("bids", SESSION, f"anat/{WHO}_FLAIR.nii.gz")
    raw.write_bytes(path.read_bytes())
    ds = made(raw, kind="mr")
    assert ds.PatientID == "P01"
    assert ds.StudyInstanceUID != uid(900, 1)


def moved_to(folder: str, path: Path, **description: object) -> Path:
    """Return an image that is in a dataset of derivatives of another place, which has a description of its own."""
    Path(folder).mkdir(parents=True)
    content = {"Name": "x", "DatasetType": "derivative", **description}
    Path(folder, "dataset_description.json").write_text(json.dumps(content))
    apart = Path(folder, SESSION, "anat", path.name)
    apart.parent.mkdir(parents=True)
    return path.rename(apart)


@pytest.mark.parametrize(
    "description", [{"DatasetLinks": {"raw": "../bids"}}, {"SourceDatasets": [{"URL": "../bids"}, {"DOI": "doi:10.1/x"}]}]
)
def test_results_are_those_of_the_raw_images_that_their_dataset_names(description: dict[str, object]) -> None:
    path = result(T1, f"{SESSION}/anat/{WHO}_desc-brain_mask.nii.gz")
    assert is_of(made(moved_to("apart", path, **description)), 1)


@pytest.mark.parametrize("as_text", [str, Path.as_uri])
def test_a_dataset_is_named_by_its_whole_path(as_text: Callable[[Path], str]) -> None:
    """On Windows, it begins with a drive."""
    path = result(T1, f"{SESSION}/anat/{WHO}_desc-brain_mask.nii.gz")
    assert is_of(made(moved_to("apart", path, DatasetLinks={"raw": as_text(Path("bids").absolute())})), 1)


def other_dataset(folder: str) -> Path:
    """Return a dataset of other people without a record of this subject."""
    Path(folder).mkdir()
    Path(folder, "dataset_description.json").write_text(json.dumps({"Name": "other", "BIDSVersion": "1.10.0"}))
    return Path(folder)


@pytest.mark.parametrize("place", ["other/derivatives/x", "apart"])
def test_a_name_in_a_linked_dataset_that_is_not_the_source_is_of_anybody(place: str) -> None:
    path = result(T1, f"{SESSION}/anat/{WHO}_desc-brain_mask.nii.gz")
    other = other_dataset("other").absolute()
    links = {"raw": str(other), "atlas": str(Path("bids").absolute())}
    ds = made(moved_to(place, path, DatasetLinks=links, SourceDatasets=[{"URL": other.as_uri()}]), kind="seg")
    assert ds.PatientID != "P-01"
    assert ds.StudyInstanceUID != uid(900, 1)


@pytest.mark.parametrize("url", ["../gone", "a/" * 3000, "http://[::1", "../bi\0ds", 7, None, ["../bids"]])
def test_a_source_that_is_not_a_folder_of_this_computer_is_not_used(url: object) -> None:
    path = result(T1, f"{SESSION}/anat/{WHO}_desc-brain_mask.nii.gz")
    ds = made(moved_to("apart", path, SourceDatasets=[{"URL": url}]))
    assert ds.PatientID == "P01"
