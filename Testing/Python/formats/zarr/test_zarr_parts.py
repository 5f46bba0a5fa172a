"""Voxels are read in parts: each chunk once, a slab without the rest, never the whole volume."""

from __future__ import annotations

import shutil
import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nifti_dicom_bridge import Job, LazyVoxels, Outcome, convert, open_zarr
from nifti_dicom_bridge.formats.zarr.zarr_voxels import ZarrVoxels
from nifti_dicom_bridge.model.voxels import digest
from nifti_dicom_bridge.model.voxels.digest import Digester, digest_of
from phantoms.base import slices
from support.oracles import module
from support.round_trip import KEEP, listing
from support.zarr_round_trip import ZARR, ZarrRoundTrip, image, written

zarr = module("zarr")


@pytest.mark.parametrize("phantom", ["classic_ct", "mosaic", "mr_4d"])
@pytest.mark.parametrize("shards", [False, True])
def test_every_chunk_is_read_once_for_the_original(
    shards: bool, phantom: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digest, "DIGEST_BLOCK", 1)  # a chunk for each plane
    round_trip = ZarrRoundTrip(tmp_path).make(phantom)
    round_trip.forth(shards=shards)
    reads: list[tuple[int, ...]] = []
    read = ZarrVoxels._read
    monkeypatch.setattr(ZarrVoxels, "_read", lambda self, *place: reads.append(place) or read(self, *place))

    report = round_trip.home()

    assert {entry.outcome for entry in report.entries} == {Outcome.RESTORED}
    assert listing(round_trip.back) == listing(round_trip.dicom)
    assert len(reads) == len(set(reads)) > 1


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
