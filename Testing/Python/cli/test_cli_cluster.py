"""Clusters and summaries on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from nifti_dicom_bridge.cli import main
from support.circle import Circle, listing
from support.dask_cluster import cluster


def convert(circle: Circle, *more: object) -> int:
    return main(["convert", str(circle.dicom), "--to", "nifti", "-o", str(circle.nifti), *map(str, more)])


@pytest.mark.slow
def test_a_cluster_converts_and_summaries_are_written(circle: Circle, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    circle.make("two_series")
    summaries = [tmp_path / "summary.csv", tmp_path / "summary.html"]
    with cluster(tmp_path / "cluster", workers=1) as running:
        code = convert(circle, "--cluster", running.address, "--summary", summaries[0], "--summary", summaries[1])
    assert code == 0
    assert "2 converted" in capsys.readouterr().out
    assert all(path.exists() for path in summaries)
    files = listing(circle.nifti)

    circle.nifti = tmp_path / "plain" / "nifti"
    assert convert(circle) == 0
    assert listing(circle.nifti) == files


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
    more: list[str], reason: str, circle: Circle, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(circle.folder)
    circle.make("classic_ct")
    assert convert(circle, *more) == 2
    assert reason in capsys.readouterr().err
    assert not circle.nifti.exists()


def test_an_existing_summary_is_kept(circle: Circle, tmp_path: Path) -> None:
    circle.make("classic_ct")
    (tmp_path / "summary.csv").write_text("mine")
    assert convert(circle, "--summary", tmp_path / "summary.csv") == 2
    assert (tmp_path / "summary.csv").read_text() == "mine"
