"""Compressed pixel data: transfer syntaxes of our own decoders, codestreams that contradict the attributes, damage."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate

from nifti_dicom_bridge import DicomReadError, Outcome
from nifti_dicom_bridge.errors import DamagedFilesError
from nifti_dicom_bridge.formats.dicom.reading.read import read
from phantoms.base import MR, ramp, save, slices
from support.compressed_frames import (
    DEFLATED_FRAMES,
    JPEG_2000,
    JPEG_BASELINE,
    JPEG_LS,
    RLE,
    coded,
    deflate,
    jpeg_2000,
    multi_frame,
    rle,
    single_bits,
    voxels,
    write_file,
)
from support.oracles import module
from support.round_trip import RoundTrip


@pytest.mark.parametrize("dtype", ["u1", "<u2", "<i2"])
def test_deflated_image_frames(dtype: str, tmp_path: Path) -> None:
    frames = ramp(3, 4, 5, dtype=dtype)
    write_file(tmp_path, multi_frame(frames, DEFLATED_FRAMES, [deflate(frame.tobytes()) for frame in frames]))

    assert np.array_equal(voxels(tmp_path), frames)


@pytest.mark.parametrize(("syntax", "pack"), [(DEFLATED_FRAMES, deflate), (RLE, rle)])
def test_single_bits_compressed(syntax: str, pack: object, tmp_path: Path) -> None:
    frames = np.random.default_rng(1).integers(0, 2, (3, 5, 7), np.uint8)
    packed = [np.packbits(frame.reshape(-1), bitorder="little").tobytes() for frame in frames]
    write_file(tmp_path, single_bits(frames, syntax, [pack(raw) for raw in packed]))  # type: ignore[operator]

    assert np.array_equal(voxels(tmp_path), frames)


@pytest.mark.parametrize("signed", [False, True])
def test_more_bits_than_bits_stored_are_kept_and_reported(signed: bool, round_trip: RoundTrip) -> None:
    frame = (ramp(32, 32, dtype="<i4") * 60 - 30000 * signed).astype("<i2" if signed else "<u2")
    ds = multi_frame(frame[None], JPEG_2000, [jpeg_2000(frame)])
    ds.BitsStored, ds.HighBit = 12, 11
    write_file(round_trip.dicom, ds)

    (volume,) = read([round_trip.dicom])
    round_trip.forth()
    report = round_trip.home()

    assert np.array_equal(volume.voxels[0, 0], frame)
    assert any("more bits than BitsStored 12" in warning for warning in volume.warnings)
    assert {entry.outcome for entry in report.entries} == {Outcome.RESTORED}
    assert np.array_equal(voxels(round_trip.back)[0], frame)


def test_rescale_in_functional_groups_is_not_applied_by_a_decoder(tmp_path: Path) -> None:
    frame = ramp(32, 32, dtype="<u2")
    ds = multi_frame(frame[None], JPEG_2000, [jpeg_2000(frame)])
    shared, transformation = Dataset(), Dataset()
    transformation.RescaleSlope, transformation.RescaleIntercept, transformation.RescaleType = "2", "-1024", "HU"
    shared.PixelValueTransformationSequence = [transformation]
    ds.SharedFunctionalGroupsSequence = [shared]
    write_file(tmp_path, ds)

    (volume,) = read([tmp_path])

    assert np.array_equal(volume.voxels[0, 0], frame)
    assert (volume.rescale.slope, volume.rescale.intercept) == (2, -1024)


@pytest.mark.parametrize(
    ("codec", "stated", "name"),
    [(JPEG_LS, JPEG_2000, "JPEG-LS Lossless"), (JPEG_2000, JPEG_LS, "JPEG 2000"), (JPEG_2000, RLE, "JPEG 2000"),
     (JPEG_BASELINE, JPEG_LS, "JPEG Baseline"), (JPEG_BASELINE, RLE, "JPEG Baseline")],
)  # fmt: skip
def test_frames_of_another_codec_than_stated_are_decoded(codec: str, stated: str, name: str, tmp_path: Path) -> None:
    """Their own headers specify what they are; they were refused as damaged."""
    frame = np.full((32, 32), 77, "u1")
    write_file(tmp_path, multi_frame(frame[None], stated, [coded(frame, codec)]))

    (volume,) = read([tmp_path])

    assert np.array_equal(volume.voxels[0, 0], frame)
    assert any(f"but the frames are compressed as {name}" in warning for warning in volume.warnings)


@pytest.mark.parametrize("count", [1, 2])
def test_a_video_is_refused_as_such(count: int, tmp_path: Path) -> None:
    frames = ramp(count, 16, 16, dtype="u1")
    write_file(tmp_path, multi_frame(frames, "1.2.840.10008.1.2.4.102", [b"\0\0\0\x18ftypmp42"]))

    with pytest.raises(DicomReadError, match=r"a video \(MPEG-4 AVC/H.264 High Profile / Level 4.1\)"):
        read([tmp_path])


def test_jpeg_xl_is_named(tmp_path: Path) -> None:
    path = write_file(tmp_path, multi_frame(ramp(1, 16, 16, dtype="u1"), "1.2.840.10008.1.2.4.201", [b"\xff\x0a" + bytes(20)]))
    path.write_bytes(path.read_bytes().replace(b"1.2.840.10008.1.2.4.201", b"1.2.840.10008.1.2.4.110"))

    with pytest.raises(DicomReadError, match="JPEG XL Lossless"):
        read([tmp_path])


def test_a_codestream_of_another_sign_is_reported(tmp_path: Path) -> None:
    frame = ramp(64, 64, start=-300, dtype="<i2")
    ds = multi_frame(frame[None], JPEG_2000, [jpeg_2000(frame)])
    ds.PixelRepresentation = 0
    write_file(tmp_path, ds)

    (volume,) = read([tmp_path])

    assert np.array_equal(volume.voxels[0, 0], frame.view("<u2"))
    assert any("PixelRepresentation (0028,0103) specifies unsigned values" in warning for warning in volume.warnings)


def test_an_unsigned_codestream_of_signed_values_is_reported(tmp_path: Path) -> None:
    frame = ramp(64, 64, start=1 << 15, dtype="<u2")
    ds = multi_frame(frame[None], JPEG_2000, [jpeg_2000(frame)])
    ds.PixelRepresentation = 1
    write_file(tmp_path, ds)

    (volume,) = read([tmp_path])

    assert any("PixelRepresentation (0028,0103) specifies signed values" in warning for warning in volume.warnings)


@pytest.mark.parametrize(
    "attributes", [{"Rows": 128, "Columns": 32}, {"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB"}]
)
def test_a_codestream_of_another_shape_is_refused(attributes: dict[str, int | str], tmp_path: Path) -> None:
    frame = ramp(64, 64, dtype="<u2")
    ds = multi_frame(frame[None], JPEG_2000, [jpeg_2000(frame)])
    for name, value in attributes.items():
        setattr(ds, name, value)
    write_file(tmp_path, ds)

    with pytest.raises(DicomReadError, match=r"claim 64 × 64 pixels of 1 sample\(s\), the attributes specify"):
        read([tmp_path])


@pytest.mark.parametrize("frame", [bytes(600), struct.pack("<16I", 2, 64, *[0] * 14) + bytes(16), b"\0\0"])
def test_rle_that_gdcm_would_die_of_is_one_damaged_file(frame: bytes, tmp_path: Path) -> None:
    save(tmp_path, [multi_frame(ramp(1, 32, 32, dtype="<u2"), RLE, [frame])])

    with pytest.raises(DicomReadError, match="RLE Lossless"):
        voxels(tmp_path)


def test_jpeg_ls_that_was_made_even_before_its_end(tmp_path: Path) -> None:
    frame = ramp(32, 32, dtype="<u2")
    stream = module("jpeg_ls").encode_array(frame)
    padded = stream[:-2] + b"\0" * (1 + len(stream) % 2) + stream[-2:]
    save(tmp_path, [multi_frame(frame[None], JPEG_LS, [bytes(padded)])])

    assert np.array_equal(voxels(tmp_path)[0], frame)


@pytest.mark.parametrize("kept", [0.5, 1])
def test_jpeg_ls_without_its_end_is_cut_off(kept: float, tmp_path: Path) -> None:
    """CharLS searched for the end for seconds before it refused the frame."""
    frame = ramp(32, 32, dtype="<u2")
    stream = bytes(module("jpeg_ls").encode_array(frame))[:-2]
    save(tmp_path, [multi_frame(frame[None], JPEG_LS, [stream[: int(len(stream) * kept)]])])

    with pytest.raises(DicomReadError, match="a frame has no end of image: it is cut off"):
        voxels(tmp_path)


@pytest.mark.parametrize("length", [b"\0\0\0\0", b"\0\0\0\1", b"\0\0\0\7"])
def test_a_jp2_box_without_a_length_is_refused(length: bytes, tmp_path: Path) -> None:
    """The conversion did not end, and could not be stopped."""
    boxed = b"\0\0\0\x0cjP  \r\n\x87\n" + length + b"jp2h" + jpeg_2000(ramp(32, 32, dtype="<u2"))
    save(tmp_path, [multi_frame(ramp(1, 32, 32, dtype="<u2"), JPEG_2000, [boxed])])

    with pytest.raises(DicomReadError, match="a box of a JP2 file has no valid length"):
        voxels(tmp_path)


def test_a_slice_that_cannot_be_decoded_is_named_with_how_the_others_are_converted(tmp_path: Path) -> None:
    stream = bytes(module("jpeg_ls").encode_array(ramp(32, 32, dtype="<u2")))
    found = slices(ramp(3, 32, 32, dtype="<u2"))
    for n, ds in enumerate(found):
        ds.PixelData = encapsulate([b"\xff\xd8damaged\xff\xd9" if n == 1 else stream])
        ds["PixelData"].VR, ds["PixelData"].is_undefined_length, ds.file_meta.TransferSyntaxUID = "OB", True, JPEG_LS
    save(tmp_path, found)

    with pytest.raises(DamagedFilesError, match=r"002\.dcm: .* Leave damaged files out to convert the other 2 file\(s\)"):
        voxels(tmp_path)


@pytest.mark.parametrize("stream", [b"\xff\xd8\xff\xc0 pixels" + bytes(64), b"\xff\x4f\xff\x51 pixels" + bytes(64)])
def test_a_frame_whose_end_is_zeros_is_cut_off(stream: bytes, tmp_path: Path) -> None:
    save(tmp_path, [multi_frame(ramp(1, 8, 8, dtype="u1"), JPEG_BASELINE, [stream])])

    with pytest.raises(DicomReadError, match="a frame has no end of image: it is cut off"):
        voxels(tmp_path)


def test_an_empty_frame_is_called_empty(tmp_path: Path) -> None:
    ds = multi_frame(ramp(1, 8, 8, dtype="u1"), JPEG_BASELINE, [b"\xff\xd8"])
    ds.PixelData = struct.pack("<HHIHHIHHI", 0xFFFE, 0xE000, 0, 0xFFFE, 0xE000, 0, 0xFFFE, 0xE0DD, 0)
    save(tmp_path, [ds])

    with pytest.raises(DicomReadError, match="a frame is empty"):
        voxels(tmp_path)


def test_a_codestream_of_more_bits_than_are_allocated_is_refused(tmp_path: Path) -> None:
    frame = ramp(32, 32, dtype="<u2")
    save(tmp_path, [multi_frame(frame[None].astype("u1"), JPEG_2000, [jpeg_2000(frame)])])

    with pytest.raises(DicomReadError, match=r"have 10 bits, BitsAllocated \(0028,0100\) is 8"):
        voxels(tmp_path)


@pytest.mark.parametrize(("bits", "high_bit", "word_of"), [
    (12, 11, lambda value: value & 0xFFF),  # without copies of the sign
    (12, 15, lambda value: value << 4 & 0xFFFF),
    (10, 11, lambda value: value << 2 & 0xFFC),
])  # fmt: skip
def test_words_in_rle_are_those_of_native_pixels(
    bits: int, high_bit: int, word_of: Callable[[int], int], round_trip: RoundTrip
) -> None:
    values = np.arange(-10, 10).reshape(4, 5)
    (ds,) = slices(np.vectorize(word_of)(values).astype("<u2")[None])
    ds.BitsStored, ds.HighBit, ds.PixelRepresentation = bits, high_bit, 1
    ds.compress(RLE, generate_instance_uid=False)
    save(round_trip.dicom, [ds])

    (volume,) = read([round_trip.dicom])

    assert np.array_equal(volume.voxels[0, 0], values)
    assert not volume.warnings
    round_trip.forth()
    assert round_trip.home().ok
    (back,) = round_trip.returned()
    assert (back.BitsStored, back.HighBit) == (bits, high_bit)
    assert np.array_equal(np.vectorize(word_of)(values), np.frombuffer(back.PixelData, "<u2").reshape(4, 5) & word_of(-1))


@pytest.mark.parametrize("attributes", [{"Rows": 2}, {"Columns": 4}])
def test_rle_of_more_pixels_than_specified_is_refused(attributes: dict[str, int], tmp_path: Path) -> None:
    (ds,) = slices(ramp(1, 4, 5))
    ds.compress(RLE, generate_instance_uid=False)
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    save(tmp_path, [ds])

    with pytest.raises(DicomReadError, match=r"a segment has 20 bytes, 1[06] pixels are specified"):
        assert read([tmp_path])[0].voxels.size


@pytest.mark.parametrize("are_copied", [True, False])
def test_a_sign_without_copies_above_it_is_a_sign(are_copied: bool, tmp_path: Path) -> None:
    """dcmcjpls compresses whole words, as they are in the native pixel data."""
    (ds,) = slices(ramp(1, 16, 12, start=-96, dtype="<i2"), MR)
    values = ds.pixel_array.copy()
    words = values.view("<u2") if are_copied else values.view("<u2") & 0x0FFF
    stream = module("jpeg_ls").encode_pixel_data(words.tobytes(), rows=16, columns=12, samples_per_pixel=1, bits_stored=16)
    ds.BitsStored, ds.HighBit, ds.PixelRepresentation, ds.file_meta.TransferSyntaxUID = 12, 11, 1, JPEG_LS
    ds.PixelData = encapsulate([bytes(stream) + b"\0" * (len(stream) % 2)])
    ds["PixelData"].VR, ds["PixelData"].is_undefined_length = "OB", True
    save(tmp_path, [ds])

    (volume,) = read([tmp_path])

    assert np.array_equal(volume.voxels[0, 0], values)
    assert not any("BitsStored" in warning for warning in volume.warnings)


def test_jpeg_of_8_bits_is_read_where_16_are_allocated(tmp_path: Path) -> None:
    frame = np.full((16, 24), 100, "<u2")
    save(tmp_path, [multi_frame(frame[None], JPEG_BASELINE, [coded(frame.astype("u1"), "JPEG")])])

    (volume,) = read([tmp_path])

    assert volume.voxels.dtype == np.dtype("<u2")
    assert np.abs(volume.voxels[0, 0].astype(int) - frame).max() <= 1
