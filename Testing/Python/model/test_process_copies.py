"""Work that copies of this process do: all results come, whatever becomes of the copies."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys

import pytest

from nifti_dicom_bridge.model.process_copies import computed_in_copies

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are not copied here")
LARGE = 1 << 20
"""Bytes that a pipe does not hold: a copy waits until they are received."""


def test_all_results_come() -> None:
    found = dict(computed_in_copies(lambda n: bytes([n]), 20, 3))
    assert found == {n: bytes([n]) for n in range(20)}


def test_large_results_come() -> None:
    assert [len(result or b"") for _, result in computed_in_copies(lambda n: bytes(LARGE), 6, 2)] == [LARGE] * 6


def test_work_is_done_in_other_processes() -> None:
    pids = {result for _, result in computed_in_copies(lambda n: str(os.getpid()).encode(), 8, 2)}
    assert 1 <= len(pids) <= 2
    assert str(os.getpid()).encode() not in pids


def _failing(n: int) -> bytes:
    if n == 3:
        raise ValueError
    return b"done"


def test_what_fails_has_no_result() -> None:
    found = dict(computed_in_copies(_failing, 6, 2))
    assert [n for n, result in found.items() if result is None] == [3]


def _killed(n: int) -> bytes:
    os.kill(os.getpid(), signal.SIGKILL)
    return b""


def test_copies_that_end_have_no_results() -> None:
    assert dict(computed_in_copies(_killed, 9, 2)) == dict.fromkeys(range(9))


def test_copies_end_with_the_one_who_asks() -> None:
    results = computed_in_copies(lambda n: bytes(LARGE), 50, 2)
    next(results)
    results.close()
    assert multiprocessing.active_children() == []
