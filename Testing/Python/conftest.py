"""Fixtures that all tests share."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

pytest.register_assert_rewrite("support")  # before its first import: its assertions show the values, too

from support.round_trip import RoundTrip  # noqa: E402

settings.register_profile(
    "suite", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
settings.load_profile("suite")
PROCESSOR_S, WAITING_S = 120, 1800
"""When a test hangs: a busy one by processor time, so that a slow machine fails nothing; a waiting one on the clock."""


def pytest_configure(config: pytest.Config) -> None:
    """The values in odd files are odd on purpose: pydicom need not warn of it. And programs can be interrupted."""
    config.addinivalue_line("filterwarnings", "ignore::UserWarning:pydicom")
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # a suite in the background; the programs that tests start and interrupt would ignore it, too
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all but the first set of parameters of every test as slow, so that the fast subset runs each test once."""
    seen = set()
    for item in items:
        test = item.nodeid.partition("[")[0]
        if test in seen:
            item.add_marker(pytest.mark.slow)
        seen.add(test)


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    """Name the files that differ between two folders (`round_trip.listing`): a comparison of their bytes would take minutes."""
    if op != "==" or not (isinstance(left, dict) and isinstance(right, dict)):
        return None
    if not any(isinstance(value, bytes) for value in [*left.values(), *right.values()]):
        return None
    return [
        "the same files",
        *(f"only left: {name}" for name in left.keys() - right.keys()),
        *(f"only right: {name}" for name in right.keys() - left.keys()),
        *(f"differs: {name}" for name in left.keys() & right.keys() if left[name] != right[name]),
    ]


@pytest.fixture(autouse=True)
def _no_test_hangs() -> Iterator[None]:
    """End a test that hangs: bad input must not make us wait for ever."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def stop(number: int, _: object) -> None:
        spent = f"{PROCESSOR_S} s of processor time" if number == signal.SIGPROF else f"{WAITING_S} s"
        raise TimeoutError(f"the test took longer than {spent}")

    timers = ((signal.SIGPROF, signal.ITIMER_PROF, PROCESSOR_S), (signal.SIGALRM, signal.ITIMER_REAL, WAITING_S))
    before = [signal.signal(number, stop) for number, _, _ in timers]
    for _, timer, seconds in timers:
        signal.setitimer(timer, seconds)
    yield
    for (number, timer, _), handler in zip(timers, before, strict=True):
        signal.setitimer(timer, 0)
        signal.signal(number, handler)


@pytest.fixture
def round_trip(tmp_path: Path) -> RoundTrip:
    """A folder with room for a source, its NIfTI images and what comes back."""
    return RoundTrip(tmp_path)


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Be in a folder of the test's own, so that it can name files as users do."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def as_root(tmp_path_factory: pytest.TempPathFactory) -> bool:
    """Whether permissions do not apply to this process."""
    locked = tmp_path_factory.mktemp("permissions") / "locked"
    locked.touch(mode=0)
    return os.name != "posix" or os.access(locked, os.R_OK)


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of all samples (`create_samples`); tests only read it."""
    from nifti_dicom_bridge import create_samples

    folder = tmp_path_factory.mktemp("samples") / "dicom"
    create_samples(folder)
    return folder
