"""Slicer's loader of volumes (DICOMScalarVolumePlugin), read with Slicer's own vtkITK.

Files sorted along row × column; voxels and grid of ITK's series reader with GDCM; slices reversed where they are left-handed;
a grid transform "… acquisition transform" as parent where the planes of the files are not those of the grid.
"""

from __future__ import annotations

import numpy as np
import slicer

from .dicom_plugin import DICOMLoadable, DICOMPlugin

LPS_TO_RAS = np.array([-1.0, -1.0, 1.0])
CORNER_MM = 1e-3
SPACING_MM = 0.01
SPLIT_BY = {"acquisitionNumber": "0020,0012", "imageType": "0008,0008", "orientation": "0020,0037", "gradient": "0018,9089"}
NUMERIC = ("orientation", "gradient")
RT_STRUCTURE_SET = "1.2.840.10008.5.1.4.1.1.481.3"


class ScalarVolumes(DICOMPlugin):
    """What loads everything that no other plugin loads better."""

    def __init__(self):
        super().__init__()
        self.loadType = "Scalar Volume"

    def examineFiles(self, files):
        """Return all files as one volume, and parts of them that differ in what makes a volume."""
        database = slicer.dicomDatabase
        if any(database.fileValue(name, "0008,0016") == RT_STRUCTURE_SET for name in files):
            return []
        series = self.defaultSeriesNodeName(database.fileValue(files[0], "0020,000e"))
        whole = _loadable(files, series)
        parts = {tag: _parts(files, tag) for tag in SPLIT_BY}
        split = {
            tag: [_loadable(found, f"{series} - {tag} {n}") for n, found in enumerate(groups, 1)]
            for tag, groups in parts.items()
            if len(groups) > 1
        }
        return [whole, *_with_confidences(whole, split)]

    def load(self, loadable):
        """Load into the scene and return the node."""
        reader = read(loadable.files, loadable.grayscale)
        if reader.GetErrorCode():
            return None
        kind = "vtkMRMLScalarVolumeNode" if loadable.grayscale else "vtkMRMLVectorVolumeNode"
        node = slicer.mrmlScene.AddNewNodeByClass(kind, slicer.mrmlScene.GenerateUniqueName(loadable.name))
        node.SetAndObserveImageData(image_of(reader))
        node.SetRASToIJKMatrix(reader.GetRasToIjkMatrix())
        node.CreateDefaultDisplayNodes()
        self.addSeriesInSubjectHierarchy(loadable, node)
        uids = [slicer.dicomDatabase.fileValue(name, "0008,0018") or "Unknown" for name in _made_right_handed(node, loadable)]
        node.SetAttribute("DICOM.instanceUIDs", " ".join(uids))
        _add_acquisition_transform(node, uids)
        return node


def read(files, grayscale):
    """Return the reader of Slicer that has read some files."""
    if grayscale:
        reader = slicer.vtkITKArchetypeImageSeriesScalarReader()
    elif len(files) > 1:
        reader = slicer.vtkITKArchetypeImageSeriesVectorReaderSeries()
    else:
        reader = slicer.vtkITKArchetypeImageSeriesVectorReaderFile()
    reader.SetArchetype(files[0])
    for name in files:
        reader.AddFileName(name)
    reader.SetSingleFile(0)
    reader.SetOutputScalarTypeToNative()
    reader.SetDesiredCoordinateOrientationToNative()
    reader.SetUseNativeOriginOn()
    reader.SetDICOMImageIOApproachToGDCM()
    reader.Update()
    return reader


def image_of(reader):
    """Return the image of a reader with unit spacing and no origin, as MRML requires."""
    import vtk

    change = vtk.vtkImageChangeInformation()
    change.SetInputConnection(reader.GetOutputPort())
    change.SetOutputSpacing(1, 1, 1)
    change.SetOutputOrigin(0, 0, 0)
    change.Update()
    return change.GetOutputDataObject(0)


# --- what belongs together --------------------------------------------------------------------------------------------


def _loadable(files, name):
    database = slicer.dicomDatabase
    loadable = DICOMLoadable()
    with_pixels = [path for path in files if database.fileValueExists(path, "7fe0,0010")]
    loadable.files, loadable.warning = sorted_files(with_pixels or list(files))
    loadable.name = name
    loadable.confidence = 0.5 if with_pixels else 0.2
    loadable.grayscale = "MONOCHROME" in database.fileValue(loadable.files[0], "0028,0004")
    return loadable


def _parts(files, tag):
    groups: list[tuple[object, list]] = []
    for path in files:
        value = slicer.dicomDatabase.fileValue(path, SPLIT_BY[tag])
        found = np.array([float(part) for part in value.split("\\")]) if tag in NUMERIC and value else value
        same = next((group for known, group in groups if _equal(known, found)), None)
        if same is None:
            groups.append((found, [path]))
        else:
            same.append(path)
    return [group for _, group in groups]


