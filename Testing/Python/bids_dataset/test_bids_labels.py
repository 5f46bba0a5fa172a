"""Labels of subjects, sessions, tasks and runs by options; keys of the user."""

from __future__ import annotations

import json
from typing import Any

import pytest

from nifti_dicom_bridge.cli import main
from phantoms.base import save
from phantoms.examinations import EPI, pet, series
from support.bids_datasets import ASL_KEYS, PET_KEYS, WHO, sidecar, table
from support.bids_series import ASL, names, with_keys
from support.circle import Circle


def test_subject_session_task_and_run_are_options(circle: Circle) -> None:
    series(circle.dicom, 3, "bold rest", 3, **EPI)
    arguments = ["--layout", "bids", "-p", "01", "-s", "pre", "--task", "nback", "--run", "2"]

    assert main([str(circle.dicom), "-o", str(circle.nifti), *arguments]) == 0
    assert names(circle) == ["sub-01_ses-pre_task-nback_run-02_bold"]


@pytest.mark.parametrize("option", ["--session", "--task", "--run", "--bids-derivative"])
def test_a_label_that_is_not_one_is_wrong_usage(option: str, circle: Circle, capsys: pytest.CaptureFixture) -> None:
    assert main([str(circle.folder), "--to", "nifti", "-o", str(circle.nifti), "--layout", "bids", option, "a-b"]) == 2
    assert f"{option}: 'a-b' is not a" in capsys.readouterr().err


def test_pet_is_placed_with_the_keys_of_the_file(circle: Circle) -> None:
    pet(circle.dicom)
    with_keys(circle, {"pet": PET_KEYS})

    assert names(circle) == [f"{WHO}_pet"]
    assert sidecar(circle, "_pet")["AcquisitionMode"] == "list mode"


def test_asl_is_placed_with_the_keys_of_the_file(circle: Circle) -> None:
    series(circle.dicom, 3, "asl_2d", 5, **EPI)
    with_keys(circle, {"perf/asl": ASL})

    assert names(circle) == [f"{WHO}_asl"]
    context = table(circle.nifti / f"sub-P01/ses-20260101/perf/{WHO}_aslcontext.tsv")
    assert context[1:] == [["m0scan"], ["label"], ["control"], ["label"], ["control"]]


def test_volumes_are_control_and_label_as_philips_states(circle: Circle) -> None:
    found = series(circle.dicom, 3, "asl_2d", 4, Manufacturer="Philips Medical Systems", **EPI)
    for n, ds in enumerate(found):
        label = ("CONTROL", "LABEL")[n * 4 // len(found) % 2]
        ds.private_block(0x2005, "Philips MR Imaging DD 005", create=True).add_new(0x29, "CS", label)
    save(circle.dicom / "P-01-1-3", found)
    with_keys(circle, {"perf/asl": {**ASL_KEYS, "M0Type": "Absent"}})

    context = table(circle.nifti / f"sub-P01/ses-20260101/perf/{WHO}_aslcontext.tsv")
    assert context[1:] == [["control"], ["label"], ["control"], ["label"]]


@pytest.mark.parametrize(
    ("key", "value", "count"), [("SliceTiming", [0], "3 slices"), ("PostLabelingDelay", [1, 2], "5 volumes")]
)
def test_lists_of_another_length_are_not_used(key: str, value: list[float], count: str, circle: Circle) -> None:
    series(circle.dicom, 3, "asl_2d", 5, **EPI)
    report = with_keys(circle, {"perf/asl": {**ASL, key: value}})

    assert any(f'"{key}" has {len(value)} value(s), the image has {count}' in text for text in report.entries[0].log.warnings)
    assert names(circle) == ["3_asl_2d"]  # in sourcedata, as BIDS requires the key


def test_keys_at_the_top_are_for_all_images_and_those_of_the_dicom_stay(circle: Circle) -> None:
    series(circle.dicom, 3, "t1_mprage")
    report = with_keys(circle, {"NonlinearGradientCorrection": True, "MagneticFieldStrength": 7})

    found = sidecar(circle, "T1w")
    assert (found["NonlinearGradientCorrection"], found["MagneticFieldStrength"]) == (True, 3)
    assert any('"MagneticFieldStrength": the DICOM states 3' in text for text in report.entries[0].log.warnings)


@pytest.mark.parametrize(("content", "words"), [
    ([], "an object with datatypes"), ({"pet": 3}, "pet: an object with keys"), ({"pet/x": {}}, "no such datatype"),
    ({"perf": {"aslcontext": ["on"]}}, "aslcontext: a list of"),
])  # fmt: skip
def test_a_wrong_file_of_keys_is_wrong_usage(content: Any, words: str, circle: Circle, capsys: pytest.CaptureFixture) -> None:
    circle.make("classic_ct")
    path = circle.folder / "keys.json"
    path.write_text(json.dumps(content))

    assert main([str(circle.dicom), "-o", str(circle.nifti), "--layout", "bids", "--bids-keys", str(path)]) == 2
    assert words in capsys.readouterr().err
    assert not circle.nifti.exists()
