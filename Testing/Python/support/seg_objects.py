"""Segmentations for tests: how they are made, written, painted and read again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import pydicom
from pydicom.dataset import Dataset

from nifti_dicom_bridge import Outcome, read
from nifti_dicom_bridge.formats.dicom.created.segmentation import SegmentationRequest, segmentations
from nifti_dicom_bridge.labels import Code, Segment, number_in_description
from nifti_dicom_bridge.model.volume import Volume
from nifti_dicom_bridge.options import SegmentationForm
from phantoms import slices, uid
from support.new_objects import with_pixels
from support.round_trip import KEEP, RoundTrip, in_dicom_order

BINARY, FRACTIONAL, LABELMAP = SegmentationForm.BINARY, SegmentationForm.FRACTIONAL, SegmentationForm.LABELMAP
SEGMENTS = [Segment(1, "Left-Hippocampus", color=(220, 216, 20)), Segment(17, "ήπαρ"), Segment(2035, "kidney_right")]
ORGAN = Code("123037004", "SCT", "Anatomical Structure")
NAMED = [
    Segment(1, "spleen", ORGAN, Code("78961009", "SCT", "Spleen"), color=(157, 108, 162)),
    Segment(2, "liver", ORGAN, Code("10200004", "SCT", "Liver")),
    Segment(3, "κύστη", algorithm_type="AUTOMATIC", algorithm_name="net"),
]  # fmt: skip


def common() -> Dataset:
    ds = Dataset()
    ds.PatientName, ds.PatientID, ds.PatientBirthDate, ds.PatientSex = "Δοκιμή^Α", "P1", "19700101", "O"
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = uid(900), uid(77), uid(901)
    ds.StudyDate, ds.StudyTime, ds.StudyID, ds.AccessionNumber, ds.ReferringPhysicianName = "20260102", "030405", "1", "", ""
    ds.SeriesNumber, ds.SeriesDescription, ds.PositionReferenceIndicator = 9, "labels", ""
    ds.Manufacturer, ds.ManufacturerModelName, ds.DeviceSerialNumber, ds.SoftwareVersions = "M", "Model", "S1", "1.0"
    return ds


def made(volume: Volume, kind: SegmentationForm = BINARY, segments: list | None = None, **more: object) -> list[Dataset]:
    segments = SEGMENTS if segments is None else segments
    return [with_pixels(one) for one in segmentations(SegmentationRequest(volume, common(), segments, kind=kind, **more))]


def saved(path: Path, volume: Volume, kind: SegmentationForm = BINARY, **more: object) -> Path:
    (ds,) = made(volume, kind, **more)
    ds.save_as(path, enforce_file_format=True)
    return path


def voxels(path: Path) -> np.ndarray:
    return in_dicom_order(nibabel.load(path))


def named_segmentation(kind: SegmentationForm = SegmentationForm.BINARY, labels: np.ndarray | None = None) -> Dataset:
    """Return a whole and valid Segmentation of labels 1 to 3 with empty slices, next to a CT series of twelve."""
    found = np.zeros((1, 12, 8, 9), np.uint8)
    found[0, 2:5, 1:4, 2:7], found[0, 3, 5:, :4], found[0, 8:10, 2:6, 3:6] = 1, 2, 3
    found = found if labels is None else labels
    grid = SOURCE_GRID.copy()
    if kind is not SegmentationForm.LABELMAP:  # other programs leave out empty slices at the ends
        filled = np.flatnonzero(found.any(axis=(0, 2, 3)))
        found, grid[:, 3] = found[:, filled[0] : filled[-1] + 1], grid @ [0, 0, filled[0], 1]
    volume = Volume(found, grid)
    (made,) = segmentations(SegmentationRequest(volume, common(), NAMED, sources=source_series(), kind=kind))
    return with_pixels(made)


SOURCE_GRID = np.diag([-0.5, -0.75, 2.5, 1.0]) + np.array([[0, 0, 0, 10.5], [0, 0, 0, -20.25], [0, 0, 0, -30.125], [0] * 4])


def source_series() -> list[Dataset]:
    return slices(np.zeros((12, 8, 9), "<i2"))


def put(folder: Path, ds: Dataset) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    ds.save_as(folder / "seg.dcm", enforce_file_format=True)
    return folder / "seg.dcm"


def by_number(path: Path) -> dict[int, dict[float, np.ndarray]]:
    """Return the frames of every segment that have a voxel, by the number that it had at first, and by position along z."""
    ds = pydicom.dcmread(path)
    described = {item.SegmentNumber: number_in_description(item.get("SegmentDescription", "")) for item in ds.SegmentSequence}
    found: dict[int, dict[float, np.ndarray]] = {number if kept is None else kept: {} for number, kept in described.items()}
    for groups, frame in zip(ds.PerFrameFunctionalGroupsSequence, ds.pixel_array, strict=True):
        number = groups.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        z = float(groups.PlanePositionSequence[0].ImagePositionPatient[2])
        found[number if described[number] is None else described[number]][z] = frame
    return found


def lists(found: dict[int, dict[float, np.ndarray]]) -> dict:
    return {number: {z: frame.tolist() for z, frame in frames.items()} for number, frames in found.items()}


def one_pixel() -> np.ndarray:
    """Return a frame of `named_segmentation` with its first pixel alone."""
    found = np.zeros((8, 9), np.uint8)
    found[0, 0] = 1
    return found


def z_of(k: int) -> float:
    """Return the position of a slice of the CT series."""
    return -30.125 + 2.5 * k


def painted(round_trip: RoundTrip, change: Callable[[np.ndarray], None]) -> tuple[Dataset, Path, list[str]]:
    """Return the object that comes of a label map in which `change` painted, its file, and the warnings."""
    before = {path: voxels(path).copy() for path in round_trip.images()}
    path = round_trip.images()[0]
    change(before[path])
    image = nibabel.load(path)
    nibabel.save(nibabel.Nifti1Image(np.flip(before[path].T, 1), image.affine), path)
    (entry,) = round_trip.home(KEEP).entries
    assert entry.outcome is Outcome.DERIVED, entry.error
    (found,) = round_trip.back.rglob("*.dcm")
    return pydicom.dcmread(found), found, entry.log.warnings


def warnings_of(round_trip: RoundTrip, lazy: bool) -> list[str]:
    """Return the warnings of what is read as a whole, or written some planes at a time."""
    if not lazy:
        return [sentence for volume in read(round_trip.dicom) for sentence in volume.warnings]
    return [sentence for entry in round_trip.forth().entries for sentence in entry.log.warnings]
