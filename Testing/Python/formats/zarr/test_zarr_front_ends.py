"""Stores in the public functions and on the command line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nifti_dicom_bridge import Names, open_zarr, read, write
from nifti_dicom_bridge.cli import main
from support.round_trip import KEEP, listing, names_in
from support.zarr_round_trip import ZARR, ZarrRoundTrip


def test_the_public_functions_take_stores(zarr_round_trip: ZarrRoundTrip) -> None:
    volume = read(zarr_round_trip.make("classic_ct").dicom)[0]
    paths = write(volume, zarr_round_trip.folder / "mine.zarr", ZARR)

    assert [path.name for path in paths] == ["mine.zarr", "mine.json"]
    found = read(zarr_round_trip.folder / "mine.zarr")[0]
    assert isinstance(found.voxels, np.ndarray)
    assert found.edits() == frozenset()
    assert open_zarr(paths[0]).edits() == frozenset()
    write(open_zarr(paths[0]), zarr_round_trip.back, replace(KEEP, names=Names.ORIGINAL))
    assert listing(zarr_round_trip.back) == listing(zarr_round_trip.dicom)


def test_inspect_shows_stores(zarr_round_trip: ZarrRoundTrip, capsys: pytest.CaptureFixture) -> None:
    zarr_round_trip.make("classic_ct").forth()

    assert main(["inspect", str(zarr_round_trip.stores)]) == 0
    assert "restores the DICOM series" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["--to", "nifti", "--shards"], ["--to", "dicom", "--pyramid", "2"],
                                       ["--to", "zarr", "--pyramid", "-1"], ["--to", "zarr", "--set", "PatientID=1"],
                                       ["--to", "zarr", "--layout", "bids"]])  # fmt: skip
def test_options_that_do_not_specify_the_target_are_refused(arguments: list[str], tmp_path: Path) -> None:
    assert main(["convert", str(tmp_path), "-o", str(tmp_path / "out"), *arguments]) == 2


def test_one_sentence_states_that_zarr_is_not_installed(
    zarr_round_trip: ZarrRoundTrip, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    zarr_round_trip.make("classic_ct").forth()
    monkeypatch.setitem(__import__("sys").modules, "zarr", None)

    for arguments in ([str(zarr_round_trip.dicom), "--to", "zarr"], [str(zarr_round_trip.store()), "--to", "dicom"],
                      [str(zarr_round_trip.store()), "--to", "nifti"]):  # fmt: skip
        assert main(["convert", *arguments, "-o", str(zarr_round_trip.folder / "out")]) == 1
        assert capsys.readouterr().err.count("pip install 'nifti-dicom-bridge[zarr]'") == 1
        assert names_in(zarr_round_trip.folder / "out") == []
