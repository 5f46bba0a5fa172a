"""Files that lack an attribute of their series, or contradict the others."""

from __future__ import annotations

from pathlib import Path

import pytest

from phantoms.base import put_raw, ramp, slices, uid
from support.incomplete_series import SLICES, volumes, warned


@pytest.mark.parametrize("number", [b"01", b"+1.0", b"", b"one "])
def test_a_series_number_that_is_written_differently_or_missing_is_the_same(number: bytes, tmp_path: Path) -> None:
    found = slices(ramp(SLICES, 4, 5))
    put_raw(found[2], 0x00200011, "IS", number + b" " * (len(number) % 2))

    (volume,) = volumes(tmp_path, found)

    assert volume.voxels.shape[:2] == (1, SLICES)
    assert not volume.warnings


def test_series_that_only_their_number_distinguishes_are_reported(tmp_path: Path) -> None:
    found = slices(ramp(SLICES, 4, 5))
    found[-1].SeriesNumber = 7

    assert all(warned(volume, "have 2 values of SeriesNumber (0020,0011)") for volume in volumes(tmp_path, found))


def test_two_studies_whose_objects_have_one_uid_stay_apart(tmp_path: Path) -> None:
    found = slices(ramp(3, 4, 5)) + slices(ramp(3, 4, 5, start=100))
    for n, ds in enumerate(found):
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid(1, 1)
        ds.StudyInstanceUID = uid(900 + n // 3)

    images = volumes(tmp_path, found)

    assert [one.voxels.shape for one in images] == [(1, 3, 4, 5)] * 2
    assert not any(warned(one, "they are taken for one study") for one in images)


def test_a_file_without_series_uid_is_reported(tmp_path: Path) -> None:
    found = slices(ramp(SLICES, 4, 5))
    del found[-1].SeriesInstanceUID

    whole, one = volumes(tmp_path, found)

    assert not warned(whole, "SeriesInstanceUID (0020,000E) is missing")
    assert warned(one, "SeriesInstanceUID (0020,000E) is missing")
