"""Small images in every orientation, and the values that another reader of them has at the same places."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np

from nifti_dicom_bridge.model.volume import Volume, reoriented

TURN = np.array([[0.36, 0.48, -0.8], [-0.8, 0.60, 0.0], [0.48, 0.64, 0.60]])
"""A rotation about no axis of the patient."""
OBLIQUE = np.eye(4)
OBLIQUE[:3, :3], OBLIQUE[:3, 3] = TURN * [0.9, 1.3, 2.5], (12.5, -40.25, 77.125)
ORIENTATIONS = [(order, flips) for order in permutations(range(3)) for flips in product((1, -1), repeat=3)]
"""All 48 ways to store a grid."""
CORNER_MM = 1e-3


def oriented(voxels: np.ndarray, order: tuple[int, ...], flips: tuple[int, ...]) -> Volume:
    """Return an oblique image of an array (times, slices, rows, columns), stored in another order and direction."""
    return reoriented(Volume(voxels, OBLIQUE), order, flips)


def centres(volume: Volume) -> np.ndarray:
    """Return the places of all voxels of the first time, LPS, mm, shape (voxels, 3), in the order of the array."""
    slices, rows, columns = volume.voxels.shape[1:4]
    k, j, i = np.meshgrid(np.arange(slices), np.arange(rows), np.arange(columns), indexing="ij")
    indices = np.stack([i.ravel(), j.ravel(), k.ravel(), np.ones(i.size)])
    return (np.diag([-1, -1, 1, 1]) @ volume.ijk_to_ras @ indices)[:3].T


def values_at(array: np.ndarray, ijk_to_lps: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Return the values of an image (slices, rows, columns) at places that must be voxel centers; 0 outside of it."""
    indices = np.linalg.solve(ijk_to_lps, np.c_[places, np.ones(len(places))].T)[:3]
    nearest = np.rint(indices).astype(int)
    apart = ijk_to_lps[:3, :3] @ (indices - nearest)
    assert np.linalg.norm(apart, axis=0).max() < CORNER_MM, "the grids are not the same"
    shape = np.array(array.shape[::-1])[:, None]
    inside = ((nearest >= 0) & (nearest < shape)).all(axis=0)
    i, j, k = np.where(inside, nearest, 0)
    return np.where(inside, array[k, j, i], 0)


def assert_same_places(volume: Volume, array: np.ndarray, ijk_to_lps: np.ndarray, factor: int = 1) -> None:
    """Compare an image (slices, rows, columns) with the first time of a volume, voxel by voxel at the same places."""
    assert np.array_equal(values_at(array, ijk_to_lps, centres(volume)), volume.voxels.ravel() * factor)


def assert_same_volume(found: Volume, wanted: Volume, mm: float = 0.0) -> None:
    """Compare two volumes: stored values, matrix within some mm, and rescale."""
    floats = np.asarray(wanted.voxels).dtype.kind == "f"
    assert np.array_equal(found.voxels, wanted.voxels, equal_nan=floats)
    assert np.abs(found.ijk_to_ras - wanted.ijk_to_ras).max() <= mm
    assert found.rescale == wanted.rescale
