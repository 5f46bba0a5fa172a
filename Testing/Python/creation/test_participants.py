"""Messy participant tables: what is clear becomes an attribute, everything else is named."""

from __future__ import annotations

from pathlib import Path

import pydicom
import pytest

from made_here import entry_of, save
from nifti_dicom_bridge import Entry

HEAD = "participant_id\tage\tsex\tweight\n"


pytestmark = pytest.mark.usefixtures("there")


def converted(table: bytes) -> tuple[Entry, pydicom.Dataset]:
    save("d/sub-01/anat/sub-01_T1w.nii", Modality="MR")
    Path("d/dataset_description.json").write_text('{"Name": "x", "BIDSVersion": "1.9.0"}')
    Path("d/participants.tsv").write_bytes(table)
    entry = entry_of(Path("d"))
    return entry, pydicom.dcmread(sorted(entry.outputs)[0])


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


def test_a_table_that_is_not_utf_8_is_named():
    entry, _ = converted((HEAD + "sub-01\t34\tMüller\t80\n").encode("latin-1"))
    assert any("was not used" in warning for warning in entry.log.warnings)
