"""Nodes that Slicer's own reader made of a NIfTI file, brought back to the orientation of its DICOM original.

NIfTI files of this extension have their rows from the last to the first, and Slicer's reader keeps them so and reverses the
slices instead, to be right-handed. None of that is an edit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from nifti_dicom_bridge import Volume, unit_axes

from ..Nodes.NodeImages import NodeImage

ALIGNED = 0.999
"""Cosine of the angle between axes that count as parallel."""


def reoriented_like(image: NodeImage, volumes: Sequence[Volume]) -> NodeImage:
    """Return an image with its rows, columns and slices in the direction of the only volume that it can come from.

    Every voxel stays where it is in the patient. The image itself is returned if it is oblique to the volume, or if only its
    slices are reversed, which `VolumeMatching` knows.
    """
    if len(volumes) != 1 or image.masks:
        return image
    cosines = unit_axes(volumes[0].ijk_to_ras).T @ unit_axes(image.ijk_to_ras)
    along = np.diag(cosines)
    if np.abs(along).min() < ALIGNED or not (along[:2] < 0).any():
        return image
    voxels, matrix = image.voxels, image.ijk_to_ras.copy()
    for axis in np.flatnonzero(along < 0):
        array_axis = 3 - int(axis)  # times, slices, rows, columns
        matrix[:, 3] += matrix[:, axis] * (voxels.shape[array_axis] - 1)
        matrix[:, axis] *= -1
        voxels = np.flip(voxels, array_axis)
    return replace(image, voxels=voxels, ijk_to_ras=matrix)
