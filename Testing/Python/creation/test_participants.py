"""Messy participant tables: what is clear becomes an attribute, everything else is named."""

from __future__ import annotations

import json
from pathlib import Path

import pydicom
import pytest

from nifti_dicom_bridge import Entry, to_dicom
from support.new_objects import entry_of, save

HEAD = "participant_id\tage\tsex\tweight\n"


pytestmark = pytest.mark.usefixtures("there")


def converted(table: bytes) -> tuple[Entry, pydicom.Dataset]:
    save("d/sub-01/anat/sub-01_T1w.nii", Modality="MR")
    Path("d/dataset_description.json").write_text('{"Name": "x", "BIDSVersion": "1.9.0"}')
    Path("d/participants.tsv").write_bytes(table)
    entry = entry_of(Path("d"))
    return entry, pydicom.dcmread(min(entry.outputs))


@pytest.mark.parametrize(
    ("table", "age", "sex", "weight"),
    [
        (HEAD + "sub-01\t34\tM\t80\n", "034Y", "M", 80), (HEAD + "01\t34.7\tmale\t80,5\n", "034Y", "M", 80.5),
        (HEAD + "sub-01\tn/a\tn/a\tn/a\n", None, "", None), (HEAD + "sub-01\t34Y\tFEMALE\t 80 kg\n", "034Y", "F", 80),
        (HEAD + "sub-01\t6 months\tf\t80kg\n", "006M", "F", 80), ("\ufeff" + HEAD + "sub-01\t34\to\t\r\n", "034Y", "O", None),
        ("Participant_ID\tage_years\tgender\tweight_kg\nsub-01\t34\tfemale\t80\n", "034Y", "F", 80),
        ("participant_id\tage (years)\tsex\tweight (g)\nsub-01\t34\tM\t4200\n", "034Y", "M", 4.2),
        (HEAD + "sub-01\t89+\tM\n", None, "M", None), (HEAD + "sub-01\t89\tM\n", "089Y", "M", None),
        ("participant_id\tsex\tgender\nsub-01\tF\tM\n", None, "F", None),
    ],
)  # fmt: skip
def test_what_is_clear_becomes_an_attribute(table, age, sex, weight):
    _, made = converted(table.encode())
    assert (made.PatientID, made.get("PatientAge"), made.PatientSex, made.get("PatientWeight")) == ("01", age, sex, weight)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (HEAD + "sub-02\t34\tM\t80\n", "has no row of sub-01"), ("participant_id,age\nsub-01,34\n", "was not used"),
        ("", "was not used"), (HEAD + "sub-01\t34\tM\t80\nsub-01\t35\tM\t80\n", "several rows"),
        (HEAD + "sub-01\t89+\tM\t80\n", "age '89+' of sub-01 is a lower limit"),
        (HEAD + "sub-01\t89\tM\t80\n", "age '89' of sub-01 may be a higher one"),
        (HEAD + "sub-01\t-3\tM\t80\n", "age '-3'"), (HEAD + "sub-01\t30-35\tM\t80\n", "age '30-35'"),
        (HEAD + "sub-01\t34\t1\t80\n", "sex '1'"), (HEAD + "sub-01\t34\tM\t8000\n", "weight '8000'"),
        (HEAD + "sub-01\t34\tM\t12 stone\n", "weight '12 stone'"),
    ],
)  # fmt: skip
def test_what_is_not_clear_is_named(table, words):
    entry, made = converted(table.encode())
    assert any(words in warning for warning in entry.log.warnings)
    assert made.PatientID == "01"


@pytest.mark.parametrize(
    ("age", "written"), [("0.02", "007D"), ("0.5", "006M"), ("1.5", "018M"), ("0.5 months", "015D"), ("2.5 weeks", "017D")]
)
def test_young_ages_have_smaller_units(age: str, written: str):
    assert converted(f"{HEAD}sub-01\t{age}\tM\t4\n".encode())[1].PatientAge == written


