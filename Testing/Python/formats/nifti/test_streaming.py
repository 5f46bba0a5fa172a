"""Large images are read and written some planes at a time: with the same results as in memory."""

from __future__ import annotations

import gzip
import json
import zlib
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian, RLELossless

from nifti_dicom_bridge import LazyVoxels, NiftiReadError, Volume, read, write
from nifti_dicom_bridge.conversion.inputs import streamed
from nifti_dicom_bridge.formats import nifti
from nifti_dicom_bridge.formats.dicom.reading.loader import Loader
from nifti_dicom_bridge.formats.dicom.reading.pixel_data import bits_in_file
from nifti_dicom_bridge.formats.nifti import gzip_file, gzip_writer, lazy_image, reading, writing
from nifti_dicom_bridge.formats.nifti.gzip_blocks import open_blocks
from nifti_dicom_bridge.formats.nifti.gzip_writer import BLOCK, BlockWriter
from nifti_dicom_bridge.model.volume import reoriented
from nifti_dicom_bridge.model.voxels.digest import digest_of
from support.round_trip import RoundTrip, listing

PHANTOMS = ["classic_ct", "mr_4d", "pet_slopes", "enhanced_slopes", "enhanced_mr", "rle_multi_frame", "cine_rgb", "mosaic",
            "dirty_high_bits", "gantry_tilt", "segmentation", "segmentation_with_gaps", "segmentation_with_overlaps",
            "segmentation_fractional", "segmentation_label_map", "bytes_behind_the_end"]  # fmt: skip


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of a few planes, so that small images have several."""
    monkeypatch.setattr(gzip_writer, "BLOCK", 5000)
    monkeypatch.setattr(writing, "CHUNK", 9000)


def contents(folder: Path) -> dict[str, object]:
    """Return what images and sidecars contain."""
    found: dict[str, object] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix == ".gz":
            found[path.name] = gzip.decompress(path.read_bytes())
        elif path.is_file():
            found[path.name] = json.loads(path.read_text("utf-8")) if path.suffix == ".json" else path.read_bytes()
    return found


@pytest.mark.parametrize("phantom", PHANTOMS)
@pytest.mark.usefixtures("small_blocks")
def test_streamed_images_are_those_of_memory(phantom: str, round_trip: RoundTrip, monkeypatch: pytest.MonkeyPatch) -> None:
    round_trip.make(phantom)
    first = round_trip.forth()
    expected = contents(round_trip.nifti)
    monkeypatch.setattr(streamed, "IN_MEMORY", 0)
    monkeypatch.setattr(streamed, "IN_MEMORY_OBJECT", 0)
    monkeypatch.setattr(bits_in_file, "IN_MEMORY", 0)

    again = round_trip.forth(overwrite=True)
    assert contents(round_trip.nifti) == expected
    assert [(entry.log.warnings, entry.log.notes) for entry in again.entries] == [
        (entry.log.warnings, entry.log.notes) for entry in first.entries
    ]


@pytest.mark.parametrize("phantom", ["segmentation_fractional", "segmentation_label_map"])
def test_compressed_segmentations_are_read_frame_by_frame(
    phantom: str, round_trip: RoundTrip, monkeypatch: pytest.MonkeyPatch
) -> None:
    round_trip.make(phantom)
    for path in round_trip.dicom.rglob("*.dcm"):
        ds = pydicom.dcmread(path)
        ds.compress(RLELossless, encoding_plugin="pydicom", generate_instance_uid=False)  # that of GDCM aborts
        ds.save_as(path)
    assert round_trip.forth().ok
    expected = contents(round_trip.nifti)
    monkeypatch.setattr(streamed, "IN_MEMORY", 0)
    monkeypatch.setattr(Loader, "stored_voxels", None)

    assert round_trip.forth(overwrite=True).ok
    assert contents(round_trip.nifti) == expected


@pytest.mark.parametrize("phantom", ["enhanced_mr", "segmentation", "segmentation_with_overlaps"])
def test_deflated_objects_are_read_frame_by_frame(phantom: str, round_trip: RoundTrip, monkeypatch: pytest.MonkeyPatch) -> None:
    round_trip.make(phantom)
    for path in round_trip.dicom.rglob("*.dcm"):
        ds = pydicom.dcmread(path)
        ds.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
        ds.save_as(path)
    original = listing(round_trip.dicom)
    assert round_trip.forth().ok
    expected = contents(round_trip.nifti)
    monkeypatch.setattr(streamed, "IN_MEMORY", 0)
    monkeypatch.setattr(streamed, "IN_MEMORY_OBJECT", 0)
    monkeypatch.setattr(reading, "IN_MEMORY_PACKED", 0)
    monkeypatch.setattr(Loader, "stored_voxels", None)

    assert round_trip.forth(overwrite=True).ok
    assert contents(round_trip.nifti) == expected
    assert round_trip.home().ok
    assert listing(round_trip.back) == original


@pytest.mark.parametrize("gzip", [True, False])
@pytest.mark.parametrize("phantom", PHANTOMS)
@pytest.mark.usefixtures("small_blocks")
def test_streamed_images_come_back_the_same(
    phantom: str, gzip: bool, round_trip: RoundTrip, monkeypatch: pytest.MonkeyPatch
) -> None:
    round_trip.make(phantom)
    round_trip.forth(gzip=gzip)
    first = round_trip.home()
    expected = listing(round_trip.back)
    monkeypatch.setattr(reading, "IN_MEMORY", 0)
    monkeypatch.setattr(reading, "IN_MEMORY_PACKED", 0)

    again = round_trip.home(overwrite=True)
    assert [entry.outcome for entry in again.entries] == [entry.outcome for entry in first.entries]
    assert listing(round_trip.back) == expected


@pytest.mark.usefixtures("small_blocks")
def test_edited_images_are_recognized(round_trip: RoundTrip, monkeypatch: pytest.MonkeyPatch) -> None:
    round_trip.make("mr_4d").forth()
    monkeypatch.setattr(reading, "IN_MEMORY", 0)
    monkeypatch.setattr(reading, "IN_MEMORY_PACKED", 0)
    (path,) = round_trip.images()
    raw = bytearray(gzip.decompress(path.read_bytes()))
    raw[-3] ^= 1
    path.write_bytes(gzip.compress(bytes(raw)))

    assert [str(entry.outcome) for entry in round_trip.home().entries] == ["derived"]


@pytest.mark.parametrize("flips", [(1, -1, 1), (-1, 1, -1), (1, 1, -1)])
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_planes_are_those_of_the_array(
    flips: tuple[int, int, int], suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    voxels = np.arange(3 * 5 * 4 * 6, dtype=np.int16).reshape(3, 5, 4, 6)
    write(Volume(voxels, np.eye(4), name="a"), tmp_path / ("a" + suffix))
    whole = reoriented(nifti.read_image(tmp_path / ("a" + suffix)), (0, 1, 2), flips)
    monkeypatch.setattr(reading, "IN_MEMORY", 0)
    monkeypatch.setattr(reading, "IN_MEMORY_PACKED", 0)
    lazy = reoriented(nifti.read_image(tmp_path / ("a" + suffix), lazy=True), (0, 1, 2), flips)

    assert isinstance(lazy.voxels, LazyVoxels)
    assert np.array_equal(lazy.array, whole.array)
    assert np.array_equal(lazy.voxels.planes(3, 12), whole.array.reshape(15, 4, 6)[3:12])
    assert digest_of(lazy.voxels) == digest_of(whole.voxels)


def test_a_stream_of_another_tool_is_read_backwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    voxels = np.arange(40 * 4 * 6, dtype=np.int16).reshape(1, 40, 4, 6)
    write(Volume(voxels, np.eye(4), name="a"), tmp_path / "a.nii")
    (tmp_path / "a.nii.gz").write_bytes(gzip.compress((tmp_path / "a.nii").read_bytes()))
    monkeypatch.setattr(reading, "IN_MEMORY", 0)
    monkeypatch.setattr(reading, "IN_MEMORY_PACKED", 0)
    monkeypatch.setattr(lazy_image, "KEPT_BYTES", 2 * 4 * 6 * 2)
    opened = []
    monkeypatch.setattr(
        gzip_file, "open_for_reading", lambda path, read=gzip_file.open_for_reading: opened.append(path) or read(path)
    )
    lazy = nifti.read_image(tmp_path / "a.nii.gz", lazy=True).voxels

    assert np.array_equal(np.stack([lazy[0, k] for k in reversed(range(40))])[:, ::-1], voxels[0, ::-1])
    assert len(opened) <= lazy_image.MOST_RESTARTS + 3


@pytest.mark.usefixtures("small_blocks")
def test_blocks_are_one_gzip_member(tmp_path: Path) -> None:
    raw = np.arange(20_000, dtype="<u4").tobytes()
    with BlockWriter(tmp_path / "a.gz", len(raw)) as file:
        for start in range(0, len(raw), 777):
            file.write(raw[start : start + 777])
    packed = (tmp_path / "a.gz").read_bytes()

    decompressor = zlib.decompressobj(31)
    assert decompressor.decompress(packed) == raw
    assert decompressor.eof
    assert decompressor.unused_data == b""
    blocks = open_blocks(tmp_path / "a.gz")
    assert blocks is not None
    assert blocks.count == 16
    assert blocks.bytes_between(4990, 15_010) == raw[4990:15_010]
    with gzip_file.open_for_reading(tmp_path / "a.gz") as reader:
        assert b"".join(iter(lambda: reader.read(700), b"")) == raw


@pytest.mark.parametrize("place", [200, -5, -11])
def test_damaged_blocks_are_refused(place: int, tmp_path: Path) -> None:
    voxels = np.random.default_rng(0).integers(0, 1000, (1, 30, 300, 300)).astype(np.int16)
    path = tmp_path / "a.nii.gz"
    write(Volume(voxels, np.eye(4), name="a"), path)
    raw = bytearray(path.read_bytes())
    raw[place] ^= 0x55
    path.write_bytes(bytes(raw))

    with pytest.raises(NiftiReadError):
        read(path)


def test_a_file_whose_blocks_do_not_match_is_read_from_its_beginning(tmp_path: Path) -> None:
    with BlockWriter(tmp_path / "a.gz", 3 * BLOCK) as file:
        file.write(bytes(2 * BLOCK))

    assert open_blocks(tmp_path / "a.gz") is None
    with gzip_file.open_for_reading(tmp_path / "a.gz") as reader:
        assert len(reader.read()) == 2 * BLOCK
