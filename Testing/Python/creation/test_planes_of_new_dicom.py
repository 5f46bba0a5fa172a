"""Planes, and the order of rows, columns and slices, of new DICOM."""

from __future__ import annotations

import numpy as np
import pytest

from nifti_dicom_bridge import (
    Kind,
    OptionError,
    SlicePlane,
    read,
)
from nifti_dicom_bridge.options import Resample
from support.new_objects import MATRIX, made, refused, save


@pytest.mark.parametrize(
    ("plane", "orientation", "slices"),
    [
        (SlicePlane.AXIAL, [1, 0, 0, 0, 1, 0], 3),
        (SlicePlane.CORONAL, [1, 0, 0, 0, 0, -1], 4),
        (SlicePlane.SAGITTAL, [0, 1, 0, 0, 0, -1], 5),
        (SlicePlane.AUTO, [1, 0, 0, 0, 1, 0], 3),
    ],
)
def test_plane_is_as_asked_with_rows_and_columns_as_viewers_show_them(there, plane, orientation, slices):
    objects = made(save("a.nii", matrix=np.diag([2.0, -1.5, 3.0, 1.0])), plane=plane, kind=Kind.MR)
    assert len(objects) == slices
    assert np.allclose(objects[0].ImageOrientationPatient, orientation)


def test_as_stored_keeps_the_order_of_the_file(there):
    voxels = np.arange(60, dtype=np.int16).reshape(5, 4, 3)
    first, *_ = made(save("a.nii", voxels), plane=SlicePlane.AS_STORED, kind=Kind.MR)
    assert np.array_equal(first.pixel_array, voxels[:, :, 0].T)


def test_plane_of_a_reference_needs_one(there):
    with pytest.raises(OptionError, match="Name one with reference"):
        made(save("a.nii"), plane=SlicePlane.REFERENCE)


def test_slices_go_across_the_thickest_voxels(there):
    objects = made(save("a.nii", matrix=np.diag([6.0, 1, 1, 1])), kind=Kind.MR)
    assert len(objects) == 5


def test_shear_in_plane_is_refused_and_states_what_helps(there):
    matrix = MATRIX.copy()
    matrix[0, 1] = 0.7
    error = refused(save("a.nii", matrix=matrix), kind=Kind.MR)
    assert "90°" in error
    assert 'resample="shear"' in error


def test_an_affine_transform_in_the_header_is_refused_without_a_remedy_that_does_not_help(there):
    matrix = MATRIX @ np.array([[1, 0.02, 0.03, 0], [0, 1.01, 0.04, 0], [0, 0, 0.99, 0], [0, 0, 0, 1]])
    error = refused(save("a.nii", matrix=matrix), kind=Kind.MR)
    assert "No two axes of the image are perpendicular" in error
    assert "resample=" not in error


def test_shear_in_plane_is_resampled_on_request(there):
    matrix = MATRIX.copy()
    matrix[0, 1] = 0.7
    i, j, k = np.meshgrid(np.arange(12), np.arange(9), np.arange(3), indexing="ij")
    x, y, z = np.tensordot(matrix[:3, :3], [i, j, k], axes=1) + matrix[:3, 3][:, None, None, None]
    made(
        save("a.nii", (100 + 3 * x + 2 * y + z).astype(np.float32), matrix), kind=Kind.MR, resample=frozenset({Resample.SHEAR})
    )
    (found,) = read("out/a")
    k, j, i = np.meshgrid(*map(np.arange, found.voxels.shape[1:]), indexing="ij")
    x, y, z = np.tensordot(found.ijk_to_ras[:3, :3], [i, j, k], axes=1) + found.ijk_to_ras[:3, 3][:, None, None, None]
    indices = np.tensordot(np.linalg.inv(matrix), [x, y, z, np.ones_like(x)], axes=1)[:3]
    inside = np.all((indices >= 0) & (indices <= np.array([11, 8, 2])[:, None, None, None]), axis=0)
    assert inside.mean() > 0.3
    assert np.abs(found.real_values()[0] - (100 + 3 * x + 2 * y + z))[inside].max() < 0.05