@pytest.mark.parametrize(("height", "unit", "meters"), [
    ("1.75", "", 1.75), ("175", "", 1.75), ("1,75", "", 1.75), ("2.6", "", 2.6), ("50", "", 0.5), ("175 cm", "m", 1.75),
    ("1750", "mm", 1.75), ("1750 mm", "", 1.75), ("175", "cm", 1.75), ("70", "in", 1.778), ("1.75", "cm", None),
    ("175", "m", None), ("175", "ell", None), ("5", "", None), ("tall", "", None),
])  # fmt: skip
def test_heights_are_in_meters(height: str, unit: str, meters: float | None):
    Path("d").mkdir()
    Path("d/participants.json").write_text(json.dumps({"height": {"Units": unit}} if unit else {}))
    entry, made = converted(f"participant_id\theight\nsub-01\t{height}\n".encode())

    assert made.get("PatientSize") == meters
    assert any(f"height {height!r} of sub-01 was left out" in text for text in entry.log.warnings) == (meters is None)


def test_a_description_that_repeats_a_column_is_an_error():
    Path("d").mkdir()
    Path("d/participants.json").write_text('{"height": {"Units": "cm"}, "height": {"Units": "m"}}')
    save("d/sub-01/anat/sub-01_T1w.nii", Modality="MR")
    Path("d/dataset_description.json").write_text('{"Name": "x", "BIDSVersion": "1.9.0"}')
    Path("d/participants.tsv").write_text("participant_id\theight\nsub-01\t1.75\n")

    assert "participants.json" in entry_of(Path("d")).error


def test_an_age_whose_description_states_another_unit_is_left_out():
    Path("d").mkdir()
    Path("d/participants.json").write_text('{"age": {"Description": "age in months"}}')
    entry, made = converted((HEAD + "sub-01\t6\tM\t4\n").encode())
    assert "PatientAge" not in made
    assert any("age '6' of sub-01 was left out" in warning for warning in entry.log.warnings)


def test_of_rows_that_differ_only_what_is_the_same_is_used():
    entry, made = converted((HEAD + "sub-01\t34\tM\t80\nsub-01\t34\tF\t80\n").encode())
    assert (made.PatientAge, made.PatientSex) == ("034Y", "")
    assert any("several rows of sub-01 that differ: sex left out" in warning for warning in entry.log.warnings)


def test_the_table_of_sessions_takes_precedence():
    for session in ("a", "b"):
        save(f"d/sub-01/ses-{session}/anat/sub-01_ses-{session}_T1w.nii", Modality="MR")
    Path("d/sub-01/sub-01_sessions.tsv").write_text("session_id\tage\nses-a\tn/a\nses-b\t39\n")
    Path("d/dataset_description.json").write_text('{"Name": "x", "BIDSVersion": "1.9.0"}')
    Path("d/participants.tsv").write_text(HEAD + "sub-01\t34\tM\t80\n")
    entry_of(Path("d"))
    ages = {path.parent.name: pydicom.dcmread(path).PatientAge for path in Path("out").rglob("*.dcm")}
    assert ages == {"sub-01_ses-a_T1w": "034Y", "sub-01_ses-b_T1w": "039Y"}


@pytest.mark.parametrize(("moment", "written"), [("2020-01-02T03:04:05.6", ("20200102", "030405.6")), ("n/a", (None, None)),
                                                 ("2020-01-02T03:04:05Z", (None, None)),
                                                 ("2020-13-02T03:04:05", (None, None)),
                                                 ("2020-01-02T25:04:05", (None, None))])  # fmt: skip
def test_the_table_of_scans_states_when_an_image_was_acquired(moment: str, written: tuple[str, str]):
    Path("d/sub-01").mkdir(parents=True)
    Path("d/sub-01/sub-01_scans.tsv").write_text(f"filename\tacq_time\nanat/sub-01_T1w.nii\t{moment}\n")
    entry, made = converted((HEAD + "sub-01\t34\tM\t80\n").encode())
    assert (made.get("AcquisitionDate"), made.get("AcquisitionTime")) == written
    assert any(f"acq_time '{moment}'" in note for note in entry.log.notes) == (written == (None, None) and moment != "n/a")


