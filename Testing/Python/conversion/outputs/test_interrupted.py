"""Batches that are repeated: what exists is skipped, and what is of another series is not."""

from __future__ import annotations

import json
from pathlib import Path

import pydicom
import pytest

from nifti_dicom_bridge import ConversionOptions, Job, OptionError, Outcome, Target, Uids, convert, to_dicom, to_nifti, to_zarr
from nifti_dicom_bridge.cli import main
from support.oracles import module
from support.round_trip import RoundTrip, listing

CHOICES = {
    "nifti": {"target": Target.NIFTI},
    "dicom": {"target": Target.DICOM, "uids": Uids.KEEP},
    "zarr": {"target": Target.ZARR},
    "preview": {"target": Target.PREVIEW, "preview": {"mp4": False, "gif": False}},
    "bids": {"target": Target.NIFTI, "layout": "bids"},
}


@pytest.mark.parametrize("target", CHOICES)
def test_a_batch_is_completed(target: str, round_trip: RoundTrip) -> None:
    if target == "zarr":
        module("zarr")
    round_trip.make("two_series")
    out, options = round_trip.folder / "out", CHOICES[target]
    first = sorted(round_trip.dicom.rglob("*.dcm"))[:1]
    convert(Job(first, out, ConversionOptions(**options)))
    before = listing(out)

    report = convert(Job([round_trip.dicom], out, ConversionOptions(**options, skip_existing=True)))

    assert report.ok
    assert len(report.entries) >= 2
    assert sum(entry.exists for entry in report.entries) == 1
    assert {name: content for name, content in listing(out).items() if name in before and name[-4:] != ".tsv"} == {
        name: content for name, content in before.items() if name[-4:] != ".tsv"
    }


def test_everything_exists(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct")
    to_nifti(round_trip.dicom, round_trip.nifti)

    report = to_nifti(round_trip.dicom, round_trip.nifti, skip_existing=True)

    assert report.ok
    assert [entry.outcome for entry in report.entries] == [Outcome.SKIPPED]
    assert report.outputs == []


def _another_study(folder: Path) -> None:
    for path in folder.rglob("*.dcm"):
        data_set = pydicom.dcmread(path)
        data_set.StudyInstanceUID += ".9"
        data_set.SeriesInstanceUID += ".9"
        data_set.save_as(path)


@pytest.mark.parametrize("convert_to", [to_nifti, to_zarr])
def test_an_image_of_another_series_is_not_skipped(convert_to, round_trip: RoundTrip) -> None:
    if convert_to is to_zarr:
        module("zarr")
    round_trip.make("classic_ct")
    convert_to(round_trip.dicom, round_trip.back)
    _another_study(round_trip.dicom)

    report = convert_to(round_trip.dicom, round_trip.back, skip_existing=True)

    assert "is of another series" in report.failures[0].error


def test_a_series_of_another_study_is_not_skipped(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct")
    to_nifti(round_trip.dicom, round_trip.nifti)
    to_dicom(round_trip.nifti, round_trip.back)
    _another_study(round_trip.back)

    report = to_dicom(round_trip.nifti, round_trip.back, skip_existing=True)

    assert "is of another study" in report.failures[0].error


def test_skipping_and_replacing_exclude_each_other(round_trip: RoundTrip) -> None:
    with pytest.raises(OptionError, match="keeps outputs that exist"):
        to_nifti(round_trip.dicom, round_trip.nifti, skip_existing=True, overwrite=True)


def test_the_command_line_names_what_it_skips(round_trip: RoundTrip, capsys: pytest.CaptureFixture[str]) -> None:
    round_trip.make("classic_ct")
    arguments = ["convert", str(round_trip.dicom), "--to", "nifti", "-o", str(round_trip.nifti)]
    assert main(arguments) == 0

    assert main([*arguments, "--skip-existing"]) == 0
    assert "exists already" in capsys.readouterr().out


def test_a_report_that_exists_is_not_replaced(round_trip: RoundTrip, capsys: pytest.CaptureFixture[str]) -> None:
    round_trip.make("classic_ct")
    (round_trip.folder / "report.json").write_text("mine")
    arguments = ["convert", str(round_trip.dicom), "--to", "nifti", "-o", str(round_trip.nifti), "--report"]

    assert main([*arguments, str(round_trip.folder / "report.json")]) == 2
    assert "exists. Choose another name, or --overwrite" in capsys.readouterr().err
    assert not round_trip.nifti.exists()
    assert main([*arguments, str(round_trip.folder / "report.json"), "--overwrite"]) == 0
    assert json.loads((round_trip.folder / "report.json").read_text("utf-8"))["ok"]
