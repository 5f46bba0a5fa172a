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
from support.round_trip import RoundTrip


def test_subject_session_task_and_run_are_options(round_trip: RoundTrip) -> None:
    series(round_trip.dicom, 3, "bold rest", 3, **EPI)
    arguments = ["--layout", "bids", "-p", "01", "-s", "pre", "--task", "nback", "--run", "2"]

    assert main([str(round_trip.dicom), "-o", str(round_trip.nifti), *arguments]) == 0
    assert names(round_trip) == ["sub-01_ses-pre_task-nback_run-02_bold"]


@pytest.mark.parametrize("option", ["--session", "--task", "--run", "--bids-derivative"])
def test_a_label_that_is_not_one_is_wrong_usage(option: str, round_trip: RoundTrip, capsys: pytest.CaptureFixture) -> None:
    assert main([str(round_trip.folder), "--to", "nifti", "-o", str(round_trip.nifti), "--layout", "bids", option, "a-b"]) == 2
    assert f"{option}: 'a-b' is not a" in capsys.readouterr().err


def test_pet_is_placed_with_the_keys_of_the_file(round_trip: RoundTrip) -> None:
    pet(round_trip.dicom)
    with_keys(round_trip, {"pet": PET_KEYS})

    assert names(round_trip) == [f"{WHO}_pet"]
    assert sidecar(round_trip, "_pet")["AcquisitionMode"] == "list mode"


def test_asl_is_placed_with_the_keys_of_the_file(round_trip: RoundTrip) -> None:
    series(round_trip.dicom, 3, "asl_2d", 5, **EPI)
    with_keys(round_trip, {"perf/asl": ASL})

    assert names(round_trip) == [f"{WHO}_asl"]
    context = table(round_trip.nifti / f"sub-P01/ses-20260101/perf/{WHO}_aslcontext.tsv")
    assert context[1:] == [["m0scan"], ["label"], ["control"], ["label"], ["control"]]


def test_volumes_are_control_and_label_as_philips_states(round_trip: RoundTrip) -> None:
    found = series(round_trip.dicom, 3, "asl_2d", 4, Manufacturer="Philips Medical Systems", **EPI)
    for n, ds in enumerate(found):
        label = ("CONTROL", "LABEL")[n * 4 // len(found) % 2]
        ds.private_block(0x2005, "Philips MR Imaging DD 005", create=True).add_new(0x29, "CS", label)
    save(round_trip.dicom / "P-01-1-3", found)
    with_keys(round_trip, {"perf/asl": {**ASL_KEYS, "M0Type": "Absent"}})

    context = table(round_trip.nifti / f"sub-P01/ses-20260101/perf/{WHO}_aslcontext.tsv")
    assert context[1:] == [["control"], ["label"], ["control"], ["label"]]


@pytest.mark.parametrize(
    ("key", "value", "count"), [("SliceTiming", [0], "3 slices"), ("PostLabelingDelay", [1, 2], "5 volumes")]
)
def test_lists_of_another_length_are_not_used(key: str, value: list[float], count: str, round_trip: RoundTrip) -> None:
    series(round_trip.dicom, 3, "asl_2d", 5, **EPI)
    report = with_keys(round_trip, {"perf/asl": {**ASL, key: value}})

    assert any(f'"{key}" has {len(value)} value(s), the image has {count}' in text for text in report.entries[0].log.warnings)
    assert names(round_trip) == ["3_asl_2d"]  # in sourcedata, as BIDS requires the key


def test_keys_at_the_top_are_for_all_images_and_those_of_the_dicom_stay(round_trip: RoundTrip) -> None:
    series(round_trip.dicom, 3, "t1_mprage")
    report = with_keys(round_trip, {"NonlinearGradientCorrection": True, "MagneticFieldStrength": 7})

    found = sidecar(round_trip, "T1w")
    assert (found["NonlinearGradientCorrection"], found["MagneticFieldStrength"]) == (True, 3)
    assert any('"MagneticFieldStrength": the DICOM states 3' in text for text in report.entries[0].log.warnings)


@pytest.mark.parametrize(("content", "words"), [
    ([], "an object with datatypes"), ({"pet": 3}, "pet: an object with keys"), ({"pet/x": {}}, "no such datatype"),
    ({"perf": {"aslcontext": ["on"]}}, "aslcontext: a list of"),
])  # fmt: skip
def test_a_wrong_file_of_keys_is_wrong_usage(
    content: Any, words: str, round_trip: RoundTrip, capsys: pytest.CaptureFixture
) -> None:
    round_trip.make("classic_ct")
    path = round_trip.folder / "keys.json"
    path.write_text(json.dumps(content))

    assert main([str(round_trip.dicom), "-o", str(round_trip.nifti), "--layout", "bids", "--bids-keys", str(path)]) == 2
    assert words in capsys.readouterr().err
    assert not round_trip.nifti.exists()
