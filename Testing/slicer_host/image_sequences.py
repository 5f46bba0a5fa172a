"""Slicer's loader of cine images (DICOMImageSequencePlugin), read with vtkITK: every frame a time of a sequence."""

from __future__ import annotations

import slicer

from .dicom_plugin import DICOMLoadable, DICOMPlugin

CINE = "1.2.840.10008.5.1.4.1.1."
# X-ray angiography and fluoroscopy, ultrasound of one and of many frames, secondary capture of bytes
CLASSES = {CINE + tail for tail in ("12.1", "12.2", "3.1", "6.1", "7.2")}
SECONDARY_CAPTURE, CAPTURED = CINE + "7", ("US", "XA", "RF", "ES")
MR = CINE + "4"


class ImageSequences(DICOMPlugin):
    """What loads ultrasound, X-ray angiography and captures of them."""

    def __init__(self):
        super().__init__()
        self.loadType = "Image sequence"

    def examineFiles(self, files):
        """Return a loadable for every instance number."""
        value = slicer.dicomDatabase.fileValue
        found: dict[str, DICOMLoadable] = {}
        if all(value(path, "0008,0016") == MR and value(path, "0020,0013") for path in files):
            return _cine_mri(files, self.defaultSeriesNodeName(value(files[0], "0020,000e")))
        for path in files:
            sop_class, modality = value(path, "0008,0016"), value(path, "0008,0060")
            if sop_class not in CLASSES and not (sop_class == SECONDARY_CAPTURE and modality in CAPTURED):
                continue
            loadable = found.setdefault(value(path, "0020,0013"), DICOMLoadable())
            loadable.files = [*loadable.files, path]
            loadable.name = f"{value(path, '0020,0011')}: {modality} {value(path, '0008,103e')}".strip()
            loadable.confidence, loadable.selected = 0.7, True
            loadable.grayscale = "MONOCHROME" in value(path, "0028,0004")
        return list(found.values())

    def load(self, loadable):
        """Load into the scene and return the last sequence."""
        whole = getattr(loadable, "singleSequence", False)
        sequences = [_single_sequence(loadable)] if whole else [_sequence(path, loadable) for path in loadable.files]
        browser = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode", f"{loadable.name} browser")
        for sequence in sequences:
            browser.AddSynchronizedSequenceNode(sequence)
            self.addSeriesInSubjectHierarchy(loadable, browser.GetProxyNode(sequence))
        return sequences[-1]


def _cine_mri(files, name):
    """Return all instances as one sequence, surer than a volume where they have several trigger times."""
    value = slicer.dicomDatabase.fileValue
    by_number = {int(value(path, "0020,0013")): path for path in files}
    if len(by_number) < 2:
        return []
    loadable = DICOMLoadable()
    loadable.files, loadable.name, loadable.singleSequence = [by_number[n] for n in sorted(by_number)], name, True
    loadable.grayscale, loadable.selected = "MONOCHROME" in value(files[0], "0028,0004"), True
    orientations = {value(path, "0020,0037") for path in files}
    timed = len({value(path, "0018,1060") for path in files}) > 3
    loadable.confidence = (1.05 if len(orientations) > 1 else 0.85) if timed else 0.4
    return [loadable]


def _single_sequence(loadable):
    """Return a sequence in which every file is a volume with a grid of its own."""
    sequence = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceNode", loadable.name)
    sequence.SetIndexName("instance number")
    kind = "vtkMRMLScalarVolumeNode" if loadable.grayscale else "vtkMRMLVectorVolumeNode"
    frame = slicer.mrmlScene.AddNewNodeByClass(kind)
    for path in loadable.files:
        reader = _read(path, loadable.grayscale)
        image = reader.GetOutput()
        image.SetSpacing(1.0, 1.0, 1.0)
        image.SetOrigin(0.0, 0.0, 0.0)
        frame.SetRASToIJKMatrix(reader.GetRasToIjkMatrix())
        frame.SetAndObserveImageData(image)
        frame.SetAttribute("DICOM.instanceUIDs", slicer.dicomDatabase.instanceForFile(path))
        sequence.SetDataNodeAtValue(frame, slicer.dicomDatabase.fileValue(path, "0020,0013"))
    slicer.mrmlScene.RemoveNode(frame)
    return sequence


def _sequence(path, loadable):
    reader = _read(path, loadable.grayscale)
    image = reader.GetOutput()
    across, down, frame_time_ms = image.GetSpacing()
    image.SetSpacing(1.0, 1.0, 1.0)
    kind = "vtkMRMLScalarVolumeNode" if loadable.grayscale else "vtkMRMLVectorVolumeNode"
    frame = slicer.mrmlScene.AddNewNodeByClass(kind)
    frame.SetIJKToRASDirections(-1, 0, 0, 0, -1, 0, 0, 0, 1)
    across, down = _spacing_of_ultrasound(path) or (across, down)
    frame.SetSpacing(across, down, 1.0)
    frame.SetAttribute("DICOM.instanceUIDs", slicer.dicomDatabase.instanceForFile(path))
    sequence = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceNode", loadable.name)
    timed = frame_time_ms != 1.0
    sequence.SetIndexName("time" if timed else "frame")
    sequence.SetIndexUnit("s" if timed else "")
    first, last = image.GetExtent()[4:]
    for number in range(first, last + 1):
        frame.SetAndObserveImageData(_plane(image, number))
        at = number - first
        sequence.SetDataNodeAtValue(frame, f"{at * frame_time_ms * 0.001:.3f}" if timed else str(at))
    slicer.mrmlScene.RemoveNode(frame)
    return sequence


def _read(path, grayscale):
    """Return the reader of Slicer that has read one file."""
    scalar, vector = slicer.vtkITKArchetypeImageSeriesScalarReader, slicer.vtkITKArchetypeImageSeriesVectorReaderFile
    reader = scalar() if grayscale else vector()
    reader.SetArchetype(path)
    reader.AddFileName(path)
    reader.SetSingleFile(True)
    reader.SetOutputScalarTypeToNative()
    reader.SetDesiredCoordinateOrientationToNative()
    reader.SetUseNativeOriginOn()
    reader.SetDICOMImageIOApproachToGDCM()
    reader.Update()
    if reader.GetErrorCode():
        raise ValueError(f"Could not read image from file {path}.")
    return reader


def _plane(image, number):
    import vtk

    crop, extent = vtk.vtkImageClip(), image.GetExtent()
    crop.SetInputData(image)
    crop.SetOutputWholeExtent(*extent[:4], number, number)
    crop.ClipDataOn()
    crop.Update()
    plane = crop.GetOutput()
    plane.SetExtent(*extent[:4], 0, 0)
    plane.SetOrigin(0.0, 0.0, 0.0)
    return plane


def _spacing_of_ultrasound(path):
    """Return the distance of columns and of rows, mm, where the file describes one region of tissue in cm."""
    import pydicom

    header = pydicom.dcmread(path, stop_before_pixels=True)
    regions = header.get("SequenceOfUltrasoundRegions", []) if header.get("Modality") == "US" else []
    if len(regions) != 1:
        return None
    region = regions[0]
    tissue = region.get("RegionSpatialFormat") == 1 and region.get("RegionDataType") in (1, 2)
    if not tissue or region.get("PhysicalUnitsXDirection") != 3:
        return None
    return region.PhysicalDeltaX * 10.0, region.PhysicalDeltaY * 10.0
