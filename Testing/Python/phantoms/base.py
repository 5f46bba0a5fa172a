"""What all phantoms have in common: a ramp in which every voxel contains its index, and data sets with correct attributes."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.tag import Tag
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

COLUMNS, ROWS, SLICES = 5, 4, 3
ROOT = "1.2.826.0.1.3680043.8.498.77"
IMPLEMENTATION = "1.2.826.0.1.3680043.8.498.77.1"
CT, MR, PET = ("1.2.840.10008.5.1.4.1.1." + end for end in ("2", "4", "128"))
SECONDARY_CAPTURE, ULTRASOUND_MULTI_FRAME = "1.2.840.10008.5.1.4.1.1.7", "1.2.840.10008.5.1.4.1.1.3.1"
ENHANCED_MR, SEGMENTATION, PARAMETRIC_MAP = ("1.2.840.10008.5.1.4.1.1." + end for end in ("4.1", "66.4", "30"))
LABEL_MAP_SEGMENTATION = SEGMENTATION.replace("66.4", "66.7")
AXIAL = (1, 0, 0, 0, 1, 0)


@dataclass(frozen=True)
class Phantom:
    """A way to write DICOM files, and whether each must come back byte for byte.

    ``exact`` is false where the pixel data are compressed: they come back decoded.
    """

    name: str
    write: Callable[[Path], None]
    exact: bool


PHANTOMS: dict[str, Phantom] = {}


def phantom(function: Callable[[Path], None] | None = None, *, exact: bool = True) -> Callable:
    """Register a function that writes files below a folder."""

    def register(found: Callable[[Path], None]) -> Callable[[Path], None]:
        PHANTOMS[found.__name__] = Phantom(found.__name__, found, exact)
        return found

    return register(function) if function else register


def ramp(*shape: int, start: int = 0, dtype: str = "<i2") -> np.ndarray:
    """Return counting numbers: every voxel has another value."""
    return np.arange(start, start + int(np.prod(shape))).reshape(shape).astype(dtype)


def uid(*numbers: int) -> str:
    """Return a UID that is the same in every run."""
    return ".".join([ROOT, *map(str, numbers)])


def image(pixels: np.ndarray, sop_class: str = CT, series: int = 1, instance: int = 1) -> Dataset:
    """Return an image without position: one frame (rows, columns) or (rows, columns, 3)."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.FileMetaInformationVersion = b"\0\1"
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = sop_class
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID = uid(series, instance)
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.ImplementationClassUID = IMPLEMENTATION
    ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    ds.StudyDate, ds.StudyTime, ds.SeriesDate, ds.SeriesTime = "20260102", "030405", "20260102", "030405"
    ds.ContentDate, ds.ContentTime, ds.AcquisitionDate, ds.AcquisitionTime = "20260102", "030406", "20260102", "030405.5"
    ds.AccessionNumber, ds.ReferringPhysicianName, ds.StudyID = "", "", "1"
    ds.Modality = {CT: "CT", MR: "MR", ENHANCED_MR: "MR", PET: "PT", SEGMENTATION: "SEG"}.get(sop_class, "OT")
    ds.Manufacturer, ds.SeriesDescription = "Phantoms", f"series {series}"
    ds.PatientName, ds.PatientID, ds.PatientBirthDate, ds.PatientSex = "Ramp^Ray", "R1", "", "O"
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = uid(900), uid(series), uid(901)
    ds.PositionReferenceIndicator = ""
    ds.SeriesNumber, ds.AcquisitionNumber, ds.InstanceNumber = series, 1, instance
    put_pixels(ds, pixels)
    return ds


def put_pixels(ds: Dataset, pixels: np.ndarray, bits_stored: int = 0) -> None:
    """Set the Image Pixel module of one frame."""
    ds.SamplesPerPixel = 3 if pixels.ndim == 3 else 1
    ds.PhotometricInterpretation = "RGB" if pixels.ndim == 3 else "MONOCHROME2"
    if pixels.ndim == 3:
        ds.PlanarConfiguration = 0
    ds.Rows, ds.Columns = pixels.shape[:2]
    bits = pixels.dtype.itemsize * 8
    ds.BitsAllocated, ds.BitsStored = bits, bits_stored or bits
    ds.HighBit = ds.BitsStored - 1
    ds.PixelRepresentation = int(pixels.dtype.kind == "i")
    raw = pixels.tobytes()
    ds.PixelData = raw + b"\0" * (len(raw) % 2)
    ds["PixelData"].VR = "OB" if bits == 8 else "OW"


