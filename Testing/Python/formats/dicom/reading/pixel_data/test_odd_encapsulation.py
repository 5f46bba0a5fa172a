"""Files that break the standard and have only one reading: order of frames, several frames in a fragment, missing bytes."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import generate_frames
from pydicom.uid import RLELossless

from nifti_dicom_bridge import DicomReadError, Outcome, compare, read
from phantoms.base import MR, SECONDARY_CAPTURE, image, ramp, save, slices
from support.oracles import module
from support.round_trip import RoundTrip

JPEG_LS = "1.2.840.10008.1.2.4.80"
COUNT = 4
FRAMES = ramp(COUNT, 16, 12, start=600, dtype="<u2")


def _item(value: bytes) -> bytes:
    return struct.pack("<HHI", 0xFFFE, 0xE000, len(value)) + value


def _compressed(syntax: str, table: bytes, fragments: list[bytes]) -> Dataset:
    ds = image(FRAMES[0], SECONDARY_CAPTURE)
    ds.NumberOfFrames, ds.file_meta.TransferSyntaxUID = COUNT, syntax
    ds.PixelData = _item(table) + b"".join(map(_item, fragments)) + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
    ds["PixelData"].VR, ds["PixelData"].is_undefined_length = "OB", True
    return ds


def _rle_frames() -> list[bytes]:
    ds = image(FRAMES.reshape(-1, FRAMES.shape[2]), SECONDARY_CAPTURE)
    ds.Rows, ds.NumberOfFrames = FRAMES.shape[1], COUNT
    ds.compress(RLELossless, generate_instance_uid=False)
    return [frame + b"\0" * (len(frame) % 2) for frame in generate_frames(ds.PixelData, number_of_frames=COUNT)]


@pytest.mark.parametrize("is_extended", [True, False])
def test_the_table_of_offsets_specifies_the_order_of_frames(is_extended: bool, tmp_path: Path) -> None:
    frames, order = _rle_frames(), [2, 0, 3, 1]
    offsets, end = {}, 0
    for n in order:
        offsets[n] = end
        end += len(_item(frames[n]))
    table = [offsets[n] for n in range(COUNT)]
    ds = _compressed(RLELossless, b"" if is_extended else struct.pack("<4I", *table), [frames[n] for n in order])
    if is_extended:
        ds.ExtendedOffsetTable = struct.pack("<4Q", *table)
        ds.ExtendedOffsetTableLengths = struct.pack("<4Q", *map(len, frames))
    save(tmp_path, [ds])

    (volume,) = read(tmp_path)

    assert np.array_equal(volume.voxels.reshape(FRAMES.shape), FRAMES)
    assert any("order of the table of their offsets" in text for text in volume.warnings)


def test_a_table_of_offsets_that_are_not_those_of_fragments_is_ignored(tmp_path: Path) -> None:
    save(tmp_path, [_compressed(RLELossless, struct.pack("<4I", 300, 200, 100, 0), _rle_frames())])

    (volume,) = read(tmp_path)

    assert np.array_equal(volume.voxels.reshape(FRAMES.shape), FRAMES)


@pytest.mark.parametrize("parts", [[4], [3, 1]])
def test_a_fragment_of_several_frames_is_divided_at_their_ends(parts: list[int], tmp_path: Path) -> None:
    encode = module("jpeg_ls").encode_array
    frames = [bytes(encode(frame)) for frame in FRAMES]
    frames = [frame + b"\0" * (len(frame) % 2) for frame in frames]
    ends = np.cumsum(parts)
    save(tmp_path, [_compressed(JPEG_LS, b"", [b"".join(frames[end - n : end]) for n, end in zip(parts, ends, strict=True)])])

    (volume,) = read(tmp_path)

    assert np.array_equal(volume.voxels.reshape(FRAMES.shape), FRAMES)


def test_a_fragment_of_another_number_of_frames_is_refused(tmp_path: Path) -> None:
    encode = module("jpeg_ls").encode_array
    save(tmp_path, [_compressed(JPEG_LS, b"", [b"".join(bytes(encode(frame)) + b"\0" for frame in FRAMES[:3])])])

    with pytest.raises(DicomReadError, match=r"truncated: NumberOfFrames \(0028,0008\) is 4, .* contain 3"):
        read(tmp_path)


def _pixel_element(raw: bytes) -> int:
    return raw.index(struct.pack("<HH2s", 0x7FE0, 0x0010, b"OW"))


def test_pixel_data_that_are_twice_in_a_file_are_restored_so(round_trip: RoundTrip) -> None:
    round_trip.dicom.mkdir(parents=True)
    save(round_trip.dicom, slices(ramp(3, 8, 8, dtype="<u2"), MR))
    originals = {}
    for path in round_trip.dicom.iterdir():
        raw = path.read_bytes()
        originals[path.name] = raw + raw[_pixel_element(raw) :]
        path.write_bytes(originals[path.name])

    round_trip.forth()
    (entry,) = round_trip.home().entries

    assert entry.outcome is Outcome.RESTORED
    assert {path.name: path.read_bytes() for path in round_trip.back.rglob("*.dcm")} == originals


def test_two_different_pixel_data_are_refused(tmp_path: Path) -> None:
    save(tmp_path, slices(ramp(1, 8, 8, dtype="<u2"), MR))
    (path,) = tmp_path.iterdir()
    raw = path.read_bytes()
    path.write_bytes(raw + raw[_pixel_element(raw) : -2] + b"\xff\0")

    with pytest.raises(DicomReadError, match="only one may be the image"):
        read(tmp_path)


@pytest.mark.parametrize("size", [5, 4])
def test_only_the_padding_byte_may_be_missing(size: int, tmp_path: Path) -> None:
    pixels = ramp(1, size, 5, dtype="u1")
    ds = image(pixels[0], SECONDARY_CAPTURE)
    ds.PixelData = pixels.tobytes() + b"\0" * (pixels.size % 2)
    save(tmp_path, [ds])
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:-1])

    if pixels.size % 2:
        (volume,) = read(tmp_path)
        assert np.array_equal(volume.voxels[0], pixels)
        assert "1 file(s) lack the padding byte behind the pixel data: it is added" in volume.warnings
    else:
        with pytest.raises(DicomReadError, match="truncated"):
            read(tmp_path)


def test_a_file_that_begins_with_its_prefix_is_read(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct")
    for path in round_trip.dicom.iterdir():
        path.write_bytes(path.read_bytes()[128:])

    round_trip.forth()
    (entry,) = round_trip.home().entries

    assert entry.outcome is Outcome.RESTORED
    assert compare(round_trip.dicom, round_trip.back).same


@pytest.mark.parametrize("value", [b"", b"abcdef", b"\x29\0\0\0US"])
def test_an_unknown_vr_has_a_length_of_32_bits(value: bytes, round_trip: RoundTrip) -> None:
    """PS3.5 7.1.2: only the VRs of table 7.1-2 have 16 bits."""
    round_trip.make("classic_ct")
    creator = struct.pack("<HH2sH", 0x0027, 0x0010, b"LO", 4) + b"ACME"
    unknown = struct.pack("<HH2sHI", 0x0027, 0x1001, b"ZZ", 0, len(value)) + value
    for path in round_trip.dicom.iterdir():
        raw = path.read_bytes()
        at = raw.index(struct.pack("<HH2s", 0x0028, 0x0002, b"US"))
        path.write_bytes(raw[:at] + creator + unknown + raw[at:])

    (volume,) = read(round_trip.dicom)
    round_trip.forth()
    (entry,) = round_trip.home().entries

    assert volume.source.metadata.first.elements[0x00271001].value == value
    assert entry.outcome is Outcome.RESTORED
    assert compare(round_trip.dicom, round_trip.back).same
