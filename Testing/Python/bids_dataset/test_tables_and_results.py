"""Tables of events and participants, results in the derivatives, the validator."""

from __future__ import annotations

import json

import pydicom
import pytest

from nifti_dicom_bridge import Outcome, to_dicom
from nifti_dicom_bridge.cli import main
from phantoms import PHANTOMS
from phantoms.examinations import EPI, pet, series
from support.bids_datasets import PET_KEYS, WHO, dataset, table
from support.bids_series import ASL, REVERSED, SE, epi, gre, names, with_keys
from support.oracles import oracle, run
from support.round_trip import RoundTrip


def test_a_task_has_a_table_for_its_events_and_rest_has_none(round_trip: RoundTrip) -> None:
    series(round_trip.dicom, 3, "bold_task-faces", 3, **EPI)
    series(round_trip.dicom, 4, "bold rest", 3, **EPI)
    dataset(round_trip)
    tables = sorted(round_trip.nifti.rglob("*_events.tsv"))

    assert [path.name for path in tables] == [f"{WHO}_task-faces_events.tsv"]
    assert table(tables[0]) == [["onset", "duration", "trial_type"]]


def test_events_that_were_filled_in_stay(round_trip: RoundTrip) -> None:
    series(round_trip.dicom, 3, "bold_task-faces", 3, **EPI)
    dataset(round_trip)
    (path,) = round_trip.nifti.rglob("*_events.tsv")
    path.write_text("onset\tduration\n1\t2\n")
    assert dataset(round_trip, overwrite=True).ok

    assert path.read_text() == "onset\tduration\n1\t2\n"


def test_all_echoes_have_one_table(round_trip: RoundTrip) -> None:
    echoes = {**EPI, "EchoTime": ("12", "12", "30", "30"), "EchoNumbers": (1, 1, 2, 2)}
    series(round_trip.dicom, 3, "bold_task-faces", 4, **echoes)
    dataset(round_trip)

    assert [path.name for path in round_trip.nifti.rglob("*_events.tsv")] == [f"{WHO}_task-faces_events.tsv"]


def test_participants_have_height_weight_and_the_columns_of_the_map(round_trip: RoundTrip) -> None:
    series(round_trip.dicom, 3, "t1_mprage", PatientSize="1.75", PatientWeight="70")
    (round_trip.folder / "map.json").write_text(
        json.dumps({"participants": {"P-*": {"group": "control", "handedness": "left"}, "Q-*": {"group": "patient"}}})
    )
    dataset(round_trip, bids_map=round_trip.folder / "map.json")

    assert table(round_trip.nifti / "participants.tsv") == [
        ["participant_id", "age", "sex", "height", "weight", "group", "handedness"],
        ["sub-P01", "31", "F", "1.75", "70", "control", "left"],
    ]
    assert json.loads((round_trip.nifti / "participants.json").read_text())["height"]["Units"] == "m"


def segmentation(round_trip: RoundTrip, description: str = "Liver & Co", number: int = 0) -> None:
    PHANTOMS["segmentation_with_gaps"].write(round_trip.dicom / f"seg{number}")
    for path in (round_trip.dicom / f"seg{number}").iterdir():
        ds = pydicom.dcmread(path)
        ds.PatientID, ds.StudyDate, ds.SeriesDescription = "P-01", "20260101", description
        ds.SeriesInstanceUID = f"{ds.SeriesInstanceUID}.{number}"
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"{ds.SOPInstanceUID}.{number}"
        ds.save_as(path)


def test_segmentations_go_to_the_derivatives(round_trip: RoundTrip) -> None:
    segmentation(round_trip)
    dataset(round_trip, bids_derivative="organs")

    folder = round_trip.nifti / "derivatives" / "organs"
    stem = f"{WHO}_desc-LiverCo_dseg"
    assert sorted(path.name for path in (folder / "sub-P01" / "ses-20260101" / "anat").iterdir()) == [
        f"{stem}.json", f"{stem}.nii.gz", f"{stem}.tsv",
    ]  # fmt: skip
    assert json.loads((folder / "dataset_description.json").read_text())["DatasetType"] == "derivative"


def test_segmentations_of_one_session_have_different_names(round_trip: RoundTrip) -> None:
    for number, description in enumerate(("Liver", "Liver", "Liver 2"), 1):
        segmentation(round_trip, description, number)
    report = dataset(round_trip, bids_derivative="organs")

    assert report.ok
    folder = round_trip.nifti / "derivatives" / "organs" / "sub-P01" / "ses-20260101" / "anat"
    assert len(list(folder.glob("*.nii.gz"))) == 3


def test_a_segmentation_of_the_derivatives_becomes_the_same_dicom(round_trip: RoundTrip) -> None:
    segmentation(round_trip)
    dataset(round_trip, bids_derivative="organs")
    report = to_dicom(round_trip.nifti, round_trip.back, uids="keep")

    assert [entry.outcome for entry in report.entries] == [Outcome.RESTORED]
    assert main(["compare", str(round_trip.dicom), str(round_trip.back)]) == 0


@pytest.mark.slow
def test_the_bids_validator_finds_no_error_in_all_of_this(round_trip: RoundTrip) -> None:
    validator = oracle("bids-validator-deno")
    gre(round_trip, 3)
    epi(round_trip, 6, "se_fmap", 2, **SE)
    epi(round_trip, 7, "se_fmap", 2, **SE, **REVERSED)
    epi(round_trip, 8, "bold_task-faces", 3)
    series(round_trip.dicom, 9, "asl_2d", 5, **EPI)
    series(round_trip.dicom, 10, "t1_mprage", PatientSize="1.75", PatientWeight="70")
    pet(round_trip.dicom, 11)
    segmentation(round_trip)
    (round_trip.folder / "keys.json").write_text(
        json.dumps({"pet": PET_KEYS, "perf": ASL, "NonlinearGradientCorrection": False}), "utf-8"
    )
    report = dataset(round_trip, bids_keys=round_trip.folder / "keys.json", bids_derivative="organs")

    assert report.ok
    for folder in (round_trip.nifti, round_trip.nifti / "derivatives" / "organs"):
        issues = json.loads(run(validator, folder, "--json").stdout)["issues"]["issues"]
        assert [issue for issue in issues if issue["severity"] == "error"] == []
        assert [issue for issue in issues if issue["code"].startswith(("B0_FIELD", "EVENTS"))] == []


def test_parts_of_an_asl_image_share_the_roles_of_their_volumes(round_trip: RoundTrip) -> None:
    for number, letter in ((3, "M"), (4, "P")):
        series(round_trip.dicom, number, "asl_2d", 5, ImageType=["ORIGINAL", "PRIMARY", letter, "ND"], **EPI)
    with_keys(round_trip, {"perf/asl": ASL})

    assert names(round_trip) == [f"{WHO}_part-mag_asl", f"{WHO}_part-phase_asl"]
    assert [path.name for path in round_trip.nifti.rglob("*_aslcontext.tsv")] == [f"{WHO}_aslcontext.tsv"]


def test_the_map_does_not_rename_the_rows_of_participants(round_trip: RoundTrip, capsys: pytest.CaptureFixture) -> None:
    series(round_trip.dicom, 3, "t1_mprage")
    (round_trip.folder / "map.json").write_text(json.dumps({"participants": {"*": {"participant_id": "x"}}}))

    assert main(["convert", str(round_trip.dicom), "-o", str(round_trip.nifti), "--to", "nifti", "--layout", "bids",
                 "--bids-map", str(round_trip.folder / "map.json")]) == 2  # fmt: skip
    assert "participant_id is sub-LABEL always" in capsys.readouterr().err
