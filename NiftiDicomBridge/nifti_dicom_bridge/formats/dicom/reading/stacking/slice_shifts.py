"""How far slices are from the even grid of their volume, for programs that can show them at their true positions."""

from __future__ import annotations

import numpy as np

from .....model.space.geometry import ras_of_lps, slice_distance
from .....model.space.grids import same_grid
from .....model.volume import UNPLACED, Volume
from ..frames.frames import true_planes
from ..frames.tolerances import SEEN_SHIFT


def slice_shifts(volume: Volume) -> np.ndarray | None:
    """Return how far the slices of a volume are from their places on its grid.

    A grid is even. Where slices are missing, or their distances differ otherwise, the grid begins right, and slices are
    elsewhere. Where volumes of several times are at different positions, those of the first one count.

    Parameters
    ----------
    volume : Volume
        Read from DICOM, or from a file with a record of it.

    Returns
    -------
    numpy.ndarray, shape (slices, 3), or None
        RAS, mm: what leads from each slice on the grid to its true position (PS3.3 C.7.6.2.1.1). None if all slices are on the
        grid but for a tenth of a millimeter or of a voxel, if their positions are not known, or if the grid was edited.

    Examples
    --------
    >>> from nifti_dicom_bridge import read, slice_shifts
    >>> print(slice_shifts(read("scans")[0]))
    None
    """
    if volume.source is None or volume.space == UNPLACED or volume.source.resampled:
        return None
    origin, shape = volume.source.origin, volume.voxels.shape[1:4]
    if origin.shape[1:4] != shape or not same_grid(volume.ijk_to_ras, origin.ijk_to_ras, shape):
        return None
    planes = true_planes(volume.source.metadata) if shape[0] > 2 else None
    if planes is None or len(planes) != shape[0]:
        return None
    grid = volume.ijk_to_ras
    places = grid[:3, 3] + np.arange(shape[0])[:, np.newaxis] * grid[:3, 2]
    shifts = ras_of_lps(np.array([plane.position for plane in planes])) - places
    seen = SEEN_SHIFT * min(1.0, slice_distance(grid), *planes[0].spacing)
    return shifts if np.abs(shifts).max() > seen else None
