"""Labels of subjects and sessions in BIDS datasets: two people never share one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from nifti_dicom_bridge import ConversionReport, OptionError, Outcome
from phantoms.examinations import series
from support.bids_datasets import dataset, said, sidecar, with_map
from support.round_trip import KEY, RoundTrip


def test_two_patients_never_share_a_label(round_trip: RoundTrip) -> None:
    series(round_trip.dicom, 3, "t1_mprage", patient="P-01")
    series(round_trip.dicom, 3, "t1_mprage", patient="P_01", study=2)
    report = dataset(round_trip)

    subjects = {path.name for path in round_trip.nifti.glob("sub-*")}
    assert len(subjects) == 2
    assert "sub-P01 is another person's already: PatientID 'P_01' became" in said(report)


@pytest.mark.parametrize("patient", ["p_01", "P/01"])
def test_a_patient_keeps_the_label_in_later_runs(patient: str, round_trip: RoundTrip) -> None:
    first, round_trip.dicom = round_trip.dicom, round_trip.folder / "other"
    series(first, 3, "t1_mprage", patient="P-01")
    series(round_trip.dicom, 3, "t1_mprage", patient=patient, study=2)
    other, round_trip.dicom = round_trip.dicom, first
    dataset(round_trip)
    round_trip.dicom = other
    dataset(round_trip)
    subjects = {path.name for path in round_trip.nifti.glob("sub-*")}
    series(round_trip.dicom, 3, "t1_mprage", patient=patient, study=3)
    report = dataset(round_trip)

    assert len({subject.lower() for subject in subjects}) == 2
    assert {path.name for path in round_trip.nifti.glob("sub-*")} == subjects
    assert len([entry for entry in report.entries if entry.outcome is Outcome.CONVERTED]) == 1


@pytest.mark.parametrize(("patient", "studies", "is_doubted"), [
    ("ANONYMOUS", 2, True), ("0", 2, True), ("ANONYMOUS", 1, False), ("P-01", 2, False),
])  # fmt: skip
def test_studies_of_a_placeholder_may_be_of_several_people(
    patient: str, studies: int, is_doubted: bool, round_trip: RoundTrip
) -> None:
    for study in range(1, studies + 1):
        series(round_trip.dicom, 3, "t1_mprage", patient=patient, study=study)
        series(round_trip.dicom, 4, "t2_space", patient=patient, study=study)

    assert ("is a placeholder, and sub-" in said(dataset(round_trip))) == is_doubted


def test_a_placeholder_is_recognized_in_later_runs(round_trip: RoundTrip) -> None:
    series(round_trip.dicom, 3, "t1_mprage", patient="anonymous")
    dataset(round_trip)
    round_trip.dicom = round_trip.folder / "other"
    series(round_trip.dicom, 3, "t1_mprage", patient="anonymous", study=2)

    assert "is a placeholder, and sub-" in said(dataset(round_trip))


@pytest.mark.parametrize("dates", [
    [{}, {"SeriesDate": "20260102"}], [{"SeriesDate": "20260103"}, {"SeriesDate": "20260102"}],
    [{}, {"SeriesDate": "19000101"}], [{"StudyDate": "20260102"}, {"SeriesDate": "20251231"}],
])  # fmt: skip
def test_a_study_is_one_session_whatever_dates_its_series_have(dates: list[dict[str, str]], round_trip: RoundTrip) -> None:
    for number, given in enumerate(dates, 3):
        series(
            round_trip.dicom,
            number,
            "t1_mprage",
            **{"StudyDate": "", "SeriesDate": "", "AcquisitionDate": "", "ContentDate": ""} | given,
        )
    dataset(round_trip)

    (session,) = round_trip.nifti.glob("sub-*/ses-*")
    real = any(date != "19000101" for given in dates for date in given.values())
    assert session.name == "ses-20260102" if real else session.name.startswith("ses-x")


def test_a_label_is_not_made_of_a_name(round_trip: RoundTrip) -> None:
    series(round_trip.dicom, 3, "t1_mprage", patient="")

    assert "named after a hash" in said(dataset(round_trip))
    assert not list(round_trip.nifti.glob("sub-*Ramp*"))
    assert len(list(round_trip.nifti.glob("sub-x*"))) == 1


def test_sidecars_of_a_dataset_identify_no_one_and_the_way_back_finds_the_records(round_trip: RoundTrip) -> None:
    series(round_trip.dicom, 3, "t1_mprage")
    dataset(round_trip)

    top = sidecar(round_trip, "T1w")
    assert KEY not in top
    assert not {"PatientName", "PatientID", "PatientBirthDate", "StudyInstanceUID", "InstitutionAddress"} & top.keys()
    assert [entry.outcome.value for entry in round_trip.home().entries] == ["restored"]


def test_a_patient_whose_id_was_taken_from_the_sidecars_keeps_the_label(round_trip: RoundTrip) -> None:
    series(round_trip.dicom, 3, "t1_mprage")
    with_map(round_trip, {"descriptions": [{"criteria": {"Modality": "MR"}, "sidecar_changes": {"PatientID": None}}]})
    round_trip.dicom = round_trip.folder / "other"
    series(round_trip.dicom, 3, "t1_mprage", study=2)
    dataset(round_trip)

    assert {path.name for path in round_trip.nifti.glob("sub-*")} == {"sub-P01"}


def test_two_people_that_the_map_puts_together_are_reported(round_trip: RoundTrip) -> None:
    series(round_trip.dicom, 3, "t1_mprage")
    series(round_trip.dicom, 3, "t1_mprage", patient="P-02", study=2)

    assert "sub-1 is another person's, too" in said(with_map(round_trip, {"subjects": {"*": "1"}}))


def two_studies(
    round_trip: RoundTrip, in_one_run: bool, first: dict[str, str], second: dict[str, str], **choices: Any
) -> ConversionReport:
    """Convert two studies of one PatientID; the attributes of each by keyword."""
    series(round_trip.dicom, 3, "t1_mprage", **first)
    if not in_one_run:
        dataset(round_trip, **choices)
        round_trip.dicom = round_trip.folder / "other"
    series(round_trip.dicom, 4, "t1_mprage", study=2, **second)
    return dataset(round_trip, **choices)


JANE = {"PatientName": "Doe^Jane", "PatientBirthDate": "19800203", "PatientSex": "F"}


@pytest.mark.parametrize("in_one_run", [True, False])
@pytest.mark.parametrize(
    ("keyword", "other"),
    [
        ("PatientBirthDate", {"PatientBirthDate": "19500101"}),
        ("PatientSex", {"PatientSex": "M"}),
        ("PatientName", {"PatientName": "Roe^Richard", "PatientBirthDate": ""}),
        ("PatientName", {"PatientName": "Case02", "PatientBirthDate": ""}),
    ],
)
def test_two_people_of_one_patient_id_never_share_a_subject(
    keyword: str, other: dict[str, str], in_one_run: bool, round_trip: RoundTrip
) -> None:
    report = two_studies(round_trip, in_one_run, JANE, JANE | other)

    (failed,) = [entry for entry in report.entries if entry.outcome is Outcome.FAILED]
    assert f"same PatientID (0010,0020) and other values of {keyword}" in failed.error
    assert "subject=" in failed.error
    assert not list(round_trip.nifti.rglob("*ses-20260102*"))


@pytest.mark.parametrize("in_one_run", [True, False])
@pytest.mark.parametrize("name", ["DOE^JANE^^", "Döe^Jane", "Jane Doe", "Doe^Jane^M^^Dr.", "Doe^J", "Deo^Jane", "Roe^Jane Ann"])
def test_another_spelling_or_a_new_name_is_one_person(name: str, in_one_run: bool, round_trip: RoundTrip) -> None:
    report = two_studies(round_trip, in_one_run, JANE, JANE | {"PatientName": name})

    assert {entry.outcome for entry in report.entries} == {Outcome.CONVERTED}
    assert len(list(round_trip.nifti.glob("sub-*"))) == 1


@pytest.mark.parametrize("in_one_run", [True, False])
@pytest.mark.parametrize(
    ("first", "second"),
    [("P-01", "Doe^Jane"), ("Doe^Jane", "Anonymous"), ("Unknown^Trauma", "Doe^Jane"), ("case1", "case-1_v2"),
     ("case1_v1", "case1_v2"), ("P01V1", "P01V2"),
     ("Doe^Jane", "Доу^Джейн"), ("Doe^Jane", "de-identified"), ("No^Name", "Doe^Jane"),
     ("Doe^Jane", "X^X")],
)  # fmt: skip
def test_a_pseudonym_is_not_another_person(first: str, second: str, in_one_run: bool, round_trip: RoundTrip) -> None:
    report = two_studies(round_trip, in_one_run, {"PatientName": first}, {"PatientName": second})
    assert {entry.outcome for entry in report.entries} == {Outcome.CONVERTED}


@pytest.mark.parametrize("names", [("case1", "case12"), ("P01V1", "P02V1"), ("PV1", "PV2")])
def test_numbered_pseudonyms_are_people(names: tuple[str, str], round_trip: RoundTrip) -> None:
    report = two_studies(round_trip, True, {"PatientName": names[0]}, {"PatientName": names[1]})
    assert [entry.outcome for entry in report.entries].count(Outcome.FAILED) == 1


def test_another_name_is_reported(round_trip: RoundTrip) -> None:
    report = two_studies(round_trip, True, JANE, JANE | {"PatientName": "Roe^Jane"})
    assert "sub-P01 has images of one PatientID, but of different PatientName: are they of one patient?" in said(report)


@pytest.mark.parametrize("birth_date", ["19000101", "19800101", "", "00000000"])
def test_a_birth_date_that_means_unknown_is_not_another_one(birth_date: str, round_trip: RoundTrip) -> None:
    report = two_studies(round_trip, True, JANE, JANE | {"PatientBirthDate": birth_date})
    assert {entry.outcome for entry in report.entries} == {Outcome.CONVERTED}


@pytest.mark.parametrize("choices", [{"subject": "1"}, {"map": {"subjects": {"P-01": "1"}}}])
def test_the_user_decides_that_two_people_are_one(choices: dict[str, Any], round_trip: RoundTrip) -> None:
    if "map" in choices:
        (round_trip.folder / "map.json").write_text(json.dumps(choices["map"]), "utf-8")
        choices = {"bids_map": round_trip.folder / "map.json"}
    report = two_studies(round_trip, True, JANE, JANE | {"PatientBirthDate": "19500101"}, **choices)

    assert {entry.outcome for entry in report.entries} == {Outcome.CONVERTED}
    assert "sub-1 has images of one PatientID, but of different PatientBirthDate" in said(report)


def test_the_user_separates_two_people_of_one_patient_id(round_trip: RoundTrip) -> None:
    (round_trip.folder / "map.json").write_text('{"subjects": {"Doe*": "jane", "Roe*": "richard"}}', "utf-8")
    report = two_studies(round_trip, True, JANE, {"PatientName": "Roe^Richard"}, bids_map=round_trip.folder / "map.json")

    assert {entry.outcome for entry in report.entries} == {Outcome.CONVERTED}
    assert {path.name for path in round_trip.nifti.glob("sub-*")} == {"sub-jane", "sub-richard"}


def test_two_people_of_one_patient_id_do_not_share_a_pseudonym_of_a_dataset(round_trip: RoundTrip) -> None:
    report = two_studies(round_trip, True, JANE, JANE | {"PatientBirthDate": "19500101"}, deidentify=True)
    (failed,) = [entry for entry in report.entries if entry.outcome is Outcome.FAILED]
    assert "who has the same PatientID (0010,0020) and other values of PatientBirthDate. Convert the images" in failed.error


def test_the_user_decides_in_deidentified_datasets_too(round_trip: RoundTrip) -> None:
    report = two_studies(round_trip, True, JANE, JANE | {"PatientBirthDate": "19500101"}, deidentify=True, subject="1")
    assert {entry.outcome for entry in report.entries} == {Outcome.CONVERTED}
    assert [path.name for path in round_trip.nifti.glob("sub-*")] == ["sub-1"]


def test_patients_of_a_deidentified_dataset_are_not_compared_with_their_pseudonyms(round_trip: RoundTrip) -> None:
    key = round_trip.folder / "key"
    key.write_text("0123456789abcdef" * 4)
    report = two_studies(round_trip, False, JANE, JANE, deidentify=True, key_file=key)
    assert {entry.outcome for entry in report.entries} == {Outcome.CONVERTED}


def test_another_study_is_another_session_in_a_later_run_too(round_trip: RoundTrip) -> None:
    series(round_trip.dicom, 3, "t1_mprage")
    dataset(round_trip)
    round_trip.dicom = round_trip.folder / "other"
    series(round_trip.dicom, 3, "t1_mprage", study=2)
    dataset(round_trip)

    assert sorted(path.name for path in (round_trip.nifti / "sub-P01").iterdir()) == ["ses-20260101", "ses-20260102"]


def test_two_studies_of_one_day_are_two_sessions(round_trip: RoundTrip) -> None:
    series(round_trip.dicom, 3, "t1_mprage")
    series(round_trip.dicom, 3, "t1_mprage", study=2, StudyDate="20260101")
    report = dataset(round_trip)

    assert sorted(path.name for path in (round_trip.nifti / "sub-P01").iterdir()) == ["ses-20260101", "ses-20260101T0304"]
    assert "another study of that day" in said(report)


@pytest.mark.parametrize("choices", [{}, {"deidentify": True}])
def test_one_label_is_never_that_of_several_patients(choices: dict[str, Any], round_trip: RoundTrip) -> None:
    series(round_trip.dicom, 3, "t1_mprage", patient="P-01")
    series(round_trip.dicom, 3, "t1_mprage", patient="P-02", study=2)

    with pytest.raises(OptionError, match="names one patient, and the input contains images of 2"):
        dataset(round_trip, subject="1", **choices)

    assert not list(round_trip.nifti.rglob("*.nii*"))
