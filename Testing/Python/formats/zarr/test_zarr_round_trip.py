"""DICOM → Zarr → DICOM restores every byte, or writes what was edited."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest

from nifti_dicom_bridge import ConversionOptions, Job, Outcome, Target, compare, convert
from nifti_dicom_bridge.cli import main
from phantoms import PHANTOMS
from support.oracles import module
from support.round_trip import KEEP, NEW, RoundTrip, listing
from support.zarr_round_trip import ZARR, ZarrRoundTrip

zarr = module("zarr")

EXACT = sorted(name for name, phantom in PHANTOMS.items() if phantom.exact)
COMPRESSED = sorted(name for name, phantom in PHANTOMS.items() if not phantom.exact)
NOT_IMAGES = {"notes.txt", "empty", "report"}


@pytest.mark.parametrize("name", EXACT)
def test_native_files_come_back_byte_for_byte(name: str, zarr_round_trip: ZarrRoundTrip) -> None:
    forth = zarr_round_trip.make(name).forth()
    source = {file: raw for file, raw in listing(zarr_round_trip.dicom).items() if file not in NOT_IMAGES}

    report = zarr_round_trip.home()

    assert [entry.error for entry in forth.failures] == []
    assert {entry.outcome for entry in report.entries} == {Outcome.RESTORED}
    back = listing(zarr_round_trip.back)
    assert back.keys() == source.keys()
    assert [file for file in source if back[file] != source[file]] == []


@pytest.mark.parametrize("name", COMPRESSED)
def test_compressed_files_come_back_with_equal_elements_and_voxels(name: str, zarr_round_trip: ZarrRoundTrip) -> None:
    zarr_round_trip.make(name).forth()

    zarr_round_trip.home()

    found = compare([zarr_round_trip.dicom], [zarr_round_trip.back])
    assert found.same
    assert found.equal_voxels == found.voxels > 0


@pytest.mark.parametrize("name", ["classic_ct", "mosaic", "pet_slopes", "rgb", "enhanced_slopes", "segmentation"])
def test_stores_of_shards_with_a_pyramid_come_back_too(name: str, zarr_round_trip: ZarrRoundTrip) -> None:
    zarr_round_trip.make(name).forth(shards=True, pyramid=2)

    report = zarr_round_trip.home()

    assert {entry.outcome for entry in report.entries} == {Outcome.RESTORED}
    assert compare([zarr_round_trip.dicom], [zarr_round_trip.back]).same


@pytest.mark.parametrize("name", ["oblique", "gantry_tilt", "mosaic", "pet_slopes", "rgb", "enhanced_slopes"])
def test_nifti_made_of_a_store_is_the_nifti_made_of_the_dicom(name: str, round_trip: RoundTrip) -> None:
    round_trip.make(name).forth()
    convert(Job([round_trip.dicom], round_trip.folder / "stores", ZARR))

    report = convert(Job([round_trip.folder / "stores"], round_trip.folder / "nifti-again", ConversionOptions(Target.NIFTI)))

    assert report.ok
    assert listing(round_trip.folder / "nifti-again") == listing(round_trip.nifti)


def test_nifti_with_its_sidecar_becomes_a_store_that_restores_the_dicom(round_trip: RoundTrip) -> None:
    round_trip.make("private_nested").forth()
    convert(Job([round_trip.nifti], round_trip.folder / "stores", ZARR))

    report = convert(Job([round_trip.folder / "stores"], round_trip.back, KEEP))

    assert [entry.outcome for entry in report.entries] == [Outcome.RESTORED]
    assert listing(round_trip.back) == listing(round_trip.dicom)


def test_a_store_becomes_a_store_again(zarr_round_trip: ZarrRoundTrip) -> None:
    zarr_round_trip.make("classic_ct").forth()
    convert(Job([zarr_round_trip.store()], zarr_round_trip.stores, replace(ZARR, shards=True, overwrite=True)))

    assert zarr.open_array(str(zarr_round_trip.store()), path="0").shards is not None
    zarr_round_trip.home()
    assert listing(zarr_round_trip.back) == listing(zarr_round_trip.dicom)


@pytest.mark.slow
def test_folders_of_series_go_round_together(tmp_path: Path) -> None:
    for name in ("first", "second"):  # the files of both have the same names
        PHANTOMS["classic_ct"].write(tmp_path / "raw" / name)
    for path in (tmp_path / "raw" / "second").iterdir():
        ds = pydicom.dcmread(path)
        ds.SeriesInstanceUID, ds.SOPInstanceUID = ds.SeriesInstanceUID + ".1", ds.SOPInstanceUID + ".1"
        ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
        ds.save_as(path)
    folders = sorted((tmp_path / "raw").iterdir())

    assert main(["convert", *map(str, folders), "--to", "zarr", "-o", str(tmp_path / "converted"), "-q"]) == 0
    stores = sorted((tmp_path / "converted").glob("*.zarr"))
    home = ["--to", "dicom", "-o", str(tmp_path / "reconstructed"), "--uids", "keep", "--names", "original", "-q"]

    assert len(stores) == 2
    assert main(["convert", *map(str, stores), *home]) == 0
    assert listing(tmp_path / "reconstructed") == listing(tmp_path / "raw")


def test_an_edited_store_becomes_a_derived_series(zarr_round_trip: ZarrRoundTrip) -> None:
    zarr_round_trip.make("classic_ct").forth()
    array = zarr.open_array(str(zarr_round_trip.store()), path="0", mode="r+")
    array[1] = array[1] + 1

    report = zarr_round_trip.home()

    assert [entry.outcome for entry in report.entries] == [Outcome.DERIVED]
    before = {pydicom.dcmread(path).SOPInstanceUID for path in zarr_round_trip.dicom.iterdir()}
    after = [pydicom.dcmread(path) for path in sorted(zarr_round_trip.back.rglob("*.dcm"))]
    assert before.isdisjoint(ds.SOPInstanceUID for ds in after)
    assert all(ds.ImageType[0] == "DERIVED" for ds in after)
    assert np.array_equal([ds.pixel_array for ds in after], array[:])


def test_voxels_erased_by_a_program_that_leaves_empty_chunks_out_are_edits(zarr_round_trip: ZarrRoundTrip) -> None:
    zarr_round_trip.make("classic_ct").forth()
    zarr.open_array(str(zarr_round_trip.store()), path="0", mode="r+")[:] = 0

    assert [entry.outcome for entry in zarr_round_trip.home().entries] == [Outcome.DERIVED]


def test_a_value_edited_next_to_the_store_reaches_the_dicom(zarr_round_trip: ZarrRoundTrip) -> None:
    zarr_round_trip.make("oblique").forth()
    top = json.loads(zarr_round_trip.beside().read_text("utf-8"))
    top["SeriesDescription"] = "corrected"
    zarr_round_trip.beside().write_text(json.dumps(top), "utf-8")

    report = zarr_round_trip.home(NEW)

    assert [(change.attribute, change.new) for change in report.entries[0].log.changes] == [("SeriesDescription", "corrected")]
    assert {pydicom.dcmread(path).SeriesDescription for path in zarr_round_trip.back.rglob("*.dcm")} == {"corrected"}


def test_the_store_alone_restores_the_dicom(zarr_round_trip: ZarrRoundTrip) -> None:
    zarr_round_trip.make("private_nested").forth()
    zarr_round_trip.beside().unlink()

    zarr_round_trip.home()

    assert listing(zarr_round_trip.back) == listing(zarr_round_trip.dicom)


def test_a_json_of_another_image_next_to_the_store_changes_nothing(zarr_round_trip: ZarrRoundTrip) -> None:
    zarr_round_trip.make("oblique").forth()
    zarr_round_trip.beside().write_text('{"SeriesDescription": "of another"}', "utf-8")

    zarr_round_trip.home()

    assert listing(zarr_round_trip.back) == listing(zarr_round_trip.dicom)
