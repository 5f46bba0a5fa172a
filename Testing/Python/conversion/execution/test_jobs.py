"""Several images at the same time: the same files and report as one after the other, and processes that end."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from nifti_dicom_bridge import Cancelled, ConversionOptions, Entry, Job, Outcome, convert
from nifti_dicom_bridge.conversion import planning
from nifti_dicom_bridge.conversion.execution import workers
from nifti_dicom_bridge.conversion.execution.task_runner import TaskRunner
from nifti_dicom_bridge.conversion.execution.tasks import Task, batches_of
from nifti_dicom_bridge.formats.dicom.reading.grouping import found_files
from nifti_dicom_bridge.formats.dicom.structure_sets import inventory
from nifti_dicom_bridge.model.processes import process_copies
from phantoms import PHANTOMS
from support.oracles import module
from support.round_trip import RoundTrip, listing

SERIES = ("two_series", "classic_ct", "oblique", "mr_4d", "gantry_tilt", "segmentation", "strangers_between", "lying_syntax")


@pytest.fixture(params=["fork", "spawn"])
def started(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes that start as copies of this one, or as new ones; copies also read and plan, however few files there are."""
    if request.param == "fork" and sys.platform != "linux":
        pytest.skip("processes do not start as copies here")
    for module_ in (workers, process_copies):
        monkeypatch.setattr(module_, "start_method", lambda: request.param)
    for module_ in (found_files, planning, inventory):
        monkeypatch.setattr(module_, "SHARE", 1)
    monkeypatch.setattr(process_copies, "SHARES", 1)
    monkeypatch.setattr(found_files, "LARGE_FOLDER", 1)


def write_series(folder: Path) -> None:
    """Write several series, two of them with the same number and description, and a damaged file."""
    for name in SERIES:
        PHANTOMS[name].write(folder / name)
    (folder / SERIES[1] / "damaged.dcm").write_bytes(bytes(200))


def entries(job: Job) -> list[tuple[object, ...]]:
    """Convert, and return the messages and files of the report."""
    return [
        (e.title, e.outcome, e.inputs, [p.relative_to(job.output) for p in e.outputs], e.log.warnings + e.log.notes, e.error)
        for e in convert(job).entries
    ]


@pytest.mark.slow
@pytest.mark.usefixtures("started")
@pytest.mark.parametrize("choices", [{}, {"layout": "bids"}, {"resample": "tilt,spacing"}, {"target": "preview", "mp4": False}])
def test_files_and_report_are_those_of_one_job(choices: dict, round_trip: RoundTrip) -> None:
    write_series(round_trip.dicom)
    if "mp4" in choices:
        choices = {"target": "preview", "preview": {"mp4": False}}
    one, two = round_trip.folder / "a" / "out", round_trip.folder / "b" / "out"

    first = entries(Job(round_trip.dicom, one, ConversionOptions(**choices)))
    assert entries(Job(round_trip.dicom, two, ConversionOptions(jobs=3, **choices))) == first
    assert listing(one) == listing(two)


def outcomes(dicom: Path, output: Path) -> list[str]:
    return [str(entry.outcome) for entry in convert(Job(dicom, output, ConversionOptions(jobs=2))).entries]


@pytest.mark.slow
def test_a_process_that_may_not_start_others_converts_alone(round_trip: RoundTrip) -> None:
    round_trip.make("two_series")
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(outcomes, (round_trip.dicom, round_trip.nifti)) == ["converted", "converted"]


@pytest.mark.slow
@pytest.mark.usefixtures("started")
@pytest.mark.parametrize("form", ["nifti", "zarr"])
def test_series_come_back_the_same(form: str, round_trip: RoundTrip) -> None:
    if form == "zarr":
        module("zarr")
    write_series(round_trip.dicom)
    convert(Job(round_trip.dicom, round_trip.nifti, ConversionOptions(form)))
    one, two = round_trip.folder / "a" / "out", round_trip.folder / "b" / "out"

    first = entries(Job(round_trip.nifti, one, ConversionOptions("dicom", uids="keep")))
    assert entries(Job(round_trip.nifti, two, ConversionOptions("dicom", uids="keep", jobs=3))) == first
    assert listing(one) == listing(two)


def _killed(progress: object) -> Entry:
    os.kill(os.getpid(), 9)  # which ends it at once, on Windows too
    return Entry("", Outcome.CONVERTED)


def _done(title: str, progress: object) -> Entry:
    return Entry(title, Outcome.CONVERTED)


