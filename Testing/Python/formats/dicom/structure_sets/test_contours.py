"""Masks become contours, and contours the same masks: holes, keyholes, corners, edges of the plane."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from nifti_dicom_bridge.formats.dicom.structure_sets.fill import filled
from nifti_dicom_bridge.formats.dicom.structure_sets.trace import contours_of, signed_area

SHAPES = st.tuples(st.integers(1, 12), st.integers(1, 12))


@pytest.mark.slow
@given(arrays(bool, SHAPES))
def test_every_mask_comes_back_voxel_by_voxel(mask):
    assert np.array_equal(filled(contours_of(mask)[0], mask.shape), mask)


@pytest.mark.slow
@given(arrays(np.float32, SHAPES, elements=st.floats(0, 1, width=32)))
def test_probabilities_come_back_as_the_voxels_above_one_half(plane):
    different = filled(contours_of(plane)[0], plane.shape) != (plane > 0.5)
    assert np.all(np.abs(plane[different] - 0.5) < 2e-6)


def ring() -> np.ndarray:
    mask = np.ones((9, 9), bool)
    mask[3:6, 3:6] = False
    return mask


def test_a_hole_is_joined_by_a_keyhole():
    (contour,), holes = contours_of(ring())
    assert holes == 1
    assert len(np.unique(contour, axis=0)) == len(contour) - 2  # the two ends of the keyhole occur twice


def test_a_region_in_a_hole_has_a_contour_of_its_own():
    mask = ring()
    mask[4, 4] = True
    assert len(contours_of(mask)[0]) == 2


def test_regions_that_touch_at_a_corner_are_two_contours():
    assert len(contours_of(np.eye(2, dtype=bool))[0]) == 2


def test_straight_edges_have_no_points_between_their_ends():
    (contour,), _ = contours_of(np.ones((40, 30), bool))
    assert len(contour) == 8  # the corners are cut


def test_the_contour_of_probabilities_runs_between_voxels_where_they_are_one_half():
    rows, columns = np.mgrid[:64, :64]
    distance = np.hypot(rows - 31.3, columns - 30.6)
    (contour,), _ = contours_of(np.clip(0.5 + (20.25 - distance) / 4, 0, 1))
    assert abs(np.hypot(contour[:, 1] - 31.3, contour[:, 0] - 30.6) - 20.25).max() < 0.01
    assert signed_area(contour) == pytest.approx(np.pi * 20.25**2, rel=1e-3)


def test_contours_in_others_are_holes():
    mask = filled([square(-0.5, 8.5), square(2.5, 5.5)], (9, 9))
    assert np.array_equal(mask, ring())


def square(low: float, high: float) -> np.ndarray:
    return np.array([[low, low], [high, low], [high, high], [low, high]])


def test_what_leaves_the_plane_is_cut_off():
    assert filled([np.array([[-50, -50], [3.5, -50], [3.5, 50], [-50, 50]])], (6, 7)).sum(axis=1).tolist() == [4] * 6


@pytest.mark.parametrize("points", [[[1, 1]], [[1, 1], [3, 1]], [[2, 2], [2, 2], [2, 2]]], ids=["point", "line", "one place"])
def test_what_encloses_nothing_has_no_voxel(points):
    assert not filled([np.array(points, float)], (5, 5)).any()
