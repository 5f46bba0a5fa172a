"""Odd encapsulation: fragments, offsets, delimiters, and more frames than NumberOfFrames."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from pydicom.encaps import encapsulate

from nifti_dicom_bridge import DicomReadError, Outcome
from nifti_dicom_bridge.formats.dicom.reading.read import read
from phantoms.base import ramp, save, slices
from support.compressed_frames import (
    DEFLATED_FRAMES,
    EXPLICIT,
    JPEG_2000,
    RLE,
    deflate,
    jpeg_2000,
    multi_frame,
    rle,
    voxels,
    write_file,
)
from support.round_trip import RoundTrip


def test_no_closing_delimiter_is_a_note_where_all_frames_are_there(tmp_path: Path) -> None:
    frames = ramp(3, 4, 5, dtype="<u2")
    path = write_file(tmp_path, multi_frame(frames, DEFLATED_FRAMES, [deflate(frame.tobytes()) for frame in frames]))
    raw = path.read_bytes()
    assert raw.endswith(struct.pack("<HHI", 0xFFFE, 0xE0DD, 0))
    path.write_bytes(raw[:-8])

    (volume,) = read([tmp_path])

    assert np.array_equal(volume.voxels[0], frames)
    assert any("closing delimiter" in warning for warning in volume.warnings)


JPEG_OF_4_BY_5 = bytes.fromhex("ffd8 ffc0000b080004000501011100 ffda") + bytes(300) + b"\xff\xd9"

BOXED = b"\0\0\0\x0cjP  \r\n\x87\n"

JPEG_2000_OF_4_BY_5 = b"\xff\x4f\xff\x51" + struct.pack(">2H8IH3B", 41, 0, 5, 4, 0, 0, 5, 4, 0, 0, 1, 7, 1, 1) + bytes(300)


@pytest.mark.parametrize("syntax", [EXPLICIT, RLE])
@pytest.mark.parametrize("stream", [JPEG_OF_4_BY_5, JPEG_2000_OF_4_BY_5, BOXED + JPEG_2000_OF_4_BY_5])
def test_a_compressed_image_that_is_not_encapsulated_is_not_taken_for_pixels(
    stream: bytes, syntax: str, tmp_path: Path
) -> None:
    (ds,) = slices(ramp(1, 4, 5, dtype="u1"))
    ds.PixelData = stream + bytes(len(stream) % 2)
    path = write_file(tmp_path, ds)
    path.write_bytes(path.read_bytes().replace(EXPLICIT.encode() + b"\0", syntax.encode() + b"\0", 1))

    with pytest.raises(DicomReadError, match="not encapsulated"):
        read([tmp_path])


def test_encapsulated_pixels_of_an_uncompressed_transfer_syntax_are_refused(tmp_path: Path) -> None:
    (ds,) = slices(ramp(1, 4, 5, dtype="u1"))
    path = write_file(tmp_path, ds)
    raw = path.read_bytes()
    start = raw.rindex(struct.pack("<2H", 0x7FE0, 0x0010))
    pixel_data = struct.pack("<2H2s2xI", 0x7FE0, 0x0010, b"OB", 0xFFFFFFFF)
    path.write_bytes(raw[:start] + pixel_data + encapsulate([ds.PixelData]) + struct.pack("<2HI", 0xFFFE, 0xE0DD, 0))

    with pytest.raises(DicomReadError, match="Explicit VR Little Endian specifies uncompressed ones"):
        read([tmp_path])


@pytest.mark.parametrize("kept", ["half a fragment", "one fragment less"])
def test_missing_fragments_are_one_failed_file(kept: str, round_trip: RoundTrip) -> None:
    frames = ramp(3, 16, 16, dtype="<u2")
    compressed = [deflate(frame.tobytes()) for frame in frames]
    path = write_file(round_trip.dicom, multi_frame(frames, DEFLATED_FRAMES, compressed))
    save(round_trip.dicom / "good", slices(ramp(3, 4, 5), series=2))
    cut = len(compressed[-1]) // 2 + 8 if kept == "half a fragment" else len(compressed[-1]) + 16
    path.write_bytes(path.read_bytes()[:-cut])

    report = round_trip.forth()

    assert sorted(entry.outcome.value for entry in report.entries) == ["converted", "failed"]
    assert all("truncated" in entry.error for entry in report.entries if entry.outcome is Outcome.FAILED)


def test_fragments_of_frames_without_a_table_are_found_by_the_end_of_each_image(tmp_path: Path) -> None:
    frames = ramp(2, 32, 32, dtype="<u2")
    streams = [jpeg_2000(frame) for frame in frames]
    halves = [part for stream in streams for part in (stream[: len(stream) // 4 * 2], stream[len(stream) // 4 * 2 :])]
    halves = [part + b"\0" * (len(part) % 2) for part in halves]
    write_file(tmp_path, multi_frame(frames, JPEG_2000, halves))

    assert np.array_equal(voxels(tmp_path), frames)


@pytest.mark.parametrize("dtype", ["<u2", "<i2", "u1"])
def test_encapsulated_uncompressed_frames(dtype: str, tmp_path: Path) -> None:
    frames = ramp(3, 4, 5, start=7, dtype=dtype)
    raw = [frame.tobytes() + b"\0" * (frame.nbytes % 2) for frame in frames]
    write_file(tmp_path, multi_frame(frames, "1.2.840.10008.1.2.1.98", raw))

    assert np.array_equal(voxels(tmp_path), frames)


def test_fragments_of_rle_frames_are_those_that_the_table_specifies(tmp_path: Path) -> None:
    """A frame of RLE is one fragment (PS3.5 A.4.2), but not of all writers."""
    frames = ramp(2, 16, 16, dtype="u1")
    ds = multi_frame(frames, RLE, [])
    ds.PixelData = encapsulate([rle(frame.tobytes()) for frame in frames], fragments_per_frame=2)
    write_file(tmp_path, ds)

    assert np.array_equal(voxels(tmp_path), frames)


@pytest.mark.parametrize("syntax", [RLE, JPEG_2000])
@pytest.mark.parametrize("number", ["1", None], ids=["one", "not stated"])
def test_further_frames_of_a_single_frame_are_reported(number: str | None, syntax: str, tmp_path: Path) -> None:
    frames = ramp(3, 32, 40, dtype="u1")
    pack = jpeg_2000 if syntax == JPEG_2000 else lambda frame: rle(frame.tobytes())
    ds = multi_frame(frames, syntax, [pack(frame) for frame in frames])
    del ds.NumberOfFrames
    if number:
        ds.NumberOfFrames = number
    write_file(tmp_path, ds)

    (volume,) = read([tmp_path])

    assert np.array_equal(volume.array[0], frames[:1])
    assert any("room for 2 more frame(s)" in warning for warning in volume.warnings)


def test_a_single_frame_in_several_fragments_is_one(tmp_path: Path) -> None:
    (frame,) = ramp(1, 64, 64, dtype="u1")
    packed = jpeg_2000(frame)
    ds = multi_frame(frame[None], JPEG_2000, [packed])
    ds.PixelData = encapsulate([packed], fragments_per_frame=3)
    write_file(tmp_path, ds)

    (volume,) = read([tmp_path])

    assert np.array_equal(volume.array[0, 0], frame)
    assert not any("more frame(s)" in warning for warning in volume.warnings)


def test_more_frames_than_several_are_refused(tmp_path: Path) -> None:
    frames = ramp(3, 32, 40, dtype="u1")
    ds = multi_frame(frames, RLE, [rle(frame.tobytes()) for frame in frames])
    ds.NumberOfFrames = 2
    write_file(tmp_path, ds)

    with pytest.raises(DicomReadError, match=r"more frames than it specifies: NumberOfFrames .* is 2, but .* contain 3"):
        read([tmp_path])


@pytest.mark.parametrize(("tail", "is_reported"), [(b"xyz!", True), (bytes(6), False)])
def test_bytes_behind_native_pixel_data_are_reported_unless_they_are_zero(
    tail: bytes, is_reported: bool, tmp_path: Path
) -> None:
    (ds,) = slices(ramp(1, 4, 5))
    ds.PixelData += tail
    save(tmp_path, [ds])

    (volume,) = read([tmp_path])

    assert any(f"{len(tail)} bytes more than Rows" in warning for warning in volume.warnings) == is_reported
