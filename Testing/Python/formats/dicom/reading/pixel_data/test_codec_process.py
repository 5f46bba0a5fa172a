"""Decoders in another process, which may die, hang or be missing."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from nifti_dicom_bridge import DicomReadError
from nifti_dicom_bridge.formats.dicom.reading.pixel_data import codec_process, decompress
from nifti_dicom_bridge.formats.dicom.reading.pixel_data.frame_codecs import NotDecoded
from nifti_dicom_bridge.formats.dicom.reading.read import read
from phantoms.base import ramp
from support.compressed_frames import DEFLATED_FRAMES, JPEG_2000, RLE, jpeg_2000, multi_frame, write_file
from support.oracles import module


@pytest.mark.parametrize("syntax", [RLE, DEFLATED_FRAMES, "1.2.840.10008.1.2.4.202"])
def test_no_process_is_started_for_what_its_decoders_do_not_know(
    syntax: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decompress, "decode_in_process", lambda *_: pytest.fail("a process was started"))
    frame = ramp(32, 32, dtype="<u2")
    write_file(tmp_path, multi_frame(frame[None], syntax, [b"damaged frame of no codec"]))

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

    assert codec_process.decode_in_process(JPEG_2000, _RAMP, [jpeg_2000(ramp(32, 32, dtype="<u2"))]) is None


@pytest.mark.slow
def test_a_python_without_our_packages_decodes_nothing_and_blames_no_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codec_process, "_WORKER", "no_such_module")
    monkeypatch.setattr(codec_process, "_WORKERS", codec_process._Workers())
    frame = ramp(32, 32, dtype="<u2")

    assert codec_process.decode_in_process(JPEG_2000, _RAMP, [jpeg_2000(frame)]) is None
    monkeypatch.setattr(codec_process._Workers, "_running", lambda *_: pytest.fail("started again"))
    assert codec_process.decode_in_process(JPEG_2000, _RAMP, [jpeg_2000(frame)]) is None


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

    found = codec_process.decode_in_process(JPEG_2000, _RAMP, [jpeg_2000(frame)])

    assert found is not None
    assert np.array_equal(found, frame[None])


@pytest.mark.slow
def test_frames_that_no_decoder_takes_do_not_end_the_other_process() -> None:
    module("gdcm")
    workers, frame = codec_process._Workers(), ramp(32, 32, dtype="<u2")

    with pytest.raises(NotDecoded, match=r"1\.2\.3"):
        workers.decode(sys.executable, ("1.2.3", _RAMP, [b"no image"]))
    process = workers._process
    found = workers.decode(sys.executable, (JPEG_2000, _RAMP, [jpeg_2000(frame)]))

    assert np.array_equal(found, frame[None])
    assert workers._process is process
    workers.end()


@pytest.mark.slow
def test_a_copy_of_a_process_has_another_process_for_decoding(monkeypatch: pytest.MonkeyPatch) -> None:
    workers = codec_process._Workers()
    first = workers._running(sys.executable)
    monkeypatch.setattr(codec_process.os, "getpid", lambda: -1)

    second = workers._running(sys.executable)
    workers.end()
    first.communicate()

    assert second is not first
