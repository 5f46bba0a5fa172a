"""DICOM → Zarr → DICOM restores every byte; what other programs find in a store; what a slab costs."""

from __future__ import annotations

import json
import shutil
import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from circle import KEEP, NEW, Circle, listing, names_in
from grids import OBLIQUE, ORIENTATIONS, centres, oriented
from nifti_dicom_bridge import (
    ConversionOptions,
    Job,
    LazyVoxels,
    Names,
    Outcome,
    Target,
    ZarrReadError,
    compare,
    convert,
    open_zarr,
    read,
    write,
)
from nifti_dicom_bridge.cli import main
from nifti_dicom_bridge.formats.zarr.zarr_voxels import ZarrVoxels
from nifti_dicom_bridge.model import digest
from nifti_dicom_bridge.model.digest import Digester, digest_of
from oracles import module
from phantoms import PHANTOMS
from phantoms.base import slices
from zarr_circle import ZARR, ZarrCircle, image, written

zarr = module("zarr")

EXACT = sorted(name for name, phantom in PHANTOMS.items() if phantom.exact)
COMPRESSED = sorted(name for name, phantom in PHANTOMS.items() if not phantom.exact)
NOT_IMAGES = {"notes.txt", "empty", "report"}


@pytest.fixture
def zarr_circle(tmp_path: Path) -> ZarrCircle:
    return ZarrCircle(tmp_path)


# --- the circle


@pytest.mark.parametrize("name", EXACT)
def test_native_files_come_back_byte_for_byte(name: str, zarr_circle: ZarrCircle) -> None:
    forth = zarr_circle.make(name).forth()
    source = {file: raw for file, raw in listing(zarr_circle.dicom).items() if file not in NOT_IMAGES}

    report = zarr_circle.home()

    assert [entry.error for entry in forth.failures] == []
    assert {entry.outcome for entry in report.entries} == {Outcome.RESTORED}
    back = listing(zarr_circle.back)
    assert back.keys() == source.keys()
    assert [file for file in source if back[file] != source[file]] == []


@pytest.mark.parametrize("name", COMPRESSED)
def test_compressed_files_come_back_with_equal_elements_and_voxels(name: str, zarr_circle: ZarrCircle) -> None:
    zarr_circle.make(name).forth()

    zarr_circle.home()

    found = compare([zarr_circle.dicom], [zarr_circle.back])
    assert found.same
    assert found.equal_voxels == found.voxels > 0


@pytest.mark.parametrize("name", ["classic_ct", "mosaic", "pet_slopes", "rgb", "enhanced_slopes", "segmentation"])
def test_stores_of_shards_with_a_pyramid_come_back_too(name: str, zarr_circle: ZarrCircle) -> None:
    zarr_circle.make(name).forth(shards=True, pyramid=2)

    report = zarr_circle.home()

    assert {entry.outcome for entry in report.entries} == {Outcome.RESTORED}
    assert compare([zarr_circle.dicom], [zarr_circle.back]).same


@pytest.mark.parametrize("name", ["oblique", "gantry_tilt", "mosaic", "pet_slopes", "rgb", "enhanced_slopes"])
def test_nifti_made_of_a_store_is_the_nifti_made_of_the_dicom(name: str, circle: Circle) -> None:
    circle.make(name).forth()
    convert(Job([circle.dicom], circle.folder / "stores", ZARR))

    report = convert(Job([circle.folder / "stores"], circle.folder / "nifti-again", ConversionOptions(Target.NIFTI)))

    assert report.ok
    assert listing(circle.folder / "nifti-again") == listing(circle.nifti)


def test_nifti_with_its_sidecar_becomes_a_store_that_restores_the_dicom(circle: Circle) -> None:
    circle.make("private_nested").forth()
    convert(Job([circle.nifti], circle.folder / "stores", ZARR))

    report = convert(Job([circle.folder / "stores"], circle.back, KEEP))

    assert [entry.outcome for entry in report.entries] == [Outcome.RESTORED]
    assert listing(circle.back) == listing(circle.dicom)


def test_a_store_becomes_a_store_again(zarr_circle: ZarrCircle) -> None:
    zarr_circle.make("classic_ct").forth()
    convert(Job([zarr_circle.store()], zarr_circle.stores, replace(ZARR, shards=True, overwrite=True)))

    assert zarr.open_array(str(zarr_circle.store()), path="0").shards is not None
    zarr_circle.home()
    assert listing(zarr_circle.back) == listing(zarr_circle.dicom)


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


# --- edits


def test_an_edited_store_becomes_a_derived_series(zarr_circle: ZarrCircle) -> None:
    zarr_circle.make("classic_ct").forth()
    array = zarr.open_array(str(zarr_circle.store()), path="0", mode="r+")
    array[1] = array[1] + 1

    report = zarr_circle.home()

    assert [entry.outcome for entry in report.entries] == [Outcome.DERIVED]
    before = {pydicom.dcmread(path).SOPInstanceUID for path in zarr_circle.dicom.iterdir()}
    after = [pydicom.dcmread(path) for path in sorted(zarr_circle.back.rglob("*.dcm"))]
    assert before.isdisjoint(ds.SOPInstanceUID for ds in after)
    assert all(ds.ImageType[0] == "DERIVED" for ds in after)
    assert np.array_equal([ds.pixel_array for ds in after], array[:])


