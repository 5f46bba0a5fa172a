"""Series that pass midnight."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from timed_series import SLICES, TIMES, expected, images, numbers, series


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
