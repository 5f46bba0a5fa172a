"""Series that pass midnight."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from support.timed_series import SLICES, TIMES, expected, images, numbers, series


@pytest.mark.parametrize("date", ["", "20260102"])
@pytest.mark.parametrize("running", [False, True])
def test_midnight_without_a_change_of_the_date(date: str, running: bool, tmp_path: Path) -> None:
    def state(ds: Dataset, t: int, k: int) -> None:
        moment = (86394 + t * 4 + (k * 4 / SLICES if running else 0)) % 86400
        ds.AcquisitionTime = f"{int(moment // 3600):02d}{int(moment % 3600 // 60):02d}{moment % 60:09.6f}"
        if date:
            ds.AcquisitionDate = date

    (volume,) = images(tmp_path, series(state))

    assert numbers(volume) == expected(list(range(TIMES)))
    assert any("passes midnight without a change of the date (AcquisitionDateTime)" in words for words in volume.warnings)


def test_midnight_with_a_change_of_the_date_is_no_note(tmp_path: Path) -> None:
    def state(ds: Dataset, t: int, k: int) -> None:
        ds.AcquisitionDate, ds.AcquisitionTime = ("20260102", "235950") if t == 0 else ("20260103", f"00000{t}")

    (volume,) = images(tmp_path, series(state))

    assert numbers(volume) == expected(list(range(TIMES)))
    assert not volume.warnings


@pytest.mark.parametrize("how", ["missing", "at random"])
def test_midnight_where_instance_numbers_do_not_specify_the_order(how: str, tmp_path: Path) -> None:
    def state(ds: Dataset, t: int, k: int) -> None:
        moment = (86394 + t * 4 + k * 4 / SLICES) % 86400
        ds.AcquisitionTime = f"{int(moment // 3600):02d}{int(moment % 3600 // 60):02d}{moment % 60:09.6f}"
        ds.InstanceNumber = ds.InstanceNumber * 7 % 25

    found = series(state)
    for ds in found if how == "missing" else []:
        del ds.InstanceNumber
    (volume,) = images(tmp_path, found)

    assert numbers(volume) == expected(list(range(TIMES)))
    assert any("passes midnight" in words for words in volume.warnings)


@pytest.mark.parametrize("zone", ["", "+0900", "-0500"])
@pytest.mark.parametrize("date", ["", "unknown", "20269999"])
@pytest.mark.parametrize("attribute", ["Acquisition", "Content"])
def test_a_time_without_a_date_is_among_those_of_the_others(attribute: str, date: str, zone: str, tmp_path: Path) -> None:
    """It was millennia before them: the volume was torn, or the first one."""

    def state(ds: Dataset, t: int, k: int) -> None:
        setattr(ds, f"{attribute}Date", date if (t, k) in lost else "20260102")
        setattr(ds, f"{attribute}Time", f"0300{t:02d}")
        ds.TimezoneOffsetFromUTC = zone

    lost = {(1, 2), *((2, k) for k in range(SLICES))}
    (volume,) = images(tmp_path, series(state))

    assert numbers(volume) == expected(list(range(TIMES)))
    assert any(f"{len(lost)} image(s) have a time without a valid date" in words for words in volume.warnings)


def test_a_time_of_day_that_does_not_exist_is_not_a_time(tmp_path: Path) -> None:
    def state(ds: Dataset, t: int, k: int) -> None:
        ds.AcquisitionNumber, ds.AcquisitionTime = t + 1, "999999" if t == 1 else f"1000{t:02d}"

    (volume,) = images(tmp_path, series(state))

    assert numbers(volume) == expected(list(range(TIMES)))
