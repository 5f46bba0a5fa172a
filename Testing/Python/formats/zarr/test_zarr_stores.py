"""What zarr itself finds in a store: arrays, axes, places, pyramids, every value of every type."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from nifti_dicom_bridge import Job, convert, open_zarr, read
from support.grids import ORIENTATIONS, centres, oriented
from support.oracles import module
from support.round_trip import RoundTrip, names_in
from support.zarr_round_trip import ZARR, ZarrRoundTrip, image, written

zarr = module("zarr")


def test_zarr_alone_reads_the_stored_integers(zarr_round_trip: ZarrRoundTrip) -> None:
    zarr_round_trip.make("classic_ct").forth()
    files = sorted(map(pydicom.dcmread, zarr_round_trip.dicom.iterdir()), key=lambda ds: ds.ImagePositionPatient[2])

    array = zarr.open_group(str(zarr_round_trip.store()), mode="r")["0"]

    assert np.array_equal(array[:], [ds.pixel_array for ds in files])
    assert array.dtype == np.int16
    assert array.metadata.zarr_format == 3
    assert array.metadata.dimension_names == ("z", "y", "x")
    codecs = json.loads((zarr_round_trip.store() / "0" / "zarr.json").read_text("utf-8"))["codecs"]
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


def test_the_companion_json_contains_geometry_and_attributes_without_zarr(zarr_round_trip: ZarrRoundTrip) -> None:
    zarr_round_trip.make("oblique").forth()
    first = pydicom.dcmread(min(zarr_round_trip.dicom.iterdir()))

    found = json.loads(zarr_round_trip.beside().read_text("utf-8"))["NiftiDicomBridgeZarr"]

    volume = read(zarr_round_trip.dicom)[0]
    assert found["Store"] == zarr_round_trip.store().name
    assert found["Array"]["Shape"] == list(volume.voxels.shape[1:])
    assert found["Geometry"]["IjkToRas"] == volume.ijk_to_ras.tolist()
    assert np.allclose(np.diag([-1, -1, 1, 1]) @ volume.ijk_to_ras, found["Geometry"]["IjkToLps"])
    assert found["DICOM"]["Shared"]["PatientID"] == first.PatientID
    assert found["DICOM"]["Shared"]["PixelSpacing"] == [str(value) for value in first.PixelSpacing]
    uids = {pydicom.dcmread(path).SOPInstanceUID for path in zarr_round_trip.dicom.iterdir()}
    assert set(found["DICOM"]["Varying"]["SOPInstanceUID"]) == uids


def test_the_record_is_small_in_the_attributes_and_large_in_an_array(zarr_round_trip: ZarrRoundTrip) -> None:
    zarr_round_trip.make("private_nested").forth()

    group = zarr.open_group(str(zarr_round_trip.store()), mode="r")

    assert {"Voxels", "Geometry"} <= group.attrs["NiftiDicomBridge"].keys()
    assert {"Instances", "Files"}.isdisjoint(group.attrs["NiftiDicomBridge"])
    assert group["record"].dtype == np.uint8
    assert {"Instances", "Files", "BulkData"} <= json.loads(group["record"][:].tobytes()).keys()


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
    round_trip = RoundTrip(tmp_path).make("segmentation_with_gaps")
    round_trip.forth()
    without_intent(round_trip.image())

    report = convert(Job([round_trip.nifti], tmp_path / "stores", replace(ZARR, pyramid=2)))

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
