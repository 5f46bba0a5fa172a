"""Tables and descriptions of BIDS datasets: participants, scans, what stays and what is added."""

from __future__ import annotations

import json

import pytest

from nifti_dicom_bridge import Cancelled, ConversionOptions, Job, Layout, compare, convert
from nifti_dicom_bridge.bids_dataset import naming_rules
from phantoms.base import save
from phantoms.dynamic import enhanced
from phantoms.examinations import EPI, SPIN_ECHO, series
from phantoms.multiframe import group
from support.bids_datasets import WHO, dataset, images, said, sidecar, table
from support.round_trip import RoundTrip, listing, names_in


def test_the_dataset_describes_itself(round_trip: RoundTrip) -> None:
    series(round_trip.dicom, 3, "t1_mprage")
    dataset(round_trip)

    description = json.loads((round_trip.nifti / "dataset_description.json").read_text("utf-8"))
    assert (description["DatasetType"], description["BIDSVersion"]) == ("raw", naming_rules.bids_version())
    assert description["GeneratedBy"][0]["Name"] == "nifti-dicom-bridge"
    assert table(round_trip.nifti / "participants.tsv") == [["participant_id", "age", "sex"], ["sub-P01", "31", "F"]]
    assert table(round_trip.nifti / f"sub-P01/ses-20260101/{WHO}_scans.tsv") == [
        ["filename", "acq_time"], [f"anat/{WHO}_T1w.nii.gz", "2026-01-01T03:04:05.500000"],
    ]  # fmt: skip
    assert "Ray" not in (round_trip.nifti / "participants.tsv").read_text("utf-8")


@pytest.mark.parametrize(
    ("age", "birth", "written"),
    [("093Y", "", "89"), ("000Y", "", "n/a"), ("018M", "", "1.5"), ("", "19960102", "29"), ("", "19960101", "30"),
     ("", "19951231", "30"), ("", "19961001", "29"), ("", "20270101", "n/a"), ("", "1996", "n/a")],
)  # fmt: skip
def test_ages_are_in_years_and_capped(age: str, birth: str, written: str, round_trip: RoundTrip) -> None:
    series(round_trip.dicom, 3, "t1_mprage", PatientAge=age, PatientBirthDate=birth)
    dataset(round_trip)

    assert table(round_trip.nifti / "participants.tsv")[1][1] == written


@pytest.mark.parametrize(("age", "years"), [("089Y", 89), ("093Y", None)])
def test_high_ages_are_in_the_records_only(age: str, years: int | None, round_trip: RoundTrip) -> None:
    series(round_trip.dicom, 3, "t1_mprage", PatientAge=age)
    dataset(round_trip)

    assert sidecar(round_trip, "T1w").get("PatientAge") == years
    assert [entry.outcome.value for entry in round_trip.home().entries] == ["restored"]
    assert compare(round_trip.dicom, round_trip.back).same


def test_a_second_subject_is_appended(round_trip: RoundTrip) -> None:
    series(round_trip.dicom, 3, "t1_mprage")
    dataset(round_trip)
    (round_trip.nifti / "dataset_description.json").write_text('{"Name": "mine", "BIDSVersion": "1.9.0"}')
    round_trip.dicom = round_trip.folder / "other"
    series(round_trip.dicom, 3, "t1_mprage", patient="P-02", study=2)

    assert dataset(round_trip).ok
    assert [row[0] for row in table(round_trip.nifti / "participants.tsv")] == ["participant_id", "sub-P01", "sub-P02"]
    assert json.loads((round_trip.nifti / "dataset_description.json").read_text("utf-8"))["Name"] == "mine"


def test_columns_are_in_one_order_whichever_image_comes_first(round_trip: RoundTrip) -> None:
    round_trip.nifti.mkdir()
    (round_trip.nifti / "participants.tsv").write_text("participant_id\tweight\nsub-P01\t70\n")
    series(round_trip.dicom, 3, "t1_mprage")

    assert dataset(round_trip).ok
    assert table(round_trip.nifti / "participants.tsv")[0] == ["participant_id", "age", "sex", "weight"]


def test_rows_of_a_subject_are_merged_and_columns_of_others_stay(round_trip: RoundTrip) -> None:
    round_trip.nifti.mkdir()
    (round_trip.nifti / "participants.tsv").write_text("participant_id\tgroup\tage\nsub-P01\tcontrol\t40\nsub-P77\tn/a\tn/a\n")
    series(round_trip.dicom, 3, "t1_mprage")
    series(round_trip.dicom, 4, "t2_tse", **SPIN_ECHO)
    dataset(round_trip)

    assert table(round_trip.nifti / "participants.tsv") == [
        ["participant_id", "group", "age", "sex"], ["sub-P01", "control", "40", "F"], ["sub-P77", "n/a", "n/a", "n/a"],
    ]  # fmt: skip


def test_rows_of_others_stay_as_they_are_in_tables_of_spreadsheets(round_trip: RoundTrip) -> None:
    round_trip.nifti.mkdir()
    rows = '\ufeffparticipant_id\tage\tnote\r\nsub-P77\t40\t"a\tb"\r\nsub-P88\t50\r\n\r\n'
    (round_trip.nifti / "participants.tsv").write_text(rows, "utf-8", newline="")
    series(round_trip.dicom, 3, "t1_mprage")
    dataset(round_trip)

    assert (round_trip.nifti / "participants.tsv").read_text("utf-8") == (
        'participant_id\tage\tsex\tnote\nsub-P01\t31\tF\tn/a\nsub-P77\t40\tn/a\t"a\tb"\nsub-P88\t50\tn/a\tn/a\n'
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [('participant_id\tnote\nsub-P77\t"a\n', "a quotation mark is not closed"), ("participant_id\nsub-P77\t3\n", "2 cells"),
     ("participant_id\tage\tage\nsub-P77\t3\t4\n", "several columns are called 'age'")],
)  # fmt: skip
def test_a_damaged_table_stays_and_stops_the_image(text: str, words: str, round_trip: RoundTrip) -> None:
    round_trip.nifti.mkdir()
    (round_trip.nifti / "participants.tsv").write_text(text)
    series(round_trip.dicom, 3, "t1_mprage")

    assert words in dataset(round_trip).failures[0].error
    assert (round_trip.nifti / "participants.tsv").read_text("utf-8") == text


