"""The first lines of the report page: identical, edited, failed."""

from __future__ import annotations

import re
from pathlib import Path

import nibabel
import numpy as np
import pytest

from nifti_dicom_bridge import (
    ConversionOptions,
    Entry,
    Job,
    Kind,
    Outcome,
    Target,
    convert,
    make_sample,
    to_nifti,
)
from support.report_pages import headline, page, set_voxels, state, words
from support.round_trip import NEW, RoundTrip


@pytest.mark.slow
def test_series_that_came_back_are_identical(sample: RoundTrip) -> None:
    sample.forth()
    text = page(sample.home(), sample.folder)

    assert headline(text) == "1 of 1 series restored, identical"
    assert state(text) == "good"
    assert "all 13 440 voxels and 350 attributes are identical" in words(text)


@pytest.mark.slow
def test_series_with_new_uids_are_distinguished_from_those_that_are_the_same(sample: RoundTrip) -> None:
    sample.forth()
    text = page(sample.home(NEW), sample.folder)

    assert headline(text) == "1 of 1 series restored with new UIDs, every voxel identical"
    assert "a new series (new UIDs)" in text


@pytest.mark.parametrize("phantom", ["classic_ct", "oblique", "two_series", "rgb", "enhanced_mr"])
@pytest.mark.slow
def test_both_ways_are_identical(round_trip: RoundTrip, phantom: str) -> None:
    round_trip.make(phantom)

    assert headline(page(round_trip.forth(), round_trip.folder)).endswith("converted, identical")
    assert headline(page(round_trip.home(), round_trip.folder)).endswith("restored, identical")


@pytest.mark.slow
def test_what_comes_back_uncompressed_is_not_called_identical_as_a_whole(round_trip: RoundTrip) -> None:
    round_trip.make("jpeg_baseline_color").forth()
    text = page(round_trip.home(), round_trip.folder)

    assert headline(text) == "1 of 1 series restored, every voxel identical"
    assert "the encoding of the pixels" in text


def test_edited_voxels_are_not_called_identical(sample: RoundTrip) -> None:
    sample.forth()
    set_voxels(sample.image(), lambda voxels: voxels + 1)
    text = page(sample.home(NEW), sample.folder)

    assert headline(text) == "1 of 1 series written as a derived series"
    assert "values were rounded" in text


def test_edited_integers_are_those_of_the_edited_image(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct").forth()
    set_voxels(round_trip.image(), lambda voxels: voxels + 1, np.int16)
    text = page(round_trip.home(NEW), round_trip.folder)

    assert headline(text) == "1 of 1 series written as a derived series, every voxel as edited"
    assert "match the edited image" in text


def test_a_voxel_that_is_not_that_from_before_is_the_first_thing_reported(sample: RoundTrip) -> None:
    report = sample.forth()
    set_voxels(sample.image(), lambda voxels: np.where(np.arange(voxels.size).reshape(voxels.shape) == 99, 9999, voxels))
    text = page(report, sample.folder)

    assert headline(text) == "0 of 1 series converted; 1 with changed voxels"
    assert state(text) == "error"
    assert "1 of 13 440 voxels differ, by " in words(text)
    assert text.count('<svg class="spot"') == 3


def test_a_failure_is_the_first_thing_reported(sample: RoundTrip) -> None:
    report = sample.forth()
    report.entries.append(Entry("8 broken", Outcome.FAILED, error="truncated"))
    text = page(report, sample.folder)

    assert headline(text) == "1 of 2 series converted, identical; 1 failed"
    assert state(text) == "error"
    assert "8 broken : truncated" in words(text)


def test_files_that_cannot_be_read_are_not_counted_as_series(sample: RoundTrip) -> None:
    report = sample.forth()
    damaged = [sample.dicom / name for name in ("7.dcm", "8.dcm")]
    report.entries += [Entry(path.name, Outcome.FAILED, [path], error="truncated") for path in damaged]

    assert headline(page(report, sample.folder)) == "1 of 1 series converted, identical; 2 files failed"


def test_rounding_is_reported_in_figures(tmp_path: Path) -> None:
    values = np.random.default_rng(1).normal(size=(8, 9, 7)).astype(np.float32)
    nibabel.Nifti1Image(values, np.diag([2, 2, 3, 1])).to_filename(tmp_path / "stat.nii")
    report = convert(Job([tmp_path / "stat.nii"], tmp_path / "out", ConversionOptions(Target.DICOM, kind=Kind.MR)))
    text = page(report, tmp_path)

    assert headline(text) == "1 of 1 images converted"
    assert state(text) == "warning"
    assert re.search(r"values were rounded: \w+ .*voxels differ, by [\d.e-]+ \([\d.e-]+ % of the range\) at most", words(text))


@pytest.mark.slow
def test_files_that_are_gone_do_not_stop_the_report(sample: RoundTrip) -> None:
    report = sample.forth()
    sample.image().write_bytes(b"no image any more")
    text = page(report, sample.folder)

    assert state(text) == "warning"
    assert "1 not compared completely" in words(text)
    assert "damaged or not NIfTI" in words(text)


def test_files_with_relative_and_absolute_paths_are_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    files = make_sample(Path("scans"))
    elsewhere = tmp_path / "elsewhere" / "slice"
    elsewhere.parent.mkdir()
    files[0].rename(elsewhere)
    report = to_nifti(["scans", elsewhere], "nifti")

    assert f"Input: {len(files)} files" in words(page(report, tmp_path))
    assert str(elsewhere) in words(page(report, tmp_path))


def test_images_with_errors_come_first(sample: RoundTrip) -> None:
    report = sample.forth()
    report.entries.append(Entry("8 broken", Outcome.FAILED, error="truncated"))
    assert re.findall(r'class="entry (\w+)', page(report, sample.folder)) == ["error", "good"]
