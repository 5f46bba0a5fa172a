"""Bad input for new DICOM is one clear error, and what is not used is named."""

from __future__ import annotations

from pathlib import Path

import pydicom
import pytest

from nifti_dicom_bridge import (
    ConversionOptions,
    Job,
    Kind,
    OptionError,
    Outcome,
    Target,
    convert,
    to_nifti,
)
from nifti_dicom_bridge.cli import main
from support.new_objects import entry_of, made, refused, save

TO_DICOM = ConversionOptions(target=Target.DICOM)


@pytest.mark.parametrize(
    ("sidecar", "words"),
    [
        ({"EchoTime": "long"}, "EchoTime"),
        ({"SliceTiming": [0, 1]}, "SliceTiming"),
        ({"SliceTiming": [0, 1, "x"]}, "SliceTiming"),
        ({"SliceTiming": [0, 1, 2], "SliceEncodingDirection": "up"}, "SliceEncodingDirection"),
        ({"RepetitionTime": [1, 2]}, "RepetitionTime"),
    ],
)
def test_sidecar_value_of_another_kind_is_left_out_and_named(there, sidecar, words):
    (entry,) = convert(Job([save("a_bold.nii", Modality="MR", **sidecar)], Path("out"), TO_DICOM)).entries
    assert entry.outcome is Outcome.CONVERTED
    assert any(words in warning and "left out" in warning for warning in entry.log.warnings)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--set", "PatientNam=x"], "PatientName"),
        (["--set", "PatientBirthDate=yesterday"], "DA"),
        (["--reference", "nowhere"], "nowhere"),
        (["--metadata", "nowhere.json"], "nowhere.json"),
        (["--metadata", "broken.json"], "is not valid JSON"),
        (["--metadata", "list.json"], "object"),
        (["--metadata", "nested.json"], "PatientName"),
        (["--reference", "text"], "no DICOM image"),
        (["--as", "x-ray"], "x-ray"),
    ],
)
def test_option_that_makes_no_sense_is_wrong_usage(there, arguments, words, capsys):
    save("a.nii")
    Path("broken.json").write_text("{")
    Path("list.json").write_text("[1]")
    Path("nested.json").write_text('{"PatientName": {"a": 1}}')
    Path("text").mkdir()
    Path("text/a.txt").write_text("no image")
    assert main(["convert", "a.nii", "--to", "dicom", "-o", "out", *arguments]) == 2
    assert words in capsys.readouterr().err
    assert not Path("out").exists()


@pytest.mark.parametrize("limit", ["nan", "-1"])
def test_limit_that_is_none_is_wrong_usage(there, limit, capsys):
    save("a.nii")
    assert main(["convert", "a.nii", "--to", "dicom", "-o", "out", f"--max-error={limit}"]) == 2
    assert "Expected a number of at least 0" in capsys.readouterr().err
    assert not Path("out").exists()


def test_legacy_object_of_what_never_was_dicom_is_one_clear_error(there):
    assert "never was DICOM" in refused(save("sub-1_T1w.nii"), kind=Kind.LEGACY)


def test_sidecar_that_is_not_there_is_one_clear_error(there):
    with pytest.raises(OptionError, match=r"no\.json does not exist"):
        made(save("a.nii"), sidecar="no.json")


def test_the_sidecar_of_an_image_is_named_where_another_one_is_used_in_its_place(there):
    path = save("a.nii", EchoTime=0.03)
    Path("b.json").write_text('{"EchoTime": 0.05}')
    entry = entry_of(path, kind="mr", sidecar="b.json")
    assert float(pydicom.dcmread(min(entry.outputs)).EchoTime) == 50
    assert "a.json of the image was not used, as sidecar= names another file" in entry.log.warnings


@pytest.mark.parametrize("named", ["nifti/first.json", "copy.json"])
def test_a_record_next_to_the_image_is_named_where_another_one_is_used_in_its_place(there, named):
    made(save("a.nii", EchoTime=0.03), kind="mr")
    to_nifti("out", "nifti")
    (image,) = Path("nifti").glob("*.nii.gz")
    image.rename("nifti/first.nii.gz")
    image.with_name(image.name.replace(".nii.gz", ".json")).rename("nifti/first.json")
    Path("copy.json").write_bytes(Path("nifti/first.json").read_bytes())
    entry = entry_of(Path("nifti/first.nii.gz"), out="back", sidecar=named)
    assert entry.outcome is Outcome.REISSUED
    words = "first.json of the image was not used, as sidecar= names another file"
    assert (words in entry.log.warnings) is (named == "copy.json")
