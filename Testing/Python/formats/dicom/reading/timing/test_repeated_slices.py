"""Slices that were acquired again do not tear their volume."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset

from nifti_dicom_bridge import DicomReadError
from phantoms.base import uid
from support.timed_series import clock, expected, images, numbers, series


def _repeated(times: int, running: bool = False) -> list[Dataset]:
    """Return one volume whose third slice occurs several times, the others behind all slices."""
    found = series(lambda ds, t, k: None, times=1)
    for n in range(1, times):
        ds = copy.deepcopy(found[2])
        ds.InstanceNumber, ds.SOPInstanceUID = 20 + n, uid(1, 20 + n)
        ds.PixelData = np.full((4, 5), 9000 + n, "<i2").tobytes()
        found.append(ds)
    for n, ds in enumerate(found if running else []):
        ds.AcquisitionTime = clock(n)
    return found


@pytest.mark.parametrize("running", [False, True])
@pytest.mark.parametrize("times", [2, 3])
def test_slices_that_were_repeated_do_not_tear_their_volume(times: int, running: bool, tmp_path: Path) -> None:
    whole, *rest = images(tmp_path, _repeated(times, running))

    assert numbers(whole) == expected([0])
    assert [numbers(volume) for volume in rest] == [[[9000 + n]] for n in range(1, times)]
    assert any("InstanceNumber" in words for words in whole.warnings)


def test_a_slice_between_its_neighbors_that_was_repeated(tmp_path: Path) -> None:
    found = _repeated(2)
    found.insert(3, found.pop())
    for n, ds in enumerate(found, 1):
        ds.InstanceNumber = n

    whole, rest = images(tmp_path, found)

    assert numbers(whole) == expected([0])
    assert numbers(rest) == [[9001]]


@pytest.mark.parametrize("slice_number", [0, 1, 2])
def test_a_repeated_slice_is_not_reported_as_missing_files(slice_number: int, tmp_path: Path) -> None:
    found = _repeated(2)
    count = len(found) - 1
    for n, ds in enumerate(found[:-1]):
        ds.InstanceNumber = count - n
    found[-1].InstanceNumber = count + 1
    found[-1].ImagePositionPatient = found[slice_number].ImagePositionPatient

    whole, rest = images(tmp_path, found)

    assert numbers(whole) == expected([0])
    assert numbers(rest) == [[9001]]
    assert not any("files are missing" in words for words in whole.warnings)


def test_a_repeated_slice_of_the_same_number_is_refused(tmp_path: Path) -> None:
    found = _repeated(2)
    found[-1].InstanceNumber = found[2].InstanceNumber

    with pytest.raises(DicomReadError, match="nothing states which of them belong to one time"):
        images(tmp_path, found)


def test_a_single_volume_has_no_gap_in_its_times(tmp_path: Path) -> None:
    whole, *_ = images(tmp_path, _repeated(2))

    assert not any("time axis has gaps" in words for words in whole.warnings)