def test_voxels_erased_by_a_program_that_leaves_empty_chunks_out_are_edits(zarr_circle: ZarrCircle) -> None:
    zarr_circle.make("classic_ct").forth()
    zarr.open_array(str(zarr_circle.store()), path="0", mode="r+")[:] = 0

    assert [entry.outcome for entry in zarr_circle.home().entries] == [Outcome.DERIVED]


def test_a_value_edited_next_to_the_store_reaches_the_dicom(zarr_circle: ZarrCircle) -> None:
    zarr_circle.make("oblique").forth()
    top = json.loads(zarr_circle.beside().read_text("utf-8"))
    top["SeriesDescription"] = "corrected"
    zarr_circle.beside().write_text(json.dumps(top), "utf-8")

    report = zarr_circle.home(NEW)

    assert [(change.attribute, change.new) for change in report.entries[0].log.changes] == [("SeriesDescription", "corrected")]
    assert {pydicom.dcmread(path).SeriesDescription for path in zarr_circle.back.rglob("*.dcm")} == {"corrected"}


def test_the_store_alone_restores_the_dicom(zarr_circle: ZarrCircle) -> None:
    zarr_circle.make("private_nested").forth()
    zarr_circle.beside().unlink()

    zarr_circle.home()

    assert listing(zarr_circle.back) == listing(zarr_circle.dicom)


def test_a_json_of_another_image_next_to_the_store_changes_nothing(zarr_circle: ZarrCircle) -> None:
    zarr_circle.make("oblique").forth()
    zarr_circle.beside().write_text('{"SeriesDescription": "of another"}', "utf-8")

    zarr_circle.home()

    assert listing(zarr_circle.back) == listing(zarr_circle.dicom)


# --- what is in a store


def test_zarr_alone_reads_the_stored_integers(zarr_circle: ZarrCircle) -> None:
    zarr_circle.make("classic_ct").forth()
    files = sorted(map(pydicom.dcmread, zarr_circle.dicom.iterdir()), key=lambda ds: ds.ImagePositionPatient[2])

    array = zarr.open_group(str(zarr_circle.store()), mode="r")["0"]

    assert np.array_equal(array[:], [ds.pixel_array for ds in files])
    assert array.dtype == np.int16
    assert array.metadata.zarr_format == 3
    assert array.metadata.dimension_names == ("z", "y", "x")
    codecs = json.loads((zarr_circle.store() / "0" / "zarr.json").read_text("utf-8"))["codecs"]
    blosc = codecs[1]["configuration"]
    assert [codec["name"] for codec in codecs] == ["bytes", "blosc", "crc32c"]
    assert (blosc["cname"], blosc["clevel"], blosc["shuffle"]) == ("zstd", 1, "bitshuffle")


@pytest.mark.slow
def test_chunks_are_slabs_of_whole_slices(tmp_path: Path) -> None:
    store = written(image((1, 20, 1024, 512), "u1"), tmp_path)

    assert zarr.open_array(str(store), path="0").chunks == (8, 1024, 512)


@pytest.mark.slow
def test_shards_hold_many_chunks_in_one_file(tmp_path: Path) -> None:
    store = written(image((1, 20, 1024, 512), "u1"), tmp_path, shards=True)

    array = zarr.open_array(str(store), path="0")
    assert (array.chunks, array.shards) == ((8, 1024, 512), (24, 1024, 512))
    assert names_in(store / "0" / "c") == ["0", "0/0", "0/0/0"]
    assert np.array_equal(open_zarr(store).voxels, image((1, 20, 1024, 512), "u1").voxels)


@pytest.mark.parametrize(("shape", "axes"), [
    ((1, 3, 4, 5), "zyx"), ((2, 3, 4, 5), "tzyx"), ((1, 3, 4, 5, 3), "czyx"), ((2, 3, 4, 5, 3), "tczyx"),
])  # fmt: skip
def test_axes_are_in_the_order_of_ome(shape: tuple[int, ...], axes: str, tmp_path: Path) -> None:
    volume = image(shape, "u1", time_step_s=2.5 if shape[0] > 1 else 0.0)
    store = written(volume, tmp_path)

    ome = json.loads((store / "zarr.json").read_text("utf-8"))["attributes"]["ome"]
    assert "".join(axis["name"] for axis in ome["multiscales"][0]["axes"]) == axes
    expected = volume.voxels if shape[0] > 1 else volume.voxels[0]
    expected = np.moveaxis(expected, -1, axes.index("c")) if "c" in axes else expected
    assert np.array_equal(zarr.open_array(str(store), path="0")[:], expected)
    assert np.array_equal(open_zarr(store).voxels, volume.voxels)
    assert open_zarr(store).time_step_s == volume.time_step_s