@pytest.mark.parametrize(("time", "date"), [
    ("03:04:05.5", "20200102"), ("03:40:00", "20200102"), ("23:59:59", None), ("04:04:05", "20200102"), ("04:04:06", None),
    ("02:04:05", "20200102"), ("02:04:04", None),
])  # fmt: skip
def test_the_table_of_scans_has_the_date_of_a_sidecar_with_a_time_only(time: str, date: str | None):
    """As dcm2niix writes sidecars, and heudiconv tables."""
    path = save("d/sub-01/anat/sub-01_T1w.nii", AcquisitionTime=time)
    Path("d/dataset_description.json").write_text('{"Name": "x", "BIDSVersion": "1.9.0"}')
    Path("d/sub-01/sub-01_scans.tsv").write_text("filename\tacq_time\nanat/sub-01_T1w.nii\t2020-01-02T03:04:05\n")
    log = entry_of(path).log
    made = pydicom.dcmread(next(Path("out").rglob("*.dcm")))
    assert (made.get("AcquisitionDate"), made.AcquisitionTime[:6]) == (date, time.replace(":", "")[:6])
    assert any("its date was not used" in note for note in log.notes) == (date is None)


def test_a_time_on_the_other_side_of_midnight_has_no_date_of_the_table_of_scans():
    """The date was a day off."""
    path = save("d/sub-01/anat/sub-01_T1w.nii", AcquisitionTime="00:10:00")
    Path("d/dataset_description.json").write_text('{"Name": "x", "BIDSVersion": "1.9.0"}')
    Path("d/sub-01/sub-01_scans.tsv").write_text("filename\tacq_time\nanat/sub-01_T1w.nii\t2020-01-02T23:50:00\n")
    entry_of(path)
    assert "AcquisitionDate" not in pydicom.dcmread(next(Path("out").rglob("*.dcm")))


def test_new_series_leave_the_numbers_of_sidecars_free():
    Path("d").mkdir()
    Path("d/dataset_description.json").write_text('{"Name": "x", "BIDSVersion": "1.9.0"}')
    for suffix in ("T1w", "T2w"):
        save(f"d/sub-01/anat/sub-01_{suffix}.nii", Modality="MR")
    save("d/sub-01/anat/sub-01_PDw.nii", Modality="MR", SeriesNumber=2)
    entry_of(Path("d"))
    numbers = {path.parent.name: pydicom.dcmread(path).SeriesNumber for path in Path("out").rglob("*.dcm")}
    assert len(set(numbers.values())) == 3
    assert numbers["sub-01_PDw"] == 2


@pytest.mark.parametrize(
    ("table", "words"),
    [("", "it is empty"), ("filename,acq_time\n", "no column filename"), ("filename\tacq_time\tacq_time\n", "several columns"),
     ("filename\tacq_time\na\tb\tc\n", "line 2 has 3 cells"),
     ("filename\tacq_time\nanat/sub-01_T1w.nii\t2020-01-02T03:04:05\nanat/sub-01_T1w.nii\tn/a\n", "rows of anat")],
)  # fmt: skip
def test_a_table_of_scans_that_is_damaged_is_named(table: str, words: str):
    Path("d/sub-01").mkdir(parents=True)
    Path("d/sub-01/sub-01_scans.tsv").write_text(table)
    entry, made = converted((HEAD + "sub-01\t34\tM\t80\n").encode())
    assert any("sub-01_scans.tsv" in warning and words in warning for warning in entry.log.warnings)
    assert "AcquisitionDate" not in made


def test_a_table_of_sessions_that_is_damaged_is_named():
    save("d/sub-01/ses-a/anat/sub-01_ses-a_T1w.nii", Modality="MR")
    Path("d/sub-01/sub-01_sessions.tsv").write_text("session\tage\nses-a\t39\n")
    Path("d/dataset_description.json").write_text('{"Name": "x", "BIDSVersion": "1.9.0"}')
    warnings = " ".join(entry_of(Path("d")).log.warnings)
    assert "sub-01_sessions.tsv was not used: it has no column session_id" in warnings


