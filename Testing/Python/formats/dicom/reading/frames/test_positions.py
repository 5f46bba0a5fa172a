"""Positions and sizes of images: tiny voxels, jitter, directions and spacing that cannot be used."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest

from nifti_dicom_bridge.formats.dicom.reading.read import read
from phantoms.base import (
    AXIAL,
    MR,
    put_raw,
    ramp,
    save,
    slices,
    uid,
)
from support.placed_frames import volumes
from support.round_trip import NEW, RoundTrip


@pytest.mark.parametrize("step", [0.001, 0.005, 0.009, 0.05])
@pytest.mark.parametrize("spacing", [(0.002, 0.002), (0.009, 0.012), (0.5, 0.5)])
def test_slices_closer_than_scanners_make_them(step: float, spacing: tuple[float, float], tmp_path: Path) -> None:
    found = slices(ramp(8, 4, 5), MR, AXIAL, (100.25, -200.5, 50), spacing, (0, 0, step))
    for ds in found:
        ds.SliceThickness = str(step)

    (volume,) = volumes(tmp_path, *found)

    assert volume.voxels.shape == (1, 8, 4, 5)
    assert np.isclose(volume.ijk_to_ras[2, 2], step)
    assert not volume.warnings


@pytest.mark.parametrize("voxel", [0.005, 0.009, 1e-3])
def test_tiny_voxels_keep_their_shape_there_and_back(voxel: float, round_trip: RoundTrip) -> None:
    affine = np.diag([-voxel, voxel, voxel, 1.0])
    round_trip.nifti.mkdir()
    nibabel.save(nibabel.Nifti1Image(ramp(5, 4, 8).astype(np.int16), affine), round_trip.nifti / "tiny_T1w.nii.gz")
    round_trip.home(NEW)

    (volume,) = read([round_trip.back])

    assert volume.voxels.shape == (1, 8, 4, 5)
    assert np.allclose(np.linalg.norm(volume.ijk_to_ras[:3, :3], axis=0), voxel, rtol=1e-4)


def test_distances_that_jitter_get_the_step_that_fits_all(tmp_path: Path) -> None:
    jitter = np.random.default_rng(5).uniform(-0.2, 0.2, 30)
    found = slices(ramp(30, 4, 5))
    for k, ds in enumerate(found):
        ds.ImagePositionPatient = [0, 0, 3 * k + jitter[k]]

    (volume,) = volumes(tmp_path, *found)

    best = np.polyfit(np.arange(30), 3 * np.arange(30) + jitter, 1)[0]
    assert any(f"(grid: {best:.6g} mm)" in warning for warning in volume.warnings)
    assert np.isclose(volume.ijk_to_ras[2, 2], best, atol=1e-6)
    assert any("slice distances vary" in warning for warning in volume.warnings)


def test_volumes_whose_spacing_differs_in_tiny_voxels_are_two(tmp_path: Path) -> None:
    first = slices(ramp(3, 4, 5), MR, AXIAL, (0, 0, 0), (0.005, 0.005), (0, 0, 0.005))
    second = slices(ramp(3, 4, 5), MR, AXIAL, (0, 0, 0), (0.0055, 0.0055), (0, 0, 0.005))
    for n, ds in enumerate(second):
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid(8, n)

    assert len(volumes(tmp_path, *first, *second)) == 2


@pytest.mark.parametrize("spacing", ["0.5", "0\\0", "-0.5\\0.5"])
def test_a_spacing_that_cannot_be_used_is_reported(spacing: str, tmp_path: Path) -> None:
    found = slices(ramp(3, 4, 5))
    for ds in found:
        put_raw(ds, 0x00280030, "DS", spacing.encode() + b" " * (len(spacing) % 2))
    save(tmp_path, found)

    (volume,) = read([tmp_path])

    assert any(f"PixelSpacing (0028,0030) {spacing} is not used" in warning for warning in volume.warnings)


def test_an_orientation_that_is_not_orthogonal_is_reported(tmp_path: Path) -> None:
    found = slices(ramp(3, 4, 5))
    for ds in found:
        ds.ImageOrientationPatient = [1, 0, 0, 0.5, 0.8, 0]
    save(tmp_path, found)

    (volume,) = read([tmp_path])

    assert any("two orthogonal unit vectors" in warning for warning in volume.warnings)


def test_rounded_cosines_do_not_change_the_size_of_pixels(tmp_path: Path) -> None:
    found = slices(ramp(3, 4, 5))
    for ds in found:
        ds.ImageOrientationPatient = ["0.707", "0.707", "0", "-0.705", "0.705", "0"]
        ds.PixelSpacing = [1, 1]
    save(tmp_path, found)

    (volume,) = read([tmp_path])

    assert np.linalg.norm(volume.ijk_to_ras[:3, :2], axis=0) == pytest.approx(1, abs=1e-12)
    assert not any("orthogonal" in warning for warning in volume.warnings)


def test_a_position_without_spacing_is_reported(tmp_path: Path) -> None:
    found = slices(ramp(3, 4, 5))
    for ds in found:
        del ds.PixelSpacing

    (volume,) = volumes(tmp_path, *found)

    assert any("no PixelSpacing (0028,0030)" in warning for warning in volume.warnings)


def test_of_directions_that_are_not_unit_vectors_the_direction_is_used(tmp_path: Path) -> None:
    (volume,) = volumes(tmp_path, *slices(ramp(3, 4, 5), MR, (2, 0, 0, 0, 2, 0), (0, 0, 0), (2, 1.5), (0, 0, 3)))

    assert np.allclose(np.linalg.norm(volume.ijk_to_ras[:3, :3], axis=0), [1.5, 2, 3])


@pytest.mark.parametrize("given", [4, 3], ids=["another in each file", "missing in one"])
def test_frames_of_reference_that_distinguish_nothing(given: int, tmp_path: Path) -> None:
    found = slices(ramp(4, 4, 5))
    for n, ds in enumerate(found):
        ds.FrameOfReferenceUID = uid(50, n if given == 4 else 0)
    if given == 3:
        del found[2].FrameOfReferenceUID

    (volume,) = volumes(tmp_path, *found)

    assert volume.voxels.shape[:2] == (1, 4)
    assert any("FrameOfReferenceUID (0020,0052) is" in warning for warning in volume.warnings)


def test_slice_locations_of_one_position_are_reported(tmp_path: Path) -> None:
    found = slices(ramp(4, 4, 5))
    for n, ds in enumerate(found):
        ds.ImagePositionPatient, ds.SliceLocation = [0, 0, 0], 3 * n

    (volume,) = volumes(tmp_path, *found)

    assert any("4 different values of SliceLocation" in warning for warning in volume.warnings)
