"""The report page: what it shows, and that it works anywhere."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pytest

from nifti_dicom_bridge import (
    ConversionOptions,
    ConversionReport,
    Job,
    Kind,
    OptionError,
    OutputError,
    Target,
    convert,
    write_report,
)
from nifti_dicom_bridge.cli import main
from support.oracles import module
from support.report_pages import headline, page, set_voxels, words
from support.round_trip import NEW, RoundTrip


def test_three_planes_are_shown_before_and_after(sample: RoundTrip) -> None:
    text = page(sample.forth(), sample.folder)

    for plane in ("Axial", "Coronal", "Sagittal"):
        assert f'alt="{plane}, before"' in text
        assert f'alt="{plane}, after"' in text


def test_the_same_voxels_are_the_same_pictures(sample: RoundTrip) -> None:
    """However NIfTI stores them."""
    text = page(sample.forth(), sample.folder)
    pictures = dict(re.findall(r'alt="(\w+, \w+)" src="([^"]+)"', text))

    assert pictures["Axial, before"] == pictures["Axial, after"]
    assert pictures["Axial, before"] != pictures["Coronal, before"]


def test_the_box_has_the_letters_of_the_patient(sample: RoundTrip) -> None:
    text = page(sample.forth(), sample.folder)

    assert re.findall(r'<text class="letter"[^>]*>(\w)</text>', text) == list("RLAPSI")
    assert text.count('class="arrow"') == 2


def test_an_image_without_a_place_has_no_box_and_no_letters(round_trip: RoundTrip) -> None:
    text = page(round_trip.make("cine_rgb").forth(), round_trip.folder)

    assert headline(text) == "1 of 1 series converted, identical"
    assert "letter" not in text.partition("<body>")[2]
    assert '<i class="left">' not in text


def test_a_nifti_image_that_does_not_specify_its_place_has_no_box(tmp_path: Path) -> None:
    image = nibabel.Nifti1Image(np.arange(210, dtype=np.int16).reshape(5, 6, 7), None)
    image.to_filename(tmp_path / "nowhere.nii")
    text = page(convert(Job([tmp_path / "nowhere.nii"], tmp_path / "out", ConversionOptions(Target.DICOM))), tmp_path)

    assert "every voxel identical" in headline(text)
    assert "letter" not in text.partition("<body>")[2]


def test_attributes_come_with_their_sources(sample: RoundTrip) -> None:
    sample.forth()
    report = sample.home(replace(NEW, set_values={"PatientID": "007"}))
    text = page(report, sample.folder)
    rows = re.findall(r'<tr class="(\w+)">.*?<bdi>(.*?)</bdi>.*?<bdi>(.*?)</bdi>.*?<bdi>(.*?)</bdi>.*?<bdi>(.*?)</bdi>', text)

    assert ("changed", "PatientID", "DEMO-1", "007", "set_values=") in rows
    assert ("restored", "PatientName", "Διονυσιος", "Διονυσιος", "the original") in rows


def test_dropped_and_assumed_attributes_are_named(sample: RoundTrip) -> None:
    sample.forth()
    set_voxels(sample.image(), lambda voxels: voxels * 2)
    derived = page(sample.home(NEW), sample.folder)

    assert re.search(r'<tr class="dropped">.*?private attributes', derived)


def test_findings_of_the_checker_are_there(sample: RoundTrip) -> None:
    sample.forth()
    report = sample.home(replace(NEW, set_values={"PatientSex": "X"}))
    text = page(report, sample.folder)

    assert "<h3>Validation</h3>" in text
    assert '<span class="kind error">error</span>' in text


def test_files_in_and_out_version_and_time_are_there(sample: RoundTrip) -> None:
    text = words(page(sample.forth(), sample.folder))

    assert f"Input: 7 files in {sample.dicom}" in text
    assert f"Output: 2 files in {sample.nifti}" in text
    assert re.search(r"NiftiDicomBridge \S+, \d{4}-\d\d-\d\d \d\d:\d\d", text)


def test_no_text_becomes_a_tag(hostile: ConversionReport, tmp_path: Path) -> None:
    text = page(hostile, tmp_path)

    assert text.count("<script") == 1
    assert "&lt;script&gt;alert(" in text
    assert "\u202e" not in text


def test_it_is_valid_html(hostile: ConversionReport, tmp_path: Path) -> None:
    html5lib = module("html5lib")
    parser = html5lib.HTMLParser(strict=False)
    parser.parse(page(hostile, tmp_path))

    assert parser.errors == []


@pytest.mark.slow
def test_200_series_stay_usable(sample: RoundTrip) -> None:
    report = sample.forth()
    one = len(page(report, sample.folder).encode())
    report.entries = report.entries * 200
    text = page(report, sample.folder)

    assert headline(text) == "200 of 200 series converted, identical"
    assert len(text.encode()) / 200 < min(one, 40_000)
    assert '" open>' not in text


@pytest.mark.slow
def test_noise_does_not_make_it_large(tmp_path: Path) -> None:
    noise = np.random.default_rng(2).integers(0, 4000, (256, 256, 60)).astype(np.int16)
    nibabel.Nifti1Image(noise, np.diag([1, 1, 3, 1])).to_filename(tmp_path / "noise.nii")
    options = ConversionOptions(Target.DICOM, kind=Kind.MR)
    report = convert(Job([tmp_path / "noise.nii"], tmp_path / "out", options))
    one = len(page(report, tmp_path).encode())
    report.entries = report.entries * 2

    assert len(page(report, tmp_path).encode()) - one < 40_000


@pytest.mark.parametrize("name", ["report.txt", "report", "report.pdf"])
def test_other_kinds_of_file_are_refused(round_trip: RoundTrip, name: str, capsys: pytest.CaptureFixture) -> None:
    round_trip.make("classic_ct")
    arguments = ["convert", str(round_trip.dicom), "--to", "nifti", "-o", str(round_trip.nifti)]

    assert main([*arguments, "--report", str(round_trip.folder / name)]) == 2
    assert ".html or .json" in capsys.readouterr().err
    assert not round_trip.nifti.exists()
    with pytest.raises(OptionError):
        write_report(ConversionReport(), round_trip.folder / name)


@pytest.mark.parametrize("suffix", [".html", ".json", ".HTML"])
def test_the_command_line_writes_it(round_trip: RoundTrip, suffix: str) -> None:
    round_trip.make("classic_ct")
    report = round_trip.folder / f"report{suffix}"

    assert (
        main(["convert", str(round_trip.dicom), "--to", "nifti", "-o", str(round_trip.nifti), "--report", str(report), "-q"])
        == 0
    )
    assert report.read_text("utf-8").startswith("{" if suffix == ".json" else "<!doctype html>")


def test_it_can_be_in_the_folder_that_is_made_for_the_images(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct")
    report = round_trip.nifti / "report.html"

    assert (
        main(["convert", str(round_trip.dicom), "--to", "nifti", "-o", str(round_trip.nifti), "--report", str(report), "-q"])
        == 0
    )
    assert report.is_file()


def test_a_report_that_cannot_be_written_is_reported(round_trip: RoundTrip) -> None:
    (round_trip.folder / "file").write_bytes(b"")

    with pytest.raises(OutputError, match="cannot be written"):
        write_report(ConversionReport(), round_trip.folder / "file" / "report.html")
