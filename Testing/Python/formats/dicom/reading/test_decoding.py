"""Compressed pixel data: transfer syntaxes of our own decoders, odd encapsulation, damage, and decoders that die."""

from __future__ import annotations

import io
import struct
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate

from nifti_dicom_bridge import DicomReadError, Outcome
from nifti_dicom_bridge.errors import DamagedFilesError
from nifti_dicom_bridge.formats.dicom.reading.pixel_data import codec_process, decompress
from nifti_dicom_bridge.formats.dicom.reading.pixel_data.frame_codecs import NotDecoded
from nifti_dicom_bridge.formats.dicom.reading.read import read
from phantoms.base import SECONDARY_CAPTURE, image, ramp, save, slices
from support.circle import Circle
from support.oracles import module

DEFLATED_FRAMES, RLE, JPEG_2000 = "1.2.840.10008.1.2.8.1", "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.90"
JPEG_LS, JPEG_BASELINE, EXPLICIT = "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.1"


def _deflate(raw: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    found = packer.compress(raw) + packer.flush()
    return found + b"\0" * (len(found) % 2)


def _rle(raw: bytes) -> bytes:
    """Return one segment of literal runs."""
    runs = b"".join(bytes([len(part) - 1]) + part for part in (raw[n : n + 128] for n in range(0, len(raw), 128)))
    return struct.pack("<16I", 1, 64, *[0] * 14) + runs + b"\0" * (len(runs) % 2)


def _multi_frame(frames: np.ndarray, syntax: str, compressed: list[bytes]) -> Dataset:
    ds = image(frames[0], SECONDARY_CAPTURE)
    ds.NumberOfFrames = len(frames)
    ds.file_meta.TransferSyntaxUID = syntax
    ds.PixelData = encapsulate(compressed)
    ds["PixelData"].VR, ds["PixelData"].is_undefined_length = "OB", True
    return ds


def _single_bits(frames: np.ndarray, syntax: str, compressed: list[bytes]) -> Dataset:
    ds = _multi_frame(frames, syntax, compressed)
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 1, 1, 0
    return ds


def _write(folder: Path, ds: Dataset) -> Path:
    """Write a file; pydicom refuses a transfer syntax that it cannot name, so that is put in afterwards."""
    syntax, path = str(ds.file_meta.TransferSyntaxUID), folder / "001.dcm"
    if syntax == DEFLATED_FRAMES:
        ds.file_meta.TransferSyntaxUID = JPEG_2000
    save(folder, [ds])
    if syntax == DEFLATED_FRAMES:
        path.write_bytes(path.read_bytes().replace(JPEG_2000.encode(), syntax.encode() + b"\0", 1))
    return path


def _jpeg_2000(frame: np.ndarray) -> bytes:
    """Return a lossless codestream of even length."""
    found = bytes(module("openjpeg.utils").encode_array(frame, photometric_interpretation=2))
    return found + b"\0" * (len(found) % 2)


def voxels(folder: Path) -> np.ndarray:
    """Return the planes of the only volume below a folder."""
    (volume,) = read([folder])
    return volume.voxels[0]


@pytest.mark.parametrize("dtype", ["u1", "<u2", "<i2"])
def test_deflated_image_frames(dtype: str, tmp_path: Path) -> None:
    frames = ramp(3, 4, 5, dtype=dtype)
    _write(tmp_path, _multi_frame(frames, DEFLATED_FRAMES, [_deflate(frame.tobytes()) for frame in frames]))

    assert np.array_equal(voxels(tmp_path), frames)


@pytest.mark.parametrize(("syntax", "pack"), [(DEFLATED_FRAMES, _deflate), (RLE, _rle)])
def test_single_bits_compressed(syntax: str, pack: object, tmp_path: Path) -> None:
    frames = np.random.default_rng(1).integers(0, 2, (3, 5, 7), np.uint8)
    packed = [np.packbits(frame.reshape(-1), bitorder="little").tobytes() for frame in frames]
    _write(tmp_path, _single_bits(frames, syntax, [pack(raw) for raw in packed]))  # type: ignore[operator]

    assert np.array_equal(voxels(tmp_path), frames)


def test_no_closing_delimiter_is_a_note_where_all_frames_are_there(tmp_path: Path) -> None:
    frames = ramp(3, 4, 5, dtype="<u2")
    path = _write(tmp_path, _multi_frame(frames, DEFLATED_FRAMES, [_deflate(frame.tobytes()) for frame in frames]))
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
    path = _write(tmp_path, ds)
    path.write_bytes(path.read_bytes().replace(EXPLICIT.encode() + b"\0", syntax.encode() + b"\0", 1))

    with pytest.raises(DicomReadError, match="not encapsulated"):
        read([tmp_path])


def test_encapsulated_pixels_of_an_uncompressed_transfer_syntax_are_refused(tmp_path: Path) -> None:
    (ds,) = slices(ramp(1, 4, 5, dtype="u1"))
    path = _write(tmp_path, ds)
    raw = path.read_bytes()
    start = raw.rindex(struct.pack("<2H", 0x7FE0, 0x0010))
    pixel_data = struct.pack("<2H2s2xI", 0x7FE0, 0x0010, b"OB", 0xFFFFFFFF)
    path.write_bytes(raw[:start] + pixel_data + encapsulate([ds.PixelData]) + struct.pack("<2HI", 0xFFFE, 0xE0DD, 0))

    with pytest.raises(DicomReadError, match="Explicit VR Little Endian specifies uncompressed ones"):
        read([tmp_path])


@pytest.mark.parametrize("kept", ["half a fragment", "one fragment less"])
def test_missing_fragments_are_one_failed_file(kept: str, circle: Circle) -> None:
    frames = ramp(3, 16, 16, dtype="<u2")
    compressed = [_deflate(frame.tobytes()) for frame in frames]
    path = _write(circle.dicom, _multi_frame(frames, DEFLATED_FRAMES, compressed))
    save(circle.dicom / "good", slices(ramp(3, 4, 5), series=2))
    cut = len(compressed[-1]) // 2 + 8 if kept == "half a fragment" else len(compressed[-1]) + 16
    path.write_bytes(path.read_bytes()[:-cut])

    report = circle.forth()

    assert sorted(entry.outcome.value for entry in report.entries) == ["converted", "failed"]
    assert all("truncated" in entry.error for entry in report.entries if entry.outcome is Outcome.FAILED)


def test_fragments_of_frames_without_a_table_are_found_by_the_end_of_each_image(tmp_path: Path) -> None:
    frames = ramp(2, 32, 32, dtype="<u2")
    streams = [_jpeg_2000(frame) for frame in frames]
    halves = [part for stream in streams for part in (stream[: len(stream) // 4 * 2], stream[len(stream) // 4 * 2 :])]
    halves = [part + b"\0" * (len(part) % 2) for part in halves]
    _write(tmp_path, _multi_frame(frames, JPEG_2000, halves))

    assert np.array_equal(voxels(tmp_path), frames)


@pytest.mark.parametrize("signed", [False, True])
def test_more_bits_than_bits_stored_are_kept_and_reported(signed: bool, circle: Circle) -> None:
    frame = (ramp(32, 32, dtype="<i4") * 60 - 30000 * signed).astype("<i2" if signed else "<u2")
    ds = _multi_frame(frame[None], JPEG_2000, [_jpeg_2000(frame)])
    ds.BitsStored, ds.HighBit = 12, 11
    _write(circle.dicom, ds)

    (volume,) = read([circle.dicom])
    circle.forth()
    report = circle.home()

    assert np.array_equal(volume.voxels[0, 0], frame)
    assert any("more bits than BitsStored 12" in warning for warning in volume.warnings)
    assert {entry.outcome for entry in report.entries} == {Outcome.RESTORED}
    assert np.array_equal(voxels(circle.back)[0], frame)


def test_rescale_in_functional_groups_is_not_applied_by_a_decoder(tmp_path: Path) -> None:
    frame = ramp(32, 32, dtype="<u2")
    ds = _multi_frame(frame[None], JPEG_2000, [_jpeg_2000(frame)])
    shared, transformation = Dataset(), Dataset()
    transformation.RescaleSlope, transformation.RescaleIntercept, transformation.RescaleType = "2", "-1024", "HU"
    shared.PixelValueTransformationSequence = [transformation]
    ds.SharedFunctionalGroupsSequence = [shared]
    _write(tmp_path, ds)

    (volume,) = read([tmp_path])

    assert np.array_equal(volume.voxels[0, 0], frame)
    assert (volume.rescale.slope, volume.rescale.intercept) == (2, -1024)


# --- decoders in another process --------------------------------------------------------------------------------------


@pytest.mark.parametrize("syntax", [RLE, DEFLATED_FRAMES, "1.2.840.10008.1.2.4.202"])
def test_no_process_is_started_for_what_its_decoders_do_not_know(
    syntax: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decompress, "decode_in_process", lambda *_: pytest.fail("a process was started"))
    frame = ramp(32, 32, dtype="<u2")
    _write(tmp_path, _multi_frame(frame[None], syntax, [b"damaged frame of no codec"]))

    with pytest.raises(DicomReadError, match=r"cannot be decoded|pip install"):
        read([tmp_path])


IS_READY = (
    "import os, pickle, sys\n"
    f"sys.stdout.buffer.write({codec_process.READY!r})\n"
    "sys.stdout.buffer.flush()\n"
)  # fmt: skip
"""Begins a program that takes the place of the other process."""


def test_a_python_that_prints_something_else_decodes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it prints was unpickled, which may fail in any way."""
    (tmp_path / "talking.py").write_text("print('Initializing packages')\n")
    monkeypatch.setattr(codec_process, "_WORKER", "talking")
    monkeypatch.setattr(codec_process, "_WORKERS", codec_process._Workers())
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    assert codec_process.decode_in_process(JPEG_2000, _RAMP, [_jpeg_2000(ramp(32, 32, dtype="<u2"))]) is None


@pytest.mark.slow
def test_a_python_without_our_packages_decodes_nothing_and_blames_no_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codec_process, "_WORKER", "no_such_module")
    monkeypatch.setattr(codec_process, "_WORKERS", codec_process._Workers())
    frame = ramp(32, 32, dtype="<u2")

    assert codec_process.decode_in_process(JPEG_2000, _RAMP, [_jpeg_2000(frame)]) is None
    monkeypatch.setattr(codec_process._Workers, "_running", lambda *_: pytest.fail("started again"))
    assert codec_process.decode_in_process(JPEG_2000, _RAMP, [_jpeg_2000(frame)]) is None


def test_a_program_of_the_current_folder_is_not_taken_for_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "PythonSlicer").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(codec_process.sys, "executable", "")

    assert codec_process._python() is None


def test_a_decoder_that_dies_ends_neither_the_run_nor_the_next_decoding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = tmp_path / "dying.py"
    worker.write_text(f"{IS_READY}pickle.load(sys.stdin.buffer)\nos.abort()\n")
    monkeypatch.setattr(codec_process, "_WORKER", "dying")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    codec_process._WORKERS.stop()

    for _ in range(2):
        with pytest.raises(NotDecoded, match="the data are damaged"):
            codec_process.decode_in_process(RLE, {}, [b""])

    codec_process._WORKERS.stop()


HANG = "import time\ntime.sleep(100)\n"
LAUNCH = "import subprocess, sys\nsys.exit(subprocess.call([sys.executable, '-m', 'child']))\n"
"""As PythonSlicer and the Python of virtual environments on Windows do: another process has our pipes."""


def hanging(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, launched: bool) -> codec_process._Workers:
    """Return workers whose process is a program, or is a launcher of it."""
    (tmp_path / "child.py").write_text(program)
    (tmp_path / "worker.py").write_text(LAUNCH if launched else program)
    monkeypatch.setattr(codec_process, "_WORKER", "worker")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    workers = codec_process._Workers()
    monkeypatch.setattr(codec_process, "_WORKERS", workers)
    return workers


@pytest.mark.slow
@pytest.mark.parametrize("launched", [False, True])
def test_a_decoder_that_hangs_is_stopped(launched: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workers = hanging(tmp_path, monkeypatch, IS_READY + HANG, launched)
    monkeypatch.setattr(codec_process, "LIMIT_S", 1.0)

    for seconds in ("1", "0.5", "0.25"):
        with pytest.raises(NotDecoded, match=f"the decoder was stopped after {seconds} s"):
            codec_process.decode_in_process(RLE, {}, [b""])

    workers.stop()


@pytest.mark.slow
@pytest.mark.parametrize("launched", [False, True])
def test_a_decoder_that_hangs_as_it_starts_is_stopped(launched: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hanging(tmp_path, monkeypatch, HANG, launched)
    monkeypatch.setattr(codec_process, "START_S", 1.0)

    assert codec_process.decode_in_process(RLE, {}, [b""]) is None


def test_the_time_for_decoding_grows_with_the_frames_and_with_what_they_become() -> None:
    small = {"Rows": 64, "Columns": 64, "SamplesPerPixel": 1, "BitsAllocated": 16}
    large = {**small, "Rows": 1 << 14, "Columns": 1 << 14}
    assert codec_process._limit_s("", small, [b"x"]) == pytest.approx(60, abs=0.1)
    assert codec_process._limit_s("", large, [b"x"]) == pytest.approx(60 + 536, abs=2)
    assert codec_process._limit_s("", small, [bytes(10**7)] * 3) == pytest.approx(60 + 150, abs=1)


@pytest.mark.slow
def test_the_other_process_ends_by_itself_when_ours_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codec_process, "LONGEST_END_S", 100.0)  # it may have to start first, on a machine with much to do
    workers = codec_process._Workers()
    process = workers._running(sys.executable)

    workers.end()

    assert process.returncode == 0


@pytest.mark.slow
def test_another_process_that_does_not_end_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hanging.py").write_text("import time\ntime.sleep(100)\n")
    monkeypatch.setattr(codec_process, "_WORKER", "hanging")
    monkeypatch.setattr(codec_process, "LONGEST_END_S", 0.2)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    workers = codec_process._Workers()
    process = workers._running(sys.executable)

    workers.end()

    assert process.returncode not in (0, None)


_RAMP = {
    "SamplesPerPixel": 1, "Rows": 32, "Columns": 32, "BitsAllocated": 16, "BitsStored": 16, "HighBit": 15,
    "PixelRepresentation": 0, "PlanarConfiguration": 0, "PhotometricInterpretation": "MONOCHROME2",
}  # fmt: skip


@pytest.mark.slow
def test_the_other_process_decodes_what_its_decoder_can() -> None:
    module("gdcm")
    frame = ramp(32, 32, dtype="<u2")

    found = codec_process.decode_in_process(JPEG_2000, _RAMP, [_jpeg_2000(frame)])

    assert found is not None
    assert np.array_equal(found, frame[None])


@pytest.mark.slow
def test_frames_that_no_decoder_takes_do_not_end_the_other_process() -> None:
    module("gdcm")
    workers, frame = codec_process._Workers(), ramp(32, 32, dtype="<u2")

    with pytest.raises(NotDecoded, match=r"1\.2\.3"):
        workers.decode(sys.executable, ("1.2.3", _RAMP, [b"no image"]))
    process = workers._process
    found = workers.decode(sys.executable, (JPEG_2000, _RAMP, [_jpeg_2000(frame)]))

    assert np.array_equal(found, frame[None])
    assert workers._process is process
    workers.end()


@pytest.mark.parametrize("dtype", ["<u2", "<i2", "u1"])
def test_encapsulated_uncompressed_frames(dtype: str, tmp_path: Path) -> None:
    frames = ramp(3, 4, 5, start=7, dtype=dtype)
    raw = [frame.tobytes() + b"\0" * (frame.nbytes % 2) for frame in frames]
    _write(tmp_path, _multi_frame(frames, "1.2.840.10008.1.2.1.98", raw))

    assert np.array_equal(voxels(tmp_path), frames)


@pytest.mark.parametrize(
    ("codec", "stated", "name"),
    [(JPEG_LS, JPEG_2000, "JPEG-LS Lossless"), (JPEG_2000, JPEG_LS, "JPEG 2000"), (JPEG_2000, RLE, "JPEG 2000"),
     (JPEG_BASELINE, JPEG_LS, "JPEG Baseline"), (JPEG_BASELINE, RLE, "JPEG Baseline")],
)  # fmt: skip
def test_frames_of_another_codec_than_stated_are_decoded(codec: str, stated: str, name: str, tmp_path: Path) -> None:
    """Their own headers specify what they are; they were refused as damaged."""
    frame = np.full((32, 32), 77, "u1")
    _write(tmp_path, _multi_frame(frame[None], stated, [_coded(frame, codec)]))

    (volume,) = read([tmp_path])

    assert np.array_equal(volume.voxels[0, 0], frame)
    assert any(f"but the frames are compressed as {name}" in warning for warning in volume.warnings)


def _coded(frame: np.ndarray, codec: str) -> bytes:
    """Return a codestream of even length."""
    if codec == JPEG_2000:
        return _jpeg_2000(frame)
    code = bytes(module("jpeg_ls").encode_array(frame)) if codec == JPEG_LS else _baseline(frame)
    return code + b"\0" * (len(code) % 2)


def _baseline(frame: np.ndarray) -> bytes:
    stream = io.BytesIO()
    module("PIL.Image").fromarray(frame).save(stream, "JPEG", quality=100)
    return stream.getvalue()


def test_fragments_of_rle_frames_are_those_that_the_table_specifies(tmp_path: Path) -> None:
    """A frame of RLE is one fragment (PS3.5 A.4.2), but not of all writers."""
    frames = ramp(2, 16, 16, dtype="u1")
    ds = _multi_frame(frames, RLE, [])
    ds.PixelData = encapsulate([_rle(frame.tobytes()) for frame in frames], fragments_per_frame=2)
    _write(tmp_path, ds)

    assert np.array_equal(voxels(tmp_path), frames)


@pytest.mark.parametrize("count", [1, 2])
def test_a_video_is_refused_as_such(count: int, tmp_path: Path) -> None:
    frames = ramp(count, 16, 16, dtype="u1")
    _write(tmp_path, _multi_frame(frames, "1.2.840.10008.1.2.4.102", [b"\0\0\0\x18ftypmp42"]))

    with pytest.raises(DicomReadError, match=r"a video \(MPEG-4 AVC/H.264 High Profile / Level 4.1\)"):
        read([tmp_path])


def test_jpeg_xl_is_named(tmp_path: Path) -> None:
    path = _write(tmp_path, _multi_frame(ramp(1, 16, 16, dtype="u1"), "1.2.840.10008.1.2.4.201", [b"\xff\x0a" + bytes(20)]))
    path.write_bytes(path.read_bytes().replace(b"1.2.840.10008.1.2.4.201", b"1.2.840.10008.1.2.4.110"))

    with pytest.raises(DicomReadError, match="JPEG XL Lossless"):
        read([tmp_path])


def test_a_codestream_of_another_sign_is_reported(tmp_path: Path) -> None:
    frame = ramp(64, 64, start=-300, dtype="<i2")
    ds = _multi_frame(frame[None], JPEG_2000, [_jpeg_2000(frame)])
    ds.PixelRepresentation = 0
    _write(tmp_path, ds)

    (volume,) = read([tmp_path])

    assert np.array_equal(volume.voxels[0, 0], frame.view("<u2"))
    assert any("PixelRepresentation (0028,0103) specifies unsigned values" in warning for warning in volume.warnings)


def test_an_unsigned_codestream_of_signed_values_is_reported(tmp_path: Path) -> None:
    frame = ramp(64, 64, start=1 << 15, dtype="<u2")
    ds = _multi_frame(frame[None], JPEG_2000, [_jpeg_2000(frame)])
    ds.PixelRepresentation = 1
    _write(tmp_path, ds)

    (volume,) = read([tmp_path])

    assert any("PixelRepresentation (0028,0103) specifies signed values" in warning for warning in volume.warnings)


@pytest.mark.parametrize(
    "attributes", [{"Rows": 128, "Columns": 32}, {"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB"}]
)
def test_a_codestream_of_another_shape_is_refused(attributes: dict[str, int | str], tmp_path: Path) -> None:
    frame = ramp(64, 64, dtype="<u2")
    ds = _multi_frame(frame[None], JPEG_2000, [_jpeg_2000(frame)])
    for name, value in attributes.items():
        setattr(ds, name, value)
    _write(tmp_path, ds)

    with pytest.raises(DicomReadError, match=r"claim 64 × 64 pixels of 1 sample\(s\), the attributes specify"):
        read([tmp_path])


# --- more than NumberOfFrames ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("syntax", [RLE, JPEG_2000])
@pytest.mark.parametrize("number", ["1", None], ids=["one", "not stated"])
def test_further_frames_of_a_single_frame_are_reported(number: str | None, syntax: str, tmp_path: Path) -> None:
    frames = ramp(3, 32, 40, dtype="u1")
    pack = _jpeg_2000 if syntax == JPEG_2000 else lambda frame: _rle(frame.tobytes())
    ds = _multi_frame(frames, syntax, [pack(frame) for frame in frames])
    del ds.NumberOfFrames
    if number:
        ds.NumberOfFrames = number
    _write(tmp_path, ds)

    (volume,) = read([tmp_path])

    assert np.array_equal(volume.array[0], frames[:1])
    assert any("room for 2 more frame(s)" in warning for warning in volume.warnings)


def test_a_single_frame_in_several_fragments_is_one(tmp_path: Path) -> None:
    (frame,) = ramp(1, 64, 64, dtype="u1")
    packed = _jpeg_2000(frame)
    ds = _multi_frame(frame[None], JPEG_2000, [packed])
    ds.PixelData = encapsulate([packed], fragments_per_frame=3)
    _write(tmp_path, ds)

    (volume,) = read([tmp_path])

    assert np.array_equal(volume.array[0, 0], frame)
    assert not any("more frame(s)" in warning for warning in volume.warnings)


def test_more_frames_than_several_are_refused(tmp_path: Path) -> None:
    frames = ramp(3, 32, 40, dtype="u1")
    ds = _multi_frame(frames, RLE, [_rle(frame.tobytes()) for frame in frames])
    ds.NumberOfFrames = 2
    _write(tmp_path, ds)

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


@pytest.mark.parametrize("frame", [bytes(600), struct.pack("<16I", 2, 64, *[0] * 14) + bytes(16), b"\0\0"])
def test_rle_that_gdcm_would_die_of_is_one_damaged_file(frame: bytes, tmp_path: Path) -> None:
    save(tmp_path, [_multi_frame(ramp(1, 32, 32, dtype="<u2"), RLE, [frame])])

    with pytest.raises(DicomReadError, match="RLE Lossless"):
        voxels(tmp_path)


def test_jpeg_ls_that_was_made_even_before_its_end(tmp_path: Path) -> None:
    frame = ramp(32, 32, dtype="<u2")
    stream = module("jpeg_ls").encode_array(frame)
    padded = stream[:-2] + b"\0" * (1 + len(stream) % 2) + stream[-2:]
    save(tmp_path, [_multi_frame(frame[None], JPEG_LS, [bytes(padded)])])

    assert np.array_equal(voxels(tmp_path)[0], frame)


@pytest.mark.parametrize("kept", [0.5, 1])
def test_jpeg_ls_without_its_end_is_cut_off(kept: float, tmp_path: Path) -> None:
    """CharLS searched for the end for seconds before it refused the frame."""
    frame = ramp(32, 32, dtype="<u2")
    stream = bytes(module("jpeg_ls").encode_array(frame))[:-2]
    save(tmp_path, [_multi_frame(frame[None], JPEG_LS, [stream[: int(len(stream) * kept)]])])

    with pytest.raises(DicomReadError, match="a frame has no end of image: it is cut off"):
        voxels(tmp_path)


@pytest.mark.parametrize("length", [b"\0\0\0\0", b"\0\0\0\1", b"\0\0\0\7"])
def test_a_jp2_box_without_a_length_is_refused(length: bytes, tmp_path: Path) -> None:
    """The conversion did not end, and could not be stopped."""
    boxed = b"\0\0\0\x0cjP  \r\n\x87\n" + length + b"jp2h" + _jpeg_2000(ramp(32, 32, dtype="<u2"))
    save(tmp_path, [_multi_frame(ramp(1, 32, 32, dtype="<u2"), JPEG_2000, [boxed])])

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
    save(tmp_path, [_multi_frame(ramp(1, 8, 8, dtype="u1"), JPEG_BASELINE, [stream])])

    with pytest.raises(DicomReadError, match="a frame has no end of image: it is cut off"):
        voxels(tmp_path)


def test_an_empty_frame_is_called_empty(tmp_path: Path) -> None:
    ds = _multi_frame(ramp(1, 8, 8, dtype="u1"), JPEG_BASELINE, [b"\xff\xd8"])
    ds.PixelData = struct.pack("<HHIHHIHHI", 0xFFFE, 0xE000, 0, 0xFFFE, 0xE000, 0, 0xFFFE, 0xE0DD, 0)
    save(tmp_path, [ds])

    with pytest.raises(DicomReadError, match="a frame is empty"):
        voxels(tmp_path)


def test_a_codestream_of_more_bits_than_are_allocated_is_refused(tmp_path: Path) -> None:
    frame = ramp(32, 32, dtype="<u2")
    save(tmp_path, [_multi_frame(frame[None].astype("u1"), JPEG_2000, [_jpeg_2000(frame)])])

    with pytest.raises(DicomReadError, match=r"have 10 bits, BitsAllocated \(0028,0100\) is 8"):
        voxels(tmp_path)


@pytest.mark.slow
def test_a_copy_of_a_process_has_another_process_for_decoding(monkeypatch: pytest.MonkeyPatch) -> None:
    workers = codec_process._Workers()
    first = workers._running(sys.executable)
    monkeypatch.setattr(codec_process.os, "getpid", lambda: -1)

    second = workers._running(sys.executable)
    workers.end()
    first.communicate()

    assert second is not first


@pytest.mark.parametrize(("bits", "high_bit", "word_of"), [
    (12, 11, lambda value: value & 0xFFF),  # without copies of the sign
    (12, 15, lambda value: value << 4 & 0xFFFF),
    (10, 11, lambda value: value << 2 & 0xFFC),
])  # fmt: skip
def test_words_in_rle_are_those_of_native_pixels(
    bits: int, high_bit: int, word_of: Callable[[int], int], circle: Circle
) -> None:
    values = np.arange(-10, 10).reshape(4, 5)
    (ds,) = slices(np.vectorize(word_of)(values).astype("<u2")[None])
    ds.BitsStored, ds.HighBit, ds.PixelRepresentation = bits, high_bit, 1
    ds.compress(RLE, generate_instance_uid=False)
    save(circle.dicom, [ds])

    (volume,) = read([circle.dicom])

    assert np.array_equal(volume.voxels[0, 0], values)
    assert not volume.warnings
    circle.forth()
    assert circle.home().ok
    (back,) = circle.returned()
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