@pytest.mark.parametrize("turn", ORIENTATIONS[::7])
def test_directions_scale_and_translation_give_every_voxel_its_place(turn: tuple, tmp_path: Path) -> None:
    volume = oriented(image((1, 3, 4, 5)).voxels, *turn)
    store = written(volume, tmp_path)

    beside = json.loads(store.with_suffix(".json").read_text("utf-8"))["NiftiDicomBridgeZarr"]
    scale, move = (transformation[transformation["type"]] for transformation in _transformations(store, 0))
    directions = np.array(beside["Geometry"]["DirectionsLps"])  # of columns, rows, slices
    k, j, i = np.meshgrid(*map(np.arange, volume.voxels.shape[1:4]), indexing="ij")
    along = np.stack([i.ravel(), j.ravel(), k.ravel()], -1) * scale[::-1] + move[::-1]
    assert np.allclose(along @ directions, centres(volume), atol=1e-9)
    assert np.array_equal(open_zarr(store).ijk_to_ras, volume.ijk_to_ras)


def _transformations(store: Path, level: int) -> list[dict]:
    ome = json.loads((store / "zarr.json").read_text("utf-8"))["attributes"]["ome"]
    return ome["multiscales"][0]["datasets"][level]["coordinateTransformations"]


def test_translation_of_an_upright_image_is_its_origin_in_lps(tmp_path: Path) -> None:
    matrix = np.diag([-0.7, -0.8, 2.5, 1.0])
    matrix[:3, 3] = 10.0, 20.0, -30.0
    store = written(image(ijk_to_ras=matrix), tmp_path)

    assert _transformations(store, 0) == [
        {"type": "scale", "scale": [2.5, 0.8, 0.7]}, {"type": "translation", "translation": [-30.0, -20.0, -10.0]},
    ]  # fmt: skip


def test_the_companion_json_contains_geometry_and_attributes_without_zarr(zarr_circle: ZarrCircle) -> None:
    zarr_circle.make("oblique").forth()
    first = pydicom.dcmread(min(zarr_circle.dicom.iterdir()))

    found = json.loads(zarr_circle.beside().read_text("utf-8"))["NiftiDicomBridgeZarr"]

    volume = read(zarr_circle.dicom)[0]
    assert found["Store"] == zarr_circle.store().name
    assert found["Array"]["Shape"] == list(volume.voxels.shape[1:])
    assert found["Geometry"]["IjkToRas"] == volume.ijk_to_ras.tolist()
    assert np.allclose(np.diag([-1, -1, 1, 1]) @ volume.ijk_to_ras, found["Geometry"]["IjkToLps"])
    assert found["DICOM"]["Shared"]["PatientID"] == first.PatientID
    assert found["DICOM"]["Shared"]["PixelSpacing"] == [str(value) for value in first.PixelSpacing]
    uids = {pydicom.dcmread(path).SOPInstanceUID for path in zarr_circle.dicom.iterdir()}
    assert set(found["DICOM"]["Varying"]["SOPInstanceUID"]) == uids


def test_the_record_is_small_in_the_attributes_and_large_in_an_array(zarr_circle: ZarrCircle) -> None:
    zarr_circle.make("private_nested").forth()

    group = zarr.open_group(str(zarr_circle.store()), mode="r")

    assert {"Voxels", "Geometry"} <= group.attrs["NiftiDicomBridge"].keys()
    assert {"Instances", "Files"}.isdisjoint(group.attrs["NiftiDicomBridge"])
    assert group["record"].dtype == np.uint8
    assert {"Instances", "Files", "BulkData"} <= json.loads(group["record"][:].tobytes()).keys()


# --- pyramids


def test_every_level_halves_the_axes_that_are_finest(tmp_path: Path) -> None:
    store = written(image((1, 6, 16, 17), ijk_to_ras=np.diag([1.0, 1.0, 3.0, 1.0])), tmp_path, pyramid=3)

    arrays = [zarr.open_array(str(store), path=str(n)) for n in range(4)]
    assert [array.shape for array in arrays] == [(6, 16, 17), (6, 8, 9), (3, 4, 5), (2, 2, 3)]
    assert [_transformations(store, n)[0]["scale"] for n in range(4)] == [[3, 1, 1], [3, 2, 2], [6, 4, 4], [12, 8, 8]]


def test_means_are_where_the_metadata_specify(tmp_path: Path) -> None:
    """Voxels of a ramp along x identify their position, in every level."""
    places = np.broadcast_to(np.arange(64) * 2.0 + 7.0, (1, 4, 16, 64)).astype("<f4")
    matrix = np.diag([-2.0, -2.0, 2.0, 1.0])
    matrix[0, 3] = -7.0
    store = written(replace(image(), voxels=places, ijk_to_ras=matrix), tmp_path, pyramid=2)

    for n in (1, 2):
        scale, move = (transformation[transformation["type"]][2] for transformation in _transformations(store, n))
        array = zarr.open_array(str(store), path=str(n))
        assert np.allclose(array[0, 0], np.arange(array.shape[2]) * scale + move)


