"""Whether a volume was edited is known from digests, and voxels are hashed no more often than they must be."""

from __future__ import annotations

import hashlib
import struct
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nifti_dicom_bridge import ConversionOptions, Job, SidecarError, Target, Volume, convert, read
from nifti_dicom_bridge.conversion.inspection.inspect import inspect
from nifti_dicom_bridge.model.voxels import digest, pixels
from nifti_dicom_bridge.options import PreviewOptions
from support.oracles import module
from support.round_trip import NEW, RoundTrip


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """Return a list that grows by the shape of all voxels whose digest is computed."""
    found: list[tuple[int, ...]] = []
    compute = digest._computed

    def counted(voxels: np.ndarray, algorithm: str) -> str:
        found.append(tuple(voxels.shape))
        return compute(voxels, algorithm)

    monkeypatch.setattr(digest, "_computed", counted)
    return found


def spoil(path: Path) -> None:
    """Change one voxel of an uncompressed NIfTI image."""
    raw = bytearray(path.read_bytes())
    raw[-2] ^= 1
    path.write_bytes(raw)


def test_what_was_read_from_dicom_is_not_hashed_again(round_trip: RoundTrip, hashed: list) -> None:
    (volume,) = read(round_trip.make("classic_ct").dicom)
    hashed.clear()

    assert volume.edits() == frozenset()
    assert replace(volume, name="renamed").edits() == frozenset()
    assert hashed == []


def test_an_edited_image_is_hashed_once_on_its_way_to_dicom(round_trip: RoundTrip, hashed: list) -> None:
    round_trip.make("classic_ct").forth(gzip=False)
    spoil(round_trip.image())
    hashed.clear()

    (entry,) = round_trip.home(NEW).entries

    assert entry.outcome.value == "derived"
    assert len(hashed) == 1


def test_an_edited_store_is_hashed_while_its_original_is_tried_and_not_again(tmp_path: Path, hashed: list) -> None:
    zarr = module("zarr")
    round_trip = RoundTrip(tmp_path).make("classic_ct")
    convert(Job([round_trip.dicom], round_trip.nifti, ConversionOptions(Target.ZARR)))
    (store,) = round_trip.nifti.glob("*.zarr")
    zarr.open_array(str(store), path="0", mode="r+")[0, 0, 0] = 77
    hashed.clear()

    (entry,) = round_trip.home(NEW).entries

    assert entry.outcome.value == "derived"
    assert hashed == []


def test_pictures_are_made_without_hashing(round_trip: RoundTrip, hashed: list) -> None:
    round_trip.make("classic_ct").forth()
    hashed.clear()

    report = convert(Job([round_trip.nifti], round_trip.back, ConversionOptions(Target.PREVIEW, preview=PreviewOptions())))

    assert report.ok
    assert hashed == []


