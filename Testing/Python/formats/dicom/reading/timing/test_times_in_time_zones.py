"""Times with time zones: those of one series are compared as moments (DT: PS3.5 6.2; TimezoneOffsetFromUTC)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from phantoms.base import PET, ramp, save, slices
from phantoms.dynamic import SLICES, enhanced
from support.round_trip import RoundTrip
from support.timed_series import TIMES, expected, images, numbers, series

_MOMENTS = ("100000.00+0100", "090002.00+0000", "110004.00+0200", "043006.00-0430")
"""Each two seconds after the one before."""


def test_moments_of_several_time_zones(round_trip: RoundTrip) -> None:
    def state(ds: Dataset, t: int, k: int) -> None:
        ds.AcquisitionDateTime = "20260102" + _MOMENTS[t]

    (volume,) = images(round_trip.dicom, series(state))

    assert numbers(volume) == expected(list(range(TIMES)))
    assert volume.time_step_s == 2.0


def test_moments_of_frames_of_several_time_zones(tmp_path: Path) -> None:
    stored = [2, 0, 1]
    ds = enhanced(stored, by_index=False)
    del ds.DimensionIndexSequence
    for n, groups in enumerate(ds.PerFrameFunctionalGroupsSequence):
        content = groups.FrameContentSequence[0]
        del content.DimensionIndexValues
        content.FrameAcquisitionDateTime = "20260102" + _MOMENTS[stored[n // SLICES]]

    (volume,) = images(tmp_path, [ds])

    assert numbers(volume) == expected([0, 1, 2])


def test_the_end_of_daylight_saving_time(tmp_path: Path) -> None:
    def state(ds: Dataset, t: int, k: int) -> None:
        ds.AcquisitionDate, ds.AcquisitionTime = "20261025", ("025956", "025958", "020000", "020002")[t]
        ds.TimezoneOffsetFromUTC = "+0200" if t < 2 else "+0100"

    (volume,) = images(tmp_path, series(state))

    assert numbers(volume) == expected(list(range(TIMES)))


@pytest.mark.parametrize("lost", [None, "", "UTC", "+01:00"])
@pytest.mark.parametrize("attribute", ["AcquisitionDateTime", "AcquisitionTime"])
def test_a_lost_time_zone_is_that_of_the_others(lost: str | None, attribute: str, tmp_path: Path) -> None:
    def state(ds: Dataset, t: int, k: int) -> None:
        ds.AcquisitionDate, clock = "20260102", f"10000{2 * t}"
        setattr(ds, attribute, clock if attribute == "AcquisitionTime" else f"20260102{clock}")
        if t != 1:
            ds.TimezoneOffsetFromUTC = "+0100"
        elif lost is not None:
            ds.TimezoneOffsetFromUTC = lost

    (volume,) = images(tmp_path, series(state))

    assert numbers(volume) == expected(list(range(TIMES)))
    assert not volume.warnings


@pytest.mark.parametrize("clock", ["", "233000"])
def test_the_injection_is_in_the_time_zone_of_the_scan(clock: str, round_trip: RoundTrip) -> None:
    found = slices(ramp(3, 4, 5), PET)
    tracer = Dataset()
    tracer.RadiopharmaceuticalStartDateTime, tracer.RadiopharmaceuticalStartTime = "20260102143000+0000", clock
    for ds in found:
        ds.SeriesDate = ds.AcquisitionDate = "20260103"
        ds.SeriesTime = ds.AcquisitionTime = "003000"
        ds.TimezoneOffsetFromUTC, ds.Units = "+0900", "BQML"
        ds.RescaleSlope, ds.RescaleIntercept, ds.RadiopharmaceuticalInformationSequence = "1", "0", [tracer]
    save(round_trip.dicom, found)
    round_trip.forth()

    assert json.loads(round_trip.sidecar().read_text("utf-8"))["InjectionStart"] == -3600
