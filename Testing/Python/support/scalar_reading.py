"""What Slicer's loader shows of DICOM files, read with its own reader."""

from __future__ import annotations

import numpy as np


def shown(files) -> np.ndarray:
    """Return voxels, shape (slices, rows, columns)."""
    from vtk.util.numpy_support import vtk_to_numpy

    from slicer_host.scalar_volumes import read

    reader = read([str(path) for path in files], True)
    image = reader.GetOutput()
    return np.array(vtk_to_numpy(image.GetPointData().GetScalars())).reshape(image.GetDimensions()[::-1])
