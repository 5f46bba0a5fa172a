"""In which order and direction an image's axes become columns, rows and slices."""

from __future__ import annotations

import numpy as np

from ...errors import OptionError
from ...options import SlicePlane
from ..volume import Volume, reoriented
from . import geometry
from .axes import AXIAL_AXES, CORONAL_AXES, SAGITTAL_AXES, closest_orientation

_AXES = {
    SlicePlane.AXIAL: AXIAL_AXES,
    SlicePlane.CORONAL: CORONAL_AXES,
    SlicePlane.SAGITTAL: SAGITTAL_AXES,
}
_THICK = 1.5
"""An axis whose voxels are longer than those of the others by this factor is that of the slices."""


def in_plane(volume: Volume, plane: SlicePlane, reference: np.ndarray | None = None) -> Volume:
    """Return a volume whose slices are in a plane, with columns and rows as viewers show them.

    Parameters
    ----------
    volume : Volume
        Any orientation, sheared or left-handed.
    plane : SlicePlane
        What is wanted. ``AUTO``: as the reference; without one, an axis of one voxel is that of the slices, then the axis of
        the thickest voxels, then the third.
    reference : numpy.ndarray, shape (4, 4), optional
        ijk → mm, RAS, of the reference series.

    Raises
    ------
    OptionError
        If the plane of a reference is wanted and there is none.
    GeometryError
        If the matrix of the volume is not a map to millimeters.
    """
    geometry.check_affine(volume.ijk_to_ras)
    if plane is SlicePlane.AS_STORED:
        return volume
    if plane is SlicePlane.REFERENCE and reference is None:
        raise OptionError('plane="reference" takes the planes of the reference series: name one with reference="DICOM".')
    if reference is not None and plane in (SlicePlane.AUTO, SlicePlane.REFERENCE):
        return reoriented(volume, *closest_orientation(volume.ijk_to_ras, reference))
    if plane is SlicePlane.AUTO:
        axis = _slice_axis(volume)
        wanted = _nearest_plane(volume.ijk_to_ras[:3, axis])
        return reoriented(volume, *closest_orientation(volume.ijk_to_ras, wanted, slices=axis))
    return reoriented(volume, *closest_orientation(volume.ijk_to_ras, _AXES[plane]))


def _slice_axis(volume: Volume) -> int:
    slices, rows, columns = volume.voxels.shape[1:4]
    single = [axis for axis, count in enumerate((columns, rows, slices)) if count == 1]
    if single:  # across it, slices would have one row or column
        return single[-1]
    spacing = geometry.spacing_of(volume.ijk_to_ras)
    thickest = int(np.argmax(spacing))
    others = np.delete(spacing, thickest)
    return thickest if spacing[thickest] > _THICK * others.max() else 2


def _nearest_plane(slice_direction: np.ndarray) -> np.ndarray:
    """Return the axes of the plane whose slices go nearest to a direction."""
    return max(_AXES.values(), key=lambda axes: abs(float(axes[:, 2] @ slice_direction)))
