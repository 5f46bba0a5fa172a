"""Fixtures that all tests share."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from circle import Circle

settings.register_profile(
    "suite", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
settings.load_profile("suite")
LONGEST_S = 120


def pytest_configure(config: pytest.Config) -> None:
    """The values in odd files are odd on purpose: pydicom need not say so."""
    config.addinivalue_line("filterwarnings", "ignore::UserWarning:pydicom")


@pytest.fixture(autouse=True)
def _no_test_hangs() -> Iterator[None]:
    """End a test that takes longer than two minutes: bad input must not make us wait for ever."""
    if not hasattr(signal, "SIGALRM"):
        yield
        return

    def stop(*_: object) -> None:
        raise TimeoutError(f"the test took longer than {LONGEST_S} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(LONGEST_S)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def circle(tmp_path: Path) -> Circle:
    """A folder with room for a source, its NIfTI images and what comes back."""
    return Circle(tmp_path)


@pytest.fixture
def as_root() -> bool:
    """Whether permissions do not apply to this process."""
    return os.name == "posix" and os.geteuid() == 0
