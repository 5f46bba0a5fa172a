"""Zarr stores in ZIP files: the same stores, written and read without unpacking them."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import zarr

from nifti_dicom_bridge import ConversionOptions, Job, Outcome, Target, convert, inspect, open_zarr, read, write
from nifti_dicom_bridge.cli.commands import main
from support.round_trip import KEEP, listing, names_in
from support.zarr_round_trip import ZARR, ZarrRoundTrip

ZIP = replace(ZARR, zip_store=True)


@pytest.fixture
def zipped(tmp_path: Path) -> ZarrRoundTrip:
    """The store of a series over time, with a coarser level, in a ZIP file."""
    zarr_round_trip = ZarrRoundTrip(tmp_path).make("mr_4d")
    report = convert(Job([zarr_round_trip.dicom], zarr_round_trip.stores, replace(ZIP, pyramid=1)))
    assert report.ok, report.entries[0].error
    return zarr_round_trip


def the_file(zarr_round_trip: ZarrRoundTrip) -> Path:
    (path,) = zarr_round_trip.stores.glob("*.zarr.zip")
    return path


def test_the_series_comes_back(zipped: ZarrRoundTrip) -> None:
    report = convert(Job([zipped.stores], zipped.back, KEEP))

    assert [entry.outcome for entry in report.entries] == [Outcome.RESTORED], report.entries[0].error
    assert listing(zipped.back) == listing(zipped.dicom)


def test_the_files_are_those_of_a_folder(zipped: ZarrRoundTrip, tmp_path: Path) -> None:
    convert(Job([zipped.dicom], tmp_path / "folders", replace(ZARR, pyramid=1)))
    (folder,) = (tmp_path / "folders").glob("*.zarr")

    with zipfile.ZipFile(the_file(zipped)) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == listing(folder)
        assert archive.namelist()[0] == "zarr.json"
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}


def test_the_same_store_is_the_same_file(zipped: ZarrRoundTrip) -> None:
    before = the_file(zipped).read_bytes()
    convert(Job([zipped.dicom], zipped.stores, replace(ZIP, pyramid=1, overwrite=True)))

    assert the_file(zipped).read_bytes() == before
    assert len(names_in(zipped.stores)) == 2


def test_zarr_reads_it(zipped: ZarrRoundTrip) -> None:
    group = zarr.open_group(zarr.storage.ZipStore(the_file(zipped), mode="r"), mode="r")

    assert np.array_equal(group["0"][:], read(zipped.dicom)[0].array)


def test_planes_are_read_when_they_are_sliced(zipped: ZarrRoundTrip) -> None:
    volume = open_zarr(the_file(zipped))

    assert np.array_equal(volume.voxels[1, 1:3], read(zipped.dicom)[0].array[1, 1:3])
    assert volume.edits() == frozenset()


def test_a_name_asks_for_a_file(zipped: ZarrRoundTrip) -> None:
    paths = write(read(zipped.dicom)[0], zipped.folder / "mine.zarr.zip", ZARR)

    assert [path.name for path in paths] == ["mine.zarr.zip", "mine.json"]
    assert inspect([paths[0]]).images


def test_folder_and_file_do_not_share_a_sidecar(zipped: ZarrRoundTrip) -> None:
    report = convert(Job([zipped.dicom], zipped.stores, ZARR))

    assert "is the sidecar of" in report.entries[0].error
    assert len(names_in(zipped.stores)) == 2


@pytest.mark.parametrize("place", [0.2, 0.6, -10])
def test_a_damaged_file_is_refused(place: float, zipped: ZarrRoundTrip) -> None:
    path = the_file(zipped)
    raw = bytearray(path.read_bytes())
    raw[int(place * len(raw)) if place > 0 else int(place)] ^= 0xFF
    path.write_bytes(raw)
    report = convert(Job([path], zipped.back, KEEP))

    assert [entry.outcome for entry in report.entries] == [Outcome.FAILED]
    assert names_in(zipped.back) == []
    assert "unexpected" not in report.entries[0].error


def test_a_missing_chunk_is_refused(zipped: ZarrRoundTrip) -> None:
    path = the_file(zipped)
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist() if not name.startswith("0/c/1")}
    with zipfile.ZipFile(path, "w") as archive:
        for name, raw in content.items():
            archive.writestr(name, raw)
    report = convert(Job([path], zipped.back, KEEP))

    assert "chunks are missing" in report.entries[0].error


def test_the_option_applies_to_stores_only(tmp_path: Path) -> None:
    assert main(["convert", str(tmp_path), "-o", str(tmp_path / "out"), "--to", "nifti", "--zip"]) == 2


def test_a_store_becomes_nifti_and_another_store(zipped: ZarrRoundTrip) -> None:
    nifti = convert(Job([zipped.stores], zipped.folder / "nifti", ConversionOptions(Target.NIFTI)))
    folder = convert(Job([zipped.stores], zipped.folder / "other", ZARR))

    assert nifti.ok
    assert folder.ok
    (store,) = (zipped.folder / "other").glob("*.zarr")
    assert open_zarr(store).edits() == frozenset()
