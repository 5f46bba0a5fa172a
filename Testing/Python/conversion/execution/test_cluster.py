"""Series as tasks of executors and of a real Dask cluster: the same files, lost workers and a lost scheduler."""

from __future__ import annotations

import errno
import os
import shutil
import threading
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from nifti_dicom_bridge import (
    BridgeError,
    Cancelled,
    ConversionOptions,
    ConversionReport,
    Entry,
    Job,
    OptionError,
    Outcome,
    convert,
    convert_many,
)
from nifti_dicom_bridge.conversion.execution import dask_cluster, many
from nifti_dicom_bridge.conversion.execution.executor_runner import ExecutorRunner, RemoteExecution
from nifti_dicom_bridge.conversion.execution.tasks import Task
from phantoms import PHANTOMS
from support.dask_cluster import cluster
from support.nonempty import some
from support.oracles import module
from support.round_trip import RoundTrip, listing


@pytest.fixture
def source(round_trip: RoundTrip, samples: Path) -> Path:
    """A folder with several series; two more of them have the same number and description."""
    shutil.copytree(samples, round_trip.dicom)
    PHANTOMS["two_series"].write(round_trip.dicom / "two")
    return round_trip.dicom


class LossyExecutor(Executor):
    """Runs each call at once; the result of the first attempt of each is lost, as if its worker had ended after it."""

    def __init__(self, lost: int = 1):
        self.lost, self.calls = lost, {}

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future:
        future: Future = Future()
        key = args[0].number if hasattr(args[0], "number") else 0
        self.calls[key] = self.calls.get(key, 0) + 1
        try:
            result = fn(*args, **kwargs)
        except BaseException as error:
            future.set_exception(error)
            return future
        if self.calls[key] <= self.lost:
            future.set_exception(ConnectionResetError("the worker was lost"))
        else:
            future.set_result(result)
        return future


def of(report: ConversionReport, output: Path) -> list[tuple[str, str, list[str], list[str], str]]:
    """Return the content of a report, without the folder of the outputs."""
    return [
        (e.title, str(e.outcome), [p.relative_to(output).as_posix() for p in e.outputs], e.log.warnings + e.log.notes, e.error)
        for e in report.entries
    ]


def on_executor(job: Job, executor: Any, **more: Any) -> ConversionReport:
    (report,) = convert_many([job], executor, **more)
    return report


# --- the same as without a cluster


@pytest.mark.slow
def test_plain_jobs_and_cluster_give_the_same_files_and_report(source: Path, round_trip: RoundTrip, tmp_path: Path) -> None:
    """To NIfTI, to a BIDS dataset, and back to DICOM; one cluster for all, as its start takes seconds."""
    with cluster(tmp_path / "cluster") as running:
        for name, inputs, choices in (
            ("nifti", source, {}),
            ("bids", source, {"layout": "bids"}),
            ("back", round_trip.folder / "a" / "nifti", {"target": "dicom", "uids": "keep", "names": "original"}),
        ):
            plain, jobs, remote = (round_trip.folder / letter / name for letter in "abc")
            expected = of(convert(Job(inputs, plain, ConversionOptions(**choices))), plain)
            assert of(convert(Job(inputs, jobs, ConversionOptions(jobs=2, **choices))), jobs) == expected
            assert of(on_executor(Job(inputs, remote, ConversionOptions(**choices)), running.address), remote) == expected
            assert listing(plain) == listing(jobs) == listing(remote)


@pytest.mark.slow
def test_processes_of_a_pool_give_the_same_files(source: Path, round_trip: RoundTrip) -> None:
    plain = round_trip.folder / "plain" / "nifti"
    expected = of(convert(Job(source, plain, ConversionOptions())), plain)
    with ProcessPoolExecutor(2) as pool:
        report = on_executor(Job(source, round_trip.nifti, ConversionOptions()), pool)
    assert of(report, round_trip.nifti) == expected
    assert listing(round_trip.nifti) == listing(plain)


