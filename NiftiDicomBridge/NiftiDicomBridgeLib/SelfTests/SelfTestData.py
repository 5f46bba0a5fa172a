"""DICOM series, segmentations and diffusion volumes that the self-tests create."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import slicer

SHAPE = (4, 5, 6)
SLOPE, INTERCEPT = 2.0, -1000.0
# A head rotated in the scanner: no axis of the grid is parallel to one of the patient.
ORIENTATION = (0.8, 0.6, 0.0, -0.36, 0.48, 0.8)
SPACING_MM, STEP_MM = (0.75, 0.5), 2.5
FIRST_POSITION = (-100.25, 12.5, 33.125)
XRAY, RT_DOSE, PET = "1.2.840.10008.5.1.4.1.1.1.1", "1.2.840.10008.5.1.4.1.1.481.2", "1.2.840.10008.5.1.4.1.1.128"
OF_A_PLACE = ("ImagePositionPatient", "ImageOrientationPatient", "RescaleSlope", "RescaleIntercept", "RescaleType")
TERMINOLOGY = (
    "Segmentation category and type - DICOM master list~SCT^49755003^Morphologically Altered Structure~SCT^4147007^Mass~"
    "SCT^24028007^Right~Anatomic codes - DICOM master list~SCT^10200004^Liver~SCT^255549009^Anterior"
)


def write_series(folder: Path, **attributes) -> list[Path]:
    """Write a small oblique CT series in which every voxel value is its index, with a private element and a sequence.

    Parameters
    ----------
    folder : pathlib.Path
        Where to; made when missing.
    **attributes
        DICOM keyword = value, for every instance, in the place of what is the default here.

    Returns
    -------
    list of pathlib.Path
        One file per slice.
    """
    from pydicom.uid import generate_uid

    folder.mkdir(parents=True, exist_ok=True)
    row, column = np.reshape(ORIENTATION, (2, 3))
    normal = np.cross(row, column)
    shared = {
        "StudyInstanceUID": generate_uid(),
        "SeriesInstanceUID": generate_uid(),
        "FrameOfReferenceUID": generate_uid(),
    } | attributes
    paths = []
    for k in range(SHAPE[0]):
        ds = _instance(k, np.array(FIRST_POSITION) + k * STEP_MM * normal)
        for keyword, value in shared.items():
            setattr(ds, keyword, value)
        ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
        paths.append(folder / f"slice {k + 1}.dcm")
        ds.save_as(paths[-1], enforce_file_format=True)
    return paths


def write_uneven_series(folder: Path, **attributes) -> list[Path]:
    """Write a series as `write_series`, whose last slice is further away from its neighbor than the others."""
    import pydicom

    *_, before, last = files = write_series(folder, **attributes)
    ds = pydicom.dcmread(last)
    place, neighbor = (np.array(one.ImagePositionPatient, float) for one in (ds, pydicom.dcmread(before)))
    ds.ImagePositionPatient = [f"{x:.10g}" for x in place + 0.5 * (place - neighbor)]
    ds.save_as(last)
    return files


def _instance(k: int, position: np.ndarray):
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = CTImageStorage
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    ds.PatientName, ds.PatientID, ds.PatientBirthDate, ds.PatientSex = "Bridge^Test", "NDB-1", "19700101", "O"
    ds.StudyDate, ds.StudyTime, ds.StudyID, ds.AccessionNumber, ds.ReferringPhysicianName = "20260101", "120000", "1", "", ""
    ds.Modality, ds.Manufacturer, ds.SeriesNumber, ds.SeriesDescription = "CT", "Test", 7, "ramp"
    ds.InstanceNumber, ds.AcquisitionNumber, ds.KVP = k + 1, 1, "120"
    ds.PositionReferenceIndicator = ""
    ds.ImageOrientationPatient = [f"{x:.6g}" for x in ORIENTATION]
    ds.ImagePositionPatient = [f"{x:.10g}" for x in position]
    ds.PixelSpacing, ds.SliceThickness = [str(SPACING_MM[0]), str(SPACING_MM[1])], str(STEP_MM)
    ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = str(INTERCEPT), str(SLOPE), "HU"
    ds.WindowCenter, ds.WindowWidth = "40", "400"
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.Rows, ds.Columns = SHAPE[1:]
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    ds.PixelData = _ramp(k).astype("<u2").tobytes()
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "69536005", "SCT", "Head"
    ds.AnatomicRegionSequence = [code]
    ds.private_block(0x0019, "NDB TEST", create=True).add_new(1, "FD", k * 0.1)
    return ds


def _ramp(k: int) -> np.ndarray:
    rows, columns = np.indices(SHAPE[1:])
    return 100 * k + 10 * rows + columns


def write_object(folder: Path, sop_class: str, **attributes) -> Path:
    """Write one object without position and rescale, as X-ray devices write them; attributes as in `write_series`."""
    import pydicom

    first, *others = write_series(folder, SOPClassUID=sop_class, **attributes)
    for other in others:
        other.unlink()
    ds = pydicom.dcmread(first)
    for keyword in OF_A_PLACE:
        delattr(ds, keyword)
    ds.save_as(first)
    return first


def add_box(node, name: str, first: int):
    """Add a segment of 3 × 2 × 2 voxels with an extent of its own, whose first voxel is at x = 2 × first mm; returns it."""
    grid = np.diag([2.0, 2.0, 3.0, 1.0])
    grid[0, 3] = 2.0 * first
    labels = slicer.util.addVolumeFromArray(np.ones((2, 2, 3), np.uint8), grid, name, "vtkMRMLLabelMapVolumeNode")
    if not slicer.vtkSlicerSegmentationsModuleLogic.ImportLabelmapToSegmentationNode(labels, node):
        raise RuntimeError(f"Slicer did not add the segment {name}")
    slicer.mrmlScene.RemoveNode(labels)
    segment = node.GetSegmentation().GetNthSegment(node.GetSegmentation().GetNumberOfSegments() - 1)
    segment.SetName(name)
    return segment


def add_diffusion(name: str, weightings: dict[float, tuple[float, float, float]]):
    """Add a diffusion weighted volume with one image per b-value, each with its direction; returns the node."""
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLDiffusionWeightedVolumeNode", name)
    shape = (*SHAPE, len(weightings))
    slicer.util.updateVolumeFromArray(node, np.arange(np.prod(shape)).reshape(shape).astype(np.int16))
    node.SetNumberOfGradients(len(weightings))
    for number, (b_value, direction) in enumerate(weightings.items()):
        node.SetBValue(number, b_value)
        node.SetDiffusionGradient(number, direction)
    return node