def test_labels_are_picked_and_not_averaged(tmp_path: Path) -> None:
    labels = np.where(np.arange(8) % 3 == 0, 7, 2).astype("u1")
    volume = replace(image(), voxels=np.broadcast_to(labels, (1, 8, 8, 8)).copy(), intent="label")
    store = written(replace(volume, ijk_to_ras=np.eye(4)), tmp_path, pyramid=1)

    assert set(np.unique(zarr.open_array(str(store), path="1")[:])) == {2, 7}
    assert _transformations(store, 1)[1]["translation"] == [0.0, 0.0, 0.0]


def without_intent(path: Path) -> None:
    """Write a NIfTI image again without its intent code, as many tools do."""
    found = nibabel.load(path)
    plain = nibabel.Nifti1Image(np.asarray(found.dataobj), found.affine)
    nibabel.save(plain, path)


def test_labels_of_a_segmentation_whose_intent_code_was_dropped_are_not_averaged(tmp_path: Path) -> None:
    circle = Circle(tmp_path).make("segmentation_with_gaps")
    circle.forth()
    without_intent(circle.image())

    report = convert(Job([circle.nifti], tmp_path / "stores", replace(ZARR, pyramid=2)))

    (store,) = (tmp_path / "stores").glob("*.zarr")
    full, coarse = (zarr.open_array(str(store), path=str(n))[:] for n in (0, 1))
    assert report.ok
    assert coarse.shape == (6, 2, 3)
    assert coarse.any()
    for k, j, i in np.ndindex(coarse.shape):
        assert coarse[k, j, i] in full[k, 2 * j : 2 * j + 2, 2 * i : 2 * i + 2]


def test_labels_of_an_image_with_a_table_of_labels_are_not_averaged(tmp_path: Path) -> None:
    labels = np.where(np.arange(8) % 3 == 0, 7, 2).astype("u1") * np.ones((8, 8, 8), "u1")
    nibabel.save(nibabel.Nifti1Image(labels, np.eye(4)), tmp_path / "sub-1_dseg.nii.gz")
    (tmp_path / "sub-1_dseg.tsv").write_text("index\tname\n7\tliver\n2\tspleen\n", "utf-8")

    report = convert(Job([tmp_path / "sub-1_dseg.nii.gz"], tmp_path / "stores", replace(ZARR, pyramid=1)))

    (store,) = (tmp_path / "stores").glob("*.zarr")
    assert report.ok
    assert set(np.unique(zarr.open_array(str(store), path="1")[:]).tolist()) == {2, 7}


@pytest.mark.parametrize("name", ["sub-1_dseg", "aparc+aseg", "x"])  # by its name, or by its values
def test_labels_of_an_image_without_a_table_are_not_averaged(name: str, tmp_path: Path) -> None:
    labels = np.zeros((8, 8, 8), "u1")
    labels[1:6, 1:6, 1:6], labels[5:8, 5:8, 5:8] = 7, 40
    nibabel.save(nibabel.Nifti1Image(labels, np.eye(4)), tmp_path / f"{name}.nii.gz")

    report = convert(Job([tmp_path / f"{name}.nii.gz"], tmp_path / "stores", replace(ZARR, pyramid=1)))

    (store,) = (tmp_path / "stores").glob("*.zarr")
    assert set(np.unique(zarr.open_array(str(store), path="1")[:]).tolist()) == {0, 7, 40}
    assert "taken for a label map, because" in report.entries[0].log.warnings[0]


def test_means_of_integers_are_rounded_to_integers(tmp_path: Path) -> None:
    voxels = np.array([[[[-3, -4], [32767, 32767]]]], "<i2")
    store = written(replace(image(), voxels=voxels, ijk_to_ras=np.diag([1.0, 9.0, 9.0, 1.0])), tmp_path, pyramid=1)

    assert zarr.open_array(str(store), path="1")[:].ravel().tolist() == [-4, 32767]


def test_more_levels_than_there_are_halves_are_not_made(tmp_path: Path) -> None:
    store = written(image((1, 2, 2, 2), ijk_to_ras=np.eye(4)), tmp_path, pyramid=9)

    assert sorted(path.name for path in store.iterdir()) == ["0", "1", "zarr.json"]


# --- values and types