@pytest.mark.parametrize(("subjects", "patient"), [(["01", "02"], "01"), (["01"], "Q")])
def test_an_inherited_patient_is_not_that_of_several_subjects(subjects: list[str], patient: str):
    for subject in subjects:
        save(f"d/sub-{subject}/anat/sub-{subject}_T1w.nii", Modality="MR")
    Path("d/dataset_description.json").write_text('{"Name": "x", "BIDSVersion": "1.9.0"}')
    Path("d/T1w.json").write_text('{"PatientID": "Q", "EchoTime": 0.003}')
    entry = entry_of(Path("d"))
    made = pydicom.dcmread(min(entry.outputs))
    assert (made.PatientID, made.EchoTime) == (patient, 3)
    assert any("PatientID in T1w.json would be of all subjects" in text for text in entry.log.warnings) == (len(subjects) > 1)


def test_a_name_that_contradicts_its_folder_is_reported():
    save("d/sub-01/ses-a/anat/sub-02_ses-b_T1w.nii", Modality="MR")
    Path("d/dataset_description.json").write_text('{"Name": "x", "BIDSVersion": "1.9.0"}')
    warnings = " ".join(entry_of(Path("d")).log.warnings)
    assert "is in the folder sub-01: sub-02, of its name, was used" in warnings
    assert "is in the folder ses-a: ses-b, of its name, was used" in warnings


def test_a_table_that_is_not_utf_8_is_named():
    entry, _ = converted((HEAD + "sub-01\t34\tMüller\t80\n").encode("latin-1"))
    assert any("was not used" in warning for warning in entry.log.warnings)


def test_a_table_next_to_the_folder_of_the_subject_counts_without_a_description_of_the_data_set() -> None:
    save("d/sub-01/anat/sub-01_T1w.nii", Modality="MR")
    Path("d/participants.tsv").write_text(HEAD + "sub-01\t34\tM\t80\n")
    Path("d/T1w.json").write_text(json.dumps({"FlipAngle": 9}))

    made = pydicom.dcmread(min(entry_of(Path("d")).outputs))

    assert (made.PatientID, made.PatientAge, made.PatientSex, made.PatientWeight) == ("01", "034Y", "M", 80)
    assert made.FlipAngle == 9


def test_one_label_in_two_data_sets_is_reported() -> None:
    for folder in ("a", "b"):
        save(f"d/{folder}/sub-01/anat/sub-01_T1w.nii", Modality="MR")
        Path(f"d/{folder}/dataset_description.json").write_text('{"Name": "x", "BIDSVersion": "1.9.0"}')
    report = to_dicom("d", "out")

    assert report.ok
    assert sum("If they are two people" in warning for entry in report.entries for warning in entry.log.warnings) == 1


@pytest.mark.parametrize(("own", "sex"), [("", "F"), ("participant_id\tsex\nsub-01\tM\n", "M")])
@pytest.mark.parametrize("place", ["d/derivatives/tool", "results"])
def test_derivatives_with_a_description_have_the_participants_of_their_raw_data_set(place: str, own: str, sex: str):
    """As fMRIPrep and other tools write them, without a table; age and sex were empty."""
    image = save(f"{place}/sub-01/anat/sub-01_desc-denoised_T1w.nii", Modality="MR")
    description = {"Name": "r", "BIDSVersion": "1.9.0", "DatasetType": "derivative", "SourceDatasets": [{"URL": "../d"}]}
    Path(place, "dataset_description.json").write_text(json.dumps(description))
    if own:
        Path(place, "participants.tsv").write_text(own)
    Path("d").mkdir(exist_ok=True)
    Path("d/dataset_description.json").write_text('{"Name": "x", "BIDSVersion": "1.9.0"}')
    Path("d/participants.tsv").write_text(HEAD + "sub-01\t34\tF\t80\n")

    made = pydicom.dcmread(entry_of(image).outputs[0])
    assert (made.PatientID, made.PatientSex, made.get("PatientAge")) == ("01", sex, None if own else "034Y")
