"""Stand-in for ``DICOMLib``: opens databases, imports folders, loads series as Slicer's scalar volume plugin does.

Like Slicer: slices sorted along row × column; voxels rescaled, in the smallest type that holds all values; a grid with
perpendicular axes whatever the slices do; where slices are not on that grid, a grid transform "… acquisition transform" as
parent; attribute ``DICOM.instanceUIDs`` in the order of the slices.
"""

from __future__ import annotations

import os
import sys

import numpy as np
import slicer

from .dicom_plugin import DICOMLoadable, DICOMPlugin

DICOMUtils = sys.modules[__name__]
LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0])
TOLERANCE_MM = 1e-3


def openDatabase(databaseDir):
    """Open the database of a folder, made when missing."""
    return slicer.dicomDatabase.openDatabase(os.path.join(databaseDir, "ctkDICOM.sql"))


def importDicom(dicomDataDir, dicomDatabase=None, copyFiles=False):
    """Put all files below a folder into a database; they are linked unless copied."""
    import ctk

    files = [os.path.join(folder, name) for folder, _, names in os.walk(dicomDataDir) for name in sorted(names)]
    ctk.ctkDICOMIndexer().addListOfFiles(dicomDatabase or slicer.dicomDatabase, files, copyFiles)
    return True


def seriesUIDsForFiles(files):
    """Return the Series Instance UIDs in files."""
    import pydicom

    return {str(pydicom.dcmread(path, stop_before_pixels=True).SeriesInstanceUID) for path in files}


def loadSeriesByUID(seriesUIDs, messages=None, progressCallback=None, enabledPluginClassNames=None):
    """Load series into the scene and return the ids of their nodes."""
    loaded = []
    for uid in seriesUIDs:
        files = slicer.dicomDatabase.filesForSeries(uid)
        if files:
            loaded.append(_load_best(files).GetID())
    return loaded


def _load_best(files):
    """Load by the plugin that is surest, as `selectHighestConfidenceLoadables`; by the scalar volume plugin otherwise."""
    plugins = [make() for make in slicer.modules.dicomPlugins.values()]
    found = [(loadable, plugin) for plugin in plugins for loadable in plugin.examineForImport([files])]
    best = max(found, key=lambda pair: pair[0].confidence, default=None)
    if best is not None and best[0].confidence > 0.5:
        return best[1].load(best[0])
    node, loadable = _load(files), DICOMLoadable()
    loadable.files = list(files)
    DICOMPlugin().addSeriesInSubjectHierarchy(loadable, node)
    return node


def _load(files):
    import pydicom

    headers = [pydicom.dcmread(path) for path in files]
    normal = np.cross(*_directions(headers[0]))
    headers.sort(key=lambda ds: float(np.array(ds.ImagePositionPatient, float) @ normal))
    positions = np.array([ds.ImagePositionPatient for ds in headers], float)
    first = headers[0]
    matrix = _grid(first, positions, normal)
    color = int(first.get("SamplesPerPixel", 1)) > 1
    kind = "vtkMRMLVectorVolumeNode" if color else "vtkMRMLScalarVolumeNode"
    name = f"{first.get('SeriesNumber', '')}: {first.get('SeriesDescription', 'No description')}"
    node = slicer.util.addVolumeFromArray(_values(headers), matrix, name, kind)
    node.SetAttribute("DICOM.instanceUIDs", " ".join(str(ds.SOPInstanceUID) for ds in headers))
    _add_acquisition_transform(node, matrix, positions)
    return node


def _directions(ds):
    return np.array(ds.ImageOrientationPatient, float).reshape(2, 3)


def _grid(first, positions, normal):
    row, column = _directions(first)
    spacing = np.array(first.PixelSpacing, float)
    steps = np.diff(positions @ normal)
    matrix = np.eye(4)
    axes = np.stack([row * spacing[1], column * spacing[0], normal * (steps[0] if len(steps) else 1.0)], axis=1)
    matrix[:3, :3], matrix[:3, 3] = LPS_TO_RAS @ axes, LPS_TO_RAS @ positions[0]
    return matrix


def _values(headers):
    """Real values in the smallest type that holds them (vtkITK takes what GDCM proposes)."""
    slices = []
    for ds in headers:
        slope, intercept = float(ds.get("RescaleSlope", 1)), float(ds.get("RescaleIntercept", 0))
        slices.append(ds.pixel_array if (slope, intercept) == (1, 0) else ds.pixel_array * slope + intercept)
    real = np.stack(slices)
    if real.dtype.kind == "f" and np.array_equal(real, np.rint(real)):
        return real.astype(np.int16 if np.abs(real).max() < 2**15 else np.int32)
    return real


def _add_acquisition_transform(node, matrix, positions):
    import vtk

    count = len(positions)
    expected = matrix[:3, 3] + np.arange(count)[:, None] * matrix[:3, 2]
    shifts = positions @ LPS_TO_RAS - expected
    if np.abs(shifts).max() <= TOLERANCE_MM:
        return
    grid = vtk.vtkImageData()
    grid.SetDimensions(2, 2, count)
    grid.SetSpacing(1e3, 1e3, abs(float(matrix[2, 2])) or 1.0)
    grid.AllocateScalars(vtk.VTK_DOUBLE, 3)
    for k in range(count):
        for corner in range(4):
            for axis in range(3):
                grid.SetScalarComponentFromDouble(corner % 2, corner // 2, k, axis, shifts[k, axis])
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLGridTransformNode")
    transform.SetName(slicer.mrmlScene.GenerateUniqueName(node.GetName() + " acquisition transform"))
    displacement = slicer.vtkOrientedGridTransform()
    displacement.SetDisplacementGridData(grid)
    transform.SetAndObserveTransformFromParent(displacement)
    node.SetAndObserveTransformNodeID(transform.GetID())
