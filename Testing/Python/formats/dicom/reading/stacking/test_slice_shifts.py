"""How far slices are from the even grid of their volume."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nifti_dicom_bridge import Resample, Volume, read, slice_shifts
from phantoms import PHANTOMS, save
from phantoms.base import ramp, slices
from support.uneven_stacks import EVEN, LPS, MISSING, UNEVEN, stack


def volume_of(folder: Path, distances: tuple[float, ...], tilt: float = 0.0) -> tuple[Volume, np.ndarray]:
    """A series, and the true RAS positions of its slices."""
    data_sets = stack(distances, tilt)
    save(folder, data_sets)
    (volume,) = read(folder)
    return volume, np.array([ds.ImagePositionPatient for ds in data_sets], float) @ LPS[:3, :3]


@pytest.mark.parametrize("tilt", [0.0, 15.0])
@pytest.mark.parametrize("distances", [MISSING, UNEVEN])
def test_grid_and_shift_are_the_true_position(distances, tilt, tmp_path):
    volume, true = volume_of(tmp_path, distances, tilt)
    shifts = slice_shifts(volume)
    places = (volume.ijk_to_ras @ [[0] * len(true), [0] * len(true), range(len(true)), [1] * len(true)])[:3].T
    np.testing.assert_allclose(places + shifts, true, atol=1e-4)
    assert np.abs(shifts).max() > 0.4


@pytest.mark.parametrize("tilt", [0.0, 15.0])
def test_even_slices_are_on_the_grid(tilt, tmp_path):
    assert slice_shifts(volume_of(tmp_path, EVEN, tilt)[0]) is None


SMALL = {
    "voxels of 4 mm": ((4.0, 4.0), 4.0, 0.1),
    "slices of 0.5 mm": ((4.0, 4.0), 0.5, 0.05),
    "rows of 0.4 mm": ((0.4, 4.0), 4.0, 0.04),
    "columns of 0.4 mm": ((4.0, 0.4), 4.0, 0.04),
}


@pytest.mark.parametrize(("part", "is_off"), [(0.9, False), (1.1, True)])
@pytest.mark.parametrize(("spacing", "step", "seen"), SMALL.values(), ids=SMALL)
def test_a_slice_is_off_the_grid_by_a_tenth_of_a_millimeter_or_of_a_voxel(spacing, step, seen, part, is_off, tmp_path):
    data_sets = slices(ramp(5, 4, 5), spacing=spacing, step=(0, 0, step))
    x, *others = data_sets[2].ImagePositionPatient
    data_sets[2].ImagePositionPatient = [x + part * seen, *others]
    save(tmp_path, data_sets)
    (volume,) = read(tmp_path)

    assert (slice_shifts(volume) is not None) == is_off


def test_an_image_in_nifti_has_the_shifts_of_its_original(round_trip):
    save(round_trip.dicom, stack(MISSING))
    assert round_trip.forth().ok
    (image,) = round_trip.images()
    np.testing.assert_allclose(slice_shifts(read(image)[0]), slice_shifts(read(round_trip.dicom)[0]), atol=1e-5)


def test_a_grid_that_was_edited_has_no_shifts(tmp_path):
    volume, _ = volume_of(tmp_path, MISSING)
    assert slice_shifts(replace(volume, ijk_to_ras=np.diag([2.0, 1, 1, 1]) @ volume.ijk_to_ras)) is None
    assert slice_shifts(replace(volume, voxels=volume.array[:, 1:])) is None
    source = replace(volume.dicom, resampled=frozenset({Resample.SPACING}))
    assert slice_shifts(replace(volume, source=source)) is None


@pytest.mark.parametrize("name", ["without_position", "cine"])
def test_an_image_without_a_position_has_no_shifts(name, tmp_path):
    PHANTOMS[name].write(tmp_path)
    assert [slice_shifts(volume) for volume in read(tmp_path)] == [None] * len(read(tmp_path))