@pytest.mark.slow
@given(data=st.data(), dtype=st.sampled_from(["i1", "u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f4", "<f8", ">i2"]))
@settings(max_examples=40)
def test_every_value_of_every_type_comes_back(
    data: st.DataObject, dtype: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    shape = data.draw(st.sampled_from([(1, 1, 1, 1), (1, 3, 2, 2), (3, 2, 2, 1), (2, 1, 2, 2, 3), (1, 2, 1, 2, 4)]))
    voxels = data.draw(hnp.arrays(dtype, shape))
    sharded = data.draw(st.booleans())
    store = written(replace(image(), voxels=voxels), tmp_path_factory.mktemp("stores"), shards=sharded)

    found = np.asarray(open_zarr(store).voxels)

    assert found.dtype == np.dtype(dtype).newbyteorder("<")
    assert found.tobytes() == np.ascontiguousarray(voxels, found.dtype).tobytes()


def test_a_type_that_images_do_not_have_is_an_error(tmp_path: Path) -> None:
    from nifti_dicom_bridge import PixelError

    with pytest.raises(PixelError, match="complex64"):
        written(image(dtype="c8"), tmp_path)
    assert names_in(tmp_path) == []


# --- images that never were DICOM


def test_a_plain_nifti_comes_back_as_it_was(tmp_path: Path) -> None:
    import nibabel

    rng = np.random.default_rng(0)
    source = nibabel.Nifti1Image(rng.integers(-9, 99, (5, 4, 3, 2)).astype("<i2"), OBLIQUE)
    source.header.set_slope_inter(0.5, -3)
    source.header.set_zooms((*source.header.get_zooms()[:3], 1.75))
    source.header.set_xyzt_units("mm", "sec")
    source.header.set_intent(1002)
    (tmp_path / "in").mkdir()
    nibabel.save(source, tmp_path / "in" / "plain.nii.gz")
    (tmp_path / "in" / "plain.json").write_text('{"Modality": "MR", "Note": [1, 2]}', "utf-8")
    (tmp_path / "in" / "plain.bval").write_text("0 1000\n", "ascii")
    (tmp_path / "in" / "plain.bvec").write_text("0 1\n0 0\n0 0\n", "ascii")

    assert convert(Job([tmp_path / "in"], tmp_path / "stores", ZARR)).ok
    assert convert(Job([tmp_path / "stores"], tmp_path / "out", ConversionOptions(Target.NIFTI))).ok

    before, after = nibabel.load(tmp_path / "in" / "plain.nii.gz"), nibabel.load(tmp_path / "out" / "plain.nii.gz")
    assert np.array_equal(after.dataobj.get_unscaled(), before.dataobj.get_unscaled())
    assert (after.dataobj.slope, after.dataobj.inter) == (0.5, -3)
    assert np.allclose(after.affine, before.affine, atol=1e-6)
    assert after.header.get_zooms()[3] == 1.75
    assert after.header["intent_code"] == 1002
    assert json.loads((tmp_path / "out" / "plain.json").read_text("utf-8")) == {"Modality": "MR", "Note": [1, 2]}
    assert (tmp_path / "out" / "plain.bval").read_text("ascii") == "0 1000\n"
    assert np.allclose(np.loadtxt(tmp_path / "out" / "plain.bvec"), [[0, 1], [0, 0], [0, 0]], atol=1e-6)


def test_a_plain_image_in_a_store_becomes_new_dicom(tmp_path: Path) -> None:
    volume = image((1, 4, 16, 16), name="plain")
    written(volume, tmp_path / "stores")

    report = convert(Job([tmp_path / "stores"], tmp_path / "out", NEW))

    assert [entry.outcome for entry in report.entries] == [Outcome.CONVERTED]
    assert np.array_equal(np.unique(read(tmp_path / "out")[0].real_values()), np.unique(volume.voxels))


def test_a_plain_image_has_no_original_to_restore(tmp_path: Path) -> None:
    written(image(name="plain"), tmp_path / "stores")

    report = convert(Job([tmp_path / "stores"], tmp_path / "out", KEEP))

    assert "no record" in report.failures[0].error
    assert names_in(tmp_path / "out") == []


def test_ome_zarr_of_others_is_read_with_a_note(tmp_path: Path) -> None:
    multiscale = {
        "axes": [{"name": name, "type": "space", "unit": "micrometer"} for name in "zyx"],
        "datasets": [{"path": "s0", "coordinateTransformations": [{"type": "scale", "scale": [3000, 2000, 1000]}]}],
        "coordinateTransformations": [{"type": "translation", "translation": [1000.0, 0.0, 5000.0]}],
    }
    attributes = {"ome": {"version": "0.5", "multiscales": [multiscale]}}
    group = zarr.create_group(str(tmp_path / "other.zarr"), attributes=attributes)
    group.create_array("s0", shape=(3, 4, 5), dtype="u2", chunks=(2, 2, 2))[:2] = 7

    volume = open_zarr(tmp_path / "other.zarr")

    assert "OME-Zarr does not specify directions" in volume.warnings[0]
    assert np.allclose(volume.ijk_to_ras, [[-1, 0, 0, -5], [0, -2, 0, 0], [0, 0, 3, 1], [0, 0, 0, 1]])
    assert volume.voxels[0, :, 0, 0].tolist() == [7, 7, 0]  # a chunk that others left out has their fill value


def other_store(folder: Path, names: str = "zyx", unit: str | None = "millimeter") -> Path:
    """Write a store as other tools do: scale 3, 2, 1 along the axes of the array, translation 30, 20, 10."""
    axes = [{"name": name, "type": "space", **({"unit": unit} if unit else {})} for name in names]
    scale = {"type": "scale", "scale": [3, 2, 1]}, {"type": "translation", "translation": [30, 20, 10]}
    multiscale = {"axes": axes, "datasets": [{"path": "0", "coordinateTransformations": scale}]}
    group = zarr.create_group(str(folder), attributes={"ome": {"version": "0.5", "multiscales": [multiscale]}})
    group.create_array("0", shape=(3, 4, 5), dtype="u2", chunks=(3, 4, 5))[:] = 7
    return folder


def test_axes_of_others_are_known_by_their_names(tmp_path: Path) -> None:
    volume = open_zarr(other_store(tmp_path / "a.zarr", "xyz"))

    assert np.allclose(volume.ijk_to_ras, [[0, 0, -3, -30], [0, -2, 0, -20], [1, 0, 0, 10], [0, 0, 0, 1]])


@pytest.mark.parametrize(("unit", "mm"), [("um", 1e-3), ("micron", 1e-3), ("foot", 304.8), ("mm", 1)])
def test_units_and_symbols_of_others_are_known(unit: str, mm: float, tmp_path: Path) -> None:
    assert open_zarr(other_store(tmp_path / "a.zarr", unit=unit)).ijk_to_ras[2, 2] == pytest.approx(3 * mm)


def test_a_unit_that_is_not_known_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ZarrReadError, match="have the unit parsec, which is not known"):
        open_zarr(other_store(tmp_path / "a.zarr", unit="parsec"))