def test_inspect_states_which_part_was_edited(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct").forth(gzip=False)
    spoil(round_trip.image())

    assert inspect([round_trip.nifti]).images[0]["becomes"] == "becomes a derived series (voxels edited)"


def test_voxels_that_were_read_cannot_be_written_to(round_trip: RoundTrip) -> None:
    (volume,) = read(round_trip.make("classic_ct").dicom)

    with pytest.raises(ValueError, match="read-only"):
        volume.voxels[0, 0, 0, 0] = 1


def test_an_array_that_its_maker_can_still_write_to_is_hashed_every_time(round_trip: RoundTrip) -> None:
    (volume,) = read(round_trip.make("classic_ct").dicom)
    voxels = volume.voxels.copy()
    copy = replace(volume, voxels=voxels)
    assert copy.edits() == frozenset()

    voxels[0, 0, 0, 0] += 1

    assert copy.edits() == {"voxels"}


def test_a_read_only_view_of_an_array_that_can_be_written_to_is_not_taken_for_constant() -> None:
    voxels = np.zeros((1, 2, 3, 4), np.int16)
    view = voxels[:]
    view.flags.writeable = False
    before = digest.digest_of(view)

    voxels[...] = 5

    assert digest.digest_of(view) != before


@pytest.mark.parametrize("algorithm", digest.ALGORITHMS)
def test_digests_of_every_algorithm_are_checked(algorithm: str) -> None:
    voxels = digest.freeze(np.arange(24, dtype=np.int16).reshape(1, 2, 3, 4))
    recorded = digest.digest_of(voxels, algorithm)

    assert recorded.startswith(f"{algorithm}:")
    assert digest.has_digest(voxels, recorded)
    assert not digest.has_digest(digest.freeze(voxels + 1), recorded)


@settings(max_examples=200)
@given(st.integers(0, 255), st.integers(0, 4 * 6 * 64 - 1), st.integers(1, 2**32 - 1))
def test_every_change_within_four_bytes_is_an_edit(value: int, place: int, change: int) -> None:
    raw = bytearray([value]) * (4 * 6 * 64 + 3)
    before = digest.digest_of(np.array(raw).reshape(1, 3, 1, 513))
    raw[place : place + 4] = (int.from_bytes(raw[place : place + 4], "little") ^ change).to_bytes(4, "little")

    assert digest.digest_of(np.array(raw).reshape(1, 3, 1, 513)) != before


def test_edits_that_only_one_of_both_checksums_recognizes_are_edits() -> None:
    zeros = np.zeros((1, 1, 1, 8), np.uint8)
    # the polynomial of CRC-32 in the order of its bits, after a byte of 0: its remainder is 0
    polynomial = np.frombuffer((0x1DB710641 << 7).to_bytes(8, "little"), np.uint8).reshape(zeros.shape)
    # sums of bytes, and of bytes by their place, stay the same
    moved = np.array([[[[0, 2, 0, 9]]]], np.uint8), np.array([[[[1, 0, 1, 9]]]], np.uint8)

    assert zlib.crc32(polynomial) == zlib.crc32(zeros)
    assert zlib.adler32(moved[0]) == zlib.adler32(moved[1])
    assert digest.digest_of(polynomial) != digest.digest_of(zeros)
    assert digest.digest_of(moved[0]) != digest.digest_of(moved[1])


def test_the_digest_of_voxels_is_the_documented_one() -> None:
    voxels = np.arange(2 * 3 * 1024 * 1024, dtype=np.int16).reshape(1, 2, 3 * 1024, 1024)  # 6 MiB of each slice
    blocks = b"".join(struct.pack("<II", zlib.crc32(plane), zlib.adler32(plane)) for plane in voxels[0])

    assert digest.digest_of(voxels) == "crc32-adler32:" + hashlib.sha256(b"<i2(1, 2, 3072, 1024)" + blocks).hexdigest()


def test_digests_of_one_image_by_two_algorithms_are_not_confused() -> None:
    voxels = digest.freeze(np.zeros((1, 2, 3, 4), np.int16))
    first = {algorithm: digest.digest_of(voxels, algorithm) for algorithm in digest.ALGORITHMS}

    assert {algorithm: digest.digest_of(voxels, algorithm) for algorithm in digest.ALGORITHMS} == first
    assert len(set(first.values())) == len(digest.ALGORITHMS)


def test_a_volume_without_dicom_is_refused_where_it_must_have_one() -> None:
    with pytest.raises(SidecarError, match="image: no record of the DICOM"):
        _ = Volume(np.zeros((1, 2, 2, 2), "<i2"), np.eye(4), name="image").dicom


def test_another_rescale_is_an_edit_of_voxels(round_trip: RoundTrip) -> None:
    (volume,) = read(round_trip.make("classic_ct").dicom)

    assert replace(volume, rescale=pixels.Rescale(2.0, 1.0)).edits() == {"voxels"}


def test_a_moved_grid_is_known_without_reading_voxels(round_trip: RoundTrip, hashed: list) -> None:
    (volume,) = read(round_trip.make("classic_ct").dicom)
    hashed.clear()

    assert replace(volume, ijk_to_ras=volume.ijk_to_ras + np.diag([0, 0, 0.5, 0])).is_moved
    assert not volume.is_moved
    assert hashed == []
