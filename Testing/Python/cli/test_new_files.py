"""Reports and summaries never take the place of a sidecar, and empty arguments are refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nifti_dicom_bridge.cli import main
from support.round_trip import RoundTrip, names_in


@pytest.fixture
def scan(round_trip: RoundTrip) -> RoundTrip:
    round_trip.make("classic_ct")
    return round_trip


def convert(scan: RoundTrip, *arguments: str | Path) -> int:
    return main([str(scan.dicom), "-o", str(scan.nifti), "--jobs", "1", *map(str, arguments)])


def test_a_report_does_not_replace_the_sidecar_of_this_run(scan: RoundTrip, capsys: pytest.CaptureFixture) -> None:
    report = scan.nifti / "1_series_1.json"

    assert convert(scan, "--report", report, "--overwrite") == 1
    assert "is the name of an output of this run" in capsys.readouterr().err
    assert "NiftiDicomBridge" in report.read_text("utf-8")


@pytest.mark.parametrize("image", ["scan.nii", "scan.nii.gz", "scan.zarr", "scan.nrrd", "scan.mgz"])
def test_the_sidecar_of_an_image_is_not_replaced(image: str, scan: RoundTrip, capsys: pytest.CaptureFixture) -> None:
    sidecar = scan.folder / "scan.json"
    sidecar.write_text("{}")
    (scan.folder / image).write_text("")

    assert convert(scan, "--report", sidecar, "--overwrite") == 2
    assert "is the sidecar of an image" in capsys.readouterr().err
    assert sidecar.read_text() == "{}"
    assert names_in(scan.nifti) == []


@pytest.mark.parametrize(("option", "name"), [
    ("--report", "a.json"), ("--report", "a.html"), ("--summary", "a.csv"), ("--summary", "a.html"),
])  # fmt: skip
def test_a_former_one_is_replaced(option: str, name: str, scan: RoundTrip) -> None:
    assert convert(scan, option, scan.folder / name) == 0
    assert convert(scan, option, scan.folder / name, "--overwrite") == 0


def test_a_report_for_people_and_one_for_scripts_are_both_written(scan: RoundTrip) -> None:
    page, text = scan.folder / "a.html", scan.folder / "a.json"

    assert convert(scan, "--report", page, "--report", text) == 0
    assert "<html" in page.read_text("utf-8")
    assert json.loads(text.read_text("utf-8"))["entries"]


def test_report_and_summary_are_different_files(scan: RoundTrip, capsys: pytest.CaptureFixture) -> None:
    page = scan.folder / "page.html"

    assert convert(scan, "--report", page, "--summary", page) == 2
    assert "Choose a name for each" in capsys.readouterr().err
    assert names_in(scan.nifti) == []


@pytest.mark.parametrize("arguments", [
    ["-o", ""], ["-o", "out", "--layout", "bids", "-p", ""], ["-o", "out", "--layout", "bids", "--session="],
    ["-o", "out", "-f", ""], ["-o", "out", "--series", ""],
])  # fmt: skip
def test_an_empty_argument_is_refused(
    arguments: list[str], scan: RoundTrip, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(scan.folder)
    before = names_in(scan.folder)

    assert main([str(scan.dicom), *arguments]) == 2
    assert "it is empty" in capsys.readouterr().err
    assert names_in(scan.folder) == before


def test_an_attribute_may_be_set_to_nothing(scan: RoundTrip) -> None:
    assert main([str(scan.dicom), "-o", str(scan.back), "--to", "dicom", "--jobs", "1", "--set=PatientComments="]) == 0


@pytest.mark.parametrize(("arguments", "words"), [
    (["--labels", "totalsegmentor:total"], "does not exist. Did you mean totalsegmentator?"),
    (["--labels", "lut"], "does not exist. Give a path, or one of: freesurfer,"),
    (["--labels", "labels/lut.json"], "does not exist. Check the path."),
    (["--size-limit", "-1"], "Expected a number of at least 0. '"),
])  # fmt: skip
def test_what_an_argument_may_have_meant_is_named(
    arguments: list[str], words: str, scan: RoundTrip, capsys: pytest.CaptureFixture
) -> None:
    assert main([str(scan.dicom), "-o", str(scan.back), "--to", "dicom", *arguments]) == 2
    assert words in capsys.readouterr().err


def test_a_command_without_two_hyphens_before_it_is_explained(scan: RoundTrip, capsys: pytest.CaptureFixture) -> None:
    assert main(["apply", str(scan.dicom), "-o", str(scan.back), "bet", "{input}", "{output}"]) == 2
    assert "write the command that is applied after --. '" in capsys.readouterr().err
