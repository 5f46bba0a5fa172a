"""Volumes of one image that move or turn."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset

from phantoms.dynamic import value
from support.timed_series import SLICES, STATEMENTS, TIMES, expected, images, numbers, series, weighting


def _moved(found: list[Dataset], away: tuple[float, float, float]) -> list[Dataset]:
    for ds in found:
        shift = (ds.TemporalPositionIdentifier - 1) * np.array(away)
        ds.ImagePositionPatient = [float(a) + float(b) for a, b in zip(ds.ImagePositionPatient, shift, strict=True)]
    return found


@pytest.mark.parametrize("away", [(0, 0, 0.1), (0.4, 0, 0), (0.1, -0.2, 0.3)])
def test_volumes_that_move_stay_one_image(away: tuple[float, float, float], tmp_path: Path) -> None:
    found = _moved(series(STATEMENTS["TemporalPositionIdentifier"]), away)

    (volume,) = images(tmp_path, found)

    assert numbers(volume) == expected(list(range(TIMES)))
    largest = (TIMES - 1) * np.linalg.norm(away)
    assert any(f"volumes are up to {largest:.3g} mm off the first one" in warning for warning in volume.warnings)


def test_volumes_that_turn_stay_one_image(tmp_path: Path) -> None:
    found = series(STATEMENTS["TemporalPositionIdentifier"])
    for ds in found:
        angle = np.radians(0.5 * (ds.TemporalPositionIdentifier - 1))
        ds.ImageOrientationPatient = [np.cos(angle), np.sin(angle), 0, -np.sin(angle), np.cos(angle), 0]

    (volume,) = images(tmp_path, found)

    assert numbers(volume) == expected(list(range(TIMES)))


def test_a_moved_series_that_lost_a_file(tmp_path: Path) -> None:
    found = _moved(series(STATEMENTS["TemporalPositionIdentifier"]), (0, 0, 0.1))
    del found[8]

    whole, rest = images(tmp_path, found)

    assert numbers(whole) == expected([0, 2, 3])
    assert numbers(rest) == expected([1], without=2)


def test_a_shifted_b0_is_a_time_of_its_image(tmp_path: Path) -> None:
    found = series(weighting)
    for ds in found[:SLICES]:
        ds.ImagePositionPatient = [*ds.ImagePositionPatient[:2], ds.ImagePositionPatient[2] + 0.3]

    (volume,) = images(tmp_path, found)

    assert numbers(volume) == expected(list(range(TIMES)))
    assert volume.gradients is not None
    assert volume.gradients[:, 0].tolist() == [0, 1000, 1000, 1000]


def _turned(found: list[Dataset], degrees: Callable[[int, int], float]) -> list[Dataset]:
    """Turn frames about the normal by an angle that depends on time and slice."""
    for n, ds in enumerate(found):
        angle = np.radians(degrees(*divmod(n, SLICES)))
        ds.ImageOrientationPatient = [np.cos(angle), np.sin(angle), 0, -np.sin(angle), np.cos(angle), 0]
    return found


@pytest.mark.parametrize("times", [2, 3, 5])
def test_two_and_more_volumes_that_turn_are_one_image(times: int, tmp_path: Path) -> None:
    found = _turned(series(STATEMENTS["TemporalPositionIdentifier"], times), lambda t, k: 0.8 * t)

    (volume,) = images(tmp_path, found)

    assert numbers(volume) == expected(list(range(times)))


@pytest.mark.parametrize("times", [1, 2])
def test_slices_that_turn_within_a_volume_are_images_of_their_own(times: int, tmp_path: Path) -> None:
    found = _turned(series(STATEMENTS["TemporalPositionIdentifier"], times), lambda t, k: 0.8 * k)

    volumes = images(tmp_path, found)

    assert sorted(map(numbers, volumes)) == [[[value(t, k)] for t in range(times)] for k in range(SLICES)]


@pytest.mark.parametrize("left_out", [1, 2, 4])
def test_a_turned_volume_of_fewer_slices_is_an_image_of_its_own(left_out: int, tmp_path: Path) -> None:
    found = _turned(series(STATEMENTS["TemporalPositionIdentifier"], 2), lambda t, k: 0.8 * t)[:-left_out]

    first, second = images(tmp_path, found)

    assert numbers(first) == expected([0])
    assert numbers(second) == [expected([1])[0][:-left_out]]
    assert np.allclose(
        second.ijk_to_ras[:2, 0] / -np.linalg.norm(second.ijk_to_ras[:2, 0]), [np.cos(a := np.radians(0.8)), np.sin(a)]
    )