def test_axes_without_a_unit_are_reported(tmp_path: Path) -> None:
    assert "axes z, y, x have no unit" in open_zarr(other_store(tmp_path / "a.zarr", unit=None)).warnings[1]


def pyramid(folder: Path, levels: list[tuple[int, float]], names: list[str] | None = None, **more: Any) -> Path:
    """Write a store as other tools do, with levels of some voxels and mm along each axis; the voxels of the n-th are n."""
    axes = [{"name": name, "type": "space", "unit": "millimeter"} for name in "zyx"]
    scales = [[{"type": "scale", "scale": [mm] * 3}] for _, mm in levels]
    datasets = [{"path": f"{n}", "coordinateTransformations": scale} for n, scale in enumerate(scales)]
    ome = {"version": "0.5", "multiscales": [{"axes": axes, "datasets": datasets}, *more.pop("others", [])], **more}
    group = zarr.create_group(str(folder), attributes={"ome": ome})
    for n, (size, _) in enumerate(levels):
        group.create_array(f"{n}", shape=(size,) * 3, dtype="u2", chunks=(size,) * 3, dimension_names=names)[:] = n
    return folder


@pytest.mark.parametrize(("levels", "finest"), [([(5, 2.0), (3, 4.0)], 0), ([(3, 4.0), (5, 2.0)], 1)])
def test_the_finest_level_is_read_wherever_it_is(levels: list[tuple[int, float]], finest: int, tmp_path: Path) -> None:
    volume = open_zarr(pyramid(tmp_path / "a.zarr", levels))

    assert (int(volume.voxels[0, 0, 0, 0]), volume.ijk_to_ras[2, 2], volume.voxels.shape[1:]) == (finest, 2, (5, 5, 5))
    assert any("is not the finest: '1' is read" in text for text in volume.warnings) == bool(finest)


def test_levels_that_contradict_each_other_are_refused_or_reported(tmp_path: Path) -> None:
    with pytest.raises(ZarrReadError, match="have different extents in space, and the first is not the finest"):
        open_zarr(pyramid(tmp_path / "a.zarr", [(4, 1.0), (8, 2.0)]))
    assert "have different extents" in open_zarr(pyramid(tmp_path / "b.zarr", [(8, 1.0), (4, 1.0)])).warnings[1]


def test_other_images_of_a_store_are_reported(tmp_path: Path) -> None:
    volume = open_zarr(pyramid(tmp_path / "a.zarr", [(4, 1.0)], others=[{"name": "smooth"}]))
    assert "describes other images, too (smooth)" in volume.warnings[1]


def test_a_label_image_of_others_is_a_label_map(tmp_path: Path) -> None:
    assert open_zarr(pyramid(tmp_path / "a.zarr", [(4, 1.0)], **{"image-label": {"version": "0.5"}})).intent == "label"


def test_axes_that_the_array_states_in_another_order_are_refused(tmp_path: Path) -> None:
    assert open_zarr(pyramid(tmp_path / "a.zarr", [(4, 1.0)], ["z", "y", "x"])).voxels.shape == (1, 4, 4, 4)
    with pytest.raises(ZarrReadError, match="which order is right is unknown"):
        open_zarr(pyramid(tmp_path / "b.zarr", [(4, 1.0)], ["x", "y", "z"]))


