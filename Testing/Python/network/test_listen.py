"""The receiver: what arrives is stored, who may send is checked, and each quiet study is processed once."""

from __future__ import annotations

import math
import threading
from contextlib import contextmanager
from pathlib import Path

import nibabel
import pytest

from nifti_dicom_bridge import (
    ArchiveError,
    ArchiveSettings,
    BridgeError,
    OptionError,
    ReceptionLimits,
    listen,
    make_sample,
    send,
)
from nifti_dicom_bridge.cli.commands import main
from nifti_dicom_bridge.cli.listen import run_listen
from nifti_dicom_bridge.cli.parser import parser_of_commands
from support import archives
from support.oracles import run

ONCE = ArchiveSettings(retries=0, timeout_s=30, calling_title="SENDER")
MANY_S = 600


@pytest.fixture
def scans(tmp_path):
    make_sample(tmp_path / "scans")
    return tmp_path / "scans"


@contextmanager
def listening(folder: Path, on_study=None, quiet_s=0.5, **limits):
    """Run the receiver in a thread; yield its address, the sentences, and a function that waits for one."""
    port, stop, lines, news = archives.free_port(), threading.Event(), [], threading.Condition()

    def report(text):
        with news:
            lines.append(text)
            news.notify_all()

    def wait_for(words):
        with news:
            assert news.wait_for(lambda: any(words in line for line in lines), MANY_S), lines

    arguments = {"on_study": on_study, "quiet_s": quiet_s, "limits": ReceptionLimits(**limits), "stop": stop, "report": report}
    thread = threading.Thread(target=listen, args=(folder, port, "RESEARCH"), kwargs=arguments)
    thread.start()
    try:
        wait_for("listens")
        yield f"pacs:RESEARCH@127.0.0.1:{port}", wait_for
    finally:
        stop.set()
        thread.join()


def files(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "server.log")


@pytest.mark.slow
def test_a_quiet_study_is_processed_once(scans, tmp_path):
    studies = []
    with listening(tmp_path / "in", studies.append) as (address, wait_for):
        assert send(scans, address, ONCE).ok
        wait_for("object(s) received")
    assert len(studies) == 1
    assert len(list(studies[0].glob("*/*.dcm"))) == len(files(scans))
    assert not list((tmp_path / "in").rglob(".pending"))


@pytest.mark.slow
def test_a_study_that_failed_is_processed_at_the_next_start(scans, tmp_path):
    def fail(study):
        raise BridgeError("no space")

    with listening(tmp_path / "in", fail) as (address, wait_for):
        send(scans, address, ONCE)
        wait_for("was not processed: no space")
    studies = []
    with listening(tmp_path / "in", studies.append) as (_, wait_for):
        wait_for("object(s) received")
    assert len(studies) == 1


@pytest.mark.slow
def test_the_receiver_goes_on_after_an_unforeseen_error(scans, tmp_path):
    def fail(study):
        raise ValueError("of a program")

    with listening(tmp_path / "received", fail) as (address, wait_for):
        send(scans, address, ONCE)
        wait_for("was not processed: unexpected error (ValueError")
        assert send(scans, address, ONCE).ok


@pytest.mark.parametrize("limits", [{"object_mb": math.nan}, {"total_gb": math.nan}])
def test_limits_that_are_not_numbers_are_refused(limits):
    with pytest.raises(OptionError):
        ReceptionLimits(**limits)


@pytest.mark.parametrize("setting", ["timeout_s", "backoff_s"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -1])
def test_times_that_cannot_be_waited_for_are_refused(setting, value):
    with pytest.raises(OptionError):
        ArchiveSettings(**{setting: value})


@pytest.mark.slow
def test_a_sender_that_is_not_listed_is_refused(scans, tmp_path):
    refused = pytest.raises(ArchiveError, match="refuses the association")
    with listening(tmp_path / "in", allowed_titles=("SCANNER",)) as (address, _), refused:
        send(scans, address, ONCE)
    assert files(tmp_path / "in") == []


@pytest.mark.slow
def test_objects_that_are_too_large_are_refused(scans, tmp_path):
    with listening(tmp_path / "in", object_mb=0.0001) as (address, wait_for):
        report = send(scans, address, ONCE)
        assert report.count("failed") == len(report.entries)
        assert all("out of resources" in entry.error for entry in report.entries)
        wait_for("MB are allowed")
    assert files(tmp_path / "in") == []


@pytest.mark.slow
def test_more_objects_per_minute_than_allowed_are_refused(scans, tmp_path):
    with listening(tmp_path / "in", per_minute=2) as (address, wait_for):
        assert not send(scans, address, ONCE).ok
        wait_for("2 objects arrived within a minute")
    assert len(list((tmp_path / "in").glob("*/*/*.dcm"))) == 2


@pytest.mark.slow
def test_storescu_of_dcmtk_sends_to_it(scans, tmp_path):
    with listening(tmp_path / "in") as (address, wait_for):
        port = address.rpartition(":")[2]
        done = run(archives.dcmtk("storescu"), "-aec", "RESEARCH", "127.0.0.1", port, *files(scans))
        assert done.returncode == 0, done.stderr
        wait_for("object(s) received")
    assert len(list((tmp_path / "in").glob("*/*/*.dcm"))) == len(files(scans))


@pytest.mark.slow
def test_the_command_after_two_hyphens_runs_for_each_study(scans, tmp_path, monkeypatch):
    port, stop = archives.free_port(), threading.Event()
    arguments = parser_of_commands(False).parse_args(
        ["listen", "-o", str(tmp_path / "in"), "--port", str(port), "--ae-title", "RESEARCH", "--quiet-for", "0.5",
         "--", "convert", "{study}", "--to", "nifti", "-o", str(tmp_path / "nifti" / "{uid}")]
    )  # fmt: skip

    def run_and_stop(words):
        code = main(words)
        stop.set()
        return code

    from nifti_dicom_bridge.network import listen as module

    original = module.listen
    monkeypatch.setattr(module, "listen", lambda *args, **options: original(*args, **options, stop=stop))
    thread = threading.Thread(target=run_listen, args=(arguments, run_and_stop))
    thread.start()
    archives.wait_for_port(port)
    send(scans, f"pacs:RESEARCH@127.0.0.1:{port}", ONCE)
    thread.join()
    (image,) = (tmp_path / "nifti").glob("*/*.nii.gz")
    assert nibabel.load(image).shape[2] > 1


@pytest.mark.parametrize(("arguments", "words"), [
    (["--port", "80000"], "The port is 80000"), (["--ae-title", "A" * 17], "1 to 16 ASCII characters"),
    (["--allow", "A" * 17], "1 to 16 ASCII characters"), (["--allow", "A\\B"], "1 to 16 ASCII characters"),
    (["--quiet-for", "0"], "argument --quiet-for"), (["--max-object", "none"], "argument --max-object"),
    (["--max-total", "-1"], "Expected a number of at least 0. '"),
    (["--", "foo", "{study}"], "invalid choice: 'foo'"), (["--", "convert", "{study}"], "required: -o/--output"),
    (["--", "apply", "{study}", "-o", "out", "--as", "sge", "--", "cp", "{input}", "{output}"], "invalid choice: 'sge'"),
])  # fmt: skip
def test_a_wrong_argument_is_refused_before_anything_is_received(arguments, words, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["listen", "-o", "received", "--port", "0", "--ae-title", "A", *arguments]) == 2
    assert words in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
