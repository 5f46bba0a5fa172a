"""Ctrl-C ends a program with exit code 130 at every moment, not by the signal."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nifti_dicom_bridge.cli import commands, main
from nifti_dicom_bridge.cli.exit_codes import INTERRUPTED
from phantoms import PHANTOMS
from support.dask_cluster import cluster
from support.round_trip import RoundTrip

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no signals as on POSIX")

IN_A_TEXT = """
from nifti_dicom_bridge.cli import commands

def main(**_):
    try:
        exec("raise KeyboardInterrupt")
    except KeyboardInterrupt:
        return 130

commands.main = main
commands.program()
"""
WHILE_IMPORTED = """
import sys

class Interrupting:
    def find_spec(self, name, *_):
        if name == "nifti_dicom_bridge.cli":
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupting())
from nifti_dicom_bridge.__main__ import program
program()
"""


@pytest.mark.parametrize("program", [IN_A_TEXT, WHILE_IMPORTED], ids=["in a text", "while imported"])
def test_an_interruption_is_an_exit_code(program: str, tmp_path: Path) -> None:
    (tmp_path / "interrupted.py").write_text(program)
    done = subprocess.run([sys.executable, "-m", "interrupted"], cwd=tmp_path, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (INTERRUPTED, b"")


def test_termination_is_an_interruption(monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setitem(commands._COMMANDS, "inspect", lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    assert main(["inspect", "scans"]) == INTERRUPTED
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.slow
def test_an_interrupted_run_on_a_cluster_ends_with_its_exit_code(round_trip: RoundTrip, tmp_path: Path) -> None:
    for n in range(12):
        PHANTOMS["classic_ct"].write(round_trip.dicom / str(n))
    moments = random.Random(5)
    with cluster(tmp_path / "cluster") as running:
        command = [sys.executable, "-m", "nifti_dicom_bridge", "convert", round_trip.dicom, "--to", "nifti",
                   "--cluster", running.address, "-o"]  # fmt: skip
        for n in range(6):
            process = subprocess.Popen(
                [*map(str, command), str(tmp_path / str(n))], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                start_new_session=True,
            )  # fmt: skip
            time.sleep(moments.uniform(0.3, 2.5))
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGINT)
            _, text = process.communicate(timeout=120)
            assert process.returncode in (0, INTERRUPTED)
            assert b"Traceback" not in text


HANGING = """
import sys, threading
from nifti_dicom_bridge.cli import commands, termination
from nifti_dicom_bridge.formats.dicom.reading.pixel_data import decompress

def hang(*_):
    print("decoding", flush=True)
    threading.Event().wait()

decompress._decoded = hang
termination.LONGEST_END_S = 0.5
commands.program()
"""


@pytest.mark.slow
def test_termination_ends_a_program_whose_decoder_hangs(round_trip: RoundTrip, tmp_path: Path) -> None:
    round_trip.make("rle")
    (tmp_path / "hanging.py").write_text(HANGING)
    process = subprocess.Popen(
        [sys.executable, "-m", "hanging", "convert", str(round_trip.dicom), "--to", "nifti", "-o", "out", "--jobs", "1"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    process.stdout.readline()

    process.terminate()

    _, text = process.communicate(timeout=60)
    assert process.returncode == INTERRUPTED
    assert b"something did not end" in text


WAITING = """
from nifti_dicom_bridge.cli import commands
from nifti_dicom_bridge.formats.dicom.reading.pixel_data import codec_process, decompress

def decoded(instance, pixel, frames):
    print("decoding", flush=True)
    return codec_process.decode_in_process(instance.transfer_syntax, {}, frames)

decompress._decoded = decoded
codec_process._WORKER = "hanging_decoder"
commands.program()
"""
HANGING_DECODER = """
import sys, time

sys.stdout.buffer.write(b"ready\\n")
sys.stdout.flush()
time.sleep(600)
"""


@pytest.mark.slow
@pytest.mark.parametrize("choices", [[], ["--deidentify"]], ids=["threads", "main_thread"])
def test_termination_ends_a_program_that_waits_for_the_other_process(
    choices: list[str], round_trip: RoundTrip, tmp_path: Path
) -> None:
    """The signal comes while a thread reads the answer; the main thread cannot close the pipe that it reads itself."""
    round_trip.make("rle")
    (tmp_path / "waiting.py").write_text(WAITING)
    (tmp_path / "hanging_decoder.py").write_text(HANGING_DECODER)
    process = subprocess.Popen(
        [sys.executable, "-m", "waiting", "convert", str(round_trip.dicom), "--to", "nifti", "-o", "out", "--jobs", "1",
         *choices],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(1.0)  # until it waits

    process.terminate()

    printed, text = process.communicate(timeout=60)
    assert process.returncode == INTERRUPTED
    assert b"failed" not in printed
    assert b"something did not end" not in text
    assert not list((tmp_path / "out").glob("*"))
