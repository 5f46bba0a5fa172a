"""Stopping at any moment leaves nothing half-written and nothing changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from nifti_dicom_bridge import Cancelled, ConversionOptions, Job, Target, convert
from nifti_dicom_bridge.samples.demo import make_sample


class StopAt:
    """A progress that stops the job at its n-th call."""

    def __init__(self, call: int):
        self.calls, self.call = 0, call

    def __call__(self, what: str, done: int, total: int) -> None:
        self.calls += 1
        if self.calls == self.call:
            raise Cancelled


def calls_of(job: Job) -> int:
    """Return how often a job reports its progress."""
    counter = StopAt(-1)
    convert(job, counter)
    return counter.calls


def listing(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


@pytest.mark.parametrize("target", list(Target))
def test_stopped_at_every_call_nothing_is_left(target: Target, tmp_path: Path) -> None:
    make_sample(tmp_path / "scans")
    convert(Job([tmp_path / "scans"], tmp_path / "nifti"))
    source = tmp_path / ("scans" if target is Target.NIFTI else "nifti")
    options = ConversionOptions(target)
    before = listing(tmp_path)

    calls = calls_of(Job([source], tmp_path / "whole", options))

    assert calls >= 2
    for call in range(1, calls + 1):
        with pytest.raises(Cancelled):
            convert(Job([source], tmp_path / "out", options), StopAt(call))
        assert not (tmp_path / "out").exists()
    assert [name for name in listing(tmp_path) if not name.startswith("whole")] == before
