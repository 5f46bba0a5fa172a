"""What a deidentification reports, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest

from nifti_dicom_bridge import (
    ConversionOptions,
    Job,
    OptionError,
    Outcome,
    Target,
    convert,
    make_sample,
)
from nifti_dicom_bridge.cli import main
from phantoms import write as write_file
from phantoms.base import ULTRASOUND_MULTI_FRAME, image
from support.deidentified import KINDS, leaks, put, run
from support.round_trip import RoundTrip


def test_report_states_what_was_removed(tmp_path: Path) -> None:
    put(KINDS["CT"](), tmp_path / "in")
    (entry,) = run(tmp_path / "in", tmp_path / "out", Target.NIFTI).entries
    assert any("attributes removed" in note for note in entry.log.notes)
    assert not any("BurnedIn" in warning for warning in entry.log.warnings)


@pytest.mark.parametrize(("said", "warned"), [("YES", True), ("NO", False), ("", True)])
def test_words_in_the_pixels_are_warned_of(said: str, warned: bool, tmp_path: Path) -> None:
    ds = image(np.arange(64, dtype="<u2").reshape(8, 8), ULTRASOUND_MULTI_FRAME)
    ds.Modality = "US"
    if said:
        ds.BurnedInAnnotation = said
    write_file(tmp_path / "in" / "a.dcm", ds)
    (entry,) = run(tmp_path / "in", tmp_path / "out", Target.NIFTI).entries
    assert any("BurnedIn" in warning for warning in entry.log.warnings) is warned


@pytest.mark.parametrize(("conversion", "warned"), [("", False), ("WSD", True)])
def test_objects_of_scanners_may_have_an_empty_conversion_type(conversion: str, warned: bool, tmp_path: Path) -> None:
    ds = KINDS["CT"]()[0]
    ds.ConversionType, ds.BurnedInAnnotation = conversion, "NO"
    write_file(tmp_path / "in" / "a.dcm", ds)

    (entry,) = run(tmp_path / "in", tmp_path / "out", Target.NIFTI).entries

    assert any("this is a secondary capture" in warning for warning in entry.log.warnings) is warned


@pytest.mark.parametrize(
    "more",
    [["--to", "dicom", "--deidentify", "--uids", "keep"], ["--to", "dicom", "--deidentify", "--names", "original"],
     ["--to", "dicom", "--deidentify", "--reference", "x"],
     ["--to", "nifti", "--key-file", "k"]],
)  # fmt: skip
def test_contradictions_are_exit_code_2(more: list[str], tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    make_sample(tmp_path / "in")
    assert main(["convert", str(tmp_path / "in"), "-o", str(tmp_path / "out"), *more]) == 2
    said = capsys.readouterr().err
    assert "--deidentify" in said
    assert said.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_contradictions_are_errors_for_python_too(tmp_path: Path) -> None:
    with pytest.raises(OptionError):
        convert(Job([tmp_path], tmp_path / "out", ConversionOptions(deidentify_key="k" * 16)))


def test_edited_image_becomes_a_clean_derived_series(tmp_path: Path) -> None:
    walk = RoundTrip(tmp_path)
    secrets = put(KINDS["CT"](), walk.dicom)
    walk.forth()
    walk.edit_image(lambda image: type(image)(np.asarray(image.dataobj) + 7, image.affine, image.header))
    (entry,) = run(walk.nifti, walk.back, Target.DICOM).entries
    assert entry.outcome is Outcome.DERIVED
    assert not leaks(walk.back, secrets)


@pytest.mark.parametrize("target", [Target.ZARR, Target.DICOM])
def test_nifti_that_never_was_dicom_is_a_failure_with_a_reason(target: Target, tmp_path: Path) -> None:
    nibabel.save(nibabel.Nifti1Image(np.zeros((3, 4, 5), "<i2"), np.eye(4)), tmp_path / "a.nii")
    report = convert(Job([tmp_path / "a.nii"], tmp_path / "out", ConversionOptions(target, deidentify=True)))
    assert ["no record of the DICOM" in entry.error for entry in report.entries] == [True]
    assert not list((tmp_path / "out").rglob("*.*"))