@pytest.mark.parametrize(("unit", "seconds"), [("second", 3), ("ms", 0.003), ("fortnight", 0)])
def test_the_unit_of_time_is_known_or_reported(unit: str, seconds: float, tmp_path: Path) -> None:
    store = other_store(tmp_path / "a.zarr", "tyx")
    attributes = dict(zarr.open_group(str(store)).attrs)
    attributes["ome"]["multiscales"][0]["axes"][0] = {"name": "t", "type": "time", "unit": unit}
    zarr.open_group(str(store)).attrs.update(attributes)
    volume = open_zarr(store)

    assert volume.time_step_s == seconds
    assert any("'fortnight', which is not known" in text for text in volume.warnings) == (seconds == 0)


def test_label_images_of_others_are_reported(tmp_path: Path) -> None:
    store = other_store(tmp_path / "a.zarr")
    zarr.open_group(str(store)).create_group("labels")

    assert "its group labels is not read" in open_zarr(store).warnings[1]


def test_a_group_without_an_image_is_refused_with_the_remedy(tmp_path: Path) -> None:
    zarr.create_group(str(tmp_path / "a.zarr"))

    with pytest.raises(ZarrReadError, match="Give the group of an image, such as"):
        open_zarr(tmp_path / "a.zarr")


@pytest.mark.parametrize("separator", ["/", "."])
def test_chunks_of_others_outside_of_their_array_are_reported(separator: str, tmp_path: Path) -> None:
    scale = {"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [3, 2, 1]}]}
    axes = [{"name": name, "type": "space", "unit": "millimeter"} for name in "zyx"]
    attributes = {"ome": {"version": "0.5", "multiscales": [{"axes": axes, "datasets": [scale]}]}}
    group = zarr.create_group(str(tmp_path / "other.zarr"), attributes=attributes)
    encoding = {"name": "default", "separator": separator}
    group.create_array("0", shape=(9, 4, 5), dtype="u2", chunks=(2, 4, 5), chunk_key_encoding=encoding)[:] = 7
    assert len(open_zarr(tmp_path / "other.zarr").warnings) == 1
    path = tmp_path / "other.zarr" / "0" / "zarr.json"
    path.write_text(path.read_text("utf-8").replace("9,", "6,", 1), "utf-8")

    volume = open_zarr(tmp_path / "other.zarr")

    assert volume.voxels.shape == (1, 6, 4, 5) == (1, *zarr.open_array(path.parent, mode="r").shape)
    chunks = ", ".join(f"c{separator}{n}{separator}0{separator}0" for n in (3, 4))
    assert f"2 chunk(s) ({chunks}) are outside of the array and were not read" in volume.warnings[1]


# --- reading once


@pytest.mark.parametrize("phantom", ["classic_ct", "mosaic", "mr_4d"])
@pytest.mark.parametrize("shards", [False, True])
def test_every_chunk_is_read_once_for_the_original(
    shards: bool, phantom: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digest, "DIGEST_BLOCK", 1)  # a chunk for each plane
    circle = ZarrCircle(tmp_path).make(phantom)
    circle.forth(shards=shards)
    reads: list[tuple[int, ...]] = []
    read = ZarrVoxels._read
    monkeypatch.setattr(ZarrVoxels, "_read", lambda self, *place: reads.append(place) or read(self, *place))

    report = circle.home()

    assert {entry.outcome for entry in report.entries} == {Outcome.RESTORED}
    assert listing(circle.back) == listing(circle.dicom)
    assert len(reads) == len(set(reads)) > 1


# --- reading a part


def test_a_slab_is_read_without_the_rest(tmp_path: Path) -> None:
    voxels = np.arange(24, dtype="<i2")[None, :, None, None] * np.ones((1, 24, 512, 512), "<i2")
    store = written(replace(image(), voxels=voxels), tmp_path)
    volume = open_zarr(store)
    for chunk in ("0", "2"):
        shutil.rmtree(store / "0" / "c" / chunk)

    slab = volume.voxels[0, 9:12, ::2]

    assert isinstance(volume.voxels, LazyVoxels)
    assert slab.shape == (3, 256, 512)
    assert slab[:, 0, 0].tolist() == [9, 10, 11]


KEYS = st.one_of(st.integers(-6, 6), st.slices(6), st.just(Ellipsis))


@pytest.mark.slow
@given(keys=st.lists(KEYS, max_size=4).filter(lambda keys: keys.count(Ellipsis) < 2))
@settings(max_examples=200)
def test_slicing_lazy_voxels_is_slicing_an_array(keys: list) -> None:
    class Counting(LazyVoxels):
        def planes(self, start: int, stop: int) -> np.ndarray:
            return array.reshape(-1, *array.shape[2:])[start:stop]

    array = np.arange(3 * 4 * 2 * 5).reshape(3, 4, 2, 5)
    lazy = Counting(array.shape, array.dtype)
    try:
        expected = array[tuple(keys)]
    except IndexError:
        with pytest.raises(IndexError):
            lazy[tuple(keys)]
        return
    assert np.array_equal(lazy[tuple(keys)], expected)


@pytest.mark.slow
@given(shape=st.sampled_from([(1, 9, 700, 900), (3, 5, 1024, 1024), (2, 7, 3, 3), (1, 1, 2, 2, 3)]), some=st.integers(1, 11))
@settings(max_examples=20)
def test_a_digest_made_in_parts_is_the_digest_of_the_whole(shape: tuple[int, ...], some: int) -> None:
    voxels = np.random.default_rng(1).integers(0, 99, shape).astype(">u2")
    digester = Digester(shape, voxels.dtype)
    planes = voxels.reshape(-1, *shape[2:])
    for start in range(0, len(planes), some):
        digester.update(planes[start : start + some])

    assert digester.digest() == digest_of(voxels)


LARGE = (96, 1024, 1024)
MOST_BYTES = 0.55
"""Of the volume: what may be in memory at once. Some blocks of 16 MB, whatever the size of the volume."""


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A series of many files, and one file of many frames, of 192 MB each."""
    folder = tmp_path_factory.mktemp("large")
    voxels = (np.arange(LARGE[0])[:, None, None] + np.arange(LARGE[2])[None, None]).astype("<u2")
    found = slices(np.broadcast_to(voxels, LARGE).copy())
    (folder / "files").mkdir()
    for n, ds in enumerate(found):
        ds.save_as(folder / "files" / f"{n:03d}.dcm", enforce_file_format=True)
    one = found[0]
    one.NumberOfFrames, one.PixelData = LARGE[0], np.broadcast_to(voxels, LARGE).tobytes()
    (folder / "frames").mkdir()
    one.save_as(folder / "frames" / "one.dcm", enforce_file_format=True)
    return {"files": folder / "files", "frames": folder / "frames"}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["files", "frames"])
def test_the_volume_is_never_in_memory(kind: str, large: dict[str, Path], tmp_path: Path) -> None:
    forth = _peak(Job([large[kind]], tmp_path / "stores", ZARR))
    back = _peak(Job([tmp_path / "stores"], tmp_path / "back", KEEP))

    size = np.prod(LARGE) * 2
    assert forth < MOST_BYTES * size
    assert back < MOST_BYTES * size
    assert listing(tmp_path / "back") == listing(large[kind])


def _peak(job: Job) -> int:
    tracemalloc.start()
    try:
        assert convert(job).ok
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


# --- entry points


def test_the_public_doors_take_stores(zarr_circle: ZarrCircle) -> None:
    volume = read(zarr_circle.make("classic_ct").dicom)[0]
    paths = write(volume, zarr_circle.folder / "mine.zarr", ZARR)

    assert [path.name for path in paths] == ["mine.zarr", "mine.json"]
    found = read(zarr_circle.folder / "mine.zarr")[0]
    assert isinstance(found.voxels, np.ndarray)
    assert found.edits() == frozenset()
    assert open_zarr(paths[0]).edits() == frozenset()
    write(open_zarr(paths[0]), zarr_circle.back, replace(KEEP, names=Names.ORIGINAL))
    assert listing(zarr_circle.back) == listing(zarr_circle.dicom)


def test_inspect_shows_stores(zarr_circle: ZarrCircle, capsys: pytest.CaptureFixture) -> None:
    zarr_circle.make("classic_ct").forth()

    assert main(["inspect", str(zarr_circle.stores)]) == 0
    assert "restores the DICOM series" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["--to", "nifti", "--shards"], ["--to", "dicom", "--pyramid", "2"],
                                       ["--to", "zarr", "--pyramid", "-1"], ["--to", "zarr", "--set", "PatientID=1"],
                                       ["--to", "zarr", "--layout", "bids"]])  # fmt: skip
def test_options_that_do_not_specify_the_target_are_refused(arguments: list[str], tmp_path: Path) -> None:
    assert main(["convert", str(tmp_path), "-o", str(tmp_path / "out"), *arguments]) == 2


def test_one_sentence_states_that_zarr_is_not_installed(
    zarr_circle: ZarrCircle, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    zarr_circle.make("classic_ct").forth()
    monkeypatch.setitem(__import__("sys").modules, "zarr", None)

    for arguments in ([str(zarr_circle.dicom), "--to", "zarr"], [str(zarr_circle.store()), "--to", "dicom"],
                      [str(zarr_circle.store()), "--to", "nifti"]):  # fmt: skip
        assert main(["convert", *arguments, "-o", str(zarr_circle.folder / "out")]) == 1
        assert capsys.readouterr().err.count("pip install 'nifti-dicom-bridge[zarr]'") == 1
        assert names_in(zarr_circle.folder / "out") == []
