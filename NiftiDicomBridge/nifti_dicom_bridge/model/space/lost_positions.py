"""Images whose header does not place them in the patient, though it has a matrix: tools write one that they do not know."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...standard.nifti_codes import NO_FORM, NO_PLANE
from ..volume import Volume
from .grids import POSITION_TOLERANCE


def unstated_position(image: Volume, grid: np.ndarray, shape_kji: Sequence[int]) -> str:
    """Return why the coordinates of an image do not place it, as the beginning of a sentence; empty if they do.

    An image whose voxels are voxels of a grid is placed, such as a part of the image that it is compared with. That some are
    outside of it may be chance: grids of 1 mm often begin at whole numbers.
    """
    if np.allclose(image.ijk_to_ras, grid) or _is_part_of(image, grid, shape_kji):
        return ""
    if NO_FORM in image.warnings:
        return "The header specifies no position (sform_code and qform_code are 0)"
    if NO_PLANE in image.warnings:
        return "The image has two dimensions, and its plane is at 0 mm, as ITK writes for every plane"
    if _has_default_matrix(image):
        return (
            "The image has voxels of 1 mm that begin at the origin, as programs write that do not copy the position of what "
            "they read"
        )
    return ""


def _is_part_of(image: Volume, grid: np.ndarray, shape_kji: Sequence[int]) -> bool:
    """Whether all voxels of an image are voxels of a grid, whatever the order of its axes."""
    steps = np.linalg.inv(grid) @ image.ijk_to_ras
    if np.abs(steps - np.rint(steps)).max() >= POSITION_TOLERANCE or abs(abs(np.linalg.det(steps)) - 1) >= 0.5:
        return False
    ends = np.rint(steps @ np.array([(0, size - 1) for size in image.shape_ijk] + [(1, 1)]))[:3]
    return bool((ends >= 0).all() and (ends < np.array(shape_kji[::-1])[:, None]).all())


def _has_default_matrix(image: Volume) -> bool:
    """Whether voxels are 1 mm in size, along the axes of the patient, and a corner voxel is at the origin."""
    sizes = np.abs(image.ijk_to_ras[:3, :3])
    if not (np.allclose(sizes.max(axis=0), 1, atol=1e-6) and np.allclose(sizes.sum(axis=1), 1, atol=1e-6)):
        return False
    corner = np.linalg.inv(image.ijk_to_ras)[:3, 3]
    last = np.array(image.shape_ijk) - 1
    return bool((np.minimum(np.abs(corner), np.abs(corner - last)) < 1e-6).all())