def test_no_more_processes_run_than_the_system_can_wait_for(monkeypatch: pytest.MonkeyPatch) -> None:
    counts: list[int] = []
    waiting = workers.wait

    def counting(connections: list[Connection], timeout: float) -> list[object]:
        counts.append(len(connections))
        return waiting(connections, timeout)

    monkeypatch.setattr(workers, "wait", counting)
    monkeypatch.setattr(workers, "MOST", 2)

    found = TaskRunner(4).run([Task(title, [], partial(_done, title)) for title in "abcdef"])

    assert [entry.title for entry in found] == list("abcdef")
    assert max(counts) == 2


@pytest.mark.usefixtures("started")
def test_a_process_that_ends_is_one_failed_entry() -> None:
    tasks = [Task("a", [], partial(_done, "a")), Task("b", [], _killed), *(Task(c, [], partial(_done, c)) for c in "cde")]

    found = TaskRunner(2).run(tasks)

    assert [entry.title for entry in found] == list("abcde")
    assert [entry.outcome for entry in found].count(Outcome.FAILED) == 1
    assert f"ended unexpectedly ({'with code' if os.name == 'nt' else 'by signal'} 9)" in found[1].error


@pytest.mark.usefixtures("started")
def test_what_depends_on_an_ended_process_fails_too() -> None:
    together = frozenset({"T1"})
    tasks = [Task("a", [], partial(_done, "a"), together), Task("b", [], _killed, together),
             Task("c", [], partial(_done, "c"), together), Task("d", [], partial(_done, "d"))]  # fmt: skip

    assert [str(entry.outcome) for entry in TaskRunner(2).run(tasks)] == ["converted", "failed", "failed", "converted"]


def test_tasks_with_a_key_in_common_are_one_batch() -> None:
    keys = [{"a"}, {"b"}, {"c"}, {"b", "a"}, set()]
    assert batches_of([Task("", [], _killed, frozenset(some)) for some in keys]) == [[0, 1, 3], [2], [4]]


@pytest.mark.slow
@pytest.mark.usefixtures("started")
def test_cancelling_leaves_nothing_half_written(round_trip: RoundTrip) -> None:
    write_series(round_trip.dicom)

    def stop(what: str, done: int, total: int) -> None:
        if what != "Reading headers":
            raise Cancelled("The user stopped it.")

    with pytest.raises(Cancelled):
        convert(Job(round_trip.dicom, round_trip.nifti, ConversionOptions(jobs=2)), stop)
    assert not [path for path in round_trip.nifti.rglob("*") if path.name.startswith("tmp")]


@pytest.mark.slow
def test_entries_come_as_they_are_complete(round_trip: RoundTrip) -> None:
    write_series(round_trip.dicom)
    came: list[Entry] = []

    report = convert(Job(round_trip.dicom, round_trip.nifti, ConversionOptions(jobs=2)), finished=came.append)
    assert sorted(entry.title for entry in came) == sorted(entry.title for entry in report.entries)


def living_processes(group: int) -> list[str]:
    """Return the processes of a group that have not ended; those whose parent has not asked for their result have."""
    found = []
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = file.read_text().rpartition(")")
        except OSError:  # ended meanwhile
            continue
        state, _, process_group = rest.split()[:3]
        if int(process_group) == group and state != "Z":
            found.append(name + ")")
    return found


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt" or not Path("/proc/self/stat").exists(), reason="processes are listed as Linux does")
def test_an_interruption_ends_all_processes(round_trip: RoundTrip) -> None:
    for n in range(12):
        PHANTOMS["classic_ct"].write(round_trip.dicom / str(n))
    command = [sys.executable, "-m", "nifti_dicom_bridge", "convert", round_trip.dicom, "--to", "preview", "--jobs", "2",
               "-o", round_trip.nifti]  # fmt: skip
    process = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    while not round_trip.nifti.exists() and process.poll() is None:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    _, text = process.communicate(timeout=120)

    assert process.returncode in (0, 130)
    assert b"Traceback" not in text
    assert b"Stopped" in text or process.returncode == 0
    assert living_processes(process.pid) == []
    assert not [path for path in round_trip.nifti.rglob("*") if path.name.startswith("tmp")]


class _TerminatedWhileClosed:
    """A connection whose other end was closed; SIGTERM comes while the process closes its own."""

    def recv(self) -> object:
        raise EOFError

    def close(self) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.1)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGTERM ends a process at once here")
def test_a_process_that_is_terminated_while_it_ends_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    process = multiprocessing.get_context("fork").Process(target=workers._work, args=(_TerminatedWhileClosed(), None, [], ()))
    process.start()
    process.join()
    assert capfd.readouterr().err == ""
    assert process.exitcode == 0
