"""Settings of pydicom and filters of warnings are unchanged whenever code of the user runs, also in other threads."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydicom import config

from nifti_dicom_bridge import ConversionOptions, Job, Kind, Log, Outcome, Target, convert, read
from nifti_dicom_bridge.formats.dicom.legacy.objects import legacy_objects
from nifti_dicom_bridge.formats.dicom.uids import UidMap
from nifti_dicom_bridge.standard.pydicom_settings import each_without_warnings, without_validation, without_warnings
from support.round_trip import RoundTrip

THREADS = 4


def modes() -> tuple:
    return config.settings.reading_validation_mode, config.settings.writing_validation_mode


@pytest.fixture
def before() -> Iterator[tuple]:
    """Return the settings, with other values than those that the package sets; undone after the test."""
    saved = config.settings._reading_validation_mode, config.settings._writing_validation_mode
    config.settings.reading_validation_mode, config.settings.writing_validation_mode = config.RAISE, config.WARN
    yield modes()
    config.settings._reading_validation_mode, config.settings._writing_validation_mode = saved


def test_settings_are_back_while_the_caller_has_a_legacy_object(round_trip: RoundTrip, before: tuple) -> None:
    (volume,) = read(round_trip.make("classic_ct").dicom)

    objects = legacy_objects(volume, UidMap(), Log())
    next(objects)

    assert modes() == before


def test_two_conversions_that_take_turns_leave_the_settings_alone(round_trip: RoundTrip, before: tuple) -> None:
    (volume,) = read(round_trip.make("classic_ct").dicom)
    first, second = (legacy_objects(volume, UidMap(), Log()) for _ in range(2))

    next(first)
    next(second)
    first.close()
    second.close()

    assert modes() == before


def test_settings_are_back_after_an_error(before: tuple) -> None:
    with pytest.raises(ZeroDivisionError), without_validation():
        _ = 1 / 0

    assert modes() == before


def test_blocks_within_blocks_work_in_one_thread(before: tuple) -> None:
    with without_validation():
        with without_warnings(), without_validation():
            pass
        assert modes() == (config.IGNORE, config.IGNORE)
    assert modes() == before


def test_threads_that_change_settings_wait_for_each_other(before: tuple) -> None:
    wrong, start = [], threading.Barrier(THREADS)

    def work() -> None:
        start.wait()
        for _ in range(200):
            with without_validation():
                wrong.extend([modes()] if modes() != (config.IGNORE, config.IGNORE) else [])

    with ThreadPoolExecutor(THREADS) as pool:
        for job in [pool.submit(work) for _ in range(THREADS)]:
            job.result()

    assert wrong == []
    assert modes() == before


@pytest.mark.slow
def test_conversions_to_legacy_objects_in_several_threads_are_right_and_leave_no_setting(tmp_path: Path, before: tuple) -> None:
    source = RoundTrip(tmp_path).make("classic_ct").dicom

    def run(n: int) -> list[Outcome]:
        options = ConversionOptions(Target.DICOM, kind=Kind.LEGACY)
        return [entry.outcome for entry in convert(Job([source], tmp_path / str(n), options)).entries]

    with ThreadPoolExecutor(THREADS) as pool:
        outcomes = list(pool.map(run, range(THREADS)))

    assert outcomes == [[Outcome.CONVERTED]] * THREADS
    assert modes() == before


def test_warnings_are_on_again_while_the_caller_has_an_object() -> None:
    def objects() -> Iterator[int]:
        for n in range(2):
            warnings.warn("of a library", stacklevel=1)
            yield n

    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        for n in each_without_warnings(objects()):
            warnings.warn(f"of the caller {n}", stacklevel=1)

    assert [str(one.message) for one in heard] == ["of the caller 0", "of the caller 1"]
