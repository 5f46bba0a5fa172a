"""Clusters and summaries on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from nifti_dicom_bridge.cli import main
from support.dask_cluster import cluster
from support.round_trip import RoundTrip, listing


def convert(round_trip: RoundTrip, *more: object) -> int:
    return main(["convert", str(round_trip.dicom), "--to", "nifti", "-o", str(round_trip.nifti), *map(str, more)])


@pytest.mark.slow
def test_a_cluster_converts_and_summaries_are_written(
    round_trip: RoundTrip, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    round_trip.make("two_series")
    summaries = [tmp_path / "summary.csv", tmp_path / "summary.html"]
    with cluster(tmp_path / "cluster", workers=1) as running:
        code = convert(round_trip, "--cluster", running.address, "--summary", summaries[0], "--summary", summaries[1])
    assert code == 0
    assert "2 converted" in capsys.readouterr().out
    assert all(path.exists() for path in summaries)
    files = listing(round_trip.nifti)

    round_trip.nifti = tmp_path / "plain" / "nifti"
    assert convert(round_trip) == 0
    assert listing(round_trip.nifti) == files


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        (["--cluster", "tcp://127.0.0.1:9", "--jobs", "2"], "Leave out one of them"),
        (["--retries", "2"], "applies only to --cluster"),
        (["--cluster", "127.0.0.1:9"], "not the address of a Dask scheduler"),
        (["--summary", "summary.txt"], "Give it a name that ends in"),
        (["--summary", "missing/summary.csv"], "does not exist"),
    ],
)
def test_wrong_usage_is_refused_before_anything_is_written(
    more: list[str], reason: str, round_trip: RoundTrip, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(round_trip.folder)
    round_trip.make("classic_ct")
    assert convert(round_trip, *more) == 2
    assert reason in capsys.readouterr().err
    assert not round_trip.nifti.exists()


def test_an_existing_summary_is_kept(round_trip: RoundTrip, tmp_path: Path) -> None:
    round_trip.make("classic_ct")
    (tmp_path / "summary.csv").write_text("mine")
    assert convert(round_trip, "--summary", tmp_path / "summary.csv") == 2
    assert (tmp_path / "summary.csv").read_text() == "mine"
