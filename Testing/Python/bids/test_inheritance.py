"""Which files of a BIDS dataset apply to an image: the inheritance principle, and who its subject is."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest

from nifti_dicom_bridge import ConversionOptions, Job, Target, convert
from nifti_dicom_bridge.bids.inheritance import inherited, raw_root_of, root_of, study_key

IMAGE = "sub-01/ses-1/func/sub-01_ses-1_task-rest_run-1_bold.nii"
APPLY = [
    "bold.json", "task-rest_bold.json", "sub-01/sub-01_bold.json", "sub-01/ses-1/sub-01_ses-1_task-rest_bold.json",
    "sub-01/ses-1/func/sub-01_ses-1_run-1_bold.json",
]  # fmt: skip
DO_NOT_APPLY = [
    "task-nback_bold.json", "run-2_bold.json", "task-rest_echo-1_bold.json", "task-rest_sbref.json", "task-rest_notbold.json",
    "sub-02_bold.json", "sub-01/ses-2/sub-01_ses-2_bold.json", "sub-02/sub-01_bold.json", "task-rest_bold.tsv",
    "sub-01/ses-1/func/sub-01_ses-1_task-rest_run-1_bold.json",
]  # fmt: skip


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """A dataset with an image, and files that apply to it and do not."""
    root = tmp_path / "data"
    for name in (*APPLY, *DO_NOT_APPLY):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("{}")
    (root / "dataset_description.json").write_text(json.dumps({"Name": "A", "BIDSVersion": "1.10.0"}))
    (tmp_path / "task-rest_bold.json").write_text("{}")  # above the dataset
    return root


def names_for(root: Path, image: str) -> list[str]:
    path = root / image
    return [file.relative_to(root).as_posix() for file in inherited(path, path.stem, ".json")]


def test_files_apply_whose_entities_the_image_has_the_nearest_last(dataset: Path) -> None:
    assert names_for(dataset, IMAGE) == APPLY


def test_images_of_other_subjects_have_other_files(dataset: Path) -> None:
    assert names_for(dataset, "sub-02/func/sub-02_task-nback_bold.nii") == [
        "bold.json", "sub-02_bold.json", "task-nback_bold.json",
    ]  # fmt: skip


def test_outside_of_a_dataset_files_in_the_folder_apply_where_that_is_wanted(tmp_path: Path) -> None:
    for name in ("task-rest_bold.json", "sub-02_bold.json"):
        (tmp_path / name).write_text("{}")
    image = tmp_path / "sub-01_task-rest_bold.nii"

    assert inherited(image, image.stem, ".json") == []
    assert inherited(image, image.stem, ".json", loose=True) == [tmp_path / "task-rest_bold.json"]


def test_the_dicom_has_the_values_of_the_nearest_file_that_applies(dataset: Path, tmp_path: Path) -> None:
    for name, time in (("task-rest_bold.json", 2), ("task-nback_bold.json", 3), ("run-2_bold.json", 4), ("bold.json", 5)):
        (dataset / name).write_text(json.dumps({"RepetitionTime": time, "Modality": "MR"}))
    path = dataset / IMAGE
    nibabel.save(nibabel.Nifti1Image(np.zeros((4, 4, 2, 3), np.int16), np.eye(4)), path)

    convert(Job([path], tmp_path / "out", ConversionOptions(Target.DICOM)))

    assert {float(pydicom.dcmread(file).RepetitionTime) for file in (tmp_path / "out").rglob("*.dcm")} == {2000}


def test_images_of_a_session_share_a_study_and_others_do_not(dataset: Path) -> None:
    derived = dataset / "derivatives" / "pipeline" / "sub-01" / "ses-1" / "anat" / "sub-01_ses-1_space-T1w_bold.nii"
    derived.parent.mkdir(parents=True)
    (dataset / "derivatives" / "pipeline" / "dataset_description.json").write_text('{"DatasetType": "derivative"}')
    own = study_key(dataset / IMAGE)

    assert study_key(derived) == own == (str(dataset), "01", "1")
    assert study_key(dataset / "sub-01" / "ses-2" / "func" / "sub-01_ses-2_bold.nii") == (str(dataset), "01", "2")
    assert study_key(dataset / "sub-02" / "func" / "sub-02_bold.nii") == (str(dataset), "02", "")
    assert study_key(dataset / "phantom.nii") != study_key(dataset / "other.nii")


@pytest.mark.parametrize(("folder", "description", "is_raw"), [
    ("data", {}, True), ("data", {"DatasetType": "raw"}, True), ("data", {"DatasetType": "derivative"}, False),
    ("derivatives", {}, False),
])  # fmt: skip
def test_derivatives_belong_to_the_dataset_around_them(folder: str, description: dict, is_raw: bool, tmp_path: Path) -> None:
    outer, inner = tmp_path / "raw", tmp_path / "raw" / folder / "pipeline"
    inner.mkdir(parents=True)
    (outer / "dataset_description.json").write_text("{}")
    (inner / "dataset_description.json").write_text(json.dumps(description))

    assert root_of(inner / "sub-01_T1w.nii") == inner
    assert raw_root_of(inner) == (inner if is_raw else outer)


def test_derivatives_that_stand_alone_belong_to_the_folder_around_them(tmp_path: Path) -> None:
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "dataset_description.json").write_text('{"DatasetType": "derivative"}')

    assert raw_root_of(tmp_path / "results") == tmp_path


def test_derivatives_of_derivatives_belong_to_the_raw_dataset(tmp_path: Path) -> None:
    inner = tmp_path / "raw" / "derivatives" / "one" / "derivatives" / "two"
    inner.mkdir(parents=True)
    for folder, kind in ((tmp_path / "raw", "raw"), (inner.parent.parent, "derivative"), (inner, "derivative")):
        (folder / "dataset_description.json").write_text(json.dumps({"DatasetType": kind}))

    assert raw_root_of(inner) == tmp_path / "raw"