def _equal(a, b):
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return a.shape == b.shape and np.allclose(a, b, rtol=0, atol=1e-6)
    return isinstance(a, str) and isinstance(b, str) and a == b


def _with_confidences(whole, split):
    """Prefer parts without a warning to a whole with one: without a lone localizer, else of the only way to split."""
    parts = [loadable for found in split.values() for loadable in found]
    better = []
    if whole.warning:
        for found in split.values():
            sizes = [len(loadable.files) for loadable in found]
            if len(found) == 2 and min(sizes) == 1 < max(sizes):
                better += [loadable for loadable in found if len(loadable.files) > 1 and not loadable.warning]
        if not better and len(split) == 1:
            better = [loadable for loadable in parts if not loadable.warning]
    for loadable in (whole, *parts):
        if loadable not in (better or [whole]):
            loadable.confidence = min(loadable.confidence, 0.45)
    return parts


def sorted_files(files):
    """Return files sorted along the normal of the first one, and a warning (DICOMUtils.getSortedImageFiles)."""
    values = [[slicer.dicomDatabase.fileValue(path, tag) for tag in ("0020,0032", "0020,0037")] for path in files]
    warning = "Multi-frame image. " if slicer.dicomDatabase.fileValue(files[0], "0028,0008") not in ("", "1") else ""
    if not all(position and orientation for position, orientation in values):
        return files, warning + "No geometry."
    row, column = np.array(values[0][1].split("\\"), float).reshape(2, 3)
    places = np.array([position.split("\\") for position, _ in values], float)
    along = (places - places[0]) @ np.cross(row, column)
    order = sorted(range(len(files)), key=lambda n: along[n])
    steps = np.diff(along[order])
    if len(steps) and np.abs(steps - steps[0]).max() > SPACING_MM:
        warning += "Image slices are not equally spaced. "
    return [files[n] for n in order], warning


# --- the node ---------------------------------------------------------------------------------------------------------


def _made_right_handed(node, loadable):
    """Reverse the slices of a left-handed volume, and return its files in the order of the slices then."""
    import vtk

    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    if slicer.vtkMRMLVolumeNode.IsIJKCoordinateSystemRightHanded(matrix):
        return loadable.files
    slicer.vtkMRMLVolumeNode.ReverseSliceOrder(node.GetImageData(), matrix)
    node.SetIJKToRASMatrix(matrix)
    return loadable.files[::-1]


def _add_acquisition_transform(node, uids):
    """Put a node below a grid transform that moves the corners of its slices to where the files have them."""
    columns, rows, slices = node.GetImageData().GetDimensions()
    if len(uids) != slices:
        return
    target = _corners_of_files(uids, columns, rows)
    if target is None:
        return
    matrix = slicer.util.arrayFromVTKMatrix(_ijk_to_ras(node))
    steps = np.array([[[[i * columns, j * rows, k, 1.0] for i in (0, 1)] for j in (0, 1)] for k in range(slices)])
    shifts = target - (steps @ matrix.T)[..., :3]
    if np.abs(shifts).max() > CORNER_MM:
        _put_below_grid_transform(node, shifts, (columns, rows))


def _corners_of_files(uids, columns, rows):
    corners = []
    for uid in uids:
        texts = [slicer.dicomDatabase.instanceValue(uid, tag) for tag in ("0020,0032", "0020,0037", "0028,0030")]
        if not all(texts):
            return None
        position, orientation, spacing = (np.array(text.split("\\"), float) for text in texts)
        across, down = orientation[:3] * columns * spacing[1], orientation[3:] * rows * spacing[0]
        corners.append([[(position + i * across + j * down) * LPS_TO_RAS for i in (0, 1)] for j in (0, 1)])
    return np.array(corners)


def _put_below_grid_transform(node, shifts, size):
    import vtk
    from vtk.util.numpy_support import numpy_to_vtk

    grid = vtk.vtkImageData()
    grid.SetDimensions(2, 2, len(shifts))
    grid.SetOrigin(*node.GetOrigin())
    spacing = node.GetSpacing()
    grid.SetSpacing(spacing[0] * size[0], spacing[1] * size[1], spacing[2])
    grid.GetPointData().SetScalars(numpy_to_vtk(shifts.reshape(-1, 3), deep=True))
    displacement, directions = slicer.vtkOrientedGridTransform(), vtk.vtkMatrix4x4()
    node.GetIJKToRASDirectionMatrix(directions)
    displacement.SetGridDirectionMatrix(directions)
    displacement.SetDisplacementGridData(grid)
    name = slicer.mrmlScene.GenerateUniqueName(node.GetName() + " acquisition transform")
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLGridTransformNode", name)
    transform.SetAndObserveTransformToParent(displacement)
    node.SetAndObserveTransformNodeID(transform.GetID())


def _ijk_to_ras(node):
    import vtk

    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    return matrix
