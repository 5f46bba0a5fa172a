"""Cines → DICOM: X-Ray Angiographic Image (PS3.3 A.14) and Ultrasound Multi-frame Image (A.7), in small tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..standard.tags import Tag

XA, US = "1.2.840.10008.5.1.4.1.1.12.1", "1.2.840.10008.5.1.4.1.1.3.1"
FRAME_TIME_MS = "66.7"
_COMMON: dict[str, Any] = {
    "SpecificCharacterSet": "ISO_IR 192", "InstanceNumber": "1", "AcquisitionNumber": "1", "PatientOrientation": "",
    "Manufacturer": "NiftiDicomBridge", "ManufacturerModelName": "create-sample", "Laterality": "", "SoftwareVersions": "1",
    "BurnedInAnnotation": "NO", "FrameTime": FRAME_TIME_MS, "LossyImageCompression": "00",
    "RecommendedDisplayFrameRate": "15", "CineRate": "15",
}  # fmt: skip
_XA: dict[str, Any] = {
    **_COMMON, "SOPClassUID": XA, "Modality": "XA", "SeriesNumber": "5", "SeriesDescription": "XA cine, coronary tree",
    "ImageType": ["ORIGINAL", "PRIMARY", "SINGLE PLANE"], "PixelIntensityRelationship": "LIN", "KVP": "80",
    "RadiationSetting": "GR", "XRayTubeCurrent": "500", "ExposureTime": "8", "Exposure": "4", "PositionerMotion": "STATIC",
    "PositionerPrimaryAngle": "-30", "PositionerSecondaryAngle": "10", "ContrastBolusAgent": "drawn contrast",
    "ImagerPixelSpacing": ["0.6", "0.6"], "DistanceSourceToDetector": "1000", "DistanceSourceToPatient": "750",
}  # fmt: skip
_US: dict[str, Any] = {
    **_COMMON, "SOPClassUID": US, "Modality": "US", "SeriesNumber": "6", "SeriesDescription": "US cine, heart with flow",
    "ImageType": ["ORIGINAL", "PRIMARY", "CARDIAC", "0011"], "PixelSpacing": ["0.8", "0.8"], "UltrasoundColorDataPresent": 1,
    "HeartRate": "75",
}  # fmt: skip


def write_angiogram(frames: np.ndarray, path: Path, shared: dict[str, Any]) -> None:
    """Write frames (frames, rows, columns), uint8, with attributes of patient and study."""
    _write(frames, path, {**shared, **_XA})


def write_ultrasound(frames: np.ndarray, path: Path, shared: dict[str, Any]) -> None:
    """Write frames (frames, rows, columns, 3), uint8, with attributes of patient and study."""
    _write(frames, path, {**shared, **_US})


def _write(frames: np.ndarray, path: Path, attributes: dict[str, Any]) -> None:
    import pydicom
    from pydicom.uid import ExplicitVRLittleEndian, generate_uid

    from ..formats.dicom.new_file import IMPLEMENTATION_CLASS, IMPLEMENTATION_VERSION

    data_set = pydicom.Dataset()
    for keyword, value in attributes.items():
        setattr(data_set, keyword, value)
    data_set.SeriesInstanceUID, data_set.SOPInstanceUID = generate_uid(), generate_uid()
    _put_frames(data_set, frames)
    data_set.file_meta = pydicom.dataset.FileMetaDataset()
    data_set.file_meta.MediaStorageSOPClassUID = data_set.SOPClassUID
    data_set.file_meta.MediaStorageSOPInstanceUID = data_set.SOPInstanceUID
    data_set.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data_set.file_meta.ImplementationClassUID = IMPLEMENTATION_CLASS
    data_set.file_meta.ImplementationVersionName = IMPLEMENTATION_VERSION
    path.parent.mkdir(parents=True, exist_ok=True)
    data_set.save_as(path, enforce_file_format=True)


def _put_frames(data_set: Any, frames: np.ndarray) -> None:
    """Set the Image Pixel and Multi-frame modules (PS3.3 C.7.6.3, C.7.6.6)."""
    color = frames.ndim == 4
    data_set.NumberOfFrames, data_set.Rows, data_set.Columns = str(len(frames)), *frames.shape[1:3]
    data_set.FrameIncrementPointer = Tag.FRAME_TIME
    data_set.SamplesPerPixel = 3 if color else 1
    data_set.PhotometricInterpretation = "RGB" if color else "MONOCHROME2"
    if color:
        data_set.PlanarConfiguration = 0
    data_set.BitsAllocated, data_set.BitsStored, data_set.HighBit, data_set.PixelRepresentation = 8, 8, 7, 0
    data_set.PixelData = frames.tobytes()
    data_set["PixelData"].VR = "OB"
