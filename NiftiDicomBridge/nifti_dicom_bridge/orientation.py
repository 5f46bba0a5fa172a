"""In which order and direction an image's axes become columns, rows and slices."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import numpy as np

from . import geometry
from .errors import OptionError
from .options import SlicePlane
from .volume import Volume, same_grid, turned

# RAS directions of increasing column, row and slice index as viewers show them (DICOM PS3.17 NNN: feet to head, nose up)
_AXES = {
    SlicePlane.AXIAL: np.array([[-1.0, 0, 0], [0, -1.0, 0], [0, 0, 1.0]]).T,
    SlicePlane.CORONAL: np.array([[-1.0, 0, 0], [0, 0, -1.0], [0, -1.0, 0]]).T,
    SlicePlane.SAGITTAL: np.array([[0, -1.0, 0], [0, 0, -1.0], [1.0, 0, 0]]).T,
}
_THICK = 1.5
"""An axis whose voxels are longer than those of the others by this factor is that of the slices."""


def in_plane(volume: Volume, plane: SlicePlane, reference: np.ndarray | None = None) -> Volume:
    """Return a volume whose slices lie in a plane, with columns and rows as viewers show them.

    Parameters
    ----------
    volume : Volume
        Any orientation, sheared or left-handed.
    plane : SlicePlane
        What is wanted. ``AUTO``: as the reference; without one, the slices stay those of the image, or go across the
        thickest voxels.
    reference : numpy.ndarray, shape (4, 4), optional
        ijk → mm, RAS, of the reference series.

    Raises
    ------
    OptionError
        If the plane of a reference is wanted and there is none.
    GeometryError
        If the matrix of the volume is no map to millimetres.
    """
    geometry.check_affine(volume.ijk_to_ras)
    if plane is SlicePlane.AS_STORED:
        return volume
    if plane is SlicePlane.REFERENCE and reference is None:
        raise OptionError("--plane reference takes the planes of the reference series: name one with --reference DICOM.")
    if reference is not None and plane in (SlicePlane.AUTO, SlicePlane.REFERENCE):
        return turned(volume, *geometry.closest_orientation(volume.ijk_to_ras, reference))
    if plane is SlicePlane.AUTO:
        axis = _slice_axis(volume.ijk_to_ras)
        return turned(volume, *_orientation(volume.ijk_to_ras, _nearest_plane(volume.ijk_to_ras[:3, axis]), axis))
    target = np.eye(4)
    target[:3, :3] = _AXES[plane]
    return turned(volume, *geometry.closest_orientation(volume.ijk_to_ras, target))


def _slice_axis(ijk_to_ras: np.ndarray) -> int:
    spacing = np.linalg.norm(ijk_to_ras[:3, :3], axis=0)
    thickest = int(np.argmax(spacing))
    others = np.delete(spacing, thickest)
    return thickest if spacing[thickest] > _THICK * others.max() else 2


def _nearest_plane(slice_direction: np.ndarray) -> np.ndarray:
    """Return the axes of the plane whose slices go nearest to a direction."""
    return max(_AXES.values(), key=lambda axes: abs(float(axes[:, 2] @ slice_direction)))


def _orientation(ijk_to_ras: np.ndarray, wanted: np.ndarray, slices: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the order and direction of axes that come nearest to those wanted, with a given one as that of the slices."""
    cosines = (ijk_to_ras[:3, :3] / np.linalg.norm(ijk_to_ras[:3, :3], axis=0)).T @ wanted
    orders = [order for order in permutations(range(3)) if order[2] == slices]
    order = max(orders, key=lambda chosen: sum(abs(cosines[axis, n]) for n, axis in enumerate(chosen)))
    return order, tuple(-1 if cosines[axis, n] < 0 else 1 for n, axis in enumerate(order))


def snapped(volume: Volume, reference: np.ndarray, shape_kji: tuple[int, ...], tolerance_mm: float) -> Volume:
    """Return a volume on the very grid of a reference where its own differs by rounding only, else as it is."""
    same = tuple(volume.voxels.shape[1:4]) == tuple(shape_kji) and same_grid(
        volume.ijk_to_ras, reference, tuple(shape_kji), tolerance_mm
    )
    return replace(volume, ijk_to_ras=reference) if same else volume
