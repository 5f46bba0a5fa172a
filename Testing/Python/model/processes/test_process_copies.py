"""Work that this process and copies of it do: all results come, whatever becomes of the copies."""

from __future__ import annotations

import errno
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nifti_dicom_bridge import Cancelled
from nifti_dicom_bridge.model.processes import process_copies
from nifti_dicom_bridge.model.processes.process_copies import computed_in_copies, useful_jobs

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are not copied here")
LARGE = 1 << 20
"""Bytes that a pipe does not hold: a copy waits until they are received."""


def computed(compute: Callable[[int], Any], count: int = 20, jobs: int = 3) -> list[Any]:
    return computed_in_copies(compute, [1] * count, jobs)


def slowly(n: int) -> tuple[int, int]:
    """Return who computes; it takes long enough for all processes to begin."""
    time.sleep(0.01)
    return n, os.getpid()


def test_results_come_in_order() -> None:
    assert computed(lambda n: n * n) == [n * n for n in range(20)]


def test_large_results_come() -> None:
    assert [len(result) for result in computed(lambda n: bytes(LARGE), 6)] == [LARGE] * 6


def test_copies_and_this_process_share_the_work() -> None:
    assert len({process for _, process in computed(slowly, 30)} | {os.getpid()}) == 3


def test_no_copies_are_made_for_one_job() -> None:
    assert {process for _, process in computed(slowly, 3, jobs=1)} == {os.getpid()}


def test_each_number_is_computed_once(tmp_path: Path) -> None:
    with (tmp_path / "numbers").open("ab", buffering=0) as file:
        computed(lambda n: file.write(b"%d\n" % n), 3000)
    assert sorted(map(int, (tmp_path / "numbers").read_text().split())) == list(range(3000))


def test_without_room_for_a_file_one_process_computes(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**arguments: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tempfile.TemporaryFile", full)
    assert {process for _, process in computed(slowly, 3)} == {os.getpid()}


@pytest.mark.slow
def test_the_largest_shares_are_first(tmp_path: Path) -> None:
    def noted(n: int) -> None:
        with (tmp_path / "numbers").open("a") as file:
            file.write(f"{n}\n")
        time.sleep(0.01)

    computed_in_copies(noted, [1] * 20 + [9] + [1] * 20, 2)
    assert "20" in (tmp_path / "numbers").read_text().split()[:2]


@pytest.mark.slow
def test_own_results_are_reported_with_the_sizes_begun() -> None:
    sizes = list(range(40, 0, -1))
    came: list[tuple[int, int]] = []

    def reported(result: tuple[int, int], done: int) -> None:
        came.append((result[0], done))

    results = computed_in_copies(slowly, sizes, 2, computed=reported)
    assert came == [(n, sum(sizes[: n + 1])) for n, process in results if process == os.getpid()]


@pytest.mark.parametrize("parent_fails", [False, True])
@pytest.mark.slow
def test_what_fails_is_computed_here_and_reported(parent_fails: bool) -> None:
    parent = os.getpid()

    def failing(n: int) -> str:
        time.sleep(0.01)
        if parent_fails or os.getpid() != parent:
            raise ValueError("damaged")
        return "done"

    if parent_fails:
        with pytest.raises(ValueError, match="damaged"):
            computed(failing)
    else:
        assert computed(failing) == ["done"] * 20


def test_this_process_computes_what_ended_copies_had() -> None:
    parent = os.getpid()

    def killed(n: int) -> int:
        time.sleep(0.01)
        if os.getpid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)
        return n

    assert computed(killed, 9) == list(range(9))


@pytest.mark.parametrize("error", [KeyboardInterrupt, Cancelled])
def test_copies_end_with_an_interruption(error: type[BaseException]) -> None:
    def interrupted(result: Any, done: int) -> None:
        raise error

    with pytest.raises(error):
        computed_in_copies(slowly, [1] * 1000, 3, computed=interrupted)
    assert multiprocessing.active_children() == []


def abandoned(folder: Path) -> None:
    """End while copies compute."""
    parent = os.getpid()

    def compute(n: int) -> None:
        if os.getpid() == parent:
            time.sleep(0.1)
            os._exit(1)
        time.sleep(0.01)
        (folder / str(n)).touch()

    computed(compute, 10_000)


@pytest.mark.slow
def test_copies_end_without_their_parent(tmp_path: Path) -> None:
    process = multiprocessing.get_context("fork").Process(target=abandoned, args=(tmp_path,))
    process.start()
    process.join()
    time.sleep(0.05)
    count = len(list(tmp_path.iterdir()))
    time.sleep(0.1)
    assert count == len(list(tmp_path.iterdir())) > 0


@pytest.mark.parametrize(("sizes", "jobs"), [([8, 8], 1), ([100, 8], 1), ([8] * 5, 3), ([], 1)])
def test_copies_are_for_several_shares(sizes: list[int], jobs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_copies, "start_method", lambda: "fork")
    assert useful_jobs(sizes, 8, 3) == jobs


def test_copies_are_for_processes_without_other_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_copies, "start_method", lambda: "spawn")
    assert useful_jobs([8] * 100, 8, 3) == 1