def test_a_table_that_is_none_stops_the_image(round_trip: RoundTrip) -> None:
    round_trip.nifti.mkdir()
    (round_trip.nifti / "participants.tsv").write_text("who\nRay\n")
    series(round_trip.dicom, 3, "t1_mprage")
    report = dataset(round_trip)

    assert "column participant_id is missing" in report.failures[0].error
    assert names_in(round_trip.nifti) == ["participants.tsv"]


def test_an_image_that_exists_stays_and_so_do_the_tables(round_trip: RoundTrip) -> None:
    series(round_trip.dicom, 3, "t1_mprage")
    dataset(round_trip)
    before = listing(round_trip.nifti)
    report = dataset(round_trip)

    assert "exists" in report.failures[0].error
    assert listing(round_trip.nifti) == before
    assert dataset(round_trip, overwrite=True).ok
    assert sorted(listing(round_trip.nifti)) == sorted(before)
    assert table(round_trip.nifti / "participants.tsv") == [["participant_id", "age", "sex"], ["sub-P01", "31", "F"]]


def test_another_series_is_not_replaced_even_with_overwrite(round_trip: RoundTrip) -> None:
    series(round_trip.dicom, 3, "t1_mprage")
    dataset(round_trip)
    before = listing(round_trip.nifti)
    round_trip.dicom = round_trip.folder / "other"
    series(round_trip.dicom, 8, "t1_mprage")
    report = dataset(round_trip, overwrite=True)

    assert "is of another series" in report.failures[0].error
    assert listing(round_trip.nifti) == before


def test_the_same_image_is_not_there_twice_in_two_forms(round_trip: RoundTrip) -> None:
    series(round_trip.dicom, 3, "t1_mprage")
    dataset(round_trip)

    assert "contains the same image as" in dataset(round_trip, gzip=False).failures[0].error


def test_uncompressed_images_are_listed_as_such(round_trip: RoundTrip) -> None:
    series(round_trip.dicom, 3, "t1_mprage")
    dataset(round_trip, gzip=False)

    assert table(round_trip.nifti / f"sub-P01/ses-20260101/{WHO}_scans.tsv")[1][0] == f"anat/{WHO}_T1w.nii"


def test_stopping_leaves_tables_that_fit_the_images(round_trip: RoundTrip) -> None:
    series(round_trip.dicom, 3, "t1_mprage")
    series(round_trip.dicom, 4, "t2_tse", **SPIN_ECHO)

    def stop(what: str, done: int, total: int) -> None:
        if "t2_tse" in what:
            raise Cancelled

    with pytest.raises(Cancelled):
        convert(Job([round_trip.dicom], round_trip.nifti, ConversionOptions(layout=Layout.BIDS)), stop)

    assert images(round_trip) == ["anat/*_T1w"]
    assert len(table(round_trip.nifti / f"sub-P01/ses-20260101/{WHO}_scans.tsv")) == 2
    assert not [name for name in names_in(round_trip.nifti) if name.startswith(".")]


def test_a_series_that_fails_leaves_no_row(round_trip: RoundTrip) -> None:
    series(round_trip.dicom, 3, "t1_mprage")
    series(round_trip.dicom, 4, "t2_tse", **SPIN_ECHO)
    broken = sorted((round_trip.dicom / "P-01-1-4").iterdir())
    for path in broken:
        path.write_bytes(path.read_bytes()[:-20])
    report = dataset(round_trip)

    assert [entry.title for entry in report.failures] == [path.name for path in broken]
    assert images(round_trip) == ["anat/*_T1w"]
    assert len(table(round_trip.nifti / f"sub-P01/ses-20260101/{WHO}_scans.tsv")) == 2


def test_the_component_of_frames_counts_for_more_than_that_of_the_object(round_trip: RoundTrip) -> None:
    ds = enhanced([0])
    ds.SeriesDescription, ds.ComplexImageComponent, ds.ImageType = (
        "t1 mprage",
        "MIXED",
        ["ORIGINAL", "PRIMARY", "MIXED", "NONE"],
    )
    for frame in ds.PerFrameFunctionalGroupsSequence:
        words = ["ORIGINAL", "PRIMARY", "M", "NONE"]
        frame.MRImageFrameTypeSequence = [group(FrameType=words, ComplexImageComponent="PHASE")]
    save(round_trip.dicom, [ds])

    dataset(round_trip)

    assert [path.name.removesuffix(".nii.gz").partition("ses-20260102_")[2] for path in round_trip.images()] == [
        "part-phase_T1w"
    ]


def test_an_echo_planar_image_of_several_volumes_is_never_anatomy(round_trip: RoundTrip) -> None:
    series(round_trip.dicom, 3, "T2 map epi", 3, **EPI)

    report = dataset(round_trip)

    assert "echo planar image of 3 volumes" in said(report)
    assert not [name for name in images(round_trip) if name.startswith("anat")]
