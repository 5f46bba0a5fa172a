"""Lazy voxels with other axes have the values of the same array with other axes."""

from __future__ import annotations

import errno
import itertools
import tempfile
from pathlib import Path

import numpy as np
import pytest

from nifti_dicom_bridge import LazyVoxels
from nifti_dicom_bridge.model.voxels import turned_voxels
from nifti_dicom_bridge.model.voxels.turned_voxels import turned_voxels as turned

ORDERS = list(itertools.permutations(range(3)))
FLIPS = list(itertools.product((1, -1), repeat=3))


class Planes(LazyVoxels):
    """An array that is read some planes at a time."""

    def __init__(self, array: np.ndarray):
        super().__init__(array.shape, array.dtype)
        self._flat = array.reshape(-1, *array.shape[2:])

    def planes(self, start: int, stop: int) -> np.ndarray:
        return self._flat[start:stop]


def voxels(*samples: int, dtype: str = "<i2") -> np.ndarray:
    """Return two times of five slices of four rows and three columns."""
    shape = (2, 5, 4, 3, *samples)
    return np.arange(np.prod(shape)).reshape(shape).astype(dtype)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("array", [voxels(), voxels(3, dtype="u1"), voxels(dtype=">f4")], ids=["gray", "color", "big-endian"])
def test_lazy_voxels_are_those_of_the_array(array: np.ndarray, order: tuple[int, ...]) -> None:
    for flips in FLIPS:
        lazy, expected = turned(Planes(array), order, flips), turned(array, order, flips)
        assert lazy.dtype == expected.dtype
        assert np.array_equal(np.asarray(lazy), expected)


@pytest.mark.parametrize("block", [1, 40, 1 << 20])
def test_some_planes_are_those_of_the_array(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turned_voxels, "BLOCK", block)
    lazy, expected = (turned(one, (1, 2, 0), (1, -1, 1)) for one in (Planes(voxels()), voxels()))
    assert np.array_equal(lazy[1, 1:3], expected[1, 1:3])


def test_without_room_for_a_file_the_voxels_are_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_: object) -> object:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    lazy = turned(Planes(voxels()), (1, 2, 0), (1, 1, 1))
    assert np.array_equal(np.asarray(lazy), turned(voxels(), (1, 2, 0), (1, 1, 1)))


def test_nothing_is_left_in_the_folder_of_temporary_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    lazy = turned(Planes(voxels()), (1, 2, 0), (1, 1, 1))
    assert lazy[0, 0].size
    del lazy
    assert not list(tmp_path.iterdir())