def slices(
    pixels: np.ndarray,
    sop_class: str = CT,
    orientation: tuple[float, ...] = AXIAL,
    origin: tuple[float, float, float] = (-10.5, 20.25, -30.125),
    spacing: tuple[float, float] = (0.75, 0.5),
    step: tuple[float, float, float] | None = None,
    series: int = 1,
) -> list[Dataset]:
    """Return a classic series of an array (slices, rows, columns); `step` is the way to the next slice in mm, LPS."""
    row, column = np.array(orientation[:3], float), np.array(orientation[3:], float)
    away = np.cross(row, column) * 2.5 if step is None else np.array(step, float)
    found = []
    for k, plane in enumerate(pixels):
        ds = image(plane, sop_class, series, k + 1)
        ds.PatientPosition = "HFS"
        place(ds, np.array(origin) + k * away, orientation, spacing)
        ds.SliceThickness = "2.50"
        if sop_class == CT:
            ds.KVP, ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = "120", "-1024", "1", "HU"
        if sop_class == MR:
            ds.ScanningSequence, ds.SequenceVariant, ds.ScanOptions, ds.MRAcquisitionType = "GR", "NONE", "", "3D"
            ds.RepetitionTime, ds.EchoTime, ds.EchoTrainLength = "2000", "2.460", "1"
        found.append(ds)
    return found


def place(ds: Dataset, position: np.ndarray, orientation: tuple[float, ...], spacing: tuple[float, float]) -> None:
    """Set the Image Plane module, every number in at most 16 characters."""
    ds.ImagePositionPatient = [decimal(v) for v in position]
    ds.ImageOrientationPatient = [decimal(v) for v in orientation]
    ds.PixelSpacing = [decimal(v) for v in spacing]


def decimal(value: float) -> str:
    """Return a number in at most 16 characters."""
    return next(text for digits in range(17, 0, -1) if len(text := f"{float(value):.{digits}g}") <= 16)


def put_raw(ds: Dataset, tag: int, vr: str, value: bytes) -> None:
    """Set an element to bytes that pydicom would not write by itself."""
    ds[tag] = RawDataElement(Tag(tag), vr, len(value), value, 0, False, True)


def save(folder: Path, data_sets: list[Dataset], name: str = "{:03d}.dcm") -> None:
    """Write data sets as files that are called after their place in the list."""
    for n, ds in enumerate(data_sets):
        write(folder / name.format(n + 1), ds)


def write(path: Path, ds: Dataset) -> None:
    """Write one file in the transfer syntax that its file meta information names."""
    path.parent.mkdir(parents=True, exist_ok=True)
    syntax = ds.file_meta.TransferSyntaxUID
    implicit = syntax == ImplicitVRLittleEndian
    little = syntax.is_compressed or syntax.is_little_endian
    _keep_raw(ds, implicit, little)
    ds.save_as(path, enforce_file_format=True, implicit_vr=implicit, little_endian=little)


def _keep_raw(ds: Dataset, implicit: bool, little: bool) -> None:
    """Let pydicom write the elements of `put_raw` as they are, in items too."""
    if not any(isinstance(found, RawDataElement) for found in _all_elements(ds)):
        return
    ds.set_original_encoding(implicit, little, ds._character_set)
    for found in ds.elements():
        if found.VR == "SQ" and not isinstance(found, RawDataElement):
            for item in found.value:
                item.set_original_encoding(implicit, little, item._character_set)


def _all_elements(ds: Dataset) -> list:
    found = list(ds.elements())
    return found + [inner for one in found if one.VR == "SQ" and not isinstance(one, RawDataElement)
                    for item in one.value for inner in item.elements()]  # fmt: skip


def element(tag: int, vr: str, value: bytes) -> bytes:
    """Return an element in explicit VR little endian."""
    head = struct.pack("<HH2s", tag >> 16, tag & 0xFFFF, vr.encode())
    long = vr in ("OB", "OW", "OF", "OD", "OL", "OV", "SQ", "UN", "UT", "UC", "UR", "SV", "UV")
    return head + (struct.pack("<HI", 0, len(value)) if long else struct.pack("<H", len(value))) + value
