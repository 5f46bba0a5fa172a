"""What is proposed for files before anything is written, and choices of single files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from nifti_dicom_bridge import (
    ConversionOptions,
    FileOptions,
    Job,
    Kind,
    Outcome,
    Target,
    convert,
    propose,
)
from phantoms import PHANTOMS
from support.new_objects import made, refused, save

TO_DICOM = ConversionOptions(target=Target.DICOM)


def test_proposal_names_kind_and_sources_and_writes_nothing(there):
    save("a.nii", Modality="CT", PatientID="7")
    before = sorted(there.rglob("*"))
    (found,) = propose([there], TO_DICOM)
    assert (found.kind, found.companion.value, found.error) == (Kind.CT, "bids", "")
    values = {value.attribute: (value.new, value.source) for value in found.values}
    assert values["PatientID"][0] == "7"
    assert values["PatientName"] == ("", "default")
    assert sorted(there.rglob("*")) == before


def test_files_with_choices_of_their_own_stay_in_one_study(there):
    image, labels = save("sub-1_T1w.nii.gz"), save("sub-1_dseg.nii.gz", np.ones((5, 4, 3), np.uint8))
    own = {image: FileOptions(Kind.MR, None, {"PatientID": "7"}), labels: FileOptions(Kind.SEG, None, {"PatientID": "7"})}
    found = made(image, labels, per_file=own)
    assert {ds.Modality for ds in found} == {"MR", "SEG"}
    assert len({ds.StudyInstanceUID for ds in found}) == 1
    assert {ds.PatientID for ds in found} == {"7"}


def test_value_of_one_file_does_not_reach_another(there):
    first, second = save("a.nii.gz"), save("b.nii.gz")
    options = replace(TO_DICOM, per_file={first: FileOptions(set_values={"PatientName": "Doe^Jo"})})
    names = [next(v.new for v in found.values if v.attribute == "PatientName") for found in propose([first, second], options)]
    assert names == ["Doe^Jo", ""]
    assert {str(ds.PatientName) for ds in made(first, second, per_file=options.per_file)} == {"Doe^Jo", ""}


def test_value_that_is_not_valid_fails_its_own_file_only(there):
    first, second = save("a.nii.gz"), save("b.nii.gz")
    own = {first: FileOptions(set_values={"PatientBirthDate": "yesterday"})}
    report = convert(Job([first, second], Path("out"), replace(TO_DICOM, per_file=own)))
    assert [entry.outcome for entry in report.entries] == [Outcome.FAILED, Outcome.CONVERTED]
    assert "PatientBirthDate" in report.entries[0].error


def test_parts_of_one_series_with_different_choices_are_refused(there):
    PHANTOMS["enhanced_two_stacks"].write(Path("dicom"))
    image, other = (path for path in convert(Job([Path("dicom")], Path("nifti"))).outputs if path.suffix == ".gz")
    assert "Choose the same kind" in refused(image, other, per_file={other: FileOptions(Kind.SC)})