@pytest.mark.slow
def test_paths_relative_to_the_working_folder_are_those_of_the_caller(
    source: Path, round_trip: RoundTrip, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(round_trip.folder)
    with ThreadPoolExecutor(2) as pool:
        report = on_executor(Job("dicom", "nifti", ConversionOptions()), pool)
    assert report.ok
    assert all(path.is_absolute() and path.exists() for path in report.outputs)


@pytest.mark.slow
def test_entries_have_the_worker_the_time_and_the_size(source: Path, round_trip: RoundTrip) -> None:
    with ThreadPoolExecutor(1) as pool:
        report = on_executor(Job(source, round_trip.nifti, ConversionOptions()), pool)
    for entry in some(report.entries):
        assert entry.execution.worker.endswith(f":{os.getpid()}")
        assert entry.execution.seconds > 0
        assert entry.execution.written == sum(path.stat().st_size for path in entry.outputs)


# --- losses


@pytest.mark.slow
def test_a_worker_that_is_killed_half_way_changes_nothing(source: Path, round_trip: RoundTrip, tmp_path: Path) -> None:
    plain = round_trip.folder / "plain" / "nifti"
    expected = of(convert(Job(source, plain, ConversionOptions())), plain)
    with cluster(tmp_path / "cluster") as running:
        killed: list[int] = []

        def kill_the_first(entry: Entry) -> None:
            if not killed:
                number = int(entry.execution.worker.rpartition(":")[2])
                assert number in [process.pid for process in running.workers]
                killed.append(number)
                os.kill(number, 9)

        report = on_executor(Job(source, round_trip.nifti, ConversionOptions()), running.address, finished=kill_the_first)
        assert [process.poll() for process in running.workers].count(None) == 1
    assert killed
    assert of(report, round_trip.nifti) == expected
    assert listing(round_trip.nifti) == listing(plain)


@pytest.mark.slow
def test_a_run_is_completed_after_the_loss_of_the_scheduler(
    source: Path, round_trip: RoundTrip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask_cluster, "LOST_S", 1.0)
    plain = round_trip.folder / "plain" / "nifti"
    convert(Job(source, plain, ConversionOptions()))
    with cluster(tmp_path / "first") as running:
        report = on_executor(
            Job(source, round_trip.nifti, ConversionOptions()), running.address, finished=lambda entry: running.scheduler.kill()
        )
    assert any(entry.outcome is Outcome.CONVERTED for entry in report.entries)
    assert any("skip_existing=True" in entry.error for entry in report.failures)

    with cluster(tmp_path / "second") as running:
        report = on_executor(Job(source, round_trip.nifti, ConversionOptions(skip_existing=True)), running.address)
    assert report.ok
    assert any(entry.exists for entry in report.entries)
    assert listing(round_trip.nifti) == listing(plain)


@pytest.mark.slow
@pytest.mark.parametrize("choices", [{}, {"layout": "bids"}, {"overwrite": True}, {"target": "zarr"}])
def test_what_a_lost_attempt_wrote_is_written_again(choices: dict, source: Path, round_trip: RoundTrip) -> None:
    plain = round_trip.folder / "plain" / "nifti"
    expected = of(convert(Job(source, plain, ConversionOptions(**choices))), plain)
    assert (
        of(on_executor(Job(source, round_trip.nifti, ConversionOptions(**choices)), LossyExecutor()), round_trip.nifti)
        == expected
    )
    assert listing(round_trip.nifti) == listing(plain)


@pytest.mark.slow
def test_new_uids_that_series_share_are_those_of_one_attempt(samples: Path, round_trip: RoundTrip) -> None:
    """A Segmentation refers to its images: all have UIDs of the second attempt, and files of the first are gone."""
    shutil.copytree(samples, round_trip.dicom)
    round_trip.forth()
    report = on_executor(Job(round_trip.nifti, round_trip.back, ConversionOptions("dicom")), LossyExecutor())
    assert report.ok
    assert sorted(path for path in round_trip.back.rglob("*") if path.is_file()) == sorted(report.outputs)


@pytest.mark.slow
def test_an_output_that_existed_before_is_never_taken_back(source: Path, round_trip: RoundTrip) -> None:
    first = convert(Job(source, round_trip.nifti, ConversionOptions()))
    kept = first.entries[0].outputs[0]
    for path in first.outputs:
        if path not in first.entries[0].outputs:
            path.unlink()
    before = kept.stat().st_mtime_ns

    report = on_executor(Job(source, round_trip.nifti, ConversionOptions()), LossyExecutor())
    assert [entry.title for entry in report.failures] == [first.entries[0].title]
    assert "exists" in report.failures[0].error
    assert kept.stat().st_mtime_ns == before


@pytest.mark.slow
def test_a_worker_that_is_lost_again_and_again_is_a_failure(source: Path, round_trip: RoundTrip) -> None:
    executor = LossyExecutor(lost=9)
    report = on_executor(Job(source, round_trip.nifti, ConversionOptions()), executor, retries=1)
    assert {entry.outcome for entry in report.entries} == {Outcome.FAILED}
    assert set(executor.calls.values()) == {2}


@pytest.mark.slow
def test_a_pool_whose_processes_end_is_a_failure_of_each_image(source: Path, round_trip: RoundTrip) -> None:
    with ProcessPoolExecutor(1) as pool:
        pool.submit(os._exit, 1).exception()
        report = on_executor(Job(source, round_trip.nifti, ConversionOptions()), pool)
    assert all("BrokenProcessPool" in entry.error for entry in some(report.entries))


class _Unsteady:
    """A task that fails with an error of the network at first."""

    def __init__(self, counter: Path, number: int):
        self.counter, self.number = counter, number

    def __call__(self, progress: Any) -> Entry:
        from nifti_dicom_bridge.conversion.execution.recorded_errors import errors_recorded_in

        entry = Entry("a", Outcome.CONVERTED)
        with errors_recorded_in(entry), open(self.counter, "ab") as file:
            file.write(b"x")
            file.flush()
            if self.counter.stat().st_size < 2:
                raise BridgeError("scan.dcm: cannot be read") from OSError(self.number, "an error")
        return entry


@pytest.mark.parametrize(("number", "outcome"), [(errno.ESTALE, "converted"), (errno.ENOENT, "failed")])
def test_errors_of_the_network_are_tried_again(number: int, outcome: str, tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as pool:
        runner = ExecutorRunner(tmp_path / "out", RemoteExecution(pool))
        (entry,) = runner.run([Task("a", [], _Unsteady(tmp_path / "count", number))])
    assert str(entry.outcome) == outcome


# --- whole jobs


@pytest.mark.parametrize("options", [{}, {"deidentify": True}])
def test_more_jobs_are_converted_than_prepared_at_the_same_time(options: dict, round_trip: RoundTrip) -> None:
    """Each task waits for the others: all of them must be with the executor at once."""
    count = many.PREPARED + 3
    together = threading.Barrier(count, timeout=60)

    class Together(ThreadPoolExecutor):
        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future:
            return super().submit(lambda: (together.wait(), fn(*args, **kwargs))[1])

    round_trip.make("classic_ct")
    jobs = [Job(round_trip.dicom, round_trip.folder / str(n), ConversionOptions(**options)) for n in range(count)]
    with Together(count) as pool:
        assert all(report.ok for report in some(convert_many(jobs, pool)))


@pytest.mark.slow
def test_a_job_that_cannot_start_does_not_stop_the_others(source: Path, round_trip: RoundTrip) -> None:
    jobs = [Job(round_trip.folder / "missing", round_trip.folder / "a"), Job(source / "two", round_trip.nifti)]
    with ThreadPoolExecutor(2) as pool:
        first, second = convert_many(jobs, pool)
    assert "no such file or folder" in first.entries[0].error
    assert second.ok


@pytest.mark.slow
def test_contradictions_are_refused_before_anything_is_converted(source: Path, round_trip: RoundTrip) -> None:
    jobs = [Job(source, round_trip.nifti), Job(source, round_trip.back, ConversionOptions("nifti", pyramid=2))]
    with ThreadPoolExecutor(2) as pool, pytest.raises(OptionError):
        convert_many(jobs, pool)
    assert not round_trip.nifti.exists()


@pytest.mark.slow
@pytest.mark.parametrize("where", ["scheduler:8786", 7])
def test_what_is_not_an_executor_is_refused(where: Any, source: Path, round_trip: RoundTrip) -> None:
    with pytest.raises(OptionError, match="tcp://"):
        convert_many([Job(source, round_trip.nifti)], where)


@pytest.mark.slow
def test_a_scheduler_that_does_not_answer_is_named(
    source: Path, round_trip: RoundTrip, monkeypatch: pytest.MonkeyPatch
) -> None:
    module("distributed")
    monkeypatch.setattr(dask_cluster, "TIMEOUT_S", 1.0)
    with pytest.raises(BridgeError, match=r"tcp://127\.0\.0\.1:9: the scheduler cannot be reached"):
        convert_many([Job(source, round_trip.nifti)], "tcp://127.0.0.1:9")


@pytest.mark.slow
@pytest.mark.parametrize("executor", [LossyExecutor, lambda: ThreadPoolExecutor(2)])
def test_a_deidentified_job_is_one_task(executor: Any, source: Path, round_trip: RoundTrip) -> None:
    options = ConversionOptions(deidentify=True, deidentify_key="a key of 16 bytes")
    plain = round_trip.folder / "plain" / "nifti"
    expected = of(convert(Job(source, plain, options)), plain)
    with executor() as where:
        assert of(on_executor(Job(source, round_trip.nifti, options), where), round_trip.nifti) == expected
    assert listing(round_trip.nifti) == listing(plain)


def test_cancelling_leaves_nothing_half_written(source: Path, round_trip: RoundTrip) -> None:
    def stop(what: str, done: int, total: int) -> None:
        if what != "Reading headers":
            raise Cancelled("The user stopped it.")

    with ThreadPoolExecutor(1) as pool, pytest.raises(Cancelled):
        convert_many([Job(source, round_trip.nifti)], pool, progress=stop)
    assert not round_trip.nifti.exists() or not [
        path for path in round_trip.nifti.rglob("*") if path.name.startswith(("tmp", "run-"))
    ]


def test_a_worker_that_does_not_see_the_output_is_reported(source: Path, round_trip: RoundTrip, tmp_path: Path) -> None:
    from nifti_dicom_bridge.conversion.execution.remote_batch import Batch, convert_batch

    with pytest.raises(BridgeError, match="use a shared file system"):
        convert_batch(Batch(b"", tmp_path, tmp_path / ".nifti-dicom-bridge" / "run-x", 1, None))
