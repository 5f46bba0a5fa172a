"""DICOM files as vtkITK reads them: the reader that Slicer's own DICOM loaders use. Touches no scene."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np


class Reading(NamedTuple):
    """What the reader makes of some files.

    Attributes
    ----------
    voxels : numpy.ndarray, shape (planes, rows, columns) or (planes, rows, columns, samples)
        Values as Slicer shows them.
    ijk_to_ras : numpy.ndarray, shape (4, 4)
        The grid, mm.
    spacing : tuple of float
        As the reader states it; the third of a cine is its frame time in ms.
    files : tuple of str
        The file of every plane; one file where all planes are its frames.
    """

    voxels: np.ndarray
    ijk_to_ras: np.ndarray
    spacing: tuple[float, ...]
    files: tuple[str, ...]

    def right_handed(self) -> Reading:
        """Return the slices in the order in which Slicer's loader has them: reversed where they are left-handed."""
        if np.linalg.det(self.ijk_to_ras[:3, :3]) >= 0:
            return self
        matrix = self.ijk_to_ras.copy()
        matrix[:, 3] += matrix[:, 2] * (len(self.voxels) - 1)
        matrix[:, 2] *= -1
        return self._replace(voxels=self.voxels[::-1], ijk_to_ras=matrix, files=self.files[::-1])


def read_files(files: Sequence[str], colors: bool) -> Reading | None:
    """Return files as Slicer's loaders read them; None where they cannot be read, or where there is no vtkITK.

    Parameters
    ----------
    files : sequence of str
        In the order in which Slicer's loader had them. The reader leaves out those that differ from the first one in
        orientation, echo or diffusion direction, and sorts the others by position.
    colors : bool
        Whether the pixels are shown as colors.
    """
    try:
        import vtkITK
    except ImportError:
        return None
    reader = _reader(vtkITK, len(files), colors)
    reader.SetArchetype(files[0])
    for name in files:
        reader.AddFileName(name)
    reader.SetSingleFile(0)
    reader.SetOutputScalarTypeToNative()
    reader.SetDesiredCoordinateOrientationToNative()
    reader.SetUseNativeOriginOn()
    reader.SetDICOMImageIOApproachToGDCM()
    reader.Update()
    return None if reader.GetErrorCode() else _reading(reader, files)


def _reader(vtk_itk: Any, count: int, colors: bool) -> Any:
    if not colors:
        return vtk_itk.vtkITKArchetypeImageSeriesScalarReader()
    if count > 1:
        return vtk_itk.vtkITKArchetypeImageSeriesVectorReaderSeries()
    return vtk_itk.vtkITKArchetypeImageSeriesVectorReaderFile()


def _reading(reader: Any, given: Sequence[str]) -> Reading | None:
    import vtk
    from vtk.util.numpy_support import vtk_to_numpy

    image = reader.GetOutput()
    scalars = image.GetPointData().GetScalars()
    columns, rows, planes = image.GetDimensions()
    if scalars is None or scalars.GetNumberOfTuples() != columns * rows * planes:
        return None
    samples = scalars.GetNumberOfComponents()
    voxels = vtk_to_numpy(scalars).reshape(planes, rows, columns, *([samples] if samples > 1 else []))
    matrix = vtk.vtkMatrix4x4()
    vtk.vtkMatrix4x4.Invert(reader.GetRasToIjkMatrix(), matrix)
    ijk_to_ras = np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])
    files = as_given([reader.GetFileName(number) for number in range(reader.GetNumberOfFileNames())], given)
    return Reading(voxels, ijk_to_ras, tuple(image.GetSpacing()), files)


def as_given(names: Sequence[str], given: Sequence[str], path: Any = os.path) -> tuple[str, ...]:
    r"""Return names of files as they were given to a reader, which may write them in another way: ``C:/a`` for ``C:\a``."""
    known = {path.normcase(path.normpath(name)): name for name in given}
    return tuple(known.get(path.normcase(path.normpath(name)), name) for name in names)
